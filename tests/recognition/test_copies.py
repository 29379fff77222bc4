from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from recognition.components import Component
from recognition.copies import printed
from recognition.params import CopiesParams
from recognition.types import BoundingBox

PARAMS = CopiesParams()


@pytest.fixture
def ring(make_reading):
    """A reading of a ring or another outline, drawn by a machine, or by a hand that trembles."""

    def make(digit=0, *, x=0, height=24, width=18, tremble=None, filled=False):
        reading = make_reading(digit, (x, 100, width, height))
        mask = np.zeros((height, width), np.uint8)
        pen = max(1, height // 8)
        middle, axes = (width // 2, height // 2), (width // 2 - pen, height // 2 - pen)
        if tremble is None:
            cv2.ellipse(mask, middle, axes, 0, 0, 360, 255, -1 if filled else pen)
        else:
            angles = np.linspace(0, 2 * np.pi, 12)
            way = np.stack([np.cos(angles), np.sin(angles)], axis=1) * axes * (0.6 + 0.4 * tremble.random((12, 1)))
            cv2.polylines(mask, [np.rint(way + middle).astype(np.int32)], True, 255, pen)
        return replace(reading, piece=replace(reading.piece, mask=mask, area_px=cv2.countNonZero(mask)))

    return make


def test_copies_are_print(ring):
    assert printed([ring(x=40 * k) for k in range(4)], PARAMS) == {0, 1, 2, 3}


def test_a_digit_among_copies_is_none_of_them(ring):
    readings = [ring(x=0, filled=True), *(ring(x=40 * k) for k in range(1, 5))]
    assert printed(readings, PARAMS) == {1, 2, 3, 4}


def test_a_copy_with_a_speck_below_it_is_print_too(ring):
    last = ring(x=300, height=48, width=36)
    mask = np.pad(last.piece.mask, ((0, 1), (0, 0)))
    mask[-1, 18] = 255
    box = BoundingBox(300, 100, 36, 49)
    readings = [
        *(ring(x=60 * k, height=48, width=36) for k in range(4)),
        replace(last, piece=Component(box, mask, cv2.countNonZero(mask), 200.0)),
    ]
    assert printed(readings, PARAMS) == {0, 1, 2, 3, 4}


def test_three_may_be_chance(ring):
    assert printed([ring(x=40 * k) for k in range(3)], PARAMS) == set()


def test_no_hand_draws_a_ring_twice(ring):
    rng = np.random.default_rng(5)
    assert printed([ring(x=40 * k, tremble=rng) for k in range(30)], PARAMS) == set()


def test_straight_strokes_all_look_alike(make_reading):
    assert printed([make_reading(1, (20 * k, 0, 4, 30)) for k in range(9)], PARAMS) == set()


def test_small_digits_all_look_alike(ring):
    assert printed([ring(x=40 * k, height=14, width=10) for k in range(9)], PARAMS) == set()


def test_sizes_tell_apart_what_is_the_same_at_one_size(ring):
    assert printed([ring(x=80 * k, height=24 + 12 * k, width=18 + 9 * k) for k in range(5)], PARAMS) == set()


def test_nothing_on_the_page():
    assert printed([], PARAMS) == set()
