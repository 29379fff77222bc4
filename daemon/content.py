"""What stands in tables: documents, with their numbers or with what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from daemon.result import numbers_of, to_review
from daemon.workbook import DocumentRow


@dataclass(frozen=True, slots=True)
class DayEntry:
    """One document of a day.

    Attributes:
        result: its JSON.
        crops: PNG of each of its numbers in reading order, or nothing where they are no longer kept.
        outputs: what `Outbox.publish` returned, so that a row can lead to its page's annotated picture.
    """

    result: Mapping[str, Any]
    crops: Sequence[bytes] = ()
    outputs: Sequence[str] = ()

    @property
    def name(self) -> str:
        """That its files in the outbox begin with; where none are known, the one that it had in the inbox."""
        return _name(self.outputs) or str(self.result["document"])

    @property
    def row(self) -> DocumentRow:
        """Its row in the sheet of documents."""
        pages, warnings = self.result["pages"], "; ".join(self.result["warnings"])
        count = sum(bool(number["text"]) for _, number in numbers_of(self.result))
        return DocumentRow(self.name, len(pages), count, to_review(self.result), "read", warnings)

    def picture(self, page: int) -> str:
        """The annotated picture of a page, relative to the outbox; empty where it is not known."""
        return _picture(self.outputs, page)


@dataclass(frozen=True, slots=True)
class Aside:
    """One document of a day without results of its own: others have its content, or it could not be read.

    Attributes:
        original: the name under which it stands in archive/ or failed/, or where neither has it, in the inbox.
        twin: outbox name of the results that are its own, too; None where it could not be read.
        outputs: of these results, as those of an entry.
        reason: why it could not be read.
        remedy: what can be done about that.
    """

    original: str
    twin: str | None = None
    outputs: Sequence[str] = ()
    reason: str | None = None
    remedy: str | None = None

    @property
    def row(self) -> DocumentRow:
        """Its row in the sheet of documents."""
        if self.twin is not None:
            return DocumentRow(self.original, None, None, None, f"read before as {_name(self.outputs) or self.twin}")
        note = f"{self.reason}. {self.remedy}"
        return DocumentRow(self.original, None, None, None, "failed", note, failed=True)

    @property
    def picture(self) -> str:
        """The first annotated picture of its results, as an entry's."""
        return _picture(self.outputs, 1)


@dataclass(frozen=True, slots=True)
class Content:
    """What stands in tables.

    Attributes:
        title: names them.
        entries: the documents that were read, in the order in which they are to stand.
        asides: those without results of their own, which stand behind them in the .xlsx.
        outbox: its path as seen from the folder of the tables.
    """

    title: str
    entries: Iterable[DayEntry]
    asides: Iterable[Aside] = ()
    outbox: str = ".."

    def seen(self, picture: str) -> str:
        """The path of an annotated picture as seen from the folder of the tables; empty for none."""
        return f"{self.outbox}/{picture}" if picture else ""


def _name(outputs: Sequence[str]) -> str:
    return next((output.removesuffix(".csv") for output in outputs if output.endswith(".csv")), "")


def _picture(outputs: Sequence[str], page: int) -> str:
    pictures = [output for output in outputs if output.endswith(".annotated.jpg")]
    return pictures[page - 1] if 1 <= page <= len(pictures) else ""
