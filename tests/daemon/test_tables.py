from __future__ import annotations

import csv
import html
import io
import os
import re
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import cv2
import numpy as np
import pytest

from config.schema import TablesSettings
from daemon.content import Aside, Content, DayEntry
from daemon.errors import PublishError
from daemon.result import NamedModel, Result
from daemon.tables import make_day
from recognition.types import BoundingBox, Document, Number, Page, Reason

DAY = "2026-11-23"
SOFFICE = shutil.which("soffice")
needs_libreoffice = pytest.mark.skipif(
    SOFFICE is None, reason="LibreOffice is missing: apt-get install libreoffice-calc-nogui"
)


def crop() -> bytes:
    return cv2.imencode(".png", np.full((40, 90), 200, np.uint8))[1].tobytes()


def entry(document: str = "a/scan0001.jpg", texts: tuple[str, ...] = ("0071", "05?9")) -> DayEntry:
    numbers = tuple(
        Number(
            text, BoundingBox(10, 20, 90, 30), 0, position, 0.998 if "?" not in text else 0.41, "?" in text,
            (Reason.LOW_CONFIDENCE,) if "?" in text else (), (), crop(),
        )
        for position, text in enumerate(texts)
    )  # fmt: skip
    content = Document((Page(1, 300, 200, 0, numbers),))
    moment = datetime(2026, 11, 23, 21, 2, 11, tzinfo=UTC)
    result = Result(document, "ab" * 32, moment, NamedModel("digits", "cd" * 32), 0.2, content)
    return DayEntry(result.to_json(), result.crops(), (f"{document}.annotated.jpg", f"{document}.csv"))


def write_day(folder: Path, content: Content, settings: TablesSettings) -> tuple[Path, ...]:
    return make_day(folder, content, settings).place()


def read_csv(path: Path, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""), delimiter=delimiter))


def convert(path: Path, target: str, profile: Path) -> Path:
    utf8 = ["--infilter=CSV:44,34,76"] if path.suffix == ".csv" else []  # what its import dialog finds by the mark
    command = [str(SOFFICE), f"-env:UserInstallation={profile.as_uri()}", "--headless", *utf8, "--convert-to", target]
    subprocess.run([*command, "--outdir", profile / "out", path], check=True, capture_output=True, timeout=120)
    return profile / "out" / f"{path.stem}.{target.partition(':')[0]}"


def test_the_day_has_one_row_a_number_and_starts_with_a_byte_order_mark(tmp_path: Path) -> None:
    csv_path, xlsx_path = write_day(tmp_path / "tables", Content(DAY, [entry(), entry("b.jpg")]), TablesSettings())
    assert csv_path.read_bytes().startswith(b"\xef\xbb\xbfdocument,page,line,position,number,digit_count,confidence,")
    table = read_csv(csv_path)
    assert [row[0] for row in table[1:]] == ["a/scan0001.jpg"] * 2 + ["b.jpg"] * 2
    assert table[2][4:9] == ["05?9", "4", "0.41", "true", "low-confidence"]
    assert zipfile.is_zipfile(xlsx_path)
    assert sorted(path.name for path in (tmp_path / "tables").iterdir()) == ["2026-11-23.csv", "2026-11-23.xlsx"]


def test_two_documents_of_one_name_are_called_as_their_results_are(tmp_path: Path) -> None:
    second = replace(entry("scan.jpg"), outputs=("scan~2.jpg.annotated.jpg", "scan~2.jpg.csv", "scan~2.jpg.json"))
    csv_path, xlsx_path = write_day(tmp_path, Content(DAY, [entry("scan.jpg"), second]), TablesSettings())
    assert [row[0] for row in read_csv(csv_path)[1:]] == ["scan.jpg"] * 2 + ["scan~2.jpg"] * 2
    with zipfile.ZipFile(xlsx_path) as parts:
        assert parts.read("xl/worksheets/sheet1.xml").decode().count("<t>scan~2.jpg</t>") == 2


def test_a_european_table_has_semicolons_and_decimal_commas(tmp_path: Path) -> None:
    settings = TablesSettings(delimiter=";", decimal=",", bom=False, xlsx=False)
    (path,) = write_day(tmp_path, Content(DAY, [entry()]), settings)
    assert path.read_bytes().startswith(b"document;page")
    assert read_csv(path, ";")[2][6] == "0,41"


