"""Models that a user may name: Keras files are converted once, in another process."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from daemon.ending import exit_code as exit_code_of
from daemon.errors import EngineError
from daemon.model import GENERATION, STALE_S, cached_model, prepare_model
from recognition.classify import load_classifier
from recognition.errors import ModelLoadError, ModelMismatchError
from recognition.training.record import sha256_of

CONVERTERS = {
    "crash": "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
    "bug": "print('some noise'); raise ZeroDivisionError('a bug')",
    "endless": "import time\nwhile True: time.sleep(60)",
    "killed": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "well": (
        "import hashlib, json, pathlib, sys; target = pathlib.Path(sys.argv[2]); target.write_bytes(b'network'); "
        "facts = {'sha256': hashlib.sha256(b'network').hexdigest(), 'temperature': 1.0}; "
        "target.with_suffix('.json').write_text(json.dumps(facts))"
    ),
    "unreadable": "import sys; print('noise', file=sys.stderr); print('the reason', file=sys.stderr); sys.exit(4)",
}


@pytest.fixture
def converter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def write(kind: str) -> str:
        folder = tmp_path / "converters"
        folder.mkdir()
        (folder / f"converter_{kind}.py").write_text(CONVERTERS[kind])
        monkeypatch.syspath_prepend(str(folder))
        return f"converter_{kind}"

    return write


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "MNIST.h5"
    path.write_bytes(b"weights")
    return path


@pytest.mark.slow
def test_an_h5_file_of_the_tutorial_becomes_a_classifier(converted_model):
    classifier = load_classifier(converted_model)
    assert classifier.info.name == "MNIST"
    assert classifier.info.classes == 10
    probabilities = classifier.probabilities(np.zeros((3, 28, 28), np.uint8))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


@pytest.mark.slow
def test_it_is_converted_once(keras_models, converted_model):
    before = converted_model.stat()
    assert cached_model(keras_models / "MNIST.h5", converted_model.parent) == converted_model
    assert (
        prepare_model(keras_models / "MNIST.h5", converted_model.parent, converter="no_such_module") == converted_model
    )
    assert converted_model.stat() == before


@pytest.mark.slow
def test_another_file_of_the_same_content_is_the_same_model(keras_models, converted_model, tmp_path):
    shutil.copy(keras_models / "MNIST.h5", tmp_path / "copy.h5")
    assert prepare_model(tmp_path / "copy.h5", converted_model.parent, converter="no_such_module") == converted_model


@pytest.mark.slow
def test_a_damaged_cache_is_made_anew(keras_models, converted_model, tmp_path):
    shutil.copytree(converted_model.parent, tmp_path / "cache")
    damaged = tmp_path / "cache" / converted_model.name
    damaged.write_bytes(damaged.read_bytes()[:-1])
    assert cached_model(keras_models / "MNIST.h5", damaged.parent) is None
    assert prepare_model(keras_models / "MNIST.h5", damaged.parent) == damaged
    assert load_classifier(damaged).info.classes == 10


@pytest.mark.slow
def test_a_model_that_does_not_fit_is_refused_with_both_shapes(keras_models, tmp_path):
    with pytest.raises(ModelMismatchError, match=r"32, 32.*28, 28|28, 28.*32, 32"):
        prepare_model(keras_models / "wrong.keras", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_file_that_is_no_model_is_refused(source, tmp_path):
    with pytest.raises(ModelLoadError, match=r"MNIST\.h5"):
        prepare_model(source, tmp_path / "cache")


@pytest.mark.slow
def test_a_tflite_file_with_its_facts_is_taken_as_it_is(converted_model, tmp_path):
    assert prepare_model(converted_model, tmp_path / "cache") == converted_model
    assert not (tmp_path / "cache").exists()


@pytest.mark.slow
def test_a_bare_tflite_file_gets_its_facts_in_the_cache(converted_model, tmp_path):
    bare = tmp_path / "bare.tflite"
    shutil.copy(converted_model, bare)
    prepared = prepare_model(bare, tmp_path / "cache")
    info = load_classifier(prepared).info
    assert (info.name, info.classes, info.temperature) == ("bare", 10, 1.0)
    assert not bare.with_suffix(".json").exists()
    assert cached_model(bare, tmp_path / "cache") == prepared


@pytest.mark.parametrize("name", ["noise.tflite", "empty.tflite"])
def test_a_bare_tflite_file_that_is_none_is_refused(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"noise" * 1000 if name == "noise.tflite" else b"")
    with pytest.raises(ModelLoadError):
        prepare_model(path, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_missing_model_is_told_by_name(tmp_path):
    with pytest.raises(ModelLoadError, match=r"cannot read the model .*/none\.h5: No such file or directory"):
        prepare_model(tmp_path / "none.h5", tmp_path)


def test_a_file_of_another_kind_is_refused_by_its_name(tmp_path):
    with pytest.raises(ModelLoadError, match=r"must be a \.tflite, \.keras or \.h5 file\. Received: .*MNIST\.onnx"):
        prepare_model(tmp_path / "MNIST.onnx", tmp_path)


@pytest.mark.parametrize(
    ("kind", "error", "text", "exit_code"),
    [
        ("crash", EngineError, r"preparing .*MNIST\.h5 failed \(SIGSEGV\)", 70),
        ("killed", EngineError, r"preparing .*MNIST\.h5 failed \(SIGKILL, perhaps for want of memory\)", 70),
        ("bug", EngineError, r"preparing .*MNIST\.h5 failed \(exit code 1\): ZeroDivisionError: a bug$", 70),
        ("unreadable", ModelLoadError, "^the reason$", 78),
    ],
)
def test_only_a_conversion_that_blames_the_model_stops_the_service_for_good(
    source, tmp_path, converter, kind, error, text, exit_code
):
    with pytest.raises(error, match=text) as raised:
        prepare_model(source, tmp_path / "cache", converter=converter(kind))
    assert exit_code_of(raised.value) == exit_code
    assert list((tmp_path / "cache").iterdir()) == [], "something unfinished was left behind"


def test_the_caller_is_called_while_a_conversion_takes_its_time_and_may_end_it(source, tmp_path, converter):
    calls = []

    def stop_at_the_second() -> None:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare_model(source, tmp_path / "cache", stop_at_the_second, converter=converter("endless"))
    assert len(calls) == 2
    assert list((tmp_path / "cache").iterdir()) == []


def test_what_a_killed_conversion_left_is_removed_when_it_is_old(source, tmp_path, converter):
    cache = tmp_path / "cache"
    old, new = cache / ".unfinished-old", cache / ".unfinished-new"
    for folder in (old, new):
        folder.mkdir(parents=True)
        (folder / "part.tflite").write_bytes(b"part")
    then = old.stat().st_mtime - STALE_S - 1
    os.utime(old, (then, then))
    with pytest.raises(EngineError):
        prepare_model(source, cache, converter=converter("bug"))
    assert not old.exists()
    assert new.exists()


@pytest.mark.parametrize("generation", ["", f"-{GENERATION - 1}"])
def test_what_an_earlier_converter_made_is_not_used_and_removed(source, tmp_path, converter, monkeypatch, generation):
    cache, module = tmp_path / "cache", converter("well")
    with monkeypatch.context() as patch:
        patch.setattr("daemon.model._place", lambda cache, sha256: cache / f"{sha256}{generation}.tflite")
        earlier = prepare_model(source, cache, converter=module)
        assert cached_model(source, cache) == earlier
    (cache / "notes.json").write_text("mine")
    later = cache / f"{'ab' * 32}-{GENERATION + 1}.tflite"
    later.write_bytes(b"of a later version")
    assert cached_model(source, cache) is None
    made = prepare_model(source, cache, converter=module)
    assert made != earlier
    assert set(cache.iterdir()) == {made, made.with_suffix(".json"), cache / "notes.json", later}


@pytest.mark.slow
def test_a_new_temperature_beside_the_model_is_taken_over(keras_models, converted_model, tmp_path):
    source = tmp_path / "MNIST.h5"
    shutil.copy(keras_models / "MNIST.h5", source)
    record = {"name": "cnn", "files": {"MNIST.h5": sha256_of(source)}, "temperature": 1.7}
    source.with_suffix(".json").write_text(json.dumps(record))
    assert load_classifier(prepare_model(source, converted_model.parent.parent / "other")).info.temperature == 1.7
    assert cached_model(source, converted_model.parent) is None
