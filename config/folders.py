"""Which folders and files may not lie in which folders, told by their real paths."""

from __future__ import annotations

import os
from pathlib import Path

from config.schema import Settings


def folder_mistakes(settings: Settings) -> list[str]:
    """What is wrong with how the folders lie to each other; symbolic links are followed, nothing has to exist."""
    real = {name: Path(os.path.realpath(folder)) for name, folder in _folders(settings).items()}
    inbox = real.pop("inbox")
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
    return mistakes + _shared(real) + _files_in(inbox, settings)


def _folders(settings: Settings) -> dict[str, Path]:
    names = ("inbox", "outbox", "archive", "failed", "state")
    return {name: folder for name in names if (folder := getattr(settings, name)) is not None}


def _shared(real: dict[str, Path]) -> list[str]:
    first: dict[Path, str] = {}
    mistakes = []
    for name, folder in real.items():
        if folder in first:
            mistakes.append(f"{name}: must be another folder than {first[folder]}. Received: {folder}")
        first.setdefault(folder, name)
    return mistakes


def _files_in(inbox: Path, settings: Settings) -> list[str]:
    """What is wrong with the files that are named: one in the inbox would be read, and moved away."""
    files = {name: getattr(settings, name) for name in ("model", "metrics_file")}
    return [
        f"{name}: must not lie inside the inbox {inbox}, it would be read as input. Received: {file}"
        for name, file in files.items()
        if file is not None and Path(os.path.realpath(file)).is_relative_to(inbox)
    ]
