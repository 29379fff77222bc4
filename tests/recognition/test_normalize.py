from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from recognition.normalize import IMAGE_PX, normalize, normalize_all

inks = arrays.arrays(
    np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40)), elements=st.sampled_from([0, 0, 0, 90, 255])
)


def test_mnist_images_come_out_as_they_are(mnist):
    images, _ = mnist
    difference = np.abs(normalize_all(list(images)).astype(int) - images)
    assert (difference.max(axis=(1, 2)) <= 3).mean() >= 0.99


@settings(max_examples=50)
@given(ink=inks, margins=st.tuples(*[st.integers(0, 30)] * 4))
def test_it_does_not_matter_where_the_ink_lies(ink, margins):
    moved = cv2.copyMakeBorder(ink, *margins, cv2.BORDER_CONSTANT, value=0)
    assert np.array_equal(normalize(moved), normalize(ink))


@settings(max_examples=50)
@given(inks)
def test_the_darkest_pixel_is_255_wherever_there_is_ink(ink):
    image = normalize(ink)
    assert image.shape == (IMAGE_PX, IMAGE_PX)
    assert image.dtype == np.uint8
    assert image.max() == (255 if ink.any() else 0)


def test_pressing_half_as_hard_gives_the_same_image(mnist):
    images, _ = mnist
    half = normalize_all(list(images // 2)).astype(int)
    assert np.abs(half - normalize_all(list(images))).max() <= 6  # what rounding to 0..127 loses


@settings(max_examples=50)
@given(inks)
def test_the_center_of_mass_is_in_the_middle_unless_the_ink_would_leave_the_image(ink):
    image = normalize(ink)
    rows, columns = np.nonzero(image)
    if not rows.size:
        return
    moments = cv2.moments(image)
    for center, at in ((moments["m10"] / moments["m00"], columns), (moments["m01"] / moments["m00"], rows)):
        clipped = at.min() <= 8 or at.max() >= 19
        assert abs(center - 14) <= 0.52 or clipped


def test_the_longer_side_fills_twenty_pixels():
    image = normalize(np.full((60, 12), 255, np.uint8))
    assert cv2.boundingRect(image)[2:] == (4, 20)


def test_a_speck_is_not_magnified_to_a_digit():
    speck = np.full((2, 2), 255, np.uint8)
    assert cv2.boundingRect(normalize(speck))[2:] == (4, 4)


@pytest.mark.parametrize("shape", [(0, 0), (0, 5), (5, 0), (1, 1), (30, 30)])
def test_nothing_gives_an_empty_image(shape):
    assert not normalize(np.zeros(shape, np.uint8)).any()


def test_several_are_normalized_each_for_itself(mnist):
    images = [image[4:] for image in mnist[0][:3]]
    assert np.array_equal(normalize_all(images), [normalize(image) for image in images])
    assert normalize_all([]).shape == (0, IMAGE_PX, IMAGE_PX)
