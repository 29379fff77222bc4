"""The other ways through the house: an end by signal, `once`, `read`, and a second daemon."""

from __future__ import annotations

import csv
import json
import signal
from pathlib import Path

import pytest

EVERY_RUN_DIFFERS = ("processed_at", "seconds")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_daemon_cleanly_in_the_middle_of_its_work(station, draw_page, number):
    station.start()
    names = [f"{index}.jpg" for index in range(12)]
    for index, name in enumerate(names):
        (station.inbox / name).write_bytes(draw_page(300 + index))
    station.wait_until(lambda: any(station.outbox.glob("*.json")), "the first result")
    assert station.stop(number) == 0
    assert "Traceback" not in station.log.read_text()
    assert not station.leftovers()
    for name in names:
        placed = [(folder / name).exists() for folder in (station.inbox, station.archive)]
        assert sorted(placed) == [False, True], f"{name} is in inbox and archive: {placed}"
    station.start()
    for name in names:
        station.result(name)
        station.wait_for(station.archive / name)
    assert station.stop() == 0


def test_once_reads_what_is_there_and_ends(station, draw_page):
    names = ["a.jpg", "b/c.jpg"]
    (station.inbox / "b").mkdir()
    for index, name in enumerate(names):
        (station.inbox / name).write_bytes(draw_page(400 + index))
    done = station.run("once", "--config", station.config)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "2 documents done\n"
    for name in names:
        assert (station.outbox / f"{name}.json").exists()
        assert (station.archive / name).exists()
    assert not station.leftovers()


def test_once_says_by_its_exit_code_that_a_document_failed(station, draw_page):
    (station.inbox / "good.jpg").write_bytes(draw_page(410))
    (station.inbox / "bad.jpg").write_text("no picture")
    done = station.run("once", "--config", station.config)
    assert done.returncode == 1, done.stderr
    assert done.stdout == "1 document done, 1 failed; `digitdrop status` tells why\n"
    assert (station.outbox / "good.jpg.json").exists()
    assert (station.failed / "bad.jpg.reason.json").exists()


def test_read_writes_the_same_files_as_the_daemon(station, draw_page):
    station.start()
    (station.root / "page.jpg").write_bytes(data := draw_page(420))
    (station.inbox / "page.jpg").write_bytes(data)
    station.wait_for(station.archive / "page.jpg")
    assert station.stop() == 0
    out = station.root / "out"
    done = station.run("read", station.root / "page.jpg", "--out", out)
    assert done.returncode == 0, done.stderr
    ours, theirs = (_contents(folder) for folder in (out, station.outbox))
    assert ours.keys() == theirs.keys() == {"page.jpg.json", "page.jpg.csv", "page.jpg.annotated.jpg"}
    assert ours == theirs


def _contents(outbox: Path) -> dict[str, object]:
    """The files beside the day tables, without what differs from run to run."""
    files: dict[str, object] = {}
    for path in outbox.iterdir():
        if path.is_file():
            files[path.name] = path.read_bytes()
    for name, content in files.items():
        assert isinstance(content, bytes)
        if name.endswith(".json"):
            value = json.loads(content)
            files[name] = {key: value[key] for key in value if key not in EVERY_RUN_DIFFERS}
        elif name.endswith(".csv"):
            # The last column is the time.
            files[name] = [line.rpartition(b",")[0] for line in content.splitlines()]
    return files


def test_a_second_daemon_on_the_same_folders_is_refused_with_the_pid_of_the_first(station):
    station.start()
    assert station.process is not None
    second = station.run("run", "--config", station.config)
    assert second.returncode == 70
    assert str(station.process.pid) in second.stderr
    assert "Traceback" not in second.stderr
    assert station.stop() == 0


def test_a_mistake_in_the_configuration_ends_the_start_with_its_own_code(station):
    station.config.write_text(station.config.read_text() + "thresholds: {accept: 2}\n")
    done = station.run("run", "--config", station.config)
    assert done.returncode == 78
    assert "thresholds.accept" in done.stderr


def test_failed_documents_are_listed_and_can_be_put_back(station, draw_page):
    (station.inbox / "bad.jpg").write_text("no picture")
    assert station.run("once", "--config", station.config).returncode == 1
    assert "bad.jpg" in station.run("status", "--config", station.config).stdout
    (station.failed / "bad.jpg").write_bytes(draw_page(430))
    assert station.run("retry", "--config", station.config).returncode == 0
    assert station.run("once", "--config", station.config).returncode == 0
    assert (station.outbox / "bad.jpg.json").exists()


def test_export_writes_the_numbers_of_all_days_beside_a_daemon_that_runs(station, draw_page):
    station.start()
    (station.inbox / "page.jpg").write_bytes(draw_page(430))
    numbers = station.result("page.jpg")["pages"][0]["numbers"]
    table = station.root / "all.csv"
    done = station.run("export", table, "--config", station.config)
    assert done.returncode == 0, done.stderr
    review = sum(number["needs_review"] for number in numbers)
    assert done.stdout == f"{table}: {len(numbers)} numbers of 1 document on 1 day, {review} to review\n"
    with table.open(encoding="utf-8-sig", newline="") as file:
        assert [row["number"] for row in csv.DictReader(file)] == [number["text"] for number in numbers]
    again = station.run("export", table, "--config", station.config, "--from", "2026-11-31")
    assert again.returncode == 2
    assert "2026-11-31" in again.stderr
    assert station.stop() == 0
