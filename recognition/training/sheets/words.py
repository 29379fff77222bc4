"""Makes up words, so that text of any length can be set without a corpus."""

from __future__ import annotations

import numpy as np

ONSETS = (
    *("b", "c", "d", "f", "g", "h", "j", "k", "l", "m", "n", "p", "r", "s", "t", "v", "w", "z"),
    *("br", "ch", "cl", "cr", "dr", "fl", "fr", "gr", "pl", "pr", "qu", "sch", "sh", "sp", "st", "th", "tr"),
)
VOWELS = ["a", "e", "i", "o", "u", "a", "e", "i", "o", "e", "e", "y", "ä", "ö", "ü", "é", "ea", "ie", "ou", "ai"]
CODAS = ["", "", "", "n", "r", "s", "t", "l", "m", "d", "ng", "nd", "st", "ck", "ll", "rt"]


def word(rng: np.random.Generator) -> str:
    """Returns a made-up word of one to four syllables, sometimes capitalized, abbreviated or all in capitals."""
    syllables = int(rng.choice([1, 2, 3, 4], p=[0.35, 0.35, 0.2, 0.1]))
    text = "".join(str(rng.choice(ONSETS)) + str(rng.choice(VOWELS)) for _ in range(syllables)) + str(rng.choice(CODAS))
    style = rng.random()
    if style < 0.25:
        return text.capitalize()
    if style < 0.35:
        return text.upper()
    if style < 0.4:
        return text[0].upper()
    return text + str(rng.choice(["", ",", ".", ":", "-"], p=[0.76, 0.09, 0.08, 0.05, 0.02]))


def sentence(rng: np.random.Generator, digits: float = 0.0) -> str:
    """Returns some words; a share `digits` of them are numbers, dates and amounts instead."""
    count = int(rng.integers(3, 12))
    return " ".join(printed_number(rng) if rng.random() < digits else word(rng) for _ in range(count))


def printed_number(rng: np.random.Generator) -> str:
    """Returns a number as print has it: plain, with a point, as a date or an item of a list."""
    number = str(rng.integers(0, 10 ** int(rng.integers(1, 6))))
    form = rng.random()
    if form < 0.55:
        return number
    if form < 0.7:
        return f"{number}.{rng.integers(0, 100):02d}"
    if form < 0.8:
        return f"{rng.integers(1, 31)}.{rng.integers(1, 12)}.{rng.integers(1950, 2030)}"
    return f"({number})" if form < 0.9 else f"{number}."
