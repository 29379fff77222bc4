from __future__ import annotations

import csv
import dataclasses
import io
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.schema import TablesSettings
from daemon.errors import PublishError
from daemon.outbox import Outbox
from daemon.result import NamedModel, Result
from recognition.types import BoundingBox, Document, Number, Page

MOMENT = datetime(2026, 11, 23, 21, 2, 11, tzinfo=UTC)


def make_result(document: str = "a/b/scan0001.jpg", *, pages: int = 1, text: str = "0071") -> Result:
    number = Number(text, BoundingBox(1, 2, 30, 10), 0, 0, 0.97, False, (), ())
    content = Document(tuple(Page(k, 90, 60, 0, (number,), b"picture %d" % k) for k in range(1, pages + 1)))
    return Result(document, "ab" * 32, MOMENT, NamedModel("digits", "cd" * 32), 0.2, content)


def make_outbox(folder: Path) -> Outbox:
    return Outbox(folder, TablesSettings())


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_document_gives_its_three_files_and_the_json_is_the_last(tmp_path: Path) -> None:
    published = make_outbox(tmp_path).publish("a/b/scan0001.jpg", make_result())
    stem = "a/b/scan0001.jpg"
    assert published == (f"{stem}.annotated.jpg", f"{stem}.csv", f"{stem}.json")
    assert files(tmp_path) == sorted(published)
    assert (tmp_path / f"{stem}.annotated.jpg").read_bytes() == b"picture 1"
    assert json.loads((tmp_path / f"{stem}.json").read_bytes())["document"] == "a/b/scan0001.jpg"


def test_further_pages_have_their_number_in_the_name(tmp_path: Path) -> None:
    published = make_outbox(tmp_path).publish("fax.tif", make_result(pages=3))
    assert published[:3] == ("fax.tif.annotated.jpg", "fax.tif.p2.annotated.jpg", "fax.tif.p3.annotated.jpg")
    assert (tmp_path / "fax.tif.p3.annotated.jpg").read_bytes() == b"picture 3"


def test_publishing_again_replaces_and_leaves_no_page_of_before(tmp_path: Path) -> None:
    outbox = make_outbox(tmp_path)
    outbox.publish("fax.tif", make_result(pages=3))
    published = outbox.publish("fax.tif", make_result(text="12"))
    assert files(tmp_path) == sorted(published)
    assert json.loads((tmp_path / "fax.tif.json").read_bytes())["pages"][0]["numbers"][0]["text"] == "12"


def of_other_content(result: Result) -> Result:
    return dataclasses.replace(result, sha256="ef" * 32)


def test_a_name_is_anothers_once_results_of_other_content_stand_there(tmp_path: Path) -> None:
    outbox = make_outbox(tmp_path)
    assert outbox.holds("x.jpg") is None
    assert not outbox.is_anothers("x.jpg", make_result())
    outbox.publish("x.jpg", make_result())
    assert outbox.holds("x.jpg") == "ab" * 32
    assert not outbox.is_anothers("x.jpg", make_result(text="read otherwise"))
    assert outbox.is_anothers("x.jpg", of_other_content(make_result()))


@pytest.mark.parametrize("suffix", [".annotated.jpg", ".p2.annotated.jpg", ".csv", ".json"])
def test_a_name_under_which_a_file_of_somebody_stands_is_anothers(tmp_path: Path, suffix: str) -> None:
    outbox = make_outbox(tmp_path)
    (tmp_path / f"x.jpg{suffix}").write_bytes(b"somebody's")
    assert outbox.is_anothers("x.jpg", make_result(pages=2))


@pytest.mark.parametrize("suffix", [".annotated.jpg", ".csv", ".json"])
def test_a_folder_in_a_files_place_is_anothers_though_the_others_are_its_own(tmp_path: Path, suffix: str) -> None:
    outbox = make_outbox(tmp_path)
    outbox.publish("x.jpg", make_result())
    (tmp_path / f"x.jpg{suffix}").unlink()
    (tmp_path / f"x.jpg{suffix}").mkdir()
    assert outbox.is_anothers("x.jpg", make_result())


def test_a_pipe_or_a_link_under_a_name_is_anothers_and_is_not_waited_for(tmp_path: Path) -> None:
    outbox = make_outbox(tmp_path / "outbox")
    outbox.publish("x.jpg", make_result())
    os.mkfifo(tmp_path / "outbox" / "pipe.jpg.json")
    (tmp_path / "outbox" / "link.jpg.json").symlink_to("x.jpg.json")
    for name in ("pipe.jpg", "link.jpg"):
        assert outbox.holds(name) is None
        assert outbox.is_anothers(name, make_result())


