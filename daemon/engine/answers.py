"""A worker's messages, as what the engine works with; a worker is not trusted to send what it should."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from daemon.engine import wire
from daemon.engine.interface import Outcome, OutcomeKind
from daemon.errors import EngineError
from recognition.errors import ModelLoadError, ModelMismatchError
from recognition.types import ModelInfo


def outcome_of(job: int, message: Mapping[str, Any], block: bytes) -> Outcome:
    """How the document in work ended.

    Raises:
        WireError: the message is about another document, or is none.
    """
    try:
        key, kind, seconds = message["key"], OutcomeKind(message["kind"]), float(message["seconds"])
        error = None if message["error"] is None else str(message["error"])
    except (KeyError, TypeError, ValueError, OverflowError) as fault:
        raise wire.WireError(f"an answer must be complete. Received: {fault!r}") from fault
    if key != job:
        raise wire.WireError(f"an answer must be about document {job}. Received: {key!r}")
    document = wire.decode_document(block) if kind is OutcomeKind.READ else None
    return Outcome(job, kind, document, seconds, error)


def refusal_of(message: Mapping[str, Any]) -> Exception:
    """Why a worker could not load its model: a model's fault by its kind, else an EngineError."""
    kinds = {"ModelMismatchError": ModelMismatchError, "ModelLoadError": ModelLoadError}
    return kinds.get(str(message["refused"]), EngineError)(str(message.get("error")))


def model_of(message: Mapping[str, Any]) -> ModelInfo:
    """Which model a worker has loaded.

    Raises:
        WireError: it does not say.
    """
    try:
        return ModelInfo(**message["ready"])
    except (KeyError, TypeError) as error:
        raise wire.WireError(f"a worker must begin with its model. Received: {message!r:.80}") from error
