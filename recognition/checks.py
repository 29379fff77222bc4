"""Checks numbers by what is known of all of them before they are read: length, range, check digit, and their sums."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import stdnum.damm
import stdnum.ean
import stdnum.iso7064.mod_11_10
import stdnum.iso7064.mod_97_10
import stdnum.luhn
import stdnum.verhoeff

from recognition.numbers import doubted
from recognition.params import MAX_DIGITS, CheckDigit, CheckParams
from recognition.sums import wrong_sums
from recognition.types import REJECTED, Number, Reason

_IS_VALID: Mapping[CheckDigit, Callable[[str], bool]] = {
    CheckDigit.LUHN: stdnum.luhn.is_valid,
    CheckDigit.EAN: stdnum.ean.is_valid,
    CheckDigit.VERHOEFF: stdnum.verhoeff.is_valid,
    CheckDigit.DAMM: stdnum.damm.is_valid,
    CheckDigit.MOD_11_10: stdnum.iso7064.mod_11_10.is_valid,
    CheckDigit.MOD_97_10: stdnum.iso7064.mod_97_10.is_valid,
}


def checked(numbers: Sequence[Number], params: CheckParams) -> list[Number]:
    """Returns numbers of which those that cannot be right need review, because a rule failed.

    Of one with a rejected digit only the length is known.

    Args:
        numbers: of a page; none of them is changed otherwise.
        params: see there; by default everything may be right.
    """
    wrong = wrong_sums(numbers, params.sums)
    return [
        doubted(number, [Reason.RULE_FAILED]) if unequal or _fails(number.text, params) else number
        for number, unequal in zip(numbers, wrong, strict=True)
    ]


def _fails(text: str, params: CheckParams) -> bool:
    if params.digits and len(text) not in params.digits:
        return True
    if REJECTED in text or (params.min is None and params.max is None and params.check_digit is None):
        return False
    if len(text) > MAX_DIGITS:  # Python makes no number of many more
        return True
    value = int(text)
    if (params.min is not None and value < params.min) or (params.max is not None and value > params.max):
        return True
    return params.check_digit is not None and not _IS_VALID[params.check_digit](text)
