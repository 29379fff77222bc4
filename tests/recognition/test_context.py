from __future__ import annotations

import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recognition import context
from recognition.components import Component, make_component
from recognition.context import FAR_PIECE_PX, NEAR_PIECE_PX, ContextNetwork, windows
from recognition.errors import ModelLoadError, ModelMismatchError
from recognition.model_file import load_network
from recognition.training.backend import keras
from recognition.training.convert import to_litert

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

layers = keras.layers

NEAR, FAR = (32, 32, 2), (32, 64, 2)
OWN_INK, BIAS = 9.0, -2.0


def piece_at(x: int, y: int, mask: np.ndarray, page: np.ndarray) -> Component:
    piece = make_component(mask, x, y, page)
    assert piece is not None
    return piece


def ring(side_px: int) -> np.ndarray:
    """A ring uint8 (side, side) that touches the four edges."""
    ys, xs = np.mgrid[0:side_px, 0:side_px] - (side_px - 1) / 2
    radius = np.hypot(xs, ys)
    return np.where((radius < side_px / 2) & (radius > side_px / 4), np.uint8(255), np.uint8(0))


def page_with(mask: np.ndarray, x: int, y: int, *, shape=(120, 160), darkness: int = 255) -> np.ndarray:
    page = np.zeros(shape, np.uint8)
    page[y : y + mask.shape[0], x : x + mask.shape[1]] = np.where(mask > 0, np.uint8(darkness), np.uint8(0))
    return page


def network_bytes(shapes=(NEAR, FAR), *, outputs: int = 1) -> bytes:
    """sigmoid(9 * mean of the piece's own ink in the first window - 2) for inputs of any shapes."""
    inputs = [keras.Input(shape) for shape in shapes]
    means = [layers.GlobalAveragePooling2D()(one) for one in inputs]
    joined = layers.Concatenate()(means) if len(means) > 1 else means[0]
    model = keras.Model(inputs, layers.Dense(outputs, "sigmoid")(joined))
    weights = np.zeros((2 * len(shapes), outputs), np.float32)
    weights[1] = OWN_INK
    model.set_weights([weights, np.full(outputs, BIAS, np.float32)])
    return to_litert(model)


def write(path: Path, content: bytes, temperature: float = 1.0) -> Path:
    path.write_bytes(content)
    facts = {"name": "context", "sha256": hashlib.sha256(content).hexdigest(), "classes": 2, "temperature": temperature}
    path.with_suffix(".json").write_text(json.dumps(facts))
    return path


@pytest.fixture(scope="module")
def content() -> bytes:
    return network_bytes()


@pytest.fixture(scope="module")
def rings():
    """A page with rings of different sizes, and each of them as a piece."""
    page = np.zeros((160, 610), np.uint8)
    places = [(5 + 66 * k, 5 + 25 * (k % 5), 20 + 4 * k) for k in range(9)]
    for x, y, side in places:
        page |= page_with(ring(side), x, y, shape=page.shape)
    return page, [piece_at(x, y, ring(side), page) for x, y, side in places]


def test_no_pieces_have_no_windows():
    seen = windows([], np.zeros((5, 5), np.uint8))
    assert seen.near.shape == (0, *NEAR)
    assert seen.far.shape == (0, *FAR)


def test_a_piece_is_in_the_middle_at_a_size_of_its_own():
    page = page_with(ring(36), 60, 40)
    seen = windows([piece_at(60, 40, ring(36), page)], page)
    for window, longer in ((seen.near[0], NEAR_PIECE_PX), (seen.far[0], FAR_PIECE_PX)):
        x, y, width, height = cv2.boundingRect(np.ascontiguousarray(window[..., 1]))
        assert max(width, height) == pytest.approx(longer, abs=1)
        assert x + width / 2 == pytest.approx(window.shape[1] / 2, abs=1)
        assert y + height / 2 == pytest.approx(window.shape[0] / 2, abs=1)


def test_what_stands_beside_a_piece_is_in_the_page_and_not_in_its_own_ink():
    mask = np.full((18, 18), 255, np.uint8)
    page = page_with(mask, 40, 40)
    page[40:58, 61:64] = 255  # a stroke 3 px to the right of the piece
    near = windows([piece_at(40, 40, mask, page)], page).near[0]
    np.testing.assert_array_equal(near[7:25, 7:25], 255)
    assert (near[7:25, 28:31, 0] == 255).all()
    assert not near[:, 25:, 1].any()


