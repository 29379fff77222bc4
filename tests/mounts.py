"""Real mounts, for as long as a test needs them; only root may."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def run(*words: str | Path) -> None:
    """Runs a program that must succeed."""
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{words} failed: {done.stdout}{done.stderr}")


def unmount(target: Path) -> None:
    """Takes a mount away, also while files of it are open."""
    run("umount", "--lazy", target)


@contextmanager
def mounted(target: Path, *words: str | Path) -> Iterator[Path]:
    """Mounts something on a folder, made if it is missing, or on a file; `words` are mount(8)'s before the target."""
    if not target.exists():
        target.mkdir()
    run("mount", *words, target)
    try:
        yield target
    finally:
        with suppress(RuntimeError):  # the test may have taken it away itself
            unmount(target)


@contextmanager
def mirrored(backing: Path, target: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """Shows a folder at another place as a network share is seen: what is written to it raises no event there.

    `words` are options of bindfs(1).

    Yields:
        The process that serves it, to be killed as a server goes down.
    """
    server = subprocess.Popen(["bindfs", "-f", *words, str(backing), str(target)])
    try:
        while not os.path.ismount(target):
            if server.poll() is not None:
                raise RuntimeError(f"bindfs ended with {server.returncode}")
        yield server
    finally:
        with suppress(RuntimeError):
            unmount(target)
        server.kill()
        server.wait()
