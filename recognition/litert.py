"""Runs a converted network under LiteRT, in batches of a few sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from recognition.chatter import without_chatter
from recognition.errors import ModelLoadError

BATCHES = (1, 4, 16)
"""Batch sizes a network is run with, so that few shapes are prepared; a sample takes no longer in 4 than in 32."""

Shape = tuple[int, ...]


class Network:
    """A loaded network with one output. Not to be used by two threads at once."""

    def __init__(self, model: bytes, name: str, batches: Sequence[int] = BATCHES) -> None:
        self._model = model
        self._batches = batches
        try:
            self._first = self._prepared(())
        except (ValueError, RuntimeError) as error:
            raise ModelLoadError(f"the model {name} cannot be run by LiteRT: {error}") from error
        self._interpreters: dict[tuple[Shape, ...], Interpreter] = {tuple(self.inputs): self._first}

    @property
    def inputs(self) -> list[Shape]:
        """Shape of each input for one sample; a side that may be of any length is 1."""
        return [_shape(detail) for detail in self._first.get_input_details()]

    @property
    def output(self) -> Shape:
        """Shape of the output for one sample, likewise."""
        return _shape(self._first.get_output_details()[0])

    def run(self, inputs: dict[int, NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Returns the output for samples given as pixels.

        Args:
            inputs: uint8 (n, …) for each input, by its place; the network gets them as 0 to 1.

        Returns:
            float32 (n, …).
        """
        count = len(next(iter(inputs.values())))
        if not count:
            return np.zeros((0, *self.output[1:]), np.float32)
        parts = []
        start = 0
        while start < count:
            size = max(batch for batch in self._batches if batch <= count - start)
            parts.append(self._run_batch({k: part[start : start + size] for k, part in inputs.items()}))
            start += size
        return np.concatenate(parts)

    def _run_batch(self, inputs: dict[int, NDArray[np.uint8]]) -> NDArray[np.float32]:
        interpreter = self._interpreter(tuple(inputs[place].shape for place in sorted(inputs)))
        details = interpreter.get_input_details()
        for place, batch in inputs.items():
            interpreter.set_tensor(details[place]["index"], batch * np.float32(1 / 255))
        interpreter.invoke()
        output: NDArray[np.float32] = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
        return output

    def _interpreter(self, shapes: tuple[Shape, ...]) -> Interpreter:
        if shapes not in self._interpreters:
            self._interpreters[shapes] = self._prepared(shapes)
        return self._interpreters[shapes]

    def _prepared(self, shapes: tuple[Shape, ...]) -> Interpreter:
        """One for inputs of these shapes; without any, of those that the model has."""
        with without_chatter():
            interpreter = Interpreter(model_content=self._model, num_threads=1)
            for detail, shape in zip(interpreter.get_input_details(), shapes, strict=False):
                interpreter.resize_tensor_input(detail["index"], shape)
            interpreter.allocate_tensors()
        return interpreter


def _shape(detail: dict[str, Any]) -> Shape:
    return tuple(int(n) for n in detail["shape"])
