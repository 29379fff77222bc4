"""Where the log goes: to stderr; under journald without timestamps but with priorities, which journald keeps itself."""

from __future__ import annotations

import logging
import os
import sys
from typing import TextIO

FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
JOURNAL_FORMAT = "%(name)s: %(message)s"

CHATTY = {"PIL": logging.INFO, "watchdog": logging.INFO, "tensorflow": logging.WARNING}
"""Libraries whose lines below a level tell of every chunk, every event, every file of a conversion."""

_PRIORITIES = ((logging.ERROR, "<3>"), (logging.WARNING, "<4>"), (logging.INFO, "<6>"), (logging.NOTSET, "<7>"))


class JournalFormatter(logging.Formatter):
    """Puts the priority before each line, as sd-daemon(3) describes it."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as lines of the same priority, a traceback's lines among them."""
        prefix = next(prefix for level, prefix in _PRIORITIES if record.levelno >= level)
        return "\n".join(prefix + line for line in super().format(record).splitlines())


def setup_logging(level: str, stream: TextIO | None = None) -> None:
    """Send everything from `level` on to stderr, Python's warnings among it; replaces what was set up before.

    Args:
        level: debug, info, warning or error.
        stream: instead of stderr.
    """
    stream = stream or sys.stderr
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JournalFormatter(JOURNAL_FORMAT) if is_journal(stream) else logging.Formatter(FORMAT))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(True)
    for name, least in CHATTY.items():
        logging.getLogger(name).setLevel(max(least, logging.getLogger().level))


def is_journal(stream: TextIO) -> bool:
    """Whether journald reads the stream: $JOURNAL_STREAM names its device and inode, see systemd.exec(5)."""
    device, _, inode = os.environ.get("JOURNAL_STREAM", "").partition(":")
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):  # closed, or in memory
        return False
    return (device, inode) == (str(status.st_dev), str(status.st_ino))
