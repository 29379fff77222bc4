from __future__ import annotations

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from recognition.pyramid import reduce_together, reduced

SIDES = st.integers(1, 300)  # also of images that are reduced for themselves


def image(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height * 1000 + width).integers(0, 256, (height, width), np.uint8)


def test_a_quarter_of_an_image_is_between_the_mean_and_the_largest_of_its_pixels():
    page = np.zeros((4, 6), np.uint8)
    page[0, 0], page[2:, 2:4] = 200, 255
    np.testing.assert_array_equal(reduced([page], 1), [[125, 0, 0], [0, 255, 0]])


def test_what_is_one_pixel_thin_stays_one_pixel_thin():
    assert [reduced([image(1, 9)], level).shape for level in range(5)] == [(1, 9), (1, 4), (1, 2), (1, 1), (1, 1)]


def test_what_was_reduced_before_is_not_reduced_again():
    pyramid = [image(20, 20), image(10, 10)]
    assert reduced(pyramid, 1) is pyramid[1]
    assert reduced(pyramid, 2).shape == (5, 5)
    assert len(pyramid) == 3


@settings(max_examples=60)
@example([(32, 16, 5), (32, 32, 5)])  # the first is one pixel wide and two high before it is one pixel
@given(st.lists(st.tuples(SIDES, SIDES, st.integers(0, 6)), max_size=80))
def test_images_are_reduced_together_as_each_by_itself(sizes):
    pyramids = [[image(height, width)] for height, width, _ in sizes]
    reduce_together(pyramids, [level for _, _, level in sizes])
    for pyramid, (height, width, level) in zip(pyramids, sizes, strict=True):
        assert len(pyramid) > level or max(height, width) > 256
        alone = [image(height, width)]
        reduced(alone, 6)
        for got, expected in zip(pyramid, alone, strict=False):
            np.testing.assert_array_equal(got, expected)


def test_images_that_were_reduced_before_are_left_alone():
    pyramids = [[image(30, 40), image(15, 20)], [image(30, 40)]]
    before = list(pyramids[0])
    reduce_together(pyramids, [1, 0])
    assert pyramids[0] == before
    assert len(pyramids[1]) == 1
