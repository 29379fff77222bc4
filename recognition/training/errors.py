"""What training, evaluation and their data raise on purpose."""

from __future__ import annotations

from recognition.errors import RecognitionError


class DatasetError(RecognitionError):
    """A data set is missing, damaged or not what it should be."""


class TrainingError(RecognitionError):
    """What was asked of the training cannot be done."""


class OutputError(RecognitionError):
    """The folder that results are to go to cannot be made or written to."""
