from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from config.shipped import shipped_companions, shipped_model
from recognition.classify import CLASSES, NOT_A_DIGIT
from recognition.errors import ModelMismatchError
from recognition.model_file import load_network
from recognition.sequence import (
    FRAME_PX,
    MARGIN_PX,
    STRIP_HEIGHT_PX,
    WIDTHS_PX,
    SequenceNetwork,
    spotted_frames,
    to_strip,
)


@pytest.fixture(scope="module")
def network():
    return load_network(SequenceNetwork, shipped_companions()[1])


@pytest.fixture(scope="module")
def content():
    return shipped_companions()[1].read_bytes()


@pytest.fixture(scope="module")
def ink(sample_pages):
    """Ink of a 3 and an 8."""
    hand = sample_pages.Hand(np.random.default_rng(2), sample_pages.Digits.load(), (120, 400))
    hand.write("38", 100, 30, 60)
    return np.rint(255 * hand.ink).astype(np.uint8)


def frames(*rows: tuple[int, float]) -> np.ndarray:
    """Frames that each show a digit with a probability, and else none."""
    result = np.zeros((len(rows), CLASSES), np.float32)
    for frame, (digit, probability) in zip(result, rows, strict=True):
        frame[NOT_A_DIGIT] = 1 - probability
        frame[digit] += probability
    return result


NOTHING = (0, 0.02)


def test_ink_is_brought_to_the_height_of_the_strip_with_paper_on_both_sides():
    ink = np.zeros((200, 300), np.uint8)
    ink[50:98, 100:220] = 130
    strip = to_strip(ink)
    assert strip is not None
    assert strip.image.shape == (STRIP_HEIGHT_PX, 60 + 2 * MARGIN_PX)
    assert strip.scale == pytest.approx(0.5)
    assert strip.left_px == pytest.approx(100 - 2 * MARGIN_PX)
    assert (strip.image[:, MARGIN_PX:-MARGIN_PX] == 255).all()
    assert not strip.image[:, :MARGIN_PX].any()
    assert not strip.image[:, -MARGIN_PX:].any()


def test_small_ink_is_enlarged():
    ink = np.zeros((20, 20), np.uint8)
    ink[4:10, 3:15] = 255
    strip = to_strip(ink)
    assert strip is not None
    assert strip.image.shape == (STRIP_HEIGHT_PX, 48 + 2 * MARGIN_PX)


def test_no_ink_and_ink_too_long_for_its_height_give_no_strip():
    assert to_strip(np.zeros((30, 30), np.uint8)) is None
    assert to_strip(np.full((10, 10 * WIDTHS_PX[-1]), 255, np.uint8)) is None


@settings(max_examples=60)
@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 60), st.integers(1, 400))))
def test_any_ink_gives_a_strip_that_the_network_takes_or_none(ink):
    strip = to_strip(ink)
    if strip is not None:
        assert strip.image.shape[0] == STRIP_HEIGHT_PX
        assert 0 < strip.image.shape[1] <= WIDTHS_PX[-1]
        assert strip.scale > 0


def test_neighboring_frames_are_one_digit_at_their_middle():
    ((middle, probabilities),) = spotted_frames(frames(NOTHING, (7, 0.9), (7, 0.9), (7, 0.9), NOTHING))
    assert middle == pytest.approx(2)
    assert probabilities.argmax() == 7
    assert probabilities.sum() == pytest.approx(1)


def test_paper_between_frames_parts_digits_also_equal_ones():
    found = spotted_frames(frames((1, 0.9), NOTHING, (1, 0.9), NOTHING, (4, 0.8)))
    assert [int(row.argmax()) for _, row in found] == [1, 1, 4]


def test_two_digits_without_paper_between_them_are_two_when_both_are_sure():
    found = spotted_frames(frames(NOTHING, (6, 0.95), (6, 0.95), (1, 0.95), NOTHING))
    assert [int(row.argmax()) for _, row in found] == [6, 1]


