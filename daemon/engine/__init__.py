"""Engines run recognition somewhere else than in the daemon's own process."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from config.schema import Settings
    from daemon.engine.handle import WorkerSetup
    from daemon.engine.interface import Engine
    from recognition.params import RecognitionParams


def create_engine(settings: Settings, model_path: Path) -> Engine:
    """The engine that the configuration asks for, not started yet.

    Args:
        settings: the configuration.
        model_path: a .tflite file, as `daemon.model.prepare_model` gives it.

    Raises:
        ConfigError: it asks for a Dask cluster, and Dask is not installed.
    """
    if settings.engine.kind == "local":
        return local_engine(settings, model_path, settings.recognition_params(), workers=settings.engine.workers)
    # Imported here because the workers import this package: they stay small without the configuration.
    from config.errors import ConfigError

    if importlib.util.find_spec("distributed") is None:
        text = "must be local where Dask is not installed. Received: dask; install digitdrop[cluster]"
        raise ConfigError(f"engine.kind: {text}")
    from daemon.engine.dask import DaskEngine

    setup = _setup(settings, model_path, settings.recognition_params())
    return DaskEngine(str(settings.engine.address), setup, timeout_s=settings.engine.timeout_seconds)


def local_engine(settings: Settings, model_path: Path, params: RecognitionParams, *, workers: int) -> Engine:
    """Worker processes of this machine, not started yet, with the time and memory that the configuration gives.

    Args:
        settings: the configuration, for what one document may take.
        model_path: a .tflite file.
        params: of recognition.
        workers: how many.
    """
    from daemon.engine.local import LocalEngine

    setup = _setup(settings, model_path, params)
    return LocalEngine(setup, workers=workers, timeout_s=settings.engine.timeout_seconds)


def _setup(settings: Settings, model_path: Path, params: RecognitionParams) -> WorkerSetup:
    from config.shipped import shipped_companions
    from daemon.engine.handle import WorkerSetup
    from daemon.engine.sandbox import Limits

    limits = Limits(settings.document_memory_mb(), settings.engine.timeout_seconds)
    return WorkerSetup(model_path.absolute(), params, companions=shipped_companions(), limits=limits)
