from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="another C library than GNU's")

TAKES_AND_FREES = """
import numpy as np
from daemon.engine.heap import give_back, keep_freed

def resident_mb():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmRSS")).split()[1]) // 1024

keep_freed()
before = resident_mb()
blocks = [np.ones(size << 20, np.uint8) for size in SIZES]
taken = resident_mb()
del blocks
freed = resident_mb()
give_back()
print(taken - before, freed - before, resident_mb() - before)
"""


def measured(sizes_mb: str) -> list[int]:
    """What blocks of so many MiB take, what is kept when they are freed, and what of it when it is given back."""
    code = TAKES_AND_FREES.replace("SIZES", sizes_mb)
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return [int(word) for word in ended.stdout.split()]


def test_what_a_page_took_is_kept_until_it_is_given_back():
    taken, kept, left = measured("[25] * 4 + [6] * 20")
    assert taken >= 220
    assert kept >= 200
    assert left <= 10


def test_large_blocks_are_not_kept():
    taken, kept, _ = measured("[120] * 2")
    assert taken >= 240
    assert kept <= 10
