"""Draws pages as digitdrop gets them, with what is written on them: for the demo and for the end-to-end tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Layer = NDArray[np.float32]

SAMPLE = Path(__file__).parent / "data" / "mnist_sample.npz"

BLUE_INK = (120, 55, 30)  # blue, green, red
BLACK_INK = (45, 40, 40)
GRAPHITE = (128, 126, 124)


@dataclass(frozen=True, slots=True)
class Digits:
    """Handwritten digits to draw with.

    Attributes:
        images: uint8 (n, 28, 28), ink bright.
        labels: uint8 (n,), 0 to 9.
    """

    images: Pixels
    labels: Pixels

    @classmethod
    def load(cls, path: Path = SAMPLE) -> Digits:
        """The sample of MNIST that stands beside the tests."""
        with np.load(path) as arrays:
            return cls(arrays["images"], arrays["labels"])


@dataclass(frozen=True, slots=True)
class DrawnPage:
    """A page and its truth.

    Attributes:
        pixels: uint8 (height, width, 3), blue, green, red.
        lines: the numbers of each line of writing, in reading order.
    """

    pixels: Pixels
    lines: tuple[tuple[str, ...], ...]


class Hand:
    """Writes numbers with one pen on a layer of ink.

    Args:
        rng: where chance comes from.
        digits: to write with.
        shape: (height, width) of the page.

    Attributes:
        ink: float32 (height, width), 0 bare to 1 inked.
    """

    def __init__(self, rng: np.random.Generator, digits: Digits, shape: tuple[int, int]) -> None:
        self._rng = rng
        self._digits = digits
        self.ink: Layer = np.zeros(shape, np.float32)

    def write(self, text: str, x: float, y: float, height_px: float, gap: tuple[float, float] = (0.12, 0.22)) -> None:
        """Writes a number with its upper left corner at (x, y); the least and the widest gap in digits' heights."""
        for character in text:
            glyph = self._glyph(int(character), height_px * self._rng.uniform(0.94, 1.06))
            drop = self._rng.uniform(-0.05, 0.05) * height_px
            self.place(glyph, round(x), round(y + height_px - glyph.shape[0] + drop))
            x += glyph.shape[1] + height_px * self._rng.uniform(*gap)

    def write_into(self, digit: str, x: float, y: float, width_px: float, height_px: float) -> None:
        """Writes a digit into the middle of a box, filling about three fifths of its height."""
        glyph = self._glyph(int(digit), 0.6 * height_px)
        self.place(glyph, round(x + (width_px - glyph.shape[1]) / 2), round(y + (height_px - glyph.shape[0]) / 2))

    def place(self, glyph: Layer, x: int, y: int) -> None:
        """Puts ink down at (x, y), all of which lies on the page."""
        part = self.ink[y : y + glyph.shape[0], x : x + glyph.shape[1]]
        np.maximum(part, glyph, out=part)

    def _glyph(self, digit: int, height_px: float) -> Layer:
        image = self._digits.images[self._rng.choice(np.flatnonzero(self._digits.labels == digit))]
        rows, columns = np.nonzero(image > 80)
        tight = image[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1].astype(np.float32) / 255
        scale = height_px / tight.shape[0]
        size = (max(3, round(tight.shape[1] * scale)), max(3, round(height_px)))
        grown = cv2.resize(np.pad(tight, 1), size, interpolation=cv2.INTER_CUBIC)
        return np.clip((grown - 0.25) * 2.2, 0, 1).astype(np.float32)  # a pen's edge is sharper than MNIST's


