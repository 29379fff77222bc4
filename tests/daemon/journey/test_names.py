"""Names that are taken already, and names that are hard to handle."""

from __future__ import annotations

import logging
import os
import signal
from typing import Any

import pytest

from daemon.engine.interface import OutcomeKind
from daemon.errors import PublishError
from daemon.names import shown
from daemon.status import report


def test_the_same_name_with_other_content_gets_a_number(desk: Any) -> None:
    for content in (b"monday", b"tuesday", b"wednesday"):
        desk.arrive("scan0001.jpg", content)
        desk.run()
    assert desk.files("archive") == {
        "scan0001.jpg": b"monday",
        "scan0001~2.jpg": b"tuesday",
        "scan0001~3.jpg": b"wednesday",
    }
    results = {name for name in desk.files("outbox") if name.endswith(".json")}
    assert results == {"scan0001.jpg.json", "scan0001~2.jpg.json", "scan0001~3.jpg.json"}


@pytest.mark.parametrize("suffix", [".json", ".csv", ".annotated.jpg"])
def test_nothing_in_the_outbox_or_the_archive_is_overwritten(desk: Any, suffix: str) -> None:
    (desk.settings.outbox / f"scan.jpg{suffix}").write_bytes(b"someone else's")
    (desk.settings.archive / "scan~2.jpg").write_bytes(b"someone else's")
    desk.arrive("scan.jpg", b"page")
    desk.run()
    assert desk.files("outbox")[f"scan.jpg{suffix}"] == b"someone else's"
    assert "scan~3.jpg.json" in desk.files("outbox")
    assert desk.files("archive") == {"scan~2.jpg": b"someone else's", "scan~3.jpg": b"page"}


def test_results_and_their_original_have_one_name_whatever_else_the_archive_holds(desk: Any) -> None:
    drops = ["scan monday", "scan monday", "scan tuesday", "scan~3 wednesday", "scan monday", "scan thursday"]
    for name, content in (drop.split() for drop in drops):
        desk.arrive(f"{name}.jpg", content.encode())
        desk.run()
    desk.check_names()
    results = {name for name in desk.files("outbox") if name.endswith(".json")}
    assert results == {"scan.jpg.json", "scan~3.jpg.json", "scan~3~2.jpg.json", "scan~5.jpg.json"}
    assert desk.files("archive") == {
        "scan.jpg": b"monday",
        "scan~2.jpg": b"monday",
        "scan~3.jpg": b"tuesday",
        "scan~3~2.jpg": b"wednesday",
        "scan~4.jpg": b"monday",
        "scan~5.jpg": b"thursday",
    }


