"""What recognition raises."""

from __future__ import annotations

EXIT_MISMATCH = 3
EXIT_UNREADABLE = 4
"""Exit codes by which a process that prepares a model says that the model is to blame, and by which of the errors. None
is 1, with which Python ends a process whatever it died of."""


class RecognitionError(Exception):
    """Base of everything recognition raises on purpose; the message says what to do."""


class UnreadableImageError(RecognitionError):
    """The bytes are no image or document that can be read, or one that is over a limit.

    Attributes:
        incomplete: the content ends too early, as a file does that is still being written.
    """

    def __init__(self, message: str, *, incomplete: bool = False) -> None:
        super().__init__(message)
        self.incomplete = incomplete

    def __reduce__(self) -> tuple[object, ...]:
        return (_unreadable, (str(self), self.incomplete))


def _unreadable(message: str, incomplete: bool) -> UnreadableImageError:
    return UnreadableImageError(message, incomplete=incomplete)


class ModelLoadError(RecognitionError):
    """A model file is missing, damaged or of a kind that cannot be run."""


class ModelMismatchError(ModelLoadError):
    """A model can be run but is no digit classifier: its input or output has another shape."""
