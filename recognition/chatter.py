"""Keeps the native libraries' talk about themselves out of the log and lets through all else they write."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHATTER = re.compile(rb"[IW]\d{4} |WARNING: All log messages before absl|INFO: |fully_quantize: ")
"""Starts of the lines by which TensorFlow and LiteRT inform of themselves."""

NO_GPU = re.compile(rb"E\d{4} .*failed call to cuInit")
"""TensorFlow's way of saying that there is no GPU, which is an error only where there is one."""


def is_chatter(line: bytes, *, has_gpu: bool) -> bool:
    """Tells whether a line of TensorFlow's log says nothing a user can act on."""
    return bool(CHATTER.match(line)) or (not has_gpu and bool(NO_GPU.match(line)))


@contextmanager
def without_chatter() -> Iterator[None]:
    """Holds back what native code writes to stderr in the block and passes on, after it, all that is not chatter.

    TensorFlow writes some lines before it heeds TF_CPP_MIN_LOG_LEVEL, so that only the descriptor can stop them.
    """
    has_gpu = Path("/dev/nvidiactl").exists()
    sys.stderr.flush()
    stderr = os.dup(2)
    with open(os.memfd_create("chatter"), "w+b") as held:  # noqa: PTH123 - a descriptor, not a path
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(stderr, 2)
            os.close(stderr)
            held.seek(0)
            for line in held:
                if not is_chatter(line, has_gpu=has_gpu):
                    os.write(2, line)