def test_a_digit_that_wavers_is_one():
    found = spotted_frames(frames(NOTHING, (7, 0.6), (1, 0.7), (1, 0.9), NOTHING))
    assert [int(row.argmax()) for _, row in found] == [1]


def test_frames_without_digits_show_none():
    assert spotted_frames(frames(*[NOTHING] * 5)) == []
    assert spotted_frames(np.zeros((0, CLASSES), np.float32)) == []


def test_numbers_whose_digits_touch_are_read(network, sample_pages):
    rng, digits = np.random.default_rng(4), sample_pages.Digits.load()
    texts = ["2305", "914", "687", "52", "7", "3861", "40", "129"]
    inks = []
    for text in texts:
        hand = sample_pages.Hand(rng, digits, (120, 400))
        hand.write(text, 30, 30, 60)
        inks.append(np.rint(255 * hand.ink).astype(np.uint8))
    read = ["".join(str(one.digit) for one in spotted) for spotted in network.spot(inks)]
    assert sum(got == text for got, text in zip(read, texts, strict=True)) >= 7


def test_a_digit_is_spotted_where_it_stands(network, ink):
    count, _, stats, _ = cv2.connectedComponentsWithStats((ink > 100).astype(np.uint8))
    assert count == 3
    boxes = sorted(stats[1:, :3].tolist())
    (spotted,) = network.spot([ink])
    assert [one.digit for one in spotted] == [3, 8]
    for one, (left, _, width) in zip(spotted, boxes, strict=True):
        assert left < one.column < left + width
        assert one.confidence > 0.5
        assert one.probabilities.sum() == pytest.approx(1, abs=1e-4)


def test_what_is_read_together_is_read_as_alone(network, sample_pages):
    hand = sample_pages.Hand(np.random.default_rng(3), sample_pages.Digits.load(), (120, 400))
    hand.write("5207", 10, 30, 60)
    wide = np.rint(255 * hand.ink).astype(np.uint8)
    inks = [wide, wide[:, :80], np.zeros((9, 9), np.uint8), np.full((4, 900), 255, np.uint8)]
    together = network.spot(inks)
    assert together[2:] == [None, None]
    for ink, spotted in zip(inks[:2], together[:2], strict=True):
        (alone,) = network.spot([ink])
        assert [one.digit for one in spotted] == [one.digit for one in alone]
        np.testing.assert_allclose([one.column for one in spotted], [one.column for one in alone], atol=0.6)
    assert network.spot([]) == []


def test_a_higher_temperature_sees_the_same_digits_less_surely(content, ink):
    ((plain, soft),) = zip(*(SequenceNetwork(content, by).spot([ink]) for by in (1.0, 3.0)), strict=True)
    assert [one.digit for one in plain] == [one.digit for one in soft] == [3, 8]
    for one, other in zip(plain, soft, strict=True):
        assert 0.5 < other.confidence < one.confidence - 0.05


def test_a_file_is_loaded_with_its_temperature(content, ink, tmp_path):
    (tmp_path / "sequence.tflite").write_bytes(content)
    facts = json.loads(shipped_companions()[1].with_suffix(".json").read_text())
    (tmp_path / "sequence.json").write_text(json.dumps(facts | {"temperature": 3.0}))
    networks = load_network(SequenceNetwork, tmp_path / "sequence.tflite"), SequenceNetwork(content, 3.0)
    (loaded,), (expected,) = (network.spot([ink]) for network in networks)
    assert [one.confidence for one in loaded] == [one.confidence for one in expected]


def test_a_network_of_another_kind_is_refused():
    with pytest.raises(ModelMismatchError, match="a sequence network must take"):
        load_network(SequenceNetwork, shipped_model())


def test_a_frame_is_two_columns():
    assert FRAME_PX == 2
    assert all(width % FRAME_PX == 0 for width in WIDTHS_PX)