def test_anything_under_a_name_is_of_others_but_complete_results_of_the_same_content(tmp_path: Path) -> None:
    outbox = make_outbox(tmp_path)
    assert not outbox.is_of_others("x.jpg", "ab" * 32)
    outbox.publish("x.jpg", make_result())
    assert not outbox.is_of_others("x.jpg", "ab" * 32)
    assert outbox.is_of_others("x.jpg", "ef" * 32)
    (tmp_path / "x.jpg.json").unlink()
    assert outbox.is_of_others("x.jpg", "ab" * 32)
    for suffix in (".annotated.jpg", ".csv", ".json"):
        (tmp_path / f"{suffix}{suffix}").write_bytes(b"somebody's")
        assert outbox.is_of_others(suffix, "ab" * 32)


def test_a_name_is_barred_by_a_file_in_a_folders_place_and_by_results_of_others(tmp_path: Path) -> None:
    outbox = make_outbox(tmp_path)
    outbox.publish("a/x.jpg", make_result())
    (tmp_path / "b").write_bytes(b"a file where a folder is needed")
    assert not outbox.is_barred("a/x.jpg", make_result())
    assert outbox.is_barred("a/x.jpg", of_other_content(make_result()))
    assert outbox.is_barred("b/x.jpg", make_result())


def test_files_that_are_gone_are_missed_and_nothing_else(tmp_path: Path) -> None:
    outbox = make_outbox(tmp_path)
    published = outbox.publish("a/x.jpg", make_result())
    assert not outbox.lacks(published)
    assert not outbox.lacks(())
    (tmp_path / "a" / "x.jpg.csv").unlink()
    assert outbox.lacks(published)
    (tmp_path / "a" / "x.jpg.csv").symlink_to("nowhere")
    assert not outbox.lacks(published)
    assert outbox.lacks(["a/x.jpg.json/below"])


def test_life_is_shown_at_each_file(tmp_path: Path) -> None:
    beats: list[int] = []
    make_outbox(tmp_path).publish("x.jpg", make_result(pages=3), lambda: beats.append(len(files(tmp_path))))
    assert beats == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("published", [1, 2, 3])
def test_what_a_killed_publication_left_is_its_own_and_not_that_of_other_content(
    tmp_path: Path, published: int
) -> None:
    outbox = make_outbox(tmp_path)
    files = outbox.publish("x.jpg", make_result(pages=2))
    for name in files[published:]:
        (tmp_path / name).unlink()
    assert not outbox.is_anothers("x.jpg", make_result(pages=2))
    other = make_result(pages=2, text="12")
    pages = tuple(dataclasses.replace(page, annotated=b"another picture") for page in other.content.pages)
    assert outbox.is_anothers("x.jpg", of_other_content(dataclasses.replace(other, content=Document(pages))))


def test_what_was_killed_before_the_json_of_results_read_otherwise_is_its_own(tmp_path: Path) -> None:
    outbox = make_outbox(tmp_path)
    outbox.publish("x.jpg", make_result())
    before = (tmp_path / "x.jpg.json").read_bytes()
    outbox.publish("x.jpg", make_result(text="12"))
    (tmp_path / "x.jpg.json").write_bytes(before)
    assert not outbox.is_anothers("x.jpg", make_result(text="12"))


def test_a_table_that_somebody_corrected_is_not_overwritten_by_the_same_content(tmp_path: Path) -> None:
    outbox = make_outbox(tmp_path)
    outbox.publish("x.jpg", make_result())
    (tmp_path / "x.jpg.csv").write_bytes(b"corrected in a spreadsheet")
    assert outbox.is_anothers("x.jpg", make_result())
    assert outbox.is_anothers("x.jpg", make_result(text="12"))


def test_pictures_of_further_pages_that_are_somebodys_are_not_removed(tmp_path: Path) -> None:
    outbox = make_outbox(tmp_path)
    (tmp_path / "x.jpg.p2.annotated.jpg").write_bytes(b"somebody's")
    for _ in range(2):
        assert not outbox.is_anothers("x.jpg", make_result())
        outbox.publish("x.jpg", make_result())
    assert (tmp_path / "x.jpg.p2.annotated.jpg").read_bytes() == b"somebody's"


def test_a_name_with_the_byte_0xff_is_published_and_survives_the_json(tmp_path: Path) -> None:
    name = os.fsdecode(b"scan-\xff.jpg")
    make_outbox(tmp_path).publish(name, make_result(name))
    assert json.loads((tmp_path / f"{name}.json").read_bytes())["document"] == name
    assert b"scan-\\xff.jpg" in (tmp_path / f"{name}.csv").read_bytes()


