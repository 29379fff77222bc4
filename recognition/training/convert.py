"""Converts a Keras model of digits to LiteRT, with one input and output whatever the model's own are.

    python -m recognition.training.convert SRC DST

writes DST (.tflite) and the JSON beside it. It exits with 4 if SRC cannot be loaded or converted, with 3 if it is no
classifier of digits, and with 1 if DST cannot be written; one line on stderr says why.
"""

from __future__ import annotations

import contextlib
import io
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recognition.chatter import without_chatter
from recognition.errors import EXIT_MISMATCH, EXIT_UNREADABLE, ModelLoadError, ModelMismatchError
from recognition.training.backend import keras, tensorflow
from recognition.training.record import read_record, sha256_of, write_record, write_whole
from recognition.training.saved import load_model
from recognition.training.shapes import input_shape, output_classes

EXIT_FAILED = 1
EXIT_USAGE = 2

MAX_DIFFERENCE = 1e-4
"""Largest difference in a probability between Keras and LiteRT; float32 gives about 1e-6."""

MAX_QUANTIZED_DIFFERENCE = 0.02
"""Likewise of the mean over typical inputs with 8-bit integers; on MNIST's digits it is about 0.0006, and 0.01 on
strips of drawn numbers, where nothing is shown for the most part."""

CARRIED = ("command", "metrics", "temperature")
"""What of a trained model's record stays true of its conversion."""

PROBABILITIES = ["SOFTMAX", "LOGISTIC"]
"""What stays in floating point: in 256 steps, a probability of 0.99 would be one of 1."""

KEEPS_VALUES = ("Dropout", "Reshape", "Flatten", "ActivityRegularization", "Identity")
"""Layers that hand on, outside training, the values they get."""


def convert(
    source: Path,
    target: Path,
    samples: NDArray[np.float32] | None = None,
    record: Mapping[str, Any] | None = None,
) -> None:
    """Writes a model as .tflite, and the JSON beside it that `recognition.classify` asks for.

    The written model takes `images`, float32 (n, 28, 28, 1), 0 to 1 with the ink bright, for any n, and gives
    probabilities, float32 (n, classes).

    Args:
        source: a .keras, .h5 or .hdf5 file that takes (28, 28), (28, 28, 1) or (784,) and gives 10 or 11 classes, as
            probabilities or as logits.
        target: of the .tflite; an existing one is replaced.
        samples: typical images, float32 (n, 28, 28, 1); with them the model becomes one of 8-bit integers.
        record: of the source's training; None is the one that stands beside it.

    Raises:
        ModelLoadError: the source cannot be loaded or converted.
        ModelMismatchError: it is no classifier of digits.
    """
    model = canonical(load_model(source))
    content = to_litert(model, () if samples is None else (samples,))
    if samples is None:
        _check_agreement(model, content, source, _noise())
    else:
        check_quantized(model, content, (samples,))
    trained = read_record(source) if record is None else record
    write_whole(target, content)
    write_record(target.with_suffix(".json"), _sidecar(source, target, model, trained))


def canonical(model: keras.Model) -> keras.Model:
    """Wraps a model of digits so that it takes (n, 28, 28, 1) and gives probabilities.

    Args:
        model: as `convert` describes its source.

    Raises:
        ModelMismatchError: it is no classifier of digits.
    """
    shape = input_shape(model)
    output_classes(model)
    images = keras.Input((28, 28, 1), name="images")
    scores = model(keras.layers.Reshape(shape)(images), training=False)
    activation = _activation(model)
    if activation == "linear" and _are_probabilities(keras.Model(images, scores)(_noise(), training=False)):
        activation = "softmax"  # from an operation, or with something after it
    return keras.Model(images, _to_probabilities(scores, activation), name=model.name)


def to_litert(model: keras.Model, samples: Sequence[NDArray[np.float32]] = ()) -> bytes:
    """Converts a model to the content of a .tflite file.

    Args:
        model: with any inputs.
        samples: typical values of each input, (n, …); with them weights and activations become 8-bit integers, which
            computes about three times as fast (Jacob et al., arXiv 1712.05877); inputs and probabilities stay float32.

    Raises:
        ModelLoadError: the model uses what LiteRT does not have.
    """
    try:
        # from_keras_model describes on stdout what it does; from_concrete_functions would not, but its result for
        # Keras 3 models gives NaN (TensorFlow 2.21).
        with without_chatter(), contextlib.redirect_stdout(io.StringIO()):
            converter = tensorflow.lite.TFLiteConverter.from_keras_model(model)
            return bytes(_quantized(converter, samples) if samples else converter.convert())
    except Exception as error:  # TensorFlow raises what its layers and its compiler raise
        raise ModelLoadError(f"{model.name} cannot be converted to LiteRT: {error}") from error


def _quantized(converter: Any, samples: Sequence[NDArray[np.float32]]) -> bytes:
    def typical() -> Iterator[list[NDArray[np.float32]]]:
        return ([values[k : k + 1] for values in samples] for k in range(len(samples[0])))

    converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
    converter.representative_dataset = typical
    debug = tensorflow.lite.experimental
    options = debug.QuantizationDebugOptions(denylisted_ops=PROBABILITIES)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # inputs and outputs that stay float32 have no statistics
        debugger = debug.QuantizationDebugger(converter=converter, debug_dataset=typical, debug_options=options)
        return bytes(debugger.get_nondebug_quantized_model())