def test_a_day_without_numbers_has_its_header_only(tmp_path: Path) -> None:
    csv_path, xlsx_path = write_day(tmp_path, Content(DAY, [entry(texts=())]), TablesSettings())
    assert len(read_csv(csv_path)) == 1
    assert zipfile.is_zipfile(xlsx_path)


def test_a_table_that_cannot_be_replaced_is_tried_again_and_the_old_ones_stay(tmp_path: Path) -> None:
    write_day(tmp_path, Content(DAY, [entry()]), TablesSettings(xlsx=False))
    (tmp_path / "2026-11-23.xlsx").mkdir()
    with pytest.raises(PublishError, match="where it is open"):
        write_day(tmp_path, Content(DAY, [entry(), entry("b.jpg")]), TablesSettings())
    assert len(read_csv(tmp_path / "2026-11-23.csv")) == 3
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_a_temporary_folder_without_space_is_the_same_problem_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mounts: Any
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "full"))
    with mounts.mounted(tmp_path / "full", "-t", "tmpfs", "-o", "nr_inodes=1", "tmpfs"):
        for _ in range(2):
            with pytest.raises(PublishError, match=rf"No space left on device: '{tmp_path}/full'\. Close"):
                write_day(tmp_path / "tables", Content(DAY, [entry()]), TablesSettings())


def test_a_full_sheet_is_followed_by_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.sheet._MAX_ROWS", 4)
    _, path = write_day(tmp_path, Content(DAY, [entry(), entry("b.jpg")]), TablesSettings())
    with zipfile.ZipFile(path) as parts:
        sheets = [name for name in parts.namelist() if name.startswith("xl/worksheets/sheet")]
        assert 'name="2026-11-23 (2)"' in parts.read("xl/workbook.xml").decode()
    assert len(sheets) == 3, "two of numbers, and one of documents"


def test_a_sheet_of_documents_names_each_and_what_became_of_it(
    tmp_path: Path, read_sheet: Callable[[Path, int], list[list[str]]]
) -> None:
    warned = entry("b.jpg", ())
    warned = replace(warned, result={**warned.result, "warnings": ["only the first was read", "turned"]})
    asides = [
        Aside("a/scan0001~2.jpg", twin="a/scan0001.jpg", outputs=entry().outputs),
        Aside("=1+1.jpg", reason="the TIFF is damaged", remedy="Scan it again"),
    ]
    _, path = write_day(tmp_path, Content(DAY, [entry(), warned], asides), TablesSettings())
    assert read_sheet(path, 2) == [
        ["document", "pages", "numbers", "to_review", "outcome", "note"],
        ["a/scan0001.jpg", "1", "2", "1", "read", ""],
        ["b.jpg", "1", "0", "0", "read", "only the first was read; turned"],
        ["a/scan0001~2.jpg", "read before as a/scan0001.jpg", ""],
        ["=1+1.jpg", "", "", "", "failed", "the TIFF is damaged. Scan it again"],
    ]
    assert [row[0] for row in read_sheet(path, 1)] == ["document", "a/scan0001.jpg", "a/scan0001.jpg"]
    with zipfile.ZipFile(path) as parts:
        sheet = parts.read("xl/worksheets/sheet2.xml").decode()
        links = parts.read("xl/worksheets/_rels/sheet2.xml.rels").decode().replace("\\", "/")
    assert "<f>" not in sheet
    assert re.findall(r'<hyperlink ref="(\w+)"', sheet) == ["A2", "A3", "A4"]
    assert links.count("../a/scan0001.jpg.annotated.jpg") == 2
    others, _, failed = sheet.rpartition("<row ")
    assert not set(re.findall(r's="(\d+)"', failed)) & set(re.findall(r's="(\d+)"', others)), "it is marked"


def test_a_note_is_no_longer_than_a_cell_can_be(
    tmp_path: Path, read_sheet: Callable[[Path, int], list[list[str]]]
) -> None:
    aside = Aside("a.jpg", reason="x" * 40_000, remedy="Scan it again")
    _, path = write_day(tmp_path, Content(DAY, [], [aside]), TablesSettings())
    assert read_sheet(path, 2)[1][5] == "x" * 32_767