@pytest.mark.parametrize(("x", "y"), [(0, 0), (22, 0), (0, 12), (22, 12)])
def test_beyond_the_corner_of_the_page_there_is_paper(x, y):
    page = np.random.default_rng(0).integers(1, 256, (30, 40), np.uint8)
    page[y, x] = 255
    piece = Component(piece_at(x, y, np.full((18, 18), 255, np.uint8), page).bbox, ring(18), 1, 255.0)
    near = windows([piece], page).near[0]
    expected = np.pad(page, 32)[y - 7 + 32 : y + 25 + 32, x - 7 + 32 : x + 25 + 32]
    np.testing.assert_array_equal(near[..., 0], expected)
    np.testing.assert_array_equal(near[7:25, 7:25, 1], ring(18))


@settings(max_examples=80)
@given(st.tuples(st.integers(0, 60), st.integers(0, 60)), st.integers(7, 300), st.integers(1, 300), st.booleans())
def test_any_piece_of_a_page_has_windows_with_its_ink_near_the_middle(corner, longer_px, shorter_px, lying):
    x, y = corner
    mask = np.full((longer_px, min(longer_px, shorter_px)), 255, np.uint8)
    mask = mask.T if lying else mask
    page = np.zeros((y + mask.shape[0], x + mask.shape[1]), np.uint8)
    page[y:, x:] = 90
    seen = windows([piece_at(x, y, mask, page)], page)
    for window in (seen.near[0], seen.far[0]):
        rows, columns = np.nonzero(window[..., 1])
        assert rows.size
        assert abs(rows.mean() - (window.shape[0] - 1) / 2) <= 2.5
        assert abs(columns.mean() - (window.shape[1] - 1) / 2) <= 2.5


@pytest.mark.parametrize("factor", [2, 3])
def test_a_page_twice_as_large_gives_about_the_same_windows(rings, factor):
    page, pieces = rings
    large_page = page.repeat(factor, axis=0).repeat(factor, axis=1)
    large = [
        piece_at(factor * one.bbox.x, factor * one.bbox.y, one.mask.repeat(factor, 0).repeat(factor, 1), large_page)
        for one in pieces
    ]
    seen, large_seen = windows(pieces, page), windows(large, large_page)
    for of_both in ((seen.near, large_seen.near), (seen.far, large_seen.far)):
        for small, big in zip(*of_both, strict=True):
            # A stroke may lie a pixel beside where it was, so that both are compared a little blurred.
            one, other = (cv2.GaussianBlur(window.astype(np.float32), (0, 0), 1.5) for window in (small, big))
            assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.92


def test_a_pale_pen_gives_the_same_windows_as_a_dark_one():
    dark, pale = (page_with(ring(30), 50, 50, darkness=value) for value in (255, 85))
    seen = [windows([piece_at(50, 50, ring(30), page)], page) for page in (dark, pale)]
    np.testing.assert_allclose(seen[0].near.astype(int), seen[1].near, atol=3)
    np.testing.assert_allclose(seen[0].far.astype(int), seen[1].far, atol=3)


def test_pieces_and_page_are_left_as_they_are(rings):
    page, pieces = rings
    kept, masks = page.copy(), [piece.mask.copy() for piece in pieces]
    windows(pieces, page)
    np.testing.assert_array_equal(page, kept)
    for piece, mask in zip(pieces, masks, strict=True):
        np.testing.assert_array_equal(piece.mask, mask)


def test_a_page_is_reduced_once_and_another_page_anew(content, rings, monkeypatch):
    page, pieces = rings
    seen = []

    def noted(pieces, page, halved):
        seen.append((windows(pieces, page, halved), halved))
        return seen[-1][0]

    monkeypatch.setattr(context, "windows", noted)
    network = ContextNetwork(content)
    for shown in (page, page, 255 - page):
        network.whole(pieces, shown)
        np.testing.assert_array_equal(seen[-1][0].far, windows(pieces, shown).far)
    (_, first), (_, second), (_, other) = seen
    assert first is second
    assert len(first) > 0
    assert other is not first