def log_sheet(rng: np.random.Generator, digits: Digits) -> DrawnPage:
    """A scanned log sheet: ruled lines, a red margin, three columns of readings in blue ink."""
    height, width, pitch = 1754, 1240, 92
    page = paper(rng, height, width, (236, 243, 246))
    for y in range(190, height - 60, pitch):
        cv2.line(page, (0, y), (width, y), (212, 190, 168), 2)
    cv2.line(page, (150, 0), (150, height), (150, 150, 222), 2)
    hand = Hand(rng, digits, (height, width))
    lines = []
    for y in range(190 + pitch, height - 160, pitch):
        numbers = tuple(number(rng, length) for length in (2, 4, 3))
        for text, x in zip(numbers, (200, 480, 870), strict=True):
            hand.write(text, x + rng.uniform(-12, 12), y - 62, 52)
        lines.append(numbers)
    return DrawnPage(grain(rng, inked(page, hand.ink, BLUE_INK), 3), tuple(lines))


def photo(rng: np.random.Generator, digits: Digits) -> DrawnPage:
    """A note on a desk, photographed at a slant, with the shadow of a hand across it."""
    height, width = 1200, 1500
    note = paper(rng, height, width, (225, 232, 235))
    hand = Hand(rng, digits, (height, width))
    lines = []
    for y in range(130, height - 180, 150):
        numbers = tuple(number(rng, int(rng.integers(2, 6))) for _ in range(3))
        for text, x in zip(numbers, (140, 580, 1020), strict=True):
            hand.write(text, x + rng.uniform(-15, 15), y + rng.uniform(-6, 6), 72)
        lines.append(numbers)
    desk = paper(rng, 1350, 1750, (58, 74, 96))
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    seen = np.array([[170, 90], [1590, 60], [1660, 1270], [95, 1240]], np.float32)
    turn = cv2.getPerspectiveTransform(corners, seen)
    size = (desk.shape[1], desk.shape[0])
    lying = cv2.warpPerspective(inked(note, hand.ink, BLACK_INK), turn, size, flags=cv2.INTER_AREA)
    cover = cv2.warpPerspective(np.ones((height, width), np.float32), turn, size)[..., None]
    picture = shaded(rng, desk * (1 - cover) + lying * cover)
    return DrawnPage(grain(rng, cv2.GaussianBlur(picture, (0, 0), 0.9), 5), tuple(lines))


def boxed_form(rng: np.random.Generator, digits: Digits) -> DrawnPage:
    """A form with a box for every digit, filled in with black ink."""
    height, width, side = 1100, 1300, 76
    page = paper(rng, height, width, (248, 248, 248))
    hand = Hand(rng, digits, (height, width))
    lines = []
    for y in range(110, height - 150, 150):
        numbers = tuple(number(rng, length) for length in (6, 4))
        for text, x in zip(numbers, (110, 770), strict=True):
            for index, digit in enumerate(text):
                left = x + index * side
                cv2.rectangle(page, (left, y), (left + side, y + 96), (110, 110, 110), 2)
                hand.write_into(digit, left, y, side, 96)
        lines.append(numbers)
    return DrawnPage(grain(rng, inked(page, hand.ink, BLACK_INK), 2), tuple(lines))


def pencil_page(rng: np.random.Generator, digits: Digits) -> DrawnPage:
    """A page of pencil: thin, grey, and paler in places."""
    height, width = 1000, 1400
    page = paper(rng, height, width, (226, 236, 240))
    hand = Hand(rng, digits, (height, width))
    lines = []
    for y in range(90, height - 130, 120):
        numbers = tuple(number(rng, int(rng.integers(1, 6))) for _ in range(4))
        for text, x in zip(numbers, (90, 420, 750, 1080), strict=True):
            hand.write(text, x + rng.uniform(-10, 10), y, 50)
        lines.append(numbers)
    thin = cv2.erode(hand.ink, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2, 2)))
    pressure = 0.75 + 0.25 * cloud(rng, (height, width), 160)
    return DrawnPage(grain(rng, inked(page, thin * pressure, GRAPHITE), 4), tuple(lines))


