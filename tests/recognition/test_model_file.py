"""A network's file and the facts beside it."""

from __future__ import annotations

import hashlib
import json

import pytest

from recognition.errors import ModelLoadError
from recognition.model_file import read_model


def test_a_file_is_read_with_its_facts(write_model):
    path = write_model(name="workshop", temperature=1.5)
    model, info = read_model(path)
    assert model == path.read_bytes()
    assert (info.name, info.classes, info.temperature) == ("workshop", 11, 1.5)
    assert info.sha256 == hashlib.sha256(model).hexdigest()


@pytest.mark.parametrize("suffix", [".tflite", ".json"])
def test_a_missing_file_is_told_by_its_path(write_model, suffix):
    path = write_model()
    path.with_suffix(suffix).unlink()
    with pytest.raises(ModelLoadError, match=rf"cannot read .*tiny\{suffix}: No such file or directory"):
        read_model(path)


@pytest.mark.parametrize("content", [b"", b"{", b'{"name": "ti', b"\xff\xfe{}"])
def test_damaged_facts_are_told_by_their_path(write_model, content):
    path = write_model()
    path.with_suffix(".json").write_bytes(content)
    with pytest.raises(ModelLoadError, match=r"tiny\.json is not valid JSON"):
        read_model(path)


def test_a_file_of_which_a_byte_changed_is_refused(write_model):
    path = write_model()
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    expected = json.loads(path.with_suffix(".json").read_text())["sha256"]
    with pytest.raises(ModelLoadError, match=rf"is not the model that tiny\.json describes.* expected {expected}"):
        read_model(path)
