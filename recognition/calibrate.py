"""Temperature scaling: makes a network's probabilities mean what they say.

Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", ICML 2017 (arXiv 1706.04599).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Probabilities = NDArray[np.float32]


def scale(probabilities: Probabilities, temperature: float) -> Probabilities:
    """Returns softmax(log(p) / temperature), row by row.

    Args:
        probabilities: float32 (n, classes), rows sum to 1.
        temperature: above 1 makes them less sure, below 1 surer.

    Returns:
        float32 (n, classes), rows sum to 1; the order within a row stays.

    Raises:
        ValueError: the temperature is not positive.
    """
    if temperature <= 0:
        raise ValueError(f"a temperature must be positive. Received: {temperature}")
    logits = np.log(np.maximum(probabilities, np.float32(1e-12))) / np.float32(temperature)
    logits -= logits.max(axis=1, keepdims=True)
    weights = np.exp(logits)
    scaled: Probabilities = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return scaled


def fit_temperature(probabilities: Probabilities, labels: NDArray[np.integer], steps: int = 60) -> float:
    """Returns the temperature under which the labels are most likely.

    The negative log likelihood is convex in 1 / temperature; a golden-section search over 0.2 to 10 finds its minimum.

    Args:
        probabilities: float32 (n, classes) of the network as it is.
        labels: int (n,), the true classes.
        steps: of the search; 60 are far more than float32 can tell apart.

    Raises:
        ValueError: there are no samples.
    """
    if len(labels) == 0:
        raise ValueError("fitting a temperature needs at least one sample. Received: none")
    rows = np.arange(len(labels))
    golden = (5**0.5 - 1) / 2
    low, high = np.log(0.2), np.log(10.0)

    def loss(log_temperature: float) -> float:
        likelihood = scale(probabilities, float(np.exp(log_temperature)))[rows, labels]
        return -float(np.log(np.maximum(likelihood, 1e-12)).mean())

    for _ in range(steps):
        left, right = high - golden * (high - low), low + golden * (high - low)
        if loss(left) < loss(right):
            high = right
        else:
            low = left
    return float(np.exp((low + high) / 2))
