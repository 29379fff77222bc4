"""Engines run recognition somewhere else than in the daemon's own process."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from config.schema import Settings
    from daemon.engine.interface import Engine
    from recognition.params import RecognitionParams


def create_engine(settings: Settings, model_path: Path) -> Engine:
    """The engine that the configuration asks for, not started yet.

    Args:
        settings: the configuration.
        model_path: a .tflite file, as `daemon.model.prepare_model` gives it.

    Raises:
        ConfigError: that engine is not there.
    """
    # Imported here because the workers import this package: they stay small without the configuration.
    from config.errors import ConfigError

    if settings.engine.kind != "local":
        rule = f"engine.kind: must be local in this version of digitdrop. Received: {settings.engine.kind}"
        raise ConfigError(rule)
    return local_engine(settings, model_path, settings.recognition_params(), workers=settings.engine.workers)


def local_engine(settings: Settings, model_path: Path, params: RecognitionParams, *, workers: int) -> Engine:
    """Worker processes of this machine, not started yet, with the time and memory that the configuration gives.

    Args:
        settings: the configuration, for what one document may take.
        model_path: a .tflite file.
        params: of recognition.
        workers: how many.
    """
    from config.shipped import shipped_companions
    from daemon.engine.handle import WorkerSetup
    from daemon.engine.local import LocalEngine
    from daemon.engine.sandbox import Limits

    limits = Limits(settings.document_memory_mb(), settings.engine.timeout_seconds)
    setup = WorkerSetup(model_path.absolute(), params, companions=shipped_companions(), limits=limits)
    return LocalEngine(setup, workers=workers, timeout_s=settings.engine.timeout_seconds)
