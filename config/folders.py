"""Which folders and files may not lie in which folders, told by their real paths."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from config.schema import Settings

_FOLDERS, _FILES = ("inbox", "outbox", "archive", "failed", "state"), ("model", "metrics_file")
PATHS = (*_FOLDERS, *_FILES)
"""The keys that name folders and files."""


def folder_mistakes(settings: Settings, names: Collection[str] = PATHS) -> list[str]:
    """What is wrong with how the folders lie to each other; symbolic links are followed, nothing has to exist.

    Args:
        settings: with absolute paths.
        names: of PATHS, those that are looked at.
    """
    real = {name: Path(os.path.realpath(folder)) for name, folder in _folders(settings, names).items()}
    inbox = real.pop("inbox", None)
    if inbox is None:
        return _shared(real)
    mistakes = []
    for name, folder in real.items():
        if folder == inbox:
            mistakes.append(f"{name}: must be another folder than inbox. Received: {folder}")
        elif folder.is_relative_to(inbox):
            text = f"{name}: must not lie inside the inbox {inbox}, it would be read as input. Received: {folder}"
            mistakes.append(text)
        elif name != "state" and inbox.is_relative_to(folder):
            text = f"inbox: must not lie inside {name} {folder}, whose files would be read as input. Received: {inbox}"
            mistakes.append(text)
    return mistakes + _shared(real) + _files_in(inbox, settings, names)


def _folders(settings: Settings, names: Collection[str]) -> dict[str, Path]:
    folders = {name: getattr(settings, name) for name in _FOLDERS if name in names}
    return {name: folder for name, folder in folders.items() if folder is not None}


def _shared(real: dict[str, Path]) -> list[str]:
    first: dict[Path, str] = {}
    mistakes = []
    for name, folder in real.items():
        if folder in first:
            mistakes.append(f"{name}: must be another folder than {first[folder]}. Received: {folder}")
        first.setdefault(folder, name)
    return mistakes


def _files_in(inbox: Path, settings: Settings, names: Collection[str]) -> list[str]:
    """What is wrong with the files that are named: one in the inbox would be read, and moved away."""
    files = {name: getattr(settings, name) for name in _FILES if name in names}
    return [
        f"{name}: must not lie inside the inbox {inbox}, it would be read as input. Received: {file}"
        for name, file in files.items()
        if file is not None and Path(os.path.realpath(file)).is_relative_to(inbox)
    ]