def plain_page(
    rng: np.random.Generator, digits: Digits, *, dpi: int = 150, gap: tuple[float, float] = (0.12, 0.22)
) -> DrawnPage:
    """A scanned A4 sheet of 6.5 mm digits in black ink: 25 lines of four numbers, about 400 digits."""
    px_per_mm = dpi / 25.4
    height, width = round(297 * px_per_mm), round(210 * px_per_mm)
    hand = Hand(rng, digits, (height, width))
    lines = []
    for row in range(25):
        numbers = tuple(number(rng, int(rng.integers(3, 6))) for _ in range(4))
        for column, text in enumerate(numbers):
            x, y = 14 + 47 * column + rng.uniform(-2, 2), 14 + 10.8 * row + rng.uniform(-0.5, 0.5)
            hand.write(text, x * px_per_mm, y * px_per_mm, 6.5 * px_per_mm, gap)
        lines.append(numbers)
    page = paper(rng, height, width, (240, 244, 246))
    return DrawnPage(grain(rng, inked(page, hand.ink, BLACK_INK), 3), tuple(lines))


def touching_page(rng: np.random.Generator, digits: Digits) -> DrawnPage:
    """A plain page written so narrowly that many digits touch."""
    return plain_page(rng, digits, gap=(-0.2, -0.05))


PAGES: dict[str, Callable[[np.random.Generator, Digits], DrawnPage]] = {
    "log-sheet.jpg": log_sheet,
    "photo.jpg": photo,
    "form.png": boxed_form,
    "pencil.png": pencil_page,
}


def small_page(rng: np.random.Generator, digits: Digits) -> bytes:
    """A JPEG of 800x600 with four handwritten numbers on it."""
    hand = Hand(rng, digits, (600, 800))
    for y in (60, 190, 320, 450):
        hand.write(number(rng, 5), 90, y, 70)
    page = inked(paper(rng, 600, 800, (245, 245, 245)), hand.ink, BLACK_INK)
    return encode("small.jpg", DrawnPage(page.astype(np.uint8), ()))


def draw(name: str, seed: int = 0) -> DrawnPage:
    """The sample page of a name; the same for the same seed."""
    return PAGES[name](np.random.default_rng([seed, *name.encode()]), Digits.load())


def encode(name: str, page: DrawnPage) -> bytes:
    """The page as a file of the kind that its name says."""
    done, data = cv2.imencode(Path(name).suffix, page.pixels)
    assert done
    return data.tobytes()


def number(rng: np.random.Generator, length: int) -> str:
    """A number of so many digits, which may begin with zeros."""
    return "".join(map(str, rng.integers(0, 10, length)))


def paper(rng: np.random.Generator, height: int, width: int, color: tuple[int, int, int]) -> Pixels:
    """An empty sheet that is not equally bright everywhere."""
    tone = 1 - 0.05 * cloud(rng, (height, width), 300)[..., None]
    return (np.array(color, np.float32) * tone).astype(np.uint8)


def cloud(rng: np.random.Generator, shape: tuple[int, int], cell_px: int) -> Layer:
    """Smooth noise of 0 to 1, float32 (height, width)."""
    coarse = rng.random((shape[0] // cell_px + 2, shape[1] // cell_px + 2), np.float32)
    return np.clip(cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC), 0, 1).astype(np.float32)


def inked(page: Pixels, ink: Layer, color: tuple[int, int, int]) -> NDArray[np.float32]:
    """The page under a layer of ink, float32."""
    cover = 0.92 * ink[..., None]
    return page * (1 - cover) + np.array(color, np.float32) * cover


def shaded(rng: np.random.Generator, picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Light from one side, and a soft shadow from a corner."""
    height, width = picture.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    light = 1.0 - 0.28 * columns / width
    distance = np.hypot(rows - height * rng.uniform(0.85, 1.0), columns - width * rng.uniform(0.75, 0.95))
    shadow = 1 - 0.42 / (1 + np.exp((distance - 0.42 * width) / 35))
    return (picture * (light * shadow)[..., None]).astype(np.float32)


def grain(rng: np.random.Generator, picture: NDArray[np.float32], deviation: float) -> Pixels:
    """The picture as a sensor gives it."""
    noise = rng.normal(0, deviation, picture.shape[:2]).astype(np.float32)[..., None]
    return np.clip(picture + noise, 0, 255).astype(np.uint8)
