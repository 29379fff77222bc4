"""The service as a whole with the real engine: its start, its end, and what it refuses."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

import daemon.documents
import daemon.service
from config.errors import ConfigError
from config.schema import EngineSettings, Settings, WatchSettings
from daemon.engine import handle
from daemon.engine.local import START_TIMEOUT_S
from daemon.errors import AlreadyRunningError
from daemon.ledger import Ledger
from daemon.lock import StateLock
from daemon.loop import Wake
from daemon.service import run
from recognition.errors import ModelLoadError


@pytest.fixture
def settings(tmp_path: Path, converted_model: Path) -> Settings:
    return Settings(
        **{name: tmp_path / name for name in ("inbox", "outbox", "archive", "failed", "state")},
        model=converted_model,
        watch=WatchSettings(stable_seconds=0.1, incomplete_seconds=0.0),
        engine=EngineSettings(workers=1),
    )


@pytest.fixture(autouse=True)
def no_manager(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)


@pytest.fixture
def page() -> bytes:
    picture = np.full((300, 200), 255, np.uint8)
    cv2.line(picture, (100, 100), (100, 200), 0, 6)
    return cv2.imencode(".png", picture)[1].tobytes()


def chained_tiff(directories: int) -> bytes:
    """A TIFF of a megabyte with so many directories, each of which is all of the others: reading them takes hours."""
    entries = 65_535
    step, following = 4, 2 + 12 * entries
    data = bytearray(8 + following + step * directories + 4)
    struct.pack_into("<2sHI", data, 0, b"II", 42, 8)
    for number in range(directories):
        at = 8 + step * number
        struct.pack_into("<H", data, at, entries)
        struct.pack_into("<I", data, at + following, at + step if number < directories - 1 else 0)
    return bytes(data)


def put(settings: Settings, name: str, content: bytes) -> None:
    settings.inbox.mkdir(exist_ok=True)
    (settings.inbox / name).write_bytes(content)


def test_once_takes_the_inbox_as_it_is_and_ends(settings: Settings, page: bytes) -> None:
    put(settings, "scan.png", page)
    told: list[tuple[int, int]] = []
    assert run(settings, once=True, progress=lambda finished, known: told.append((finished, known))) == 0
    assert (settings.outbox / "scan.png.json").exists()
    assert (settings.archive / "scan.png").read_bytes() == page
    assert told[-1] == (1, 1)


def test_once_gives_1_when_a_document_failed(settings: Settings, page: bytes) -> None:
    put(settings, "scan.png", page)
    put(settings, "half.png", page[: len(page) // 2])
    assert run(settings, once=True) == 1
    assert (settings.failed / "half.png.reason.json").exists()
    assert (settings.archive / "scan.png").exists()


def test_each_failure_has_a_reason_and_the_remedy_for_it(settings: Settings, page: bytes) -> None:
    put(settings, "letter.docx", b"PK\x03\x04" + bytes(range(256)))
    put(settings, "half.png", page[: len(page) // 2])
    assert run(settings, once=True) == 1
    told = {
        name: json.loads((settings.failed / f"{name}.reason.json").read_bytes()) for name in ("letter.docx", "half.png")
    }
    assert told["letter.docx"]["reason"].endswith("can be read (it is a ZIP archive or an office document)")
    assert told["letter.docx"]["remedy"] == "Save it as JPEG, PNG, TIFF or PDF"
    assert told["half.png"]["reason"].endswith("it was cut off, or is still being written; nothing was added for 0 s")
    assert told["half.png"]["remedy"] == "Copy or scan it again, completely"


def test_a_file_that_leads_round_and_round_costs_a_worker_its_time_and_not_the_service(
    settings: Settings, page: bytes
) -> None:
    put(settings, "endless.tif", chained_tiff(100_000))
    put(settings, "scan.png", page)
    limits = EngineSettings(workers=1, timeout_seconds=2.0, attempts=1)
    before = signal.signal(signal.SIGALRM, lambda number, frame: pytest.fail("the service itself looks into it"))
    signal.alarm(60)
    try:
        assert run(settings.model_copy(update={"engine": limits}), once=True) == 1
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    assert (settings.archive / "scan.png").exists()
    reason = json.loads((settings.failed / "endless.tif.reason.json").read_bytes())
    assert "took longer than 2 seconds" in reason["reason"]


SIGNALS = [(signal.SIGTERM, 0), (signal.SIGINT, 0), (signal.SIGHUP, 129)]


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_a_signal_ends_the_daemon_well(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, code: int
) -> None:
    monkeypatch.setattr("daemon.systemd.Notifier.ready", lambda self: signal.raise_signal(number))
    before = signal.signal(number, signal.SIG_DFL)  # nohup, for one, has these tests ignore hanging up
    try:
        assert run(settings) == code
        assert signal.getsignal(number) is signal.SIG_DFL
    finally:
        signal.signal(number, before)


def test_a_daemon_that_ignores_hanging_up_goes_on(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def hang_up(self: object) -> None:
        signal.raise_signal(signal.SIGHUP)
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr("daemon.systemd.Notifier.ready", hang_up)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert run(settings) == 0
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_a_signal_while_the_model_is_prepared_ends_the_start(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, code: int
) -> None:
    def prepare(path: Path, cache: Path, while_waiting: object) -> Path:
        signal.raise_signal(number)
        return path

    monkeypatch.setattr(daemon.service, "prepare_model", prepare)
    assert run(settings) == code


def test_a_signal_while_the_first_worker_starts_ends_the_start(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    spawn = handle._spawn

    def spawn_stopped(descriptor: int) -> subprocess.Popen[bytes]:
        process = spawn(descriptor)
        process.send_signal(signal.SIGSTOP)
        signal.raise_signal(signal.SIGTERM)
        return process

    monkeypatch.setattr(handle, "_spawn", spawn_stopped)
    began = time.monotonic()
    assert run(settings) == 0
    assert time.monotonic() - began < START_TIMEOUT_S / 2


def test_once_gives_1_when_the_inbox_can_not_be_read(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.loop.ONCE_PATIENCE_S", 0.0)
    run(settings, once=True)
    settings.inbox.rmdir()
    assert run(settings, once=True) == 1


def test_a_second_daemon_on_the_same_state_is_refused(settings: Settings) -> None:
    settings.state.mkdir()
    with StateLock(settings.state), pytest.raises(AlreadyRunningError, match=str(os.getpid())):
        run(settings, once=True)


def test_the_lock_is_free_again_after_a_start_that_failed(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(ModelLoadError):
        run(settings.model_copy(update={"model": tmp_path / "nothing.tflite"}), once=True)
    StateLock(settings.state).release()


def test_folders_are_made_at_the_first_start_only(settings: Settings) -> None:
    assert run(settings, once=True) == 0
    assert settings.archive.is_dir()
    settings.archive.rmdir()
    assert run(settings, once=True) == 0
    assert not settings.archive.exists(), "it may be a share that is not mounted"


def test_a_folder_that_can_not_be_made_is_a_mistake_of_the_configuration(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"^outbox: .*make it, or name another"):
        run(settings.model_copy(update={"outbox": tmp_path / "file" / "outbox"}))


def test_leftovers_of_a_killed_run_are_removed_and_its_work_taken_up(
    settings: Settings, page: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    run(settings, once=True)
    put(settings, "scan.png", page)
    with Ledger(settings.state) as ledger:
        status = (settings.inbox / "scan.png").lstat()
        candidate = daemon.documents.Candidate("scan.png", daemon.documents.Identity.of(status))
        ledger.arrive([candidate], wall=1.0)
        assert ledger.claim(0.0, 60.0) is not None
    assert run(settings, once=True) == 0
    assert (settings.archive / "scan.png").exists()
    assert "1 document in work" in caplog.text


def test_tensorflow_is_never_imported_in_the_daemons_process(settings: Settings, page: bytes) -> None:
    put(settings, "scan.png", page)
    program = (
        "import sys, pathlib\nfrom config.loader import load_settings\nfrom daemon.service import run\n"
        "assert run(load_settings(pathlib.Path(sys.argv[1])), once=True) == 0\n"
        "assert not {'tensorflow', 'keras', 'jax', 'torch'} & set(sys.modules), sorted(sys.modules)\n"
    )
    config = settings.inbox.parent / "digitdrop.yaml"
    config.write_text(
        "\n".join(f"{name}: {getattr(settings, name)}" for name in ("inbox", "outbox", "archive", "failed", "state"))
        + f"\nmodel: {settings.model}\nwatch: {{stable_seconds: 0.1}}\n"
    )
    assert os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-c", program, str(config)]) == 0
    assert (settings.archive / "scan.png").exists()


@pytest.fixture
def wake() -> Iterator[Wake]:
    wake = Wake()
    yield wake
    wake.close()


def test_a_wake_that_was_set_often_is_cleared_at_once(wake: Wake) -> None:
    for _ in range(3):
        wake.set()
    wake.clear()
    wake.clear()
    wake.set()
    assert os.eventfd_read(wake.fileno()) == 1