def test_documents_past_what_a_sheet_can_link_are_named_without_a_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.sheet._MAX_LINKS", 3)
    _, path = write_day(tmp_path, Content(DAY, [entry(), entry("b.jpg")]), TablesSettings())
    with zipfile.ZipFile(path) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<hyperlink ") == 3
    assert sheet.count("<t>b.jpg</t>") == 2


@pytest.mark.parametrize("name", ["Scan%201.jpg", "100%.jpg", "a b#1.jpg", "größe [1] `^{<x>}.jpg", "plus+&=.jpg"])
def test_a_document_of_any_name_leads_to_its_picture(tmp_path: Path, name: str) -> None:
    _, path = write_day(tmp_path, Content(DAY, [entry(name)]), TablesSettings())
    with zipfile.ZipFile(path) as parts:
        links = parts.read("xl/worksheets/_rels/sheet1.xml.rels").decode()
    targets = {html.unescape(target) for target in re.findall(r'Target="([^"]*)" TargetMode', links)}
    assert {unquote(target).replace("\\", "/") for target in targets} == {f"../{name}.annotated.jpg"}


def test_a_row_leads_to_the_picture_of_its_page(tmp_path: Path) -> None:
    first = entry("fax.tif", ("1",))
    (page,) = first.result["pages"]
    pictures = ("fax.tif.annotated.jpg", "fax.tif.p2.annotated.jpg")
    fax = DayEntry({**first.result, "pages": [page, {**page, "page": 2}]}, (), (*pictures, "fax.tif.csv"))
    _, path = write_day(tmp_path, Content(DAY, [fax]), TablesSettings())
    with zipfile.ZipFile(path) as parts:
        links = parts.read("xl/worksheets/_rels/sheet1.xml.rels").decode()
    targets = [target.replace("\\", "/") for target in re.findall(r'Target="([^"]*)" TargetMode', links)]
    assert targets == [f"../{picture}" for picture in pictures]


def test_a_document_whose_link_is_too_long_is_named_without_one(tmp_path: Path) -> None:
    name = f"{'a long name of a folder/' * 90}scan.jpg"
    _, path = write_day(tmp_path, Content(DAY, [entry(name)]), TablesSettings())
    with zipfile.ZipFile(path) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
    assert "<hyperlink " not in sheet
    assert sheet.count(f"<t>{name}</t>") == 2


def test_the_workbook_keeps_its_pictures_with_their_rows_and_its_header_in_sight(tmp_path: Path) -> None:
    _, path = write_day(tmp_path, Content(DAY, [entry()]), TablesSettings())
    with zipfile.ZipFile(path) as parts:
        drawing = parts.read("xl/drawings/drawing1.xml").decode()
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
        links = parts.read("xl/worksheets/_rels/sheet1.xml.rels").decode()
    assert drawing.count("<xdr:twoCellAnchor>") == 2
    assert 'state="frozen"' in sheet
    assert "<autoFilter" in sheet
    assert 'numberStoredAsText="1"' in sheet
    assert 'fitToHeight="0"' in sheet
    assert "<oddFooter>&amp;L&amp;F, &amp;A&amp;R&amp;P / &amp;N</oddFooter>" in sheet
    assert '<pageMargins left="0.4" right="0.4"' in sheet
    assert "a/scan0001.jpg.annotated.jpg" in links.replace("\\", "/")


@pytest.mark.parametrize(("length", "width"), [(20, 34), (50, 51), (200, 60)])
def test_the_column_of_names_becomes_as_wide_as_they_are_and_the_longest_are_shrunk(
    length: int, width: int, tmp_path: Path
) -> None:
    _, path = write_day(tmp_path, Content(DAY, [entry("n" * length), entry("short.jpg")]), TablesSettings())
    with zipfile.ZipFile(path) as parts:
        sheet, styles = (parts.read(f"xl/{name}.xml").decode() for name in ("worksheets/sheet1", "styles"))
    (found,) = re.findall(r'<col min="1" max="1" width="([\d.]+)"', sheet)
    assert int(float(found)) == width
    (style,) = re.findall(r'<c r="A2" s="(\d+)"', sheet)
    formats = re.findall(r"<xf .*?(?:/>|</xf>)", styles.partition("<cellXfs")[2])
    assert 'shrinkToFit="1"' in formats[int(style)]


