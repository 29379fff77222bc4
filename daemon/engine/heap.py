"""How much of its memory a worker keeps between documents: to get it anew takes time, and at rest it is of no use.

A page of 300 dpi takes about 60 MiB, and the system hands over 4 kB at a time, each in a microsecond or two.
"""

from __future__ import annotations

import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
LARGEST_BLOCK = 32 << 20
"""The most that mallopt(3) takes for the second; a page of 300 dpi in color is less."""

_libc = ctypes.CDLL(None)


def keep_freed() -> None:
    """Keeps what is freed for what comes next, until `give_back`; blocks of 32 MiB and more still go back at once.

    Other C libraries than GNU's have no such switch, and are left as they are.
    """
    if hasattr(_libc, "mallopt"):
        _libc.mallopt(M_MMAP_THRESHOLD, LARGEST_BLOCK)
        _libc.mallopt(M_TRIM_THRESHOLD, 2**31 - 1)


def give_back() -> None:
    """Hands freed memory to the system; other C libraries than GNU's do so by themselves, or not at all."""
    if hasattr(_libc, "malloc_trim"):
        _libc.malloc_trim(0)
