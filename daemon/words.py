"""Counts in messages."""

from __future__ import annotations


def counted(count: int, thing: str) -> str:
    """So many of a thing, whose plural ends in s: `1 page`, `2 pages`."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