def test_a_name_of_two_lines_has_room_for_both(tmp_path: Path) -> None:
    aside = Aside("a\nb.jpg", reason="it is torn", remedy="Mend it")
    _, path = write_day(tmp_path, Content(DAY, [], [aside]), TablesSettings())
    with zipfile.ZipFile(path) as parts:
        (height,) = re.findall(r'<row r="2"[^>]* ht="([\d.]+)"', parts.read("xl/worksheets/sheet2.xml").decode())
    assert float(height) == 15 * 2


def test_crops_that_are_no_longer_kept_leave_the_cell_empty(tmp_path: Path) -> None:
    _, path = write_day(tmp_path, Content(DAY, [DayEntry(entry().result)]), TablesSettings())
    with zipfile.ZipFile(path) as parts:
        assert not [name for name in parts.namelist() if "drawing" in name]


@needs_libreoffice
def test_libreoffice_reads_the_workbook_with_leading_zeros_and_inert_names(tmp_path: Path) -> None:
    _, path = write_day(tmp_path, Content(DAY, [entry('=1+1"\n,.jpg')]), TablesSettings())
    table = read_csv(convert(path, "csv:Text - txt - csv (StarCalc):44,34,76", tmp_path / "profile"))
    assert table[0][:6] == ["document", "page", "line", "position", "number", "picture"]
    assert [row[4] for row in table[1:]] == ["0071", "05?9"]
    assert table[1][0] == '=1+1"\n,.jpg'
    assert [row[8] for row in table[1:]] == ["no", "yes"]


@needs_libreoffice
def test_libreoffice_reads_the_sheet_of_documents(tmp_path: Path) -> None:
    asides = [Aside("=1+1.jpg", reason="the TIFF is damaged", remedy="=2+2"), Aside("c.jpg", twin="a/scan0001.jpg")]
    _, path = write_day(tmp_path, Content(DAY, [entry()], asides), TablesSettings())
    second_sheet = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,2"
    converted = convert(path, second_sheet, tmp_path / "profile")
    assert read_csv(converted.with_name("2026-11-23-documents.csv"))[1:] == [
        ["a/scan0001.jpg", "1", "2", "1", "read", ""],
        ["=1+1.jpg", "", "", "", "failed", "the TIFF is damaged. =2+2"],
        ["c.jpg", "", "", "", "read before as a/scan0001.jpg", ""],
    ]


@needs_libreoffice
def test_long_names_and_notes_are_shown_whole_on_as_many_lines_as_they_need(tmp_path: Path) -> None:
    aside = Aside(f"{'a long name ' * 8}.jpg", reason="the TIFF is damaged " * 12, remedy="Scan it again")
    _, path = write_day(tmp_path, Content(DAY, [entry()], [aside]), TablesSettings())
    with zipfile.ZipFile(convert(path, "xlsx", tmp_path / "profile")) as parts:
        sheet = parts.read("xl/worksheets/sheet2.xml").decode()
    _, read, failed = (float(height) for height in re.findall(r'<row [^>]*ht="([\d.]+)"', sheet))
    assert read < 20
    assert failed == 15 * 4  # 252 characters in a column of 80


@needs_libreoffice
def test_libreoffice_reads_the_csv_and_runs_no_cell(tmp_path: Path) -> None:
    path, _ = write_day(tmp_path, Content(DAY, [entry('=1+1"\n,.jpg'), entry("größe.jpg")]), TablesSettings())
    converted = convert(path, "xlsx", tmp_path / "profile")
    with zipfile.ZipFile(converted) as parts:
        assert b"<f" not in parts.read("xl/worksheets/sheet1.xml").replace(b"<fonts", b"")
        texts = html.unescape(parts.read("xl/sharedStrings.xml").decode())
    assert """'=1+1"\n,.jpg""" in texts
    assert "größe.jpg" in texts
