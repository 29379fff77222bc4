"""Engines run recognition somewhere else than in the daemon's own process."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from config.schema import Settings
    from daemon.engine.interface import Engine


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
    from config.shipped import shipped_companions
    from daemon.engine.handle import WorkerSetup
    from daemon.engine.local import LocalEngine
    from daemon.engine.sandbox import Limits

    if settings.engine.kind != "local":
        rule = f"engine.kind: must be local in this version of digitdrop. Received: {settings.engine.kind}"
        raise ConfigError(rule)
    setup = WorkerSetup(
        model_path.absolute(),
        settings.recognition_params(),
        companions=shipped_companions(),
        limits=Limits(settings.document_memory_mb(), settings.engine.timeout_seconds),
    )
    return LocalEngine(setup, workers=settings.engine.workers, timeout_s=settings.engine.timeout_seconds)
