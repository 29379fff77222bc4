"""Parameters of the checks by what is known of numbers before they are read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MAX_DIGITS = 1000
"""Of a number that is checked; what is written is far shorter."""


class CheckDigit(StrEnum):
    """How the last digits of a number prove the others."""

    LUHN = "luhn"
    """ISO/IEC 7812: payment cards, many customer and account numbers."""
    EAN = "ean"
    """Article numbers: EAN-8, UPC, EAN-13 and GTIN-14; no others are right."""
    VERHOEFF = "verhoeff"
    """Of Verhoeff's dihedral group."""
    DAMM = "damm"
    """Of Damm's quasigroup."""
    MOD_11_10 = "mod-11-10"
    """ISO/IEC 7064, one digit."""
    MOD_97_10 = "mod-97-10"
    """ISO/IEC 7064, two digits."""


class Sums(StrEnum):
    """Where the last number is the sum of the others."""

    COLUMNS = "columns"
    """The lowest number of each column."""
    ROWS = "rows"
    """The rightmost number of each line."""


@dataclass(frozen=True, slots=True)
class CheckParams:
    """What is known of every number before it is read; one that differs needs review.

    Attributes:
        digits: how many it may have, each 1 to 1000; nothing allows any.
        min: its least value, at least 0; None for any.
        max: its greatest value, likewise.
        check_digit: how its last digits prove the others; None where they do not.
        sums: where the numbers of a page add up; where they do not, all of the column or line need review.
    """

    digits: tuple[int, ...] = ()
    min: int | None = None
    max: int | None = None
    check_digit: CheckDigit | None = None
    sums: tuple[Sums, ...] = ()

    def __post_init__(self) -> None:
        if any(not 1 <= count <= MAX_DIGITS for count in self.digits):
            raise ValueError(f"checks.digits must be 1 to {MAX_DIGITS}. Received: {self.digits}")
        if any(value is not None and value < 0 for value in (self.min, self.max)):
            raise ValueError(f"checks.min and checks.max must be at least 0. Received: {self.min}, {self.max}")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"checks.min must not exceed checks.max. Received: {self.min} > {self.max}")
