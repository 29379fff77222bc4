"""What another machine needs to read a document: the networks' files and the parameters."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from daemon.engine.handle import WorkerSetup


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """The networks as bytes, and everything else a worker is told.

    Attributes:
        sha256: of the networks and their facts: workers that have them under it need them no more.
        files: by name; the network that tells digits first, each .tflite with the .json of its facts behind it.
        setup: whose paths are names of `files`.
        timeout_s: a document that takes longer is given up.
    """

    sha256: str
    files: dict[str, bytes]
    setup: WorkerSetup
    timeout_s: float

    @property
    def key(self) -> str:
        """What names the bundle among all, with its parameters."""
        told = f"{self.sha256} {self.setup.params} {self.setup.limits} {self.timeout_s}"
        return hashlib.sha256(told.encode()).hexdigest()[:32]

    @classmethod
    def of(cls, setup: WorkerSetup, timeout_s: float) -> Bundle:
        """Reads the files that a setup names.

        Raises:
            OSError: one cannot be read.
        """
        files: dict[str, bytes] = {}
        names = []
        for place, path in enumerate((setup.model, *setup.companions)):
            names.append(Path(f"{place}-{path.stem}.tflite"))
            files[names[-1].name] = path.read_bytes()
            files[names[-1].with_suffix(".json").name] = path.with_suffix(".json").read_bytes()
        digest = hashlib.sha256()
        for name, data in files.items():
            digest.update(f"{name} {len(data)} ".encode() + data)
        named = replace(setup, model=names[0], companions=tuple(names[1:]))
        return cls(digest.hexdigest(), files, named, timeout_s)

    def unpack(self, folder: Path) -> None:
        """Writes the files into a folder."""
        for name, data in self.files.items():
            (folder / name).write_bytes(data)

    def setup_in(self, folder: Path) -> WorkerSetup:
        """The setup with the paths of files that were unpacked into a folder."""
        setup = self.setup
        companions = tuple(folder / name for name in setup.companions)
        return replace(setup, model=folder / setup.model, companions=companions)
