"""Readings, networks and pages that the tests of recognition work on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

import cv2
import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from config.shipped import shipped_companions, shipped_model
from recognition.classify import CLASSES, NOT_A_DIGIT, Classifier, load_classifier
from recognition.components import Component, make_component
from recognition.normalize import normalize
from recognition.page import read_document
from recognition.params import RecognitionParams
from recognition.reader import Reader, load_reader
from recognition.reading import Reading
from recognition.types import BoundingBox, Document, Number

TESTS = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def mnist() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """400 images uint8 (400, 28, 28) of MNIST's test split, and their labels."""
    with np.load(TESTS / "data" / "mnist_sample.npz") as arrays:
        return arrays["images"], arrays["labels"]


@pytest.fixture(scope="session")
def mnist_pieces(mnist: tuple[NDArray[np.uint8], NDArray[np.uint8]]) -> list[Component]:
    """The ink of these images, three times as large."""
    grown = [cv2.resize(image, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC) for image in mnist[0]]
    return [_piece_of(np.where(image > 80, 255, 0).astype(np.uint8)) for image in grown]


@pytest.fixture(scope="session")
def draw_strokes() -> Callable[..., Component]:
    """Draws a piece of ink: strokes through points (x, y) on a page."""
    return _draw_strokes


Strokes = Sequence[Sequence[tuple[float, float]]]


def _draw_strokes(strokes: Strokes, pen_px: int = 7, scale: float = 1.0) -> Component:
    page = np.zeros((140, 140), np.uint8)
    for points in strokes:
        at = np.rint((np.array(points) * scale + 20) * 8).astype(np.int32)
        cv2.polylines(page, [at], False, 255, pen_px, cv2.LINE_8, 3)
    return _piece_of(page)


def _piece_of(page: NDArray[np.uint8]) -> Component:
    x, y, width, height = cv2.boundingRect(page)
    piece = make_component(page[y : y + height, x : x + width].copy(), x, y, page)
    assert piece is not None
    return piece


NUMBERS = ["4702", "58", "310"]


@pytest.fixture(scope="session")
def read_with_behind(sample_pages: ModuleType, reader: Reader) -> Callable[[Strokes], tuple[list[str], list[str]]]:
    """Writes numbers with strokes behind each, given in halves of a pixel; returns the numbers, and what is read.

    What wants review has a question mark behind it.
    """

    def read(strokes: Strokes) -> tuple[list[str], list[str]]:
        hand = sample_pages.Hand(np.random.default_rng(8), sample_pages.Digits.load(), (340, 420))
        for row, text in enumerate(NUMBERS):
            hand.write(text, 30, 30 + 100 * row, 45)
            right = int(np.flatnonzero(hand.ink[100 * row : 100 * (row + 1)].any(axis=0)).max())
            for points in strokes:
                at = np.rint((np.array(points) * 0.5 + (right + 18, 30 + 100 * row)) * 8).astype(np.int32)
                cv2.polylines(hand.ink, [at], False, 1, 5, cv2.LINE_AA, 3)
        pixels = sample_pages.inked(np.full((340, 420, 3), 240, np.uint8), hand.ink, (60, 40, 40))
        data = cv2.imencode(".png", np.rint(pixels).astype(np.uint8))[1].tobytes()
        numbers = read_document(data, reader, RecognitionParams()).pages[0].numbers
        return NUMBERS, [number.text + "?" * number.needs_review for number in numbers]

    return read


@pytest.fixture(scope="session")
def classifier() -> Classifier:
    """The network that digitdrop comes with."""
    return load_classifier(shipped_model())


@pytest.fixture(scope="session")
def ink_reader(classifier: Classifier) -> Reader:
    """What reads the ink alone, for pieces whose surroundings are no page."""
    return Reader(classifier)


@pytest.fixture(scope="session")
def reader() -> Reader:
    """The networks that digitdrop comes with."""
    return load_reader(shipped_model(), *shipped_companions())


@pytest.fixture(scope="session")
def make_reading() -> Callable[..., Reading]:
    """Makes a reading as the network might have given it, of a piece that fills its box."""
    return _make_reading


def _make_reading(
    digit: int,
    box: tuple[int, int, int, int],
    confidence: float = 0.99,
    *,
    rubbish: float = 0.0,
    darkness: float = 200.0,
    touching: bool = False,
) -> Reading:
    probabilities = np.full(CLASSES, (1 - confidence - rubbish) / (CLASSES - 2), np.float32)
    probabilities[[digit, NOT_A_DIGIT]] = confidence, rubbish
    bbox = BoundingBox(*box)
    mask = np.full((bbox.height, bbox.width), 255, np.uint8)
    return Reading(Component(bbox, mask, mask.size, darkness), probabilities, normalize(mask), probabilities, touching)


@pytest.fixture(scope="session")
def drawn_five() -> NDArray[np.uint8]:
    """A page uint8 (100, 100) with the body of a 5 and, a pen's lift away, its top bar: ink is 255."""
    page = np.zeros((100, 100), np.uint8)
    body = np.array([(42, 26), (40, 46), (52, 43), (60, 50), (61, 62), (53, 71), (40, 72), (34, 68)])
    cv2.polylines(page, [body], False, 255, 5, cv2.LINE_AA)
    cv2.line(page, (51, 25), (66, 23), 255, 5, cv2.LINE_AA)
    return page