def test_the_original_of_a_duplicate_does_not_take_the_name_of_results_that_are_not_yet_published(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise PublishError("no space is left")

    desk.arrive("scan.jpg", b"monday")
    desk.run()
    with monkeypatch.context() as patch:
        patch.setattr(desk.outbox, "publish", full)
        desk.arrive("scan.jpg", b"tuesday")
        desk.run()
        desk.arrive("scan~2.jpg", b"monday")
        desk.run()
    desk.run(61)
    desk.check_names()
    assert desk.files("archive") == {"scan.jpg": b"monday", "scan~2.jpg": b"tuesday", "scan~2~2.jpg": b"monday"}


def test_the_original_of_a_duplicate_takes_the_name_of_its_own_results_where_that_is_free(desk: Any) -> None:
    desk.arrive("scan.jpg", b"page")
    desk.run()
    (desk.settings.archive / "scan.jpg").unlink()
    desk.arrive("scan.jpg", b"page")
    desk.run()
    assert desk.files("archive") == {"scan.jpg": b"page"}


@pytest.mark.parametrize("name", ["scan.jpg", "other.jpg"])
def test_results_of_a_lost_ledger_lead_to_their_original_when_it_is_dropped_again(desk: Any, name: str) -> None:
    for content in (b"monday", b"monday", b"tuesday"):
        desk.arrive("scan.jpg", content)
        desk.run()
    outbox = desk.files("outbox")
    desk.ledger.close()
    for path in desk.settings.state.iterdir():
        path.unlink()
    desk.start()
    for content in (b"monday", b"tuesday", b"wednesday"):
        desk.arrive("scan.jpg", content)
        desk.run()
        desk.arrive(name, content)
        desk.run()
    desk.check_names()
    assert desk.files("outbox").keys() > outbox.keys()


def test_an_original_that_waits_to_go_to_failed_takes_no_name_of_the_archive(desk: Any) -> None:
    desk.engine.answer = lambda data: OutcomeKind.UNREADABLE if data == b"bad" else OutcomeKind.READ
    desk.settings.failed.rmdir()
    for content in (b"bad", b"page"):
        desk.arrive("scan.jpg", content)
        desk.run()
    assert desk.files("archive") == {"scan.jpg": b"page"}


def test_results_that_stood_in_an_outbox_that_was_away_are_not_overwritten(desk: Any) -> None:
    desk.arrive("scan.jpg", b"monday")
    desk.run()
    monday = desk.files("outbox")
    (desk.settings.archive / "scan.jpg").unlink()  # whose name would tell
    desk.ledger.close()
    for path in desk.settings.state.iterdir():  # a ledger that knows of nothing
        path.unlink()
    away = desk.settings.outbox.rename(desk.root / "away")
    desk.start()
    desk.arrive("scan.jpg", b"tuesday")
    desk.run()
    away.rename(desk.settings.outbox)
    desk.run(61)
    outbox = desk.files("outbox")
    assert {name: content for name, content in outbox.items() if name in monday} == monday
    assert outbox.keys() - monday.keys() == {"scan~2.jpg.json", "scan~2.jpg.csv", "scan~2.jpg.annotated.jpg"}
    assert desk.files("archive").keys() == {"scan~2.jpg"}


@pytest.mark.parametrize("suffix", [".csv", ".annotated.jpg"])
def test_a_file_of_somebody_that_stood_in_an_outbox_that_was_away_is_not_overwritten(desk: Any, suffix: str) -> None:
    (desk.settings.outbox / f"scan.jpg{suffix}").write_bytes(b"someone else's")
    away = desk.settings.outbox.rename(desk.root / "away")
    desk.arrive("scan.jpg", b"page")
    desk.run()
    away.rename(desk.settings.outbox)
    desk.run(61)
    outbox = desk.files("outbox")
    assert outbox.pop(f"scan.jpg{suffix}") == b"someone else's"
    assert outbox.keys() == {"scan~2.jpg.json", "scan~2.jpg.csv", "scan~2.jpg.annotated.jpg"}
    assert desk.files("archive").keys() == {"scan~2.jpg"}


@pytest.mark.parametrize("name", ["2026-11-27", "scan.p2", "n\n" + "o" * 240])
def test_the_log_and_the_status_name_the_file_that_holds_the_results(
    desk: Any, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    desk.arrive(name, b"page")
    desk.run()
    (written,) = (output for output in desk.files("outbox") if output.endswith(".json"))
    assert written != f"{name}.json"
    assert f"results in {shown(written)};" in caplog.text
    assert any(f" results in {shown(written)} (" in line for line in report(desk.settings).lines())


def test_a_folder_under_whose_name_a_file_stands_in_the_outbox_gets_a_number(desk: Any) -> None:
    (desk.settings.outbox / "a").write_bytes(b"a list of the office")
    for content in (b"page", b"another page"):
        desk.arrive("a/b/scan.jpg", content)
        desk.run()
    assert desk.files("inbox") == {}
    outbox = desk.files("outbox")
    assert outbox.pop("a") == b"a list of the office"
    assert {name for name in outbox if name.endswith(".json")} == {"a~2/b/scan.jpg.json", "a~2/b/scan~2.jpg.json"}


@pytest.mark.parametrize("suffix", [".json", ".csv", ".annotated.jpg"])
@pytest.mark.parametrize("folder_first", [False, True])
def test_a_folder_named_like_results_gets_out_of_their_way(desk: Any, suffix: str, folder_first: bool) -> None:
    inside = f"scan.jpg{suffix}/page"
    for name in (inside, "scan.jpg") if folder_first else ("scan.jpg", inside):
        desk.arrive(name, name.encode())
    desk.run()
    assert desk.files("inbox") == {}
    assert len(desk.files("outbox")) == 6


@pytest.mark.parametrize("kind", ["pipe", "nested", "huge", "link", "folder"])
def test_whatever_stands_under_the_name_of_results_is_left_alone(desk: Any, kind: str) -> None:
    path = desk.settings.outbox / "scan.jpg.json"
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "nested":
            path.write_bytes(b"[" * 100_000)
        case "huge":
            path.touch()
            os.truncate(path, 1 << 40)
        case "link":
            path.symlink_to("scan.jpg.json")
        case "folder":
            path.mkdir()
    before = signal.signal(signal.SIGALRM, lambda number, frame: pytest.fail("it is waited for"))
    signal.alarm(20)
    try:
        desk.arrive("scan.jpg", b"page")
        desk.run()
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    assert desk.files("archive").keys() == {"scan~2.jpg"}


@pytest.mark.parametrize(("folder", "kind"), [("archive", OutcomeKind.READ), ("failed", OutcomeKind.UNREADABLE)])
def test_a_folder_under_whose_name_a_file_stands_gets_a_number(desk: Any, folder: str, kind: OutcomeKind) -> None:
    desk.engine.answer = lambda data: kind
    (desk.root / folder / "a").mkdir()
    (desk.root / folder / "a" / "november").write_bytes(b"a file")
    desk.arrive("a/november/b/scan.jpg", b"page")
    desk.run()
    desk.arrive("a/november/b/scan.jpg", b"another page")
    desk.run()
    assert desk.files("inbox") == {}
    files = {name: content for name, content in desk.files(folder).items() if not name.endswith(".reason.json")}
    assert files == {
        "a/november": b"a file",
        "a/november~2/b/scan.jpg": b"page",
        "a/november~2/b/scan~2.jpg": b"another page",
    }


@pytest.mark.parametrize("name", ["november", "november/b"])
def test_a_file_that_takes_the_name_of_a_folder_in_the_last_moment_is_gone_round(desk: Any, name: str) -> None:
    publish = desk.ledger.publish

    def publish_then_take(*arguments: Any) -> None:
        publish(*arguments)
        (desk.settings.archive / name).parent.mkdir(exist_ok=True)
        (desk.settings.archive / name).write_bytes(b"a file")

    desk.ledger.publish = publish_then_take
    desk.arrive("november/b/scan.jpg", b"page")
    desk.run()
    assert desk.files("inbox") == {}
    assert desk.files("archive") == {name: b"a file", f"{name}~2{'/b' if name == 'november' else ''}/scan.jpg": b"page"}


@pytest.mark.parametrize("name", ["byte\udcff.jpg", "line\nbreak.jpg", "=cmd|x.jpg", "x" * 251 + ".jpg", "ü" * 125])
def test_any_name_makes_the_whole_journey(desk: Any, name: str) -> None:
    desk.arrive(name, b"page")
    desk.run()
    assert list(desk.files("archive").values()) == [b"page"]
    assert len(desk.files("outbox")) == 3
    desk.engine.answer = lambda data: OutcomeKind.UNREADABLE
    desk.arrive(name, b"unreadable")
    desk.run()
    assert len(desk.files("failed")) == 2


def test_a_name_that_is_chosen_anew_is_free_in_the_archive_too(desk: Any) -> None:
    desk.settings.outbox.rmdir()
    desk.arrive("scan.jpg", b"page")
    desk.run()
    (desk.settings.archive / "scan~2.jpg").write_bytes(b"somebody's")
    desk.settings.outbox.mkdir()
    (desk.settings.outbox / "scan.jpg.csv").write_bytes(b"somebody's")
    desk.run(61)
    assert desk.files("archive") == {"scan~2.jpg": b"somebody's", "scan~3.jpg": b"page"}
    desk.check_names()
