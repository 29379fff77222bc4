"""Pictures, and real files of every kind."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

from recognition.errors import UnreadableImageError
from recognition.load import load_pages
from recognition.params import LoadParams

Encode = Callable[..., bytes]

QUADRANTS = ((0, 0, "red"), (1, 0, "lime"), (0, 1, "blue"), (1, 1, "white"))
"""A picture that looks different in each of the eight orientations."""

TO_STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""What a camera held in that orientation has stored of an upright scene."""


class Samples(dict[str, bytes]):
    """Files by their kind's name, which hypothesis prints in short."""

    def __repr__(self) -> str:
        return "samples"


def _draw(width: int = 96, height: int = 64) -> Image.Image:
    image = Image.new("RGB", (width, height))
    for column, row, color in QUADRANTS:
        corner = (column * width // 2, row * height // 2)
        image.paste(color, (*corner, corner[0] + width // 2, corner[1] + height // 2))
    return image


def _assert_upright(pixels: np.ndarray, tolerance: int = 60) -> None:
    assert pixels.dtype == np.uint8
    assert pixels.shape == (64, 96, 3)
    colors = {"red": (0, 0, 255), "lime": (0, 255, 0), "blue": (255, 0, 0), "white": (255, 255, 255)}
    for column, row, color in QUADRANTS:
        seen = pixels[16 + 32 * row, 24 + 48 * column].astype(int)
        assert np.abs(seen - colors[color]).max() <= tolerance, f"{color} is {seen} at column {column}, row {row}"


@pytest.fixture
def picture() -> Image.Image:
    """96 x 64, the quadrants red, lime, blue, white; a new one each time: Pillow leaves things in what it saves."""
    return _draw()


@pytest.fixture(scope="session")
def encode(sample_files: ModuleType) -> Encode:
    function: Encode = sample_files.encode
    return function


@pytest.fixture(scope="session")
def assert_upright() -> Callable[..., None]:
    return _assert_upright


@pytest.fixture(scope="session")
def only_page() -> Callable[..., np.ndarray]:
    """(data, its limits) -> the pixels of the one page that a file has."""

    def load(data: bytes, params: LoadParams | None = None) -> np.ndarray:
        (page,) = load_pages(data, params or LoadParams())
        assert page.page == 1
        assert page.pixels.flags.writeable
        return page.pixels

    return load


@pytest.fixture(scope="session")
def refusal() -> Callable[..., UnreadableImageError]:
    """(data, its limits) -> the error with which a file is refused."""

    def load(data: bytes, params: LoadParams | None = None) -> UnreadableImageError:
        with pytest.raises(UnreadableImageError) as caught:
            list(load_pages(data, params or LoadParams()))
        return caught.value

    return load


@pytest.fixture(scope="session")
def stored() -> Callable[[Image.Image, int], Image.Image]:
    """(upright picture, EXIF orientation) -> the picture as it stands in the file."""

    def turn(image: Image.Image, orientation: int) -> Image.Image:
        method = TO_STORED[orientation]
        return image if method is None else image.transpose(method)

    return turn


@pytest.fixture(scope="session")
def make_pdf() -> Callable[..., bytes]:
    """A hand-written PDF of pages of a size in points, each with a content stream; more objects may be added."""

    def write(
        *contents: str, size: tuple[float, float] = (288, 192), page: str = "", catalog: str = "", more: str = ""
    ) -> bytes:
        kids = " ".join(f"{10 + 2 * index} 0 R" for index in range(len(contents)))
        objects = [
            f"1 0 obj <</Type/Catalog/Pages 2 0 R {catalog}>> endobj",
            f"2 0 obj <</Type/Pages/Count {len(contents)}/Kids[{kids}]>> endobj",
            more,
        ]
        for index, content in enumerate(contents):
            number = 10 + 2 * index
            box = f"/MediaBox[0 0 {size[0]} {size[1]}]"
            objects.append(f"{number} 0 obj <</Type/Page/Parent 2 0 R{box}/Contents {number + 1} 0 R {page}>> endobj")
            objects.append(f"{number + 1} 0 obj <</Length {len(content)}>> stream\n{content}\nendstream endobj")
        body = "%PDF-1.7\n" + "\n".join(objects) + "\n"
        # Readers rebuild the table of objects when there is none, as they do for many a real file.
        return (body + "trailer <</Root 1 0 R/Size 100>>\nstartxref\n0\n%%EOF\n").encode("ascii")

    return write


@pytest.fixture(scope="session")
def samples(sample_files: ModuleType) -> Samples:
    """One small whole file of every kind, by the kind's name."""
    picture = _draw()
    noise = np.random.default_rng(7).integers(0, 40, (64, 96, 3), dtype=np.uint8)
    speckled = Image.fromarray(np.maximum(np.asarray(picture), noise))
    return Samples(sample_files.in_every_format(speckled, picture))