@pytest.fixture(scope="session")
def touching(sample_pages: ModuleType) -> Callable[[str, int], NDArray[np.float32]]:
    """Draws ink float32 (120, 240) of two digits 60 px high, the second moved to the left until they touch."""

    def draw(pair: str, seed: int) -> NDArray[np.float32]:
        rng, digits = np.random.default_rng(seed), sample_pages.Digits.load()
        first, second = (sample_pages.Hand(rng, digits, (120, 240)) for _ in pair)
        first.write(pair[0], 30, 30, 60)
        second.write(pair[1], 120, 30, 60)
        for shift in range(110):
            ink = np.maximum(first.ink, np.roll(second.ink, -shift, axis=1))
            count, _ = cv2.connectedComponents(np.where(ink > 0.4, np.uint8(255), np.uint8(0)))
            if count == 2:  # the paper is one
                return ink
        raise AssertionError("they never touched")

    return draw


@pytest.fixture
def note(sample_pages: ModuleType) -> Callable[..., NDArray[np.uint8]]:
    """Draws a page of numbers, each with its upper left corner: blue, green, red, uint8 (height, width, 3)."""

    def draw(
        *numbers: tuple[str, int, int], shape: tuple[int, int] = (300, 600), height_px: int = 50
    ) -> NDArray[np.uint8]:
        hand = sample_pages.Hand(np.random.default_rng(4), sample_pages.Digits.load(), shape)
        for text, x, y in numbers:
            hand.write(text, x, y, height_px)
        paper = np.full((*shape, 3), 240, np.uint8)
        return np.rint(sample_pages.inked(paper, hand.ink, (60, 40, 40))).astype(np.uint8)

    return draw


@pytest.fixture(scope="session")
def read_pixels() -> Callable[..., Document]:
    """Reads a page as a file that holds nothing else."""
    return _read_pixels


@pytest.fixture(scope="session")
def numbers_on() -> Callable[..., tuple[Number, ...]]:
    """Reads a page, and gives the numbers on it."""

    def read(pixels: NDArray[np.uint8], reader: Reader, params: RecognitionParams | None = None) -> tuple[Number, ...]:
        (page,) = _read_pixels(pixels, reader, params).pages
        return page.numbers

    return read


def _read_pixels(pixels: NDArray[np.uint8], reader: Reader, params: RecognitionParams | None = None) -> Document:
    data = cv2.imencode(".png", np.ascontiguousarray(pixels))[1].tobytes()
    return read_document(data, reader, params or RecognitionParams())


WriteModel = Callable[..., Path]


@pytest.fixture
def write_model(tmp_path: Path) -> WriteModel:
    """Writes a network of one layer as .tflite, with its facts beside it, and returns the path of the .tflite."""

    def write(
        bias: Sequence[float] = (0.0,) * CLASSES,
        weights: NDArray[np.float32] | None = None,
        *,
        name: str = "tiny",
        side_px: int = 28,
        temperature: float = 1.0,
        **facts: object,
    ) -> Path:
        path = tmp_path / f"{name}.tflite"
        matrix = np.zeros((len(bias), side_px * side_px), np.float32) if weights is None else weights
        path.write_bytes(tflite_bytes(matrix, np.array(bias, np.float32), side_px))
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        stated = {"name": name, "sha256": sha256, "classes": len(bias), "temperature": temperature, **facts}
        path.with_suffix(".json").write_text(json.dumps(stated))
        return path

    return write


@pytest.fixture
def certain(write_model: WriteModel) -> Callable[..., Reader]:
    """Makes a network that gives the same probabilities for whatever it sees."""

    def make(digit: int, confidence: float, rubbish: float = 0.0) -> Classifier:
        probabilities = _make_reading(digit, (0, 0, 1, 1), confidence, rubbish=rubbish).probabilities
        bias = np.log(np.maximum(probabilities, 1e-9))
        return load_reader(write_model(bias.tolist(), name=f"certain-{digit}-{confidence}-{rubbish}"))

    return make


def tflite_bytes(weights: NDArray[np.float32], bias: NDArray[np.float32], side_px: int) -> bytes:
    """softmax(weights @ pixels + bias) of an image (1, side_px, side_px, 1), as a LiteRT model."""
    classes = len(bias)
    shapes = {
        "image": [1, side_px, side_px, 1],
        "weights": list(weights.shape),
        "bias": [classes],
        "logits": [1, classes],
        "probabilities": [1, classes],
    }
    contents = {"weights": weights, "bias": bias}
    model = schema.ModelT()
    model.version = 3
    model.buffers = [schema.BufferT()]  # the first one is empty by convention
    graph = schema.SubGraphT()
    graph.tensors = []
    for name, shape in shapes.items():
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type = name.encode(), shape, schema.TensorType.FLOAT32
        tensor.buffer = 0
        if name in contents:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(contents[name].astype(np.float32).tobytes(), np.uint8)
            model.buffers.append(buffer)
            tensor.buffer = len(model.buffers) - 1
        graph.tensors.append(tensor)
    dense, softmax = schema.FullyConnectedOptionsT(), schema.SoftmaxOptionsT()
    softmax.beta = 1.0
    steps = (
        (schema.BuiltinOperator.FULLY_CONNECTED, schema.BuiltinOptions.FullyConnectedOptions, dense, [0, 1, 2], [3]),
        (schema.BuiltinOperator.SOFTMAX, schema.BuiltinOptions.SoftmaxOptions, softmax, [3], [4]),
    )
    model.operatorCodes, graph.operators = [], []
    for index, (kind, options_kind, options, inputs, outputs) in enumerate(steps):
        code = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = kind
        code.version = 1
        model.operatorCodes.append(code)
        operator = schema.OperatorT()
        operator.opcodeIndex, operator.inputs, operator.outputs = index, inputs, outputs
        operator.builtinOptionsType, operator.builtinOptions = options_kind, options
        graph.operators.append(operator)
    graph.inputs, graph.outputs = [0], [4]
    model.subgraphs = [graph]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())