@pytest.mark.parametrize(
    "document",
    ['=cmd|"/c calc"!A1.jpg', "a\nb,\t;'\".jpg", *(f"{start}1+1.jpg" for start in "+-@\t\r\n＝＋－＠")],
)
def test_the_csv_of_a_hostile_name_parses_and_its_cell_is_inert(tmp_path: Path, document: str) -> None:
    make_outbox(tmp_path).publish(document, make_result(document))
    text = (tmp_path / f"{document}.csv").read_bytes().decode("utf-8-sig")
    (_, row) = csv.reader(io.StringIO(text, newline=""))
    assert row[4] == "0071"
    assert row[0].removeprefix("'") == document
    assert not row[0].startswith(tuple("=+-@\t\r\n＝＋－＠"))


def test_the_table_calls_a_document_as_its_files_are_called(tmp_path: Path) -> None:
    make_outbox(tmp_path).publish("a/b/scan0001~2.jpg", make_result("a/b/scan0001.jpg"))
    (row,) = csv.DictReader(io.StringIO((tmp_path / "a/b/scan0001~2.jpg.csv").read_text("utf-8-sig")))
    assert row["document"] == "a/b/scan0001~2.jpg"
    assert json.loads((tmp_path / "a/b/scan0001~2.jpg.json").read_bytes())["document"] == "a/b/scan0001.jpg"


def test_a_table_that_calls_the_document_as_the_inbox_did_is_its_own_all_the_same(tmp_path: Path) -> None:
    outbox, result = make_outbox(tmp_path), make_result("x.jpg")
    outbox.publish("x~2.jpg", result)
    table = tmp_path / "x~2.jpg.csv"
    table.write_bytes(table.read_bytes().replace(b"x~2.jpg", b"x.jpg"))  # as 0.1.0 did
    assert not outbox.is_anothers("x~2.jpg", result)
    table.write_bytes(table.read_bytes().replace(b"x.jpg", b"y.jpg"))
    assert outbox.is_anothers("x~2.jpg", result)


@pytest.mark.parametrize("name", ["../x.jpg", "/etc/x.jpg", "a/../../x.jpg", "", "a\0b"])
def test_a_name_that_leads_out_of_the_outbox_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="inside the outbox"):
        make_outbox(tmp_path / "outbox").publish(name, make_result())
    assert files(tmp_path) == []


def test_names_as_long_as_a_file_system_allows_are_shortened_and_stay_distinct(tmp_path: Path) -> None:
    outbox = make_outbox(tmp_path)
    outbox.publish("x" * 234, make_result("x" * 234))
    assert "x" * 234 + ".json" in files(tmp_path)  # there is room for .p99999.annotated.jpg
    for name in ("é" * 125 + "1.jpg", "é" * 125 + "2.jpg"):
        outbox.publish(name, make_result(name, pages=2))
    assert len(files(tmp_path)) == 3 + 8
    assert {json.loads(path.read_bytes())["document"] for path in tmp_path.glob("é*.json")} == {
        "é" * 125 + "1.jpg",
        "é" * 125 + "2.jpg",
    }


def test_no_document_takes_the_name_of_another_ones_page_or_of_a_day_table(tmp_path: Path) -> None:
    outbox = make_outbox(tmp_path)
    first = outbox.publish("x.jpg", make_result(pages=2))
    second = outbox.publish("x.jpg.p2", make_result())
    third = outbox.publish("tables/2026-11-23", make_result())
    assert not set(first) & set(second)
    assert "tables/2026-11-23.csv" not in third


def test_a_folder_that_cannot_be_written_is_worth_another_try(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a file where a folder is needed")
    with pytest.raises(PublishError, match="permissions and free space") as caught:
        make_outbox(tmp_path).publish("a/x.jpg", make_result())
    assert "tried again" not in str(caught.value), "whether it is, the caller knows"
    assert files(tmp_path) == ["a"]


def test_a_failure_in_the_middle_leaves_no_json_and_no_half_file(tmp_path: Path) -> None:
    (tmp_path / "x.jpg.csv").mkdir()
    outbox = make_outbox(tmp_path)
    with pytest.raises(PublishError):
        outbox.publish("x.jpg", make_result())
    assert files(tmp_path) == ["x.jpg.annotated.jpg"]
    (tmp_path / "x.jpg.csv").rmdir()
    outbox.publish("x.jpg", make_result())
    assert outbox.holds("x.jpg") == "ab" * 32


def test_outputs_have_the_mode_that_the_share_needs(tmp_path: Path) -> None:
    before = os.umask(0o002)
    try:
        published = make_outbox(tmp_path).publish("x.jpg", make_result())
    finally:
        os.umask(before)
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in published} == {0o664}


def test_a_page_without_a_picture_gives_no_file_for_it(tmp_path: Path) -> None:
    result = make_result()
    bare = dataclasses.replace(result.content.pages[0], annotated=b"")
    published = make_outbox(tmp_path).publish("x.jpg", dataclasses.replace(result, content=Document((bare,))))
    assert published == ("x.jpg.csv", "x.jpg.json")
