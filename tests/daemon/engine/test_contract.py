"""What every engine does, with real processes: one document never harms another, and each comes back once."""

from __future__ import annotations

import hashlib
import os
import select
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from daemon.engine.interface import Engine, Job, OutcomeKind
from daemon.engine.sandbox import Limits, landlock_version
from daemon.errors import EngineError
from recognition.errors import ModelLoadError
from recognition.types import ModelInfo

PATIENCE_S = 60.0

needs_landlock = pytest.mark.skipif(landlock_version() == 0, reason="needs a kernel with Landlock (Linux 5.13)")


@pytest.fixture(params=["local", pytest.param("dask", marks=pytest.mark.slow)])
def make(request: pytest.FixtureRequest) -> Iterator[Callable[..., Engine]]:
    """Makes engines of one kind that take `places` documents at once."""
    if request.param == "local":
        local_engine = request.getfixturevalue("local_engine")
        yield lambda places=1, **options: local_engine(workers=places, **options)
        return
    dask_engine, cluster = request.getfixturevalue("dask_engine"), request.getfixturevalue("shared_cluster")

    def make_dask(places: int = 1, **options: Any) -> Engine:
        assert places <= 2, "in its worker's thread, and on the way to it"
        engine: Engine = dask_engine(cluster.address, **options)
        return engine

    yield make_dask
    (worker,) = cluster.workers
    assert worker.poll() is None, "a document took the Dask worker with it"


def test_a_document_comes_back_with_its_pictures(started, read):
    outcome = read(started(), b"hello" * 100_000, key=42)
    assert (outcome.key, outcome.kind, outcome.error) == (42, OutcomeKind.READ, None)
    assert outcome.seconds > 0
    (page,) = outcome.document.pages
    assert page.annotated == b"olleh" * 100_000
    assert page.numbers[0].text == "7"
    assert page.numbers[0].crop.startswith(b"\x89PNG")
    assert page.numbers[0].digits[0].alternatives == ((1, 0.25),)


def test_the_worker_is_told_the_parameters_and_the_model(started, read):
    engine = started()
    dpi, model = read(engine, b"").document.warnings[1:]
    assert dpi == "dpi 123"
    assert model.endswith("tiny")
    assert engine.model == ModelInfo("tiny", hashlib.sha256(b"abc").hexdigest(), 10, 1.5)


def test_one_worker_reads_many_documents(started, read, pid_of):
    engine = started()
    assert len({pid_of(read(engine, b"", key)) for key in range(20)}) == 1


@pytest.mark.parametrize(
    ("data", "kind", "ending"),
    [
        (b"segfault", OutcomeKind.CRASHED, "SIGSEGV"),
        (b"killed", OutcomeKind.KILLED, "SIGKILL, perhaps for want of memory"),
        (b"exit", OutcomeKind.CRASHED, "3"),
    ],
)
def test_a_native_crash_costs_only_the_document_it_happened_in(started, read, collect, wait_free, data, kind, ending):
    engine = started(places=2)
    wait_free(engine, 2)
    engine.submit(Job(1, data))
    engine.submit(Job(2, b""))
    outcomes = collect(engine, 2)
    assert outcomes[1].kind is kind
    assert outcomes[1].document is None
    assert ending in outcomes[1].error
    assert outcomes[2].kind is OutcomeKind.READ
    assert read(engine, b"").kind is OutcomeKind.READ


def test_who_read_a_document_before_a_crash_reads_none_after_it(started, read, pid_of):
    engine = started()
    before = pid_of(read(engine, b""))
    assert read(engine, b"segfault").kind is OutcomeKind.CRASHED
    assert pid_of(read(engine, b"")) != before
    assert engine.healthy() is None


@pytest.mark.parametrize("data", [b"hang", b"stop"])
def test_a_document_that_takes_too_long_is_given_up_and_the_next_is_read(started, read, data):
    engine = started(timeout_s=1)
    outcome = read(engine, data)
    assert (outcome.kind, outcome.document) == (OutcomeKind.TIMED_OUT, None)
    assert outcome.error == "reading it took longer than 1 seconds and was ended"
    assert 1 <= outcome.seconds < PATIENCE_S
    assert read(engine, b"").kind is OutcomeKind.READ


@pytest.mark.parametrize(
    ("data", "kind", "text"),
    [
        (b"unreadable", OutcomeKind.UNREADABLE, "it is a text"),
        (b"incomplete", OutcomeKind.INCOMPLETE, "it ends too early"),
        (b"bug", OutcomeKind.FAILED, "KeyError: 'a bug'"),
    ],
)
def test_what_recognition_raises_comes_back_and_the_worker_goes_on(started, read, pid_of, data, kind, text):
    engine = started()
    before = pid_of(read(engine, b""))
    outcome = read(engine, data)
    assert (outcome.kind, outcome.document, outcome.error) == (kind, None, text)
    assert pid_of(read(engine, b"")) == before


