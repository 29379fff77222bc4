"""Which Keras models are classifiers of digits, told by their shapes, and what their loss takes."""

from __future__ import annotations

from typing import Any

from recognition.errors import ModelMismatchError
from recognition.training.backend import keras

INPUT_SHAPES = ((28, 28), (28, 28, 1), (784,))
CLASSES = (10, 11)


def input_shape(model: keras.Model) -> tuple[int, ...]:
    """The shape of one image as the model takes it, one of INPUT_SHAPES; its batch dimension may be fixed or open.

    Raises:
        ModelMismatchError: the model takes something else.
    """
    for possible in INPUT_SHAPES:
        if _without_batch(model, "input_shape") == possible:
            return possible
    raise ModelMismatchError(
        f"a model of digits must take {_listed(INPUT_SHAPES)}, after the batch dimension. "
        f"Received: {_told(model, 'input_shape')}"
    )


def output_classes(model: keras.Model) -> int:
    """The number of classes the model tells apart: 10, or 11 with the last for what is no digit.

    Raises:
        ModelMismatchError: the model gives something else.
    """
    for classes in CLASSES:
        if _without_batch(model, "output_shape") == (classes,):
            return classes
    raise ModelMismatchError(
        "a model of digits must give 10 classes, or 11 with the last for what is no digit, as (10,) or (11,) after the "
        f"batch dimension. Received: {_told(model, 'output_shape')}"
    )


def takes_labels(model: keras.Model) -> bool:
    """Whether the loss of a compiled model takes labels as they are, and no row of classes for each."""
    losses = keras.tree.flatten(model.loss)
    names = [loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__) for loss in losses]
    return any(name.lower().startswith("sparse") for name in names)


def _without_batch(model: keras.Model, attribute: str) -> tuple[int, ...] | None:
    shape = _shape(model, attribute)
    # A model of several inputs or outputs has a list, or a dictionary, of shapes.
    if not isinstance(shape, tuple) or not all(size is None or isinstance(size, int) for size in shape):
        return None
    return shape[1:]


def _told(model: keras.Model, attribute: str) -> str:
    shape = _shape(model, attribute)
    return "a model that has not been built for any shape" if shape is None else str(shape)


def _shape(model: keras.Model, attribute: str) -> Any:
    try:
        return getattr(model, attribute)
    except AttributeError:  # Keras' way of saying that a model was never built
        return None


def _listed(shapes: tuple[tuple[int, ...], ...]) -> str:
    return ", ".join(map(str, shapes[:-1])) + f" or {shapes[-1]}"