def test_each_piece_gets_the_output_for_its_own_windows(content, rings):
    page, pieces = rings
    mean = windows(pieces, page).near[..., 1].mean(axis=(1, 2)) / 255
    expected = 1 / (1 + np.exp(-(OWN_INK * mean + BIAS)))
    whole = ContextNetwork(content).whole(pieces, page)
    assert (whole.dtype, whole.shape) == (np.float32, (9,))
    np.testing.assert_allclose(whole, expected, atol=1e-4)
    assert whole.std() > 0
    np.testing.assert_allclose(ContextNetwork(content).whole(pieces[::-1], page), expected[::-1], atol=1e-4)


def test_how_many_are_shown_at_once_makes_no_difference(content, rings, monkeypatch):
    page, pieces = rings
    network = ContextNetwork(content)
    together = network.whole(pieces, page)
    monkeypatch.setattr(context, "AT_ONCE", 2)
    assert len(pieces) > 2
    np.testing.assert_array_equal(network.whole(pieces, page), together)


def test_no_pieces_are_nothing(content):
    assert ContextNetwork(content).whole([], np.zeros((5, 5), np.uint8)).shape == (0,)


def test_the_temperature_divides_the_logit(content, rings):
    page, pieces = rings
    plain = ContextNetwork(content).whole(pieces, page).astype(float)
    soft = ContextNetwork(content, temperature=2.0).whole(pieces, page).astype(float)
    np.testing.assert_allclose(np.log(soft / (1 - soft)), np.log(plain / (1 - plain)) / 2, atol=1e-3)


def test_a_file_is_loaded_with_its_temperature(content, rings, tmp_path):
    page, pieces = rings
    loaded = load_network(ContextNetwork, write(tmp_path / "context.tflite", content, temperature=2.0))
    expected = ContextNetwork(content, temperature=2.0).whole(pieces, page)
    np.testing.assert_array_equal(loaded.whole(pieces, page), expected)


def test_the_order_of_the_inputs_does_not_matter(rings):
    page, pieces = rings
    other = ContextNetwork(_first_input_is_far())
    seen = windows(pieces, page)
    expected = 1 / (1 + np.exp(-(OWN_INK * seen.far[..., 1].mean(axis=(1, 2)) / 255 + BIAS)))
    np.testing.assert_allclose(other.whole(pieces, page), expected, atol=1e-4)


def _first_input_is_far() -> bytes:
    return network_bytes((FAR, NEAR))


def test_a_digit_classifier_is_no_context_network(write_model):
    with pytest.raises(ModelMismatchError, match=r"must take .*\(1, 32, 32, 2\).*Received: \[\(1, 28, 28, 1\)\]"):
        load_network(ContextNetwork, write_model())


@pytest.mark.parametrize(
    ("shapes", "outputs"),
    [
        ((NEAR,), 1),
        ((NEAR, NEAR), 1),
        ((NEAR, FAR), 2),
        ((NEAR, FAR, (4, 4, 2)), 1),
    ],
)
def test_a_network_of_other_shapes_is_refused_with_them(shapes, outputs, tmp_path):
    path = write(tmp_path / "odd.tflite", network_bytes(shapes, outputs=outputs))
    with pytest.raises(ModelMismatchError, match=rf"give \(1, 1\)\. Received: .* and \(1, {outputs}\)"):
        load_network(ContextNetwork, path)


def test_facts_of_another_model_are_refused(content, tmp_path):
    path = write(tmp_path / "context.tflite", content)
    path.write_bytes(content + b"\0")
    with pytest.raises(ModelLoadError, match=r"is not the model that context\.json describes"):
        load_network(ContextNetwork, path)


def test_damaged_facts_are_refused(content, tmp_path):
    path = write(tmp_path / "context.tflite", content)
    path.with_suffix(".json").write_text('{"name": "con')
    with pytest.raises(ModelLoadError, match=r"context\.json is not valid JSON"):
        load_network(ContextNetwork, path)


def test_a_missing_file_is_told_by_its_path(tmp_path):
    with pytest.raises(ModelLoadError, match=r"cannot read .*none\.tflite"):
        load_network(ContextNetwork, tmp_path / "none.tflite")
