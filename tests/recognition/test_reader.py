from __future__ import annotations

import hashlib
import json
import weakref
from typing import ClassVar

import numpy as np
import pytest

from recognition.classify import NOT_A_DIGIT, load_classifier
from recognition.components import Component, find_components
from recognition.context import ContextNetwork
from recognition.errors import ModelLoadError, ModelMismatchError
from recognition.normalize import normalize_all
from recognition.params import ComponentParams
from recognition.reader import Reader, load_reader
from recognition.training.backend import keras
from recognition.training.convert import to_litert

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

layers = keras.layers


@pytest.fixture(scope="module")
def content() -> bytes:
    """A context network that takes the blacker pieces for digits: sigmoid(20 * mean of the near window's ink - 2)."""
    near, far = keras.Input((32, 32, 2), name="near"), keras.Input((32, 64, 2), name="far")
    means = layers.Concatenate()([layers.GlobalAveragePooling2D()(window) for window in (near, far)])
    model = keras.Model([near, far], layers.Dense(1, "sigmoid")(means))
    model.set_weights([np.array([[0], [20], [0], [0]], np.float32), np.array([-2], np.float32)])
    return to_litert(model)


@pytest.fixture
def context(content):
    return ContextNetwork(content)


@pytest.fixture
def context_file(content, tmp_path):
    path = tmp_path / "context.tflite"
    path.write_bytes(content)
    facts = {"name": "context", "sha256": hashlib.sha256(content).hexdigest(), "classes": 2, "temperature": 1.0}
    path.with_suffix(".json").write_text(json.dumps(facts))
    return path


@pytest.fixture(scope="module")
def page() -> np.ndarray:
    """Darkness uint8 (80, 300) of a blot, a ring and two strokes."""
    page = np.zeros((80, 300), np.uint8)
    page[20:60, 20:60] = 200
    page[20:60, 100:140] = 200
    page[24:56, 104:136] = 0
    page[20:60, 200:205] = 180
    page[38:42, 240:280] = 180
    return page


@pytest.fixture(scope="module")
def pieces(page):
    return find_components(np.where(page > 0, np.uint8(255), np.uint8(0)), page, ComponentParams())


@pytest.fixture
def telling(write_model):
    """A classifier of 11 classes whose probabilities depend on the picture."""
    weights = np.random.default_rng(2).normal(0, 0.2, (11, 784)).astype(np.float32)
    return load_classifier(write_model(weights=weights, name="telling"))


def rows(readings) -> np.ndarray:
    return np.array([reading.probabilities for reading in readings])


def test_without_a_context_network_the_classifier_alone_reads(telling, pieces, page):
    expected = telling.probabilities(normalize_all([piece.ink(page) for piece in pieces]))
    np.testing.assert_array_equal(rows(Reader(telling).read(pieces, page)), expected)


def test_each_digit_is_as_probable_as_both_networks_say_together(telling, context, pieces, page):
    alone, together = (rows(Reader(telling, also).read(pieces, page)) for also in (None, context))
    whole = context.whole(pieces, page)
    assert len(pieces) == 4
    assert whole.max() - whole.min() > 0.3
    np.testing.assert_allclose(together[:, :NOT_A_DIGIT], alone[:, :NOT_A_DIGIT] * whole[:, None], rtol=1e-4, atol=1e-7)
    assert (together[:, NOT_A_DIGIT] >= alone[:, NOT_A_DIGIT] - 1e-6).all()


def test_probabilities_sum_to_one(telling, context, pieces, page):
    together = rows(Reader(telling, context).read(pieces, page))
    np.testing.assert_allclose(together.sum(axis=1), 1, atol=1e-5)
    assert together.min() >= 0


def test_the_context_changes_no_digit_for_another(telling, context, pieces, page):
    alone, together = (Reader(telling, also).read(pieces, page) for also in (None, context))
    assert [reading.digit for reading in together] == [reading.digit for reading in alone]


def test_a_classifier_of_ten_classes_learns_from_the_context_what_is_no_digit(write_model, context, pieces, page):
    ten = load_classifier(write_model([0.0] * 9 + [3.0], name="ten"))
    readings = Reader(ten, context).read(pieces, page)
    np.testing.assert_allclose([reading.rubbish for reading in readings], 1 - context.whole(pieces, page), atol=1e-5)


def test_no_pieces_give_no_readings(telling, context):
    for reader in (Reader(telling), Reader(telling, context)):
        assert reader.read([], np.zeros((5, 5), np.uint8)) == []


class Held(Component):
    """A piece of ink that knows what of the pieces' ink is held when it gives its own."""

    given: ClassVar[list[weakref.ref[np.ndarray]]] = []

    def ink(self, darkness):
        assert sum(ink() is not None for ink in self.given) <= 1
        ink = super().ink(darkness)
        self.given.append(weakref.ref(ink))
        return ink


def test_the_ink_of_one_piece_after_the_other_is_held_not_that_of_all(telling, pieces, page):
    held = [Held(piece.bbox, piece.mask, piece.area_px, piece.darkness) for piece in pieces]
    np.testing.assert_array_equal(rows(Reader(telling).read(held, page)), rows(Reader(telling).read(pieces, page)))
    assert len(Held.given) == len(pieces)


@pytest.mark.parametrize("touching", [False, True])
def test_readings_keep_their_pieces_in_order_and_whether_they_touched(telling, context, pieces, page, touching):
    readings = Reader(telling, context).read(pieces[::-1], page, touching=touching)
    assert [reading.piece for reading in readings] == pieces[::-1]
    assert [reading.touching for reading in readings] == [touching] * len(pieces)


def test_what_is_known_of_a_reader_is_known_of_its_classifier(telling, context):
    assert Reader(telling, context).info is telling.info


def test_two_files_make_a_reader(write_model, context_file, context, pieces, page):
    model = write_model([0.0] * 5 + [2.0] * 6, name="digits")
    loaded, alone = load_reader(model, context_file), load_reader(model)
    assert alone.context is None
    expected = Reader(load_classifier(model), context).read(pieces, page)
    np.testing.assert_array_equal(rows(loaded.read(pieces, page)), rows(expected))


def test_files_in_each_others_place_are_refused(write_model, context_file):
    with pytest.raises(ModelMismatchError, match="is no digit classifier"):
        load_reader(context_file, context_file)
    with pytest.raises(ModelMismatchError, match="a context network must take"):
        load_reader(write_model(name="digits"), write_model(name="other"))


def test_a_missing_context_network_is_told_by_its_path(write_model, tmp_path):
    with pytest.raises(ModelLoadError, match=r"cannot read .*nowhere\.tflite"):
        load_reader(write_model(name="digits"), tmp_path / "nowhere.tflite")
