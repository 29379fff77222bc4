"""Checks that parameters are in their ranges."""

from __future__ import annotations


def check_range(owner: object, **ranges: tuple[float, float]) -> None:
    """Raises ValueError for an attribute of `owner` that is not from its low to its high, both included."""
    for name, (low, high) in ranges.items():
        value = getattr(owner, name)
        if not low <= value <= high:
            raise ValueError(f"{type(owner).__name__}.{name} must be from {low} to {high}. Received: {value!r}")
