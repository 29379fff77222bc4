"""Names as they stand in reports and records: on one line, and text whatever bytes a file's name is made of."""

from __future__ import annotations

from pathlib import Path


def printable(text: str) -> str:
    """A text with bytes that are no UTF-8, and control characters, as escapes."""
    whole = text.encode("utf-8", "surrogateescape" if _is_from_bytes(text) else "backslashreplace")
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode()
        for one in whole.decode("utf-8", "backslashreplace")
    )


def name_of(path: Path) -> str:
    """The printable name of a file or folder, without the folders it is in; also of `.` and `..`."""
    return printable(path.resolve().name)


def _is_from_bytes(text: str) -> bool:
    """Whether Python's own escapes are all that is no Unicode in it."""
    return all(not 0xD800 <= ord(one) <= 0xDFFF or 0xDC80 <= ord(one) <= 0xDCFF for one in text)
