from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest

from recognition.classify import NOT_A_DIGIT, load_classifier
from recognition.errors import ModelLoadError, ModelMismatchError
from recognition.litert import BATCHES

ONLY_SEVEN = np.where(np.arange(11) == 7, 5.0, 0.0)


def softmax(logits):
    """As pages show them: what is no digit is rarer there than in training."""
    weights = np.exp(logits - logits.max(axis=1, keepdims=True)) * np.where(np.arange(11) == NOT_A_DIGIT, 0.25, 1)
    return weights / weights.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("count", [0, 1, 2, 8, 9, 100, BATCHES[-1] + 3])
def test_each_image_gets_the_probabilities_of_its_own_pixels(write_model, count):
    rng = np.random.default_rng(count)
    weights = rng.normal(0, 0.1, (11, 784)).astype(np.float32)
    bias = rng.normal(0, 1, 11).astype(np.float32)
    images = rng.integers(0, 256, (count, 28, 28), np.uint8)
    got = load_classifier(write_model(bias.tolist(), weights)).probabilities(images)
    expected = softmax(images.reshape(count, 784) / 255 @ weights.T + bias) if count else np.zeros((0, 11))
    assert got.dtype == np.float32
    assert got.shape == (count, 11)
    np.testing.assert_allclose(got, expected, atol=1e-4)


def test_the_temperature_of_the_facts_softens_the_probabilities(write_model):
    image = np.zeros((1, 28, 28), np.uint8)
    sharp = load_classifier(write_model(ONLY_SEVEN.tolist(), name="sharp")).probabilities(image)
    soft = load_classifier(write_model(ONLY_SEVEN.tolist(), name="soft", temperature=2.0)).probabilities(image)
    np.testing.assert_allclose(sharp[0], softmax(ONLY_SEVEN[None])[0], atol=1e-5)
    np.testing.assert_allclose(soft[0], softmax(ONLY_SEVEN[None] / 2)[0], atol=1e-5)


def test_what_is_no_digit_is_told_by_a_network_that_is_sure_of_it(write_model):
    rubbish = np.where(np.arange(11) == NOT_A_DIGIT, 9.0, 0.0)
    (row,) = load_classifier(write_model(rubbish.tolist())).probabilities(np.zeros((1, 28, 28), np.uint8))
    assert row[NOT_A_DIGIT] > 0.99


def test_a_network_of_ten_classes_never_says_that_something_is_no_digit(write_model):
    classifier = load_classifier(write_model([0.0] * 10))
    probabilities = classifier.probabilities(np.zeros((9, 28, 28), np.uint8))
    assert probabilities.shape == (9, 11)
    assert not probabilities[:, NOT_A_DIGIT].any()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_its_facts_are_those_of_the_json(write_model):
    path = write_model(name="workshop", temperature=1.5)
    info = load_classifier(path).info
    assert (info.name, info.classes, info.temperature) == ("workshop", 11, 1.5)
    assert info.sha256 == json.loads(path.with_suffix(".json").read_text())["sha256"]


def test_a_missing_model_is_told_by_its_path(tmp_path):
    with pytest.raises(ModelLoadError, match=r"cannot read .*none\.tflite: No such file or directory"):
        load_classifier(tmp_path / "none.tflite")


def test_missing_facts_are_told_by_their_path(write_model):
    path = write_model()
    path.with_suffix(".json").unlink()
    with pytest.raises(ModelLoadError, match=r"cannot read .*tiny\.json: No such file or directory"):
        load_classifier(path)


def test_facts_that_are_no_json_are_refused(write_model):
    path = write_model()
    path.with_suffix(".json").write_text('{"name": "ti')
    with pytest.raises(ModelLoadError, match=r"tiny\.json is not valid JSON: .*line 1"):
        load_classifier(path)


@pytest.mark.parametrize("missing", ["name", "sha256", "classes", "temperature"])
def test_a_missing_fact_is_told_by_name(write_model, missing):
    path = write_model()
    facts = json.loads(path.with_suffix(".json").read_text())
    del facts[missing]
    path.with_suffix(".json").write_text(json.dumps(facts))
    with pytest.raises(ModelLoadError, match=rf"must have name, .*Received: KeyError\('{missing}'\)"):
        load_classifier(path)


@pytest.mark.parametrize(
    "facts", ["[]", "null", '"digits"', '{"name": 1, "sha256": 2, "classes": [], "temperature": 1}']
)
def test_facts_of_another_form_are_refused(write_model, facts):
    path = write_model()
    path.with_suffix(".json").write_text(facts)
    with pytest.raises(ModelLoadError, match=r"must have name, sha256, classes and temperature\. Received: "):
        load_classifier(path)


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan"), float("inf")])
def test_a_temperature_that_is_none_is_refused_at_loading(write_model, temperature):
    with pytest.raises(ModelLoadError, match=r"temperature in .*tiny\.json must be positive and finite\. Received: "):
        load_classifier(write_model(temperature=temperature))


def test_facts_of_another_model_are_refused_with_both_hashes(write_model):
    path = write_model(sha256="ab" * 32)
    with pytest.raises(ModelLoadError, match=r"is not the model that tiny\.json describes.* expected (ab){32}"):
        load_classifier(path)


@pytest.mark.parametrize("content", [b"", b"noise" * 1000, b"\x1c\0\0\0TFL3" + b"\xff" * 100])
def test_a_file_that_is_no_model_is_refused_although_its_hash_fits(write_model, content):
    path = write_model()
    path.write_bytes(content)
    facts = {"name": "odd", "sha256": hashlib.sha256(content).hexdigest(), "classes": 11, "temperature": 1.0}
    path.with_suffix(".json").write_text(json.dumps(facts))
    with pytest.raises(ModelLoadError, match="odd cannot be run by LiteRT"):
        load_classifier(path)


def test_a_network_for_larger_images_is_refused_with_its_shape(write_model):
    with pytest.raises(ModelMismatchError, match=r"possible are \(n, 28, 28, 1\).*Received: .*\(1, 32, 32, 1\)"):
        load_classifier(write_model(side_px=32))


@pytest.mark.parametrize(("outputs", "classes"), [(26, 26), (10, 11), (11, 10), (9, 9)])
def test_a_network_of_other_classes_is_refused_with_its_shape(write_model, outputs, classes):
    path = write_model([0.0] * outputs, classes=classes)
    with pytest.raises(ModelMismatchError, match=rf"\(n, 10\) or \(n, 11\)\. Received: .*\(1, {outputs}\)"):
        load_classifier(path)


def test_the_shipped_network_reads_mnist(classifier, mnist):
    images, labels = mnist
    probabilities = classifier.probabilities(images)
    assert (probabilities.argmax(axis=1) == labels).mean() >= 0.98
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-4)


def test_the_shipped_network_takes_a_cross_of_lines_for_no_digit(classifier):
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, 13:15, 4:24] = image[0, 4:24, 13:15] = 255
    assert classifier.probabilities(image)[0].argmax() == NOT_A_DIGIT
