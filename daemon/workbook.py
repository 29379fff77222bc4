"""The .xlsx of a day: numbers as text, the crop beside each value, doubtful rows marked; then the day's documents."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from daemon.result import Row
from daemon.sheet import Formats, Sheet
from daemon.systemd import Beat, no_beat

_NUMBERS = {
    "document": 34,
    "page": 7,
    "line": 7,
    "position": 10,
    "number": 20,
    "picture": 26,
    "digit_count": 13,
    "confidence": 13,
    "needs_review": 15,
    "reasons": 28,
    "x": 7,
    "y": 7,
    "width": 8,
    "height": 9,
    "processed_at": 21,
}
"""Columns in their order, with their width in characters: those of the CSV, and the picture beside the number."""

_DOCUMENTS = {"document": 50, "pages": 9, "numbers": 11, "to_review": 12, "outcome": 44, "note": 80}
"""A name that is a link stays on one line: LibreOffice breaks none."""

_WIDEST_NUMBERS = {"document": 60, "reasons": 44}
_WIDEST_DOCUMENTS = {"document": 80}
"""How wide columns may become: for all reasons, and for names as people give them. The longest are shrunk."""

_LEFT = {"document", "number", "picture", "reasons", "processed_at", "outcome", "note"}
_TIP = "the page with its numbers marked"

MAX_PICTURES = 20_000  # 15 MB and a second of writing; Excel takes long to open more
_PICTURE_WIDTH_PX, _MARGIN_PX = 26 * 7, 3


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """What became of one document of a day: the columns of the sheet of documents, in their order.

    Attributes:
        document: what its results, or its original, are called.
        pages: None, like the counts that follow, where it has no results of its own.
        outcome: whether it was read, was known by then, or failed.
        note: what a person should know about that.
        failed: marks the row.
    """

    document: str
    pages: int | None
    numbers: int | None
    to_review: int | None
    outcome: str
    note: str = ""
    failed: bool = False


class _HeardFile:
    """What is written to it goes to a file, and each piece says that it goes on.

    A workbook that is given up writes its end when it is forgotten. Once the file is closed, that is taken and dropped.
    """

    def __init__(self, file: BinaryIO, beat: Beat) -> None:
        self._beat = beat
        self._file = file
        self._position = 0

    def write(self, piece: bytes) -> int:
        if not self._file.closed:
            self._beat()
            self._file.write(piece)
        self._position += len(piece)
        return len(piece)

    def seek(self, offset: int) -> int:
        if not self._file.closed:
            self._file.seek(offset)
        self._position = offset
        return offset

    def tell(self) -> int:
        return self._position

    def flush(self) -> None:
        if not self._file.closed:
            self._file.flush()


class Workbook:
    """Writes rows into a sheet of numbers, and into one of documents behind it.

    Args:
        file: gets the workbook at the end of its block.
        title: of the sheet of numbers.
        scratch: a folder for the rows until then, so that memory stays flat.
        beat: called at each piece that closing writes: a long day's takes minutes on a small machine.
    """

    def __init__(self, file: BinaryIO, title: str, scratch: Path, beat: Beat = no_beat) -> None:
        options = {"constant_memory": True, "tmpdir": str(scratch), "remove_timezone": True}
        self._book = xlsxwriter.Workbook(_HeardFile(file, beat), options)
        formats = Formats(self._book)
        self._numbers = Sheet(self._book, formats, title, _NUMBERS, _LEFT, _WIDEST_NUMBERS)
        self._documents = Sheet(self._book, formats, "documents", _DOCUMENTS, _LEFT, _WIDEST_DOCUMENTS)
        self._pictures = 0

    def add(self, row: Row, crop: bytes, picture: str = "") -> None:
        """Writes one row of the sheet of numbers.

        Args:
            row: one number.
            crop: PNG of the number, empty where there is none.
            picture: path of the page's annotated picture as seen from the workbook, which the document's name then
                leads to.
        """
        self._numbers.next_row(marked=row.needs_review)
        if crop and self._pictures < MAX_PICTURES:
            self._add_crop(crop)
        for column in _NUMBERS:
            match column:
                case "document":
                    self._numbers.link(column, row.document, picture, _TIP)
                case "picture":
                    self._numbers.write(column, None)
                case "number":
                    self._numbers.write(column, row.number, "number")
                case "processed_at":
                    self._numbers.write(column, datetime.fromisoformat(row.processed_at))
                case _:
                    self._numbers.write(column, getattr(row, column))

    def add_document(self, row: DocumentRow, picture: str = "") -> None:
        """Writes one row of the sheet of documents; `picture` as in `add`."""
        self._documents.next_row(marked=row.failed)
        self._documents.link("document", row.document, picture, _TIP, "long text")
        for column in ("pages", "numbers", "to_review"):
            self._documents.write(column, getattr(row, column))
        for column in ("outcome", "note"):
            self._documents.write(column, getattr(row, column), "long text")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Writes the workbook to its file, unless an error ends it.

        Raises:
            OSError: it could not be written.
        """
        try:
            if error is None:
                self._close()
        finally:
            for sheet in self._book.worksheets():
                sheet.row_data_fh.close()  # of its rows in the folder of scratch

    def _close(self) -> None:
        self._numbers.close()
        self._documents.close()
        try:
            self._book.close()
        except FileCreateError as error:  # wraps the OSError, whose kind the caller needs
            raise error.args[0] from None

    def _add_crop(self, crop: bytes) -> None:
        width_px, height_px = struct.unpack(">II", crop[16:24])  # PNG: the header chunk comes first
        scale = min(1.0, _PICTURE_WIDTH_PX / width_px)
        options = {
            "image_data": io.BytesIO(crop),
            "x_offset": _MARGIN_PX,
            "y_offset": _MARGIN_PX,
            "x_scale": scale,
            "y_scale": scale,
            "object_position": 1,  # moves and hides with its row, so that sorting and filtering keep it in place
            "decorative": True,
        }
        self._numbers.picture("picture", max(20, round(height_px * scale) + 2 * _MARGIN_PX), options)
        self._pictures += 1
