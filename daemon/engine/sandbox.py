"""What a worker gives up before it reads the first document: hostile bytes must find nothing to take over.

Landlock (landlock(7)) leaves it reading programs and models: it can change no file, run no program, open no port and
signal no process outside. Limits of the process end it when it takes too much memory or computes for too long.
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PR_SET_NO_NEW_PRIVS = 38
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG = 1
_RULE_PATH_BENEATH = 1
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_FILE_RIGHTS = {1: (1 << 13) - 1, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
"""Rights that each version of Landlock added; all of them are taken away."""
_NET_RIGHTS, _NET_VERSION = 0b11, 4
_SCOPES, _SCOPE_VERSION = 0b11, 6

SYSTEM = ("/usr", "/lib", "/lib64", "/etc", "/proc", "/sys", "/dev", "/opt")
"""Folders of programs, libraries and facts about the machine."""

CPU_GRACE_S = 30
"""A document's CPU time may exceed its time by this, so that the daemon is the first to notice."""

_MIB = 1 << 20
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may take.

    Attributes:
        memory_mb: MiB of address space, beyond what the loaded models take.
        cpu_s: seconds of computing.
    """

    memory_mb: int
    cpu_s: float


class _Ruleset(ctypes.Structure):
    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def landlock_version() -> int:
    """The version of Landlock that the kernel offers, 0 when it offers none."""
    return max(0, int(_libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION_FLAG)))


def confine(readable: Iterable[Path]) -> bool:
    """Takes from this thread, and from all that it starts, everything but reading programs and some folders.

    Args:
        readable: folders whose files may be read besides the interpreter's, the libraries' and the system's.

    Returns:
        False when the kernel has no Landlock, and nothing was taken.

    Raises:
        OSError: the kernel refused.
    """
    version = landlock_version()
    if version == 0:
        return False
    rights = sum(bits for since, bits in _FILE_RIGHTS.items() if version >= since)
    rules = _Ruleset(rights, _NET_RIGHTS if version >= _NET_VERSION else 0, _SCOPES if version >= _SCOPE_VERSION else 0)
    size = 24 if version >= _SCOPE_VERSION else 16 if version >= _NET_VERSION else 8
    ruleset = _checked(_libc.syscall(_CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(size), 0))
    try:
        programs = [sys.prefix, sys.base_prefix, sys.exec_prefix, *(path for path in sys.path if path), *SYSTEM]
        for path in {Path(program) for program in programs} | set(readable):
            _allow_reading(ruleset, path)
        _checked(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        _checked(_libc.syscall(_RESTRICT_SELF, ruleset, 0))
    finally:
        os.close(ruleset)
    return True


def _allow_reading(ruleset: int, path: Path) -> None:
    with suppress(FileNotFoundError):  # not every machine has every folder
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            rights = _READ_FILE | _READ_DIR if path.is_dir() else _READ_FILE
            rule = _PathBeneath(rights, parent)
            _checked(_libc.syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, ctypes.byref(rule), 0))
        finally:
            os.close(parent)


def limit_document(limits: Limits, loaded_mb: int) -> None:
    """Sets what the next document may take; a document that takes more ends with MemoryError, or its worker by signal.

    Args:
        limits: of one document.
        loaded_mb: what the process had taken when it had loaded the models, see `taken_mb`.
    """
    _set_soft(resource.RLIMIT_AS, (loaded_mb + limits.memory_mb) * _MIB)
    used = resource.getrusage(resource.RUSAGE_SELF)
    _set_soft(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime + limits.cpu_s) + CPU_GRACE_S)


def no_core_dump() -> None:
    """A crash leaves a line in the log, no picture of the memory: there are people's documents in it."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def taken_mb() -> int:
    """MiB of address space that this process has taken."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize() // _MIB


def _set_soft(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"Landlock: {os.strerror(number)}")
    return result