def test_a_very_long_message_is_cut(started, read):
    assert 1000 < len(read(started(), b"many").error) < 10_000


def test_a_worker_that_answers_nonsense_is_ended(started, read):
    engine = started()
    outcome = read(engine, b"nonsense")
    assert outcome.kind is OutcomeKind.CRASHED
    assert "must be an encoded document" in outcome.error
    assert read(engine, b"").kind is OutcomeKind.READ


def test_a_result_that_no_table_could_hold_is_refused(started, read):
    engine = started()
    outcome = read(engine, b"odd")
    assert outcome.kind is OutcomeKind.CRASHED
    assert "Received: b'no picture'" in outcome.error
    assert read(engine, b"").kind is OutcomeKind.READ


def test_a_document_that_takes_too_much_memory_fails_by_name_and_its_worker_goes_on(started, read):
    engine = started(limits=Limits(memory_mb=256, cpu_s=60))
    outcome = read(engine, b"memory 400000000")
    assert (outcome.kind, outcome.error) == (
        OutcomeKind.FAILED,
        "reading it takes more memory than engine.memory_mb allows",
    )
    assert read(engine, b"memory 100000000").document.warnings == ("100000000",)


def test_a_damaged_model_is_told_at_the_start(make, tmp_path):
    engine = make()
    (tmp_path / "tiny.tflite").write_text("damaged")
    with pytest.raises(ModelLoadError):
        engine.start()
    assert engine.free() == 0
    assert engine.healthy() == "the engine is not running"
    with pytest.raises(EngineError):
        engine.submit(Job(1, b""))


def test_before_the_start_nothing_is_known_and_nobody_is_free(make):
    engine = make()
    with pytest.raises(EngineError):
        _ = engine.model
    assert engine.free() == 0
    assert engine.poll() == []
    assert engine.healthy() == "the engine is not running"


def test_an_idle_engine_wants_nothing_and_waits_for_nothing(started, wait_free):
    engine = started()
    wait_free(engine)
    assert engine.wait_s() is None
    assert engine.poll() == []
    assert engine.free() == engine.capacity
    assert engine.healthy() is None


def test_a_job_is_refused_when_nobody_is_free(started, collect, wait_free):
    engine = started()
    wait_free(engine)
    taken = range(engine.free())
    for key in taken:
        engine.submit(Job(key, b""))
    assert engine.free() == 0
    with pytest.raises(EngineError):
        engine.submit(Job(len(taken), b""))
    assert collect(engine, len(taken)).keys() == set(taken)
    assert engine.free() == len(taken)


def test_what_is_readable_tells_that_a_document_has_ended(started, wait_free, until):
    def waited() -> Any:
        assert select.select(engine.readable(), [], [], PATIENCE_S)[0]
        return engine.poll(0)

    engine = started()
    wait_free(engine)
    engine.submit(Job(1, b"sleep 0.2"))
    (outcome,) = until(waited, "the outcome")
    assert (outcome.key, outcome.kind) == (1, OutcomeKind.READ)


def test_after_a_stop_nothing_comes_back_any_more(started, wait_free):
    engine = started()
    wait_free(engine)
    engine.submit(Job(1, b"sleep 0.2"))
    engine.stop(0.2)
    assert engine.poll() == []
    assert (engine.free(), engine.wait_s()) == (0, None)
    assert engine.healthy() == "the engine is not running"
    with pytest.raises(EngineError):
        engine.submit(Job(2, b""))
    engine.stop()


def test_an_engine_can_be_started_again(started, read):
    engine = started()
    assert read(engine, b"").kind is OutcomeKind.READ
    engine.stop()
    engine.start()
    assert read(engine, b"").kind is OutcomeKind.READ


@needs_landlock
@pytest.mark.parametrize("deed", ["write {}/new", "write {}/scan", "remove {}/scan", "read {}/scan", "list {}"])
def test_a_worker_that_was_taken_over_reaches_no_file(started, read, tmp_path_factory, deed):
    folder = tmp_path_factory.mktemp("inbox")
    (folder / "scan").write_text("somebody's numbers")
    answer = read(started(), f"do {deed.format(folder)}".encode()).document.warnings
    assert answer == ("refused: PermissionError",)
    assert [path.read_text() for path in folder.iterdir()] == ["somebody's numbers"]


@needs_landlock
def test_a_worker_runs_no_program(started, read):
    assert read(started(), b"do execute /usr/bin/true").document.warnings == ("refused: PermissionError",)


@pytest.mark.skipif(landlock_version() < 4, reason="needs Landlock 4 (Linux 6.7)")
def test_a_worker_connects_to_nobody(started, read):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert read(started(), f"do connect {port}".encode()).document.warnings == ("refused: PermissionError",)


@pytest.mark.skipif(landlock_version() < 6, reason="needs Landlock 6 (Linux 6.12)")
def test_a_worker_signals_no_other_process(started, read):
    assert read(started(), f"do signal {os.getpid()}".encode()).document.warnings == ("refused: PermissionError",)
