from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

import daemon.read
from config.schema import TablesSettings
from daemon.documents import MAX_DOCUMENT_BYTES
from daemon.engine.handle import WorkerSetup
from daemon.engine.local import LocalEngine
from daemon.outbox import Outbox
from daemon.read import Reading, Writer, find_files, read_files
from recognition.params import RecognitionParams

READERS = Path(__file__).parent / "engine" / "readers"
PICTURE = cv2.imencode(".png", np.zeros((4, 4), np.uint8))[1].tobytes()


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalEngine]:
    """Real workers whose reader does what a file's bytes say."""
    monkeypatch.syspath_prepend(str(READERS))
    model = tmp_path / "model" / "tiny.tflite"
    model.parent.mkdir()
    model.write_text("abc")
    setup = WorkerSetup(model, RecognitionParams(), loader="injected:load", reader="injected:read")
    engine = LocalEngine(setup, workers=2, timeout_s=60)
    engine.start()
    yield engine
    engine.stop(0)


def write(folder: Path, **contents: bytes) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, content in contents.items():
        paths.append(folder / f"{name}.png")
        paths[-1].write_bytes(content)
    return paths


def test_readings_come_in_the_order_of_the_files_whatever_becomes_of_each(tmp_path: Path, engine: LocalEngine) -> None:
    paths = write(tmp_path, a=b"one", b=b"segfault", c=b"unreadable", d=b"two", e=b"bug", f=b"three")
    paths.insert(3, tmp_path / "missing.png")
    readings = list(read_files(paths, engine))
    assert [reading.path for reading in readings] == paths
    assert [reading.result is not None for reading in readings] == [True, False, False, False, True, False, True]
    assert "crashed" in readings[1].error
    assert readings[2].error == "it is a text"
    assert "No such file" in readings[3].error
    first = readings[0].result
    assert first is not None
    assert first.document == "a.png"
    assert first.sha256 == "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"
    assert first.model.name == "tiny"
    assert first.processed_at.tzinfo is not None


def test_a_worker_that_ends_while_a_file_is_read_for_it_costs_nothing(
    tmp_path: Path, engine: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, killed = daemon.read._content, []

    def kill_first(path: Path) -> bytes:
        if not killed:
            killed.extend(worker.pid for worker in engine._workers)
            for pid in killed:
                os.kill(pid, signal.SIGKILL)
                os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        return content(path)

    monkeypatch.setattr(daemon.read, "_content", kill_first)
    readings = list(read_files(write(tmp_path, a=b"one", b=b"two"), engine))
    assert [reading.error for reading in readings] == ["", ""]
    assert killed


def test_a_pipe_is_refused_at_once(tmp_path: Path, engine: LocalEngine) -> None:
    os.mkfifo(tmp_path / "x.jpg")
    (reading,) = read_files([tmp_path / "x.jpg"], engine)
    assert reading.result is None
    assert "no regular file" in reading.error


def test_an_enormous_file_is_refused_without_being_read(tmp_path: Path, engine: LocalEngine) -> None:
    paths = write(tmp_path, film=b"", scan=b"one")
    os.truncate(paths[0], MAX_DOCUMENT_BYTES + 1)
    film, scan = read_files(paths, engine)
    assert film.error == "cannot be read: a document must have at most 512 MiB. Received: 512 MiB"
    assert scan.result is not None


def test_no_files_give_no_readings(engine: LocalEngine) -> None:
    assert list(read_files([], engine)) == []


def test_of_a_folder_the_scans_directly_in_it_are_read(tmp_path: Path) -> None:
    scans = write(tmp_path, b=PICTURE, a=PICTURE)
    write(tmp_path / "below", c=PICTURE)
    (tmp_path / "notes.txt").write_text("no scan")
    (tmp_path / ".hidden.png").write_bytes(PICTURE)
    (tmp_path / "x.png.part").write_bytes(PICTURE)
    assert find_files([tmp_path]) == sorted(scans)
    named = [tmp_path / "notes.txt", tmp_path / "missing.png"]
    assert find_files(named) == named


def read_one(path: Path, engine: LocalEngine) -> Reading:
    (reading,) = read_files([path], engine)
    return reading


def test_the_same_file_again_replaces_its_results_and_another_of_its_name_does_not(
    tmp_path: Path, engine: LocalEngine
) -> None:
    out = tmp_path / "out"
    writer = Writer(Outbox(out, TablesSettings()))
    (first,) = write(tmp_path / "a", x=b"one")
    (second,) = write(tmp_path / "b", x=b"two")
    names = [writer.write(read_one(path, engine)).outputs[-1] for path in (first, second, first, second)]
    assert names == ["x.png.json", "x~2.png.json", "x.png.json", "x~2.png.json"]
    assert len(list(out.iterdir())) == 6
    assert {json.loads((out / name).read_bytes())["document"] for name in names} == {"x.png"}


def test_a_file_that_could_not_be_read_writes_nothing(tmp_path: Path, engine: LocalEngine) -> None:
    out = tmp_path / "out"
    (path,) = write(tmp_path, x=b"unreadable")
    reading = Writer(Outbox(out, TablesSettings())).write(read_one(path, engine))
    assert reading.result is None
    assert not out.exists()
