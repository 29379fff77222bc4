from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from recognition.numbers import Place, to_number
from recognition.params import Thresholds
from recognition.types import Reason

PLACE = Place(np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]), width=100, height=80)


def number_of(*readings):
    return to_number(readings, (0, 0), False, PLACE, Thresholds(accept=0.9), cut_off=False)


@pytest.mark.parametrize(
    ("box", "why"),
    [
        ((1, 2, 96, 76), "the left edge"),
        ((2, 1, 96, 76), "the upper edge"),
        ((3, 2, 96, 76), "the right edge"),
        ((2, 3, 96, 76), "the lower edge"),
    ],
)
def test_a_number_that_reaches_any_edge_of_the_page_is_cut_off(make_reading, box, why):
    assert number_of(make_reading(8, (2, 2, 96, 76))).reasons == ()
    assert number_of(make_reading(8, box)).reasons == (Reason.CUT_OFF,), why


def test_that_digits_touched_is_told_of_those_in_doubt_alone(make_reading):
    places = (10, 20, 20, 40), (32, 20, 20, 40)
    doubted = number_of(make_reading(6, places[0], 0.7, touching=True), make_reading(8, places[1]))
    sure = number_of(make_reading(6, places[0], 0.99, touching=True), make_reading(8, places[1], 0.7))
    assert doubted.reasons == (Reason.LOW_CONFIDENCE, Reason.TOUCHING)
    assert sure.reasons == (Reason.LOW_CONFIDENCE,)


def test_the_readme_explains_each_reason_that_is_given_and_no_other():
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    table = text.partition("| reason | what it means |")[2].partition("\n\n")[0]
    given = set(Reason) - {Reason.RULE_FAILED}  # which stands in the list for readers of the JSON alone
    assert set(re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE)) == given
