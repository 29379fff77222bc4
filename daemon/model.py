"""Makes the model that the configuration names ready for the workers, converting and describing it where needed.

That happens in child processes: TensorFlow is never imported here. What comes out is kept under the SHA-256 of the
model's file and the generation of what makes it, so it happens once.
"""

from __future__ import annotations

import json
import logging
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from daemon.children import child_environment, describe_exit, python_module
from daemon.errors import EngineError
from recognition.errors import EXIT_MISMATCH, EXIT_UNREADABLE, ModelLoadError, ModelMismatchError
from recognition.training.record import read_record, sha256_of

log = logging.getLogger(__name__)

CONVERTER = "recognition.training.convert"
GENERATION = 2
"""To be raised where models come out otherwise than before, as those of the first did that had two softmax layers."""
KERAS = (".keras", ".h5", ".hdf5")
WAITING_S = 1.0
"""How often `while_waiting` is called."""
STALE_S = 86_400.0
"""A folder of an unfinished preparation is removed when it is older."""

_PREPARED = re.compile(r"[0-9a-f]{64}(?:-(?P<generation>\d+))?\.(?:tflite|json)")


def model_cache(state: Path) -> Path:
    """The folder, in the service's state folder, where prepared models are kept."""
    return state / "models"


def prepare_model(
    path: Path, cache: Path, while_waiting: Callable[[], None] = lambda: None, *, converter: str = CONVERTER
) -> Path:
    """The .tflite file, with its JSON beside it, that `recognition.classify.load_classifier` takes for a model.

    Args:
        path: a .tflite, .keras, .h5 or .hdf5 file.
        cache: folder for what is made of it; created when needed.
        while_waiting: called about every second while a child works. What it raises ends the child.
        converter: module that is run to convert a Keras file.

    Raises:
        ModelLoadError: the file is missing, damaged or of another kind.
        ModelMismatchError: it is no classifier of digits; the message tells which shapes are possible.
        EngineError: the child died of something else, such as want of memory; another time it may not.
        OSError: the cache cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in (".tflite", *KERAS):
        raise ModelLoadError(f"a model must be a .tflite, .keras or .h5 file. Received: {path}")
    source_sha256 = _sha256(path)
    if suffix == ".tflite" and path.with_suffix(".json").is_file():
        return path
    target = _place(cache, source_sha256)
    if not _is_current(target, path):
        _make(path, target, while_waiting, converter)
    return target


def cached_model(path: Path, cache: Path) -> Path | None:
    """What `prepare_model` would give at once, without writing anything; None where it would have to work."""
    if path.suffix.lower() == ".tflite" and path.with_suffix(".json").is_file():
        return path
    target = _place(cache, _sha256(path))
    return target if _is_current(target, path) else None


def _place(cache: Path, source_sha256: str) -> Path:
    return cache / f"{source_sha256}-{GENERATION}.tflite"


def _make(source: Path, target: Path, while_waiting: Callable[[], None], converter: str) -> None:
    """Make the pair in a folder of its own and move it into place, the .tflite last: where it stands, all is there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    _sweep(target.parent)
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix=".unfinished-", dir=target.parent) as folder:
        made = Path(folder) / target.name
        if source.suffix.lower() in KERAS:
            log.info("converting %s, once; this takes some seconds", source)
            command = python_module(converter, str(source), str(made))
        else:
            shutil.copyfile(source, made)
            command = python_module("daemon.sidecar", str(made), source.stem)
        _run(command, source, Path(folder), while_waiting)
        made.with_suffix(".json").replace(target.with_suffix(".json"))
        made.replace(target)
    log.info("%s is ready for use after %.1f s", source, time.monotonic() - start)


def _run(command: list[str], source: Path, scratch: Path, while_waiting: Callable[[], None]) -> None:
    environment = child_environment() | {"KERAS_HOME": str(scratch)}  # Keras writes its settings at import
    with subprocess.Popen(
        command, env=environment, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as child:
        try:
            said = _wait(child, while_waiting)
        except BaseException:
            child.kill()
            raise
    if child.returncode == 0:
        return
    lines = [line.strip() for line in said.decode(errors="replace").splitlines() if line.strip()]
    last = lines[-1] if lines else ""
    if child.returncode == EXIT_MISMATCH:
        raise ModelMismatchError(last)
    if child.returncode == EXIT_UNREADABLE:
        raise ModelLoadError(last)
    raise EngineError(f"preparing {source} failed ({describe_exit(child.returncode)}): {last}")


def _wait(child: subprocess.Popen[bytes], while_waiting: Callable[[], None]) -> bytes:
    while True:
        try:
            return child.communicate(timeout=WAITING_S)[1]
        except subprocess.TimeoutExpired:
            while_waiting()


def _is_current(target: Path, source: Path) -> bool:
    """Whether the pair is whole, and made with the temperature that stands beside the source now."""
    if not target.is_file():
        return False
    facts = _facts(target.with_suffix(".json"))
    temperature = read_record(source).get("temperature", 1.0)
    return facts.get("sha256") == _sha256(target) and facts.get("temperature") == temperature


def _facts(path: Path) -> dict[str, Any]:
    try:
        facts = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}


def _sha256(path: Path) -> str:
    try:
        return sha256_of(path)
    except OSError as error:
        raise ModelLoadError(f"cannot read the model {path}: {error.strerror}") from error


def _sweep(cache: Path) -> None:
    """Removes what killed preparations left, and what earlier generations made."""
    for path in cache.iterdir():
        try:
            if path.name.startswith(".unfinished-") and time.time() - path.stat().st_mtime > STALE_S:
                shutil.rmtree(path)
            elif (made := _PREPARED.fullmatch(path.name)) and int(made["generation"] or 1) < GENERATION:
                path.unlink()
        except OSError as error:
            log.warning("cannot remove %s: %s", path, error.strerror)
