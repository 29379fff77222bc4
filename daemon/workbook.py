"""The .xlsx of a day: numbers as text, the crop beside each value, doubtful rows marked."""

from __future__ import annotations

import io
import struct
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.format import Format

from daemon.names import printable
from daemon.result import Row
from daemon.systemd import Beat, no_beat

_WIDTHS = {
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

_LEFT = {"document", "number", "picture", "reasons", "processed_at"}

_FORMATS: dict[str, dict[str, Any]] = {
    "text": {},
    "count": {"align": "center"},
    "number": {"num_format": "@", "bold": True, "font_size": 14, "indent": 1, "shrink": True},
    "confidence": {"num_format": "0.000", "align": "center"},
    "link": {"font_color": "#0072B2", "underline": 1},
    "time": {"num_format": "yyyy-mm-dd hh:mm:ss", "align": "left"},
}
_DOUBTFUL = {"bg_color": "#FBE3D3"}
_HEADING = {"bold": True, "bg_color": "#DCE9F2", "bottom": 1}

MAX_PICTURES = 20_000  # 15 MB and a second of writing; Excel takes long to open more
_MAX_ROWS = 1_048_576  # of a sheet, the format's own limit
_MAX_LINKS = 65_530  # of a sheet, Excel's own limit
_MAX_LINK = 2_079  # characters of a link as UTF-16 counts them, Excel's own limit
_QUOTED = {ord(character): f"%{ord(character):02x}" for character in '%#"<>[]^`{} '}
_PICTURE_WIDTH_PX, _MARGIN_PX = 26 * 7, 3


class _HeardFile:
    """What is written to it goes to a file, and each piece says that it goes on."""

    def __init__(self, file: BinaryIO, beat: Beat) -> None:
        self._beat = beat
        self._write = file.write
        self.seek, self.tell, self.flush = file.seek, file.tell, file.flush

    def write(self, piece: bytes) -> int:
        self._beat()
        return self._write(piece)


class Workbook:
    """Writes rows into sheets of a workbook, a further sheet where one is full.

    Args:
        file: gets the workbook when it is closed.
        day: names the sheets.
        scratch: a folder for the rows until then, so that memory stays flat.
        beat: called at each piece that closing writes: a long day's takes minutes on a small machine.
    """

    def __init__(self, file: BinaryIO, day: date, scratch: Path, beat: Beat = no_beat) -> None:
        options = {"constant_memory": True, "tmpdir": str(scratch), "remove_timezone": True}
        self._book = xlsxwriter.Workbook(_HeardFile(file, beat), options)
        self._day = day
        self._formats = {
            (kind, doubtful): self._book.add_format(
                {"valign": "vcenter", **properties, **(_DOUBTFUL if doubtful else {})}
            )
            for kind, properties in _FORMATS.items()
            for doubtful in (False, True)
        }
        self._headings = {align: self._book.add_format({**_HEADING, "align": align}) for align in ("left", "center")}
        self._sheets = 0
        self._pictures = 0
        self._open_sheet()

    def add(self, row: Row, crop: bytes, picture: str = "") -> None:
        """Writes one row.

        Args:
            row: one number.
            crop: PNG of the number, empty where there is none.
            picture: path of the page's annotated picture as seen from the workbook, which the document's name then
                leads to.
        """
        if self._row == _MAX_ROWS - 1:
            self._close_sheet()
            self._open_sheet()
        self._row += 1
        if crop and self._pictures < MAX_PICTURES:
            self._add_crop(crop)
        for column, name in enumerate(_WIDTHS):
            if name == "document":
                self._add_document(row, picture)
            elif name != "picture":
                self._add_cell(column, name, row)
            elif row.needs_review:
                self._sheet.write_blank(self._row, column, None, self._formats["text", True])

    def close(self) -> None:
        """Writes the workbook to its file.

        Raises:
            OSError: it could not be written.
        """
        self._close_sheet()
        try:
            self._book.close()
        except FileCreateError as error:  # wraps the OSError, whose kind the caller needs
            raise error.args[0] from None

    def _add_document(self, row: Row, picture: str) -> None:
        text, link = printable(row.document), _link(picture)
        if link and self._links < _MAX_LINKS:
            self._links += 1
            tip = "the page with its numbers marked"
            self._sheet.write_url(self._row, 0, link, self._format("link", row), text, tip)
        else:
            self._sheet.write_string(self._row, 0, text, self._format("text", row))

    def _add_cell(self, column: int, name: str, row: Row) -> None:
        value = getattr(row, name)
        if name == "processed_at":
            self._sheet.write_datetime(self._row, column, datetime.fromisoformat(value), self._format("time", row))
        elif name == "number":
            self._sheet.write_string(self._row, column, value, self._format("number", row))
        elif isinstance(value, bool):  # as words: not every spreadsheet shows the logical values as such
            self._sheet.write_string(self._row, column, "yes" if value else "no", self._format("count", row))
        elif isinstance(value, int):
            self._sheet.write_number(self._row, column, value, self._format("count", row))
        elif isinstance(value, float):
            self._sheet.write_number(self._row, column, value, self._format("confidence", row))
        else:
            self._sheet.write_string(self._row, column, value, self._format("text", row))

    def _format(self, kind: str, row: Row) -> Format:
        return self._formats[kind, row.needs_review]

    def _add_crop(self, crop: bytes) -> None:
        width_px, height_px = struct.unpack(">II", crop[16:24])  # PNG: the header chunk comes first
        scale = min(1.0, _PICTURE_WIDTH_PX / width_px)
        self._sheet.set_row_pixels(self._row, max(20, round(height_px * scale) + 2 * _MARGIN_PX))
        self._sheet.insert_image(
            self._row,
            list(_WIDTHS).index("picture"),
            "number.png",
            {
                "image_data": io.BytesIO(crop),
                "x_offset": _MARGIN_PX,
                "y_offset": _MARGIN_PX,
                "x_scale": scale,
                "y_scale": scale,
                "object_position": 1,  # moves and hides with its row, so that sorting and filtering keep it in place
                "decorative": True,
            },
        )
        self._pictures += 1

    def _open_sheet(self) -> None:
        self._sheets += 1
        name = self._day.isoformat() + (f" ({self._sheets})" if self._sheets > 1 else "")
        self._sheet = self._book.add_worksheet(name)
        self._row = 0
        self._links = 0
        for column, (heading, width) in enumerate(_WIDTHS.items()):
            self._sheet.set_column(column, column, width)
            self._sheet.write_string(0, column, heading, self._headings["left" if heading in _LEFT else "center"])
        self._sheet.freeze_panes(1, 0)
        self._sheet.set_landscape()
        self._sheet.set_paper(9)
        self._sheet.fit_to_pages(1, 0)
        self._sheet.repeat_rows(0)

    def _close_sheet(self) -> None:
        self._sheet.autofilter(0, 0, max(self._row, 1), len(_WIDTHS) - 1)
        self._sheet.ignore_errors({"number_stored_as_text": f"A1:O{self._row + 1}"})


def _link(picture: str) -> str:
    """A link to a file; empty where a workbook can hold none.

    XlsxWriter takes a name with `%20` in it for one that is quoted already, and so would lead to another file.
    """
    link = f"external:{picture.translate(_QUOTED)}"
    fits = len(link.encode("utf-16-le", "surrogatepass")) <= 2 * _MAX_LINK
    return link if picture and picture.isprintable() and fits else ""