def _activation(model: keras.Model) -> str:
    layer = model.outputs[0]._keras_history.operation
    while type(layer).__name__ in KEEPS_VALUES:
        layer = layer.input._keras_history.operation
    if isinstance(layer, keras.Model):
        return _activation(layer)
    if isinstance(layer, keras.layers.Softmax):
        return "softmax"
    return getattr(getattr(layer, "activation", None), "__name__", "linear")


def _are_probabilities(scores: Any) -> bool:
    values = keras.ops.convert_to_numpy(scores)
    return bool((values >= 0).all() and np.allclose(values.sum(axis=1), 1, atol=1e-3))


def _to_probabilities(scores: Any, activation: str) -> Any:
    match activation:
        case "softmax":
            return scores
        case "linear" | "log_softmax":
            return keras.layers.Softmax()(scores)
        case "sigmoid":
            return scores / keras.ops.sum(scores, axis=-1, keepdims=True)
    raise ModelMismatchError(
        "a model of digits must end in softmax, log_softmax, sigmoid, or logits without an activation. "
        f"Received: {activation}"
    )


def _noise() -> NDArray[np.float32]:
    return np.random.default_rng(0).random((100, 28, 28, 1), np.float32)


def _check_agreement(model: keras.Model, content: bytes, source: Path, images: NDArray[np.float32]) -> None:
    difference = float(_differences(model, content, (images,)).max())
    if not difference <= MAX_DIFFERENCE:  # so that NaN fails too
        raise ModelLoadError(
            f"the conversion of {source} must give Keras' probabilities within {MAX_DIFFERENCE}. "
            f"Received: a difference of {difference}; save the model with another version of Keras"
        )


def check_quantized(model: keras.Model, content: bytes, samples: Sequence[NDArray[np.float32]]) -> None:
    """Compares a conversion to 8-bit integers with the model it was made of.

    Args:
        model: with any inputs.
        content: of the .tflite file.
        samples: typical values of each input, (n, …).

    Raises:
        ModelLoadError: the conversion does not give the model's probabilities.
    """
    difference = float(_differences(model, content, samples).mean())
    if not difference <= MAX_QUANTIZED_DIFFERENCE:
        raise ModelLoadError(
            f"the 8-bit integers of {model.name} must give Keras' probabilities within {MAX_QUANTIZED_DIFFERENCE} in "
            f"the mean. Received: a difference of {difference}; the Keras model is saved: train it on with --resume"
        )


def _differences(model: keras.Model, content: bytes, samples: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    expected = keras.ops.convert_to_numpy(model(samples[0] if len(samples) == 1 else list(samples), training=False))
    largest: NDArray[np.float32] = np.abs(run_litert(content, *samples) - expected).max(axis=-1)
    return largest


def run_litert(content: bytes, *inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Runs a converted model.

    Args:
        content: of the .tflite file.
        inputs: float32 (n, …) each, such as images (n, 28, 28, 1), 0 to 1; several are told apart by their shapes, as
            the conversion may have them in another order.

    Returns:
        Probabilities, float32 (n, …, classes).
    """
    from ai_edge_litert.interpreter import Interpreter

    with without_chatter():
        interpreter = Interpreter(model_content=content, num_threads=1)
        details = interpreter.get_input_details()
        [output] = interpreter.get_output_details()
        by_shape = {tuple(values.shape[1:]): values for values in inputs}
        given = inputs if len(inputs) == 1 else [by_shape[tuple(detail["shape"][1:])] for detail in details]
        for detail, values in zip(details, given, strict=True):
            interpreter.resize_tensor_input(detail["index"], values.shape)
        interpreter.allocate_tensors()
    for detail, values in zip(details, given, strict=True):
        interpreter.set_tensor(detail["index"], values)
    interpreter.invoke()
    probabilities: NDArray[np.float32] = interpreter.get_tensor(output["index"])
    return probabilities


def _sidecar(source: Path, target: Path, model: keras.Model, trained: Mapping[str, Any]) -> dict[str, Any]:
    # A record of the source that stands where the sidecar goes is added to, not lost.
    kept = trained if target.with_suffix(".json") == source.with_suffix(".json") else {}
    return {
        **kept,
        "name": trained.get("name", source.stem),
        "sha256": sha256_of(target),
        "source_sha256": sha256_of(source),
        "input": [28, 28, 1],
        "classes": model.output_shape[-1],
        "temperature": 1.0,
        "metrics": {},
        "command": "",
        **{key: trained[key] for key in CARRIED if key in trained},
    }


def main(arguments: Sequence[str]) -> int:
    """Runs the conversion as a command and returns its exit code."""
    if len(arguments) != 2:
        print("usage: python -m recognition.training.convert SRC DST", file=sys.stderr)
        return EXIT_USAGE
    try:
        convert(Path(arguments[0]), Path(arguments[1]))
    except ModelMismatchError as error:
        return _failed(error, EXIT_MISMATCH)
    except ModelLoadError as error:
        return _failed(error, EXIT_UNREADABLE)
    except OSError as error:
        return _failed(error, EXIT_FAILED)
    return 0


def _failed(error: Exception, code: int) -> int:
    print(" ".join(str(error).split()), file=sys.stderr)  # one line, whatever Keras wrote
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
