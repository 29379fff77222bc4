"""The log under journald and elsewhere."""

from __future__ import annotations

import io
import logging
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator

import pytest

from daemon.logs import is_journal, setup_logging

PROGRAM = """
import logging, os, sys
if sys.argv[1] == "journal":
    status = os.fstat(2)
    os.environ["JOURNAL_STREAM"] = f"{status.st_dev}:{status.st_ino}"
from daemon.logs import setup_logging
setup_logging("info")
logging.getLogger("daemon.part").info("document=%s read", "a.jpg")
try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("daemon.part").exception("document=%s failed", "b.jpg")
logging.getLogger("daemon.part").debug("not this")
"""


@pytest.fixture
def logging_restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, show = root.handlers[:], root.level, warnings.showwarning
    yield
    logging.captureWarnings(False)
    warnings.showwarning = show
    root.handlers[:] = handlers
    root.setLevel(level)


def log_of(kind: str) -> list[str]:
    command = [sys.executable, "-c", PROGRAM, kind]
    return subprocess.run(command, stderr=subprocess.PIPE, text=True, check=True).stderr.splitlines()


def test_under_journald_lines_have_a_priority_and_no_time():
    first, *rest = log_of("journal")
    assert first == "<6>daemon.part: document=a.jpg read"
    assert rest[0] == "<3>daemon.part: document=b.jpg failed"
    assert "<3>ZeroDivisionError: division by zero" in rest
    assert all(line.startswith("<3>") for line in rest), "a line of the traceback lost its priority"


def test_elsewhere_lines_have_a_time_and_a_level():
    first, *rest = log_of("file")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} INFO    daemon\.part: document=a\.jpg read", first)
    assert "ERROR   daemon.part: document=b.jpg failed" in rest[0]
    assert rest[-1] == "ZeroDivisionError: division by zero"


def test_another_processs_journal_is_not_taken_for_ones_own(monkeypatch, tmp_path):
    with (tmp_path / "log").open("w") as stream:
        status = os.fstat(stream.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino + 1}")
        assert not is_journal(stream)
        monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
        assert is_journal(stream)


@pytest.mark.parametrize("value", ["", "8", "8:", "a:b"])
def test_an_odd_journal_stream_is_no_journal(monkeypatch, tmp_path, value):
    monkeypatch.setenv("JOURNAL_STREAM", value)
    with (tmp_path / "log").open("w") as stream:
        assert not is_journal(stream)
    assert not is_journal(io.StringIO())


@pytest.mark.usefixtures("logging_restored")
def test_the_level_decides_and_libraries_stay_quiet_at_debug():
    stream = io.StringIO()
    setup_logging("debug", stream)
    logging.getLogger("daemon.part").debug("seen")
    logging.getLogger("watchdog.observers").debug("not seen")
    assert "seen" in stream.getvalue()
    assert "not seen" not in stream.getvalue()
    setup_logging("error", stream)
    logging.getLogger("watchdog.observers").warning("nor this")
    assert "nor this" not in stream.getvalue()


@pytest.mark.usefixtures("logging_restored")
def test_warnings_of_python_are_logged():
    stream = io.StringIO()
    setup_logging("warning", stream)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(False)
        logging.captureWarnings(True)
        warnings.warn("soon gone", DeprecationWarning, stacklevel=1)
    assert "DeprecationWarning: soon gone" in stream.getvalue()
