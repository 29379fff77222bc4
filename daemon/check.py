"""`digitdrop check`: is this configuration sound, and this machine fit for it? One line each, with the remedy."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from config.errors import ConfigError
from config.folders import PATHS
from config.loader import load_settings
from config.schema import PAGE_MB_PER_MEGAPIXEL, Settings
from config.shipped import shipped_model
from config.values import usable_cores
from daemon.check_folders import check_folders
from daemon.engine import create_engine, local_engine
from daemon.engine.sandbox import landlock_version
from daemon.errors import EngineError
from daemon.findings import Finding, Level, fail, ok, warn
from daemon.lock import running_pid
from daemon.model import cached_model, model_cache, prepare_model
from daemon.sole import REMEDY, SoleUse
from recognition.errors import ModelLoadError

EXIT_OK = 0
CLUSTER_S = 10.0
"""A cluster that is well answers within this time."""


def check(path: Path, overrides: Mapping[str, Any] | None = None, echo: Callable[[str], None] = print) -> int:
    """Print a line for each finding as soon as it is there.

    Args:
        path: the configuration file.
        overrides: values of the command line, see `load_settings`.
        echo: prints a line.

    Returns:
        The exit code: 0, or 78 when the service could not work.
    """
    failed = False
    for finding in findings(path, overrides):
        echo(str(finding))
        failed = failed or finding.level is Level.FAIL
    return ConfigError.exit_code if failed else EXIT_OK


def findings(path: Path, overrides: Mapping[str, Any] | None = None) -> Iterator[Finding]:
    """Everything `digitdrop check` looks at; with a wrong configuration nothing else can be."""
    try:
        settings = load_settings(path, overrides)
    except ConfigError as error:
        for mistake in error.mistakes:
            yield _mistake(path, overrides or {}, mistake)
        return
    yield ok("configuration", f"{path} is valid")
    yield check_user()
    yield from check_folders(settings)
    yield from check_others(settings)
    if settings.engine.kind == "local":
        yield check_workers(settings.engine.workers, usable_cores())
        yield check_sandbox(landlock_version())
    elif settings.engine.workers != usable_cores():  # as it is by default
        text = f"{settings.engine.workers} have no effect: the Dask cluster has its own"
        yield warn("workers", text, "set engine.workers to auto")
    yield check_memory(settings)
    yield from check_hooks(settings)
    yield check_model(settings)
    if settings.engine.kind == "dask":
        yield check_cluster(settings)


def _mistake(path: Path, overrides: Mapping[str, Any], mistake: str) -> Finding:
    """A mistake of the configuration, with the place where it is to be put right."""
    if not os.path.isfile(path) or not os.access(path, os.R_OK):  # noqa: PTH113 - never raises
        text, _, remedy = mistake.partition("; ")
        return fail("configuration", f"{path}: {text}", remedy or "see to its permissions, or name another one")
    key = mistake.partition(":")[0]
    if given := [name for name in overrides if f"{key}.".startswith(f"{name}.")]:
        remedy = f"correct --set {given[0]}"
    elif given := [name for name in overrides if name.startswith(f"{key}.") or {key, name} <= set(PATHS)]:
        remedy = f"correct --set {given[0]}, or edit {path}"
    else:
        remedy = f"edit {path}"
    return fail("configuration", mistake, remedy)


def check_user() -> Finding:
    """Is this an ordinary user, whose rights say something about the service's?"""
    if os.geteuid() != 0:
        return ok("user", f"checked with the rights of user {os.geteuid()}")
    text = "checked as root, who may do everything"
    return warn("user", text, "run this as the user of the service: sudo -u digitdrop digitdrop check")


def check_workers(workers: int, cores: int) -> Finding:
    """Are there cores for all workers?"""
    if workers <= cores:
        return ok("workers", f"{workers} on {cores} cores")
    text = f"{workers} on {cores} cores: more than one for each core is no faster and needs more memory"
    return warn("workers", text, f"set engine.workers to auto, or to {cores} or less")


