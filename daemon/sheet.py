"""Sheets of a workbook: headings that stay in sight, typed cells, rows marked, links to pictures."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from textwrap import wrap
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_range

from daemon.names import printable

_KINDS: dict[str, dict[str, Any]] = {
    "text": {"shrink": True},
    "long text": {"text_wrap": True},
    "count": {"align": "center"},
    "number": {"num_format": "@", "bold": True, "font_size": 14, "indent": 1, "shrink": True},
    "confidence": {"num_format": "0.000", "align": "center"},
    "link": {"font_color": "#0072B2", "underline": 1, "shrink": True},
    "time": {"num_format": "yyyy-mm-dd hh:mm:ss", "align": "left"},
}
_MARKED = {"bg_color": "#FBE3D3"}
_HEADING = {"bold": True, "bg_color": "#DCE9F2", "bottom": 1}

_MAX_ROWS = 1_048_576  # of a sheet, the format's own limit
_MAX_TEXT = 32_767  # characters of a cell, the format's own limit
_MAX_LINKS = 65_530  # of a sheet, Excel's own limit
_LINE_PT, _MAX_LINES = 15, 27  # of a cell; a row has at most 409 points
_MAX_LINK = 2_079  # characters of a link as UTF-16 counts them, Excel's own limit
_QUOTED = {ord(character): f"%{ord(character):02x}" for character in '%#"<>[]^`{} '}


class Formats:
    """How cells look; a workbook has one of each.

    Args:
        book: the workbook.
    """

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._formats = {
            (kind, marked): book.add_format({"valign": "vcenter", **properties, **(_MARKED if marked else {})})
            for kind, properties in _KINDS.items()
            for marked in (False, True)
        }
        self._headings = {align: book.add_format({**_HEADING, "align": align}) for align in ("left", "center")}

    def cell(self, kind: str, *, marked: bool) -> Format:
        """That of a cell's kind, in a row that is marked for people to see or is not."""
        return self._formats[kind, marked]

    def heading(self, *, left: bool) -> Format:
        """That of a heading, on the left of its column or in the middle."""
        return self._headings["left" if left else "center"]


class Sheet:
    """Rows of one kind, written one after another; a further sheet where one is full.

    Args:
        book: the workbook.
        formats: the workbook's.
        title: of the sheet; further ones have a number behind it.
        columns: their headings in their order, with their width in characters.
        left: the headings of columns that begin on the left.
        widest: how wide columns may become for their longest text; what is longer yet is shrunk.
    """

    def __init__(
        self,
        book: xlsxwriter.Workbook,
        formats: Formats,
        title: str,
        columns: Mapping[str, int],
        left: Collection[str],
        widest: Mapping[str, int],
    ) -> None:
        self._book, self._formats, self._title = book, formats, title
        self._columns, self._left, self._widest = columns, left, widest
        self._indices = {name: index for index, name in enumerate(columns)}
        self._sheets = 0
        self._marked = False
        self._open()

    def next_row(self, *, marked: bool) -> None:
        """Begins a row."""
        if self._row == _MAX_ROWS - 1:
            self.close()
            self._open()
        self._row += 1
        self._lines = 1
        self._marked = marked

    def write(self, column: str, value: str | float | datetime | None, kind: str | None = None) -> None:
        """Writes a cell of the row, text as text whatever it looks like; None leaves it blank.

        Args:
            column: its heading.
            value: what it holds.
            kind: how it looks; by default, as what it holds.
        """
        place = self._row, self._indices[column]
        match value:
            case None:
                if self._marked:
                    self._sheet.write_blank(*place, None, self._format("text"))
            case bool():  # as words: not every spreadsheet shows the logical values as such
                self._sheet.write_string(*place, "yes" if value else "no", self._format("count"))
            case int():
                self._sheet.write_number(*place, value, self._format(kind or "count"))
            case float():
                self._sheet.write_number(*place, value, self._format(kind or "confidence"))
            case datetime():
                self._sheet.write_datetime(*place, value, self._format(kind or "time"))
            case _:
                if kind == "long text":
                    self._make_room(column, value)
                else:
                    self._widen(column, value)
                self._sheet.write_string(*place, printable(value)[:_MAX_TEXT], self._format(kind or "text"))

    def link(self, column: str, text: str, picture: str, tip: str, kind: str = "text") -> None:
        """Writes a text that leads to a picture, as seen from the workbook; where no link can, the text, of a kind."""
        link = _link(picture)
        if link and self._links < _MAX_LINKS:
            self._links += 1
            self._widen(column, text)
            place = self._row, self._indices[column]
            self._sheet.write_url(*place, link, self._format("link"), printable(text), tip)
        else:
            self.write(column, text, kind)

    def picture(self, column: str, height_px: int, options: dict[str, Any]) -> None:
        """Puts a picture into a cell of the row, which becomes as high as is told; XlsxWriter's options."""
        self._sheet.set_row_pixels(self._row, height_px)
        self._sheet.insert_image(self._row, self._indices[column], "number.png", options)

    def close(self) -> None:
        """Ends the sheet, so that it can be filtered, with its columns as wide as they have to be."""
        for column, width in self._widths.items():
            self._sheet.set_column(self._indices[column], self._indices[column], width)
        self._sheet.autofilter(0, 0, max(self._row, 1), len(self._columns) - 1)
        self._sheet.ignore_errors({"number_stored_as_text": xl_range(0, 0, self._row, len(self._columns) - 1)})

    def _widen(self, column: str, text: str) -> None:
        """Makes a column as wide as a text, up to its widest."""
        width = min(len(printable(text)) + 1, self._widest.get(column, 0))
        if width > self._widths.get(column, self._columns[column]):
            self._widths[column] = width

    def _make_room(self, column: str, text: str) -> None:
        """Makes the row high enough for a text: not every spreadsheet does so when it opens a workbook."""
        lines = sum(len(wrap(line, self._columns[column])) or 1 for line in printable(text).splitlines())
        lines = min(_MAX_LINES, lines)
        if lines > self._lines:
            self._lines = lines
            self._sheet.set_row(self._row, lines * _LINE_PT)

    def _format(self, kind: str) -> Format:
        return self._formats.cell(kind, marked=self._marked)

    def _open(self) -> None:
        self._sheets += 1
        title = self._title + (f" ({self._sheets})" if self._sheets > 1 else "")
        self._sheet = self._book.add_worksheet(title)
        self._row = 0
        self._lines = 1
        self._links = 0
        self._widths: dict[str, int] = {}
        for column, (heading, width) in enumerate(self._columns.items()):
            self._sheet.set_column(column, column, width)
            self._sheet.write_string(0, column, heading, self._formats.heading(left=heading in self._left))
        self._sheet.freeze_panes(1, 0)
        self._sheet.set_landscape()
        self._sheet.set_paper(9)
        self._sheet.fit_to_pages(1, 0)
        self._sheet.repeat_rows(0)
        self._sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)  # inches
        self._sheet.set_footer("&L&F, &A&R&P / &N", {"margin": 0.3})


def _link(picture: str) -> str:
    """A link to a file; empty where a workbook can hold none.

    XlsxWriter takes a name with `%20` in it for one that is quoted already, and so would lead to another file.
    """
    link = f"external:{picture.translate(_QUOTED)}"
    fits = len(link.encode("utf-16-le", "surrogatepass")) <= 2 * _MAX_LINK
    return link if picture and picture.isprintable() and fits else ""