def check_memory(settings: Settings) -> Finding:
    """May a worker take what the largest pages need?"""
    given_mb, megapixels = settings.document_memory_mb(), settings.pages.max_megapixels
    needed_mb = round(PAGE_MB_PER_MEGAPIXEL * megapixels)
    if given_mb >= needed_mb:
        return ok("memory", f"up to {given_mb} MiB for a document")
    text = (
        f"up to {given_mb} MiB for a document: pages of {megapixels:g} megapixels take {needed_mb} MiB, and will fail"
    )
    remedy = f"set engine.memory_mb to auto, or pages.max_megapixels to {given_mb // PAGE_MB_PER_MEGAPIXEL} or less"
    return warn("memory", text, remedy)


def check_sandbox(landlock: int) -> Finding:
    """Can the kernel take from workers what they do not need?"""
    if landlock:
        return ok("sandbox", f"workers may read programs and models only (Landlock, version {landlock})")
    text = "this kernel has no Landlock: a hostile file that takes over a worker has the service's rights"
    return warn("sandbox", text, "use Linux 5.13 or newer, with landlock among the `lsm=` of its command line")


def check_others(settings: Settings) -> Iterator[Finding]:
    """Does another digitdrop read from the inbox? Of a service that runs, `digitdrop status` tells."""
    if running_pid(settings.state) is not None:
        return
    use = SoleUse(settings.inbox)
    if problem := use.problem():
        yield warn("inbox use", problem, REMEDY)
    use.release()


def check_hooks(settings: Settings) -> Iterator[Finding]:
    """Can the programs be run that want to hear of finished documents? They are run in the folder `/`."""
    hooks = settings.hooks
    commands = {"on_done": hooks.on_done, "on_failed": hooks.on_failed, "on_corrected": hooks.on_corrected}
    for name, command in commands.items():
        if command is None:
            continue
        program = shutil.which(Path("/", command[0]) if "/" in command[0] else command[0])
        if program is None:
            text = f"{command[0]} is no program that this user may run"
            yield warn(f"hooks.{name}", text, "name it with its whole path, and make it executable: chmod +x")
        else:
            yield ok(f"hooks.{name}", f"{program} is run")


def check_model(settings: Settings) -> Finding:
    """Does a worker load the model? A Keras file that the service has not converted yet is converted for the test."""
    with tempfile.TemporaryDirectory(prefix="digitdrop-check-") as scratch:
        try:
            model = cached_model(settings.model, model_cache(settings.state))
            info = _model_in_a_worker(settings, model or prepare_model(settings.model, Path(scratch)))
        except (ModelLoadError, EngineError, ConfigError) as error:
            remedy = "name a model of 28x28 grey pictures and 10 or 11 classes, or null for the shipped one"
            return fail("model", str(error), remedy)
    return ok("model", f"{settings.model} loads: {info}")


def check_cluster(settings: Settings) -> Finding:
    """Is the Dask cluster there, with workers of this version?"""
    remedy = "see to the scheduler and its workers, the way there, and TLS; systemd/INSTALL.md says how"
    try:
        engine = create_engine(settings, shipped_model())
        engine.start()
    except (ModelLoadError, ConfigError) as error:
        return fail("cluster", str(error), "install digitdrop[cluster]")
    try:
        deadline = time.monotonic() + CLUSTER_S
        while not engine.capacity and time.monotonic() < deadline:
            time.sleep(0.1)
        problem, capacity = engine.healthy(), engine.capacity
    finally:
        engine.stop()
    if problem:
        return fail("cluster", problem, remedy)
    return ok("cluster", f"{settings.engine.address} takes {capacity} documents at once")


def _model_in_a_worker(settings: Settings, model: Path) -> str:
    engine = local_engine(settings, model, settings.recognition_params(), workers=1)
    try:
        engine.start()
        info = engine.model
    finally:
        engine.stop(0)
    return f"{info.name}, 28x28 in, {info.classes} classes out, SHA-256 {info.sha256}"
