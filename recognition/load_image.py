"""Decodes pictures: libjpeg-turbo and OpenCV where they are fastest and give the same, Pillow for every other kind.

Headers are always parsed by Pillow's class of that one format, never by trying all formats it knows.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import BmpImagePlugin, GifImagePlugin, Image, JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin
from PIL.ImageFile import ImageFile

from recognition import jpeg_damage, refusals
from recognition.completeness import png_chunks
from recognition.decoded import Decoded
from recognition.deep_color import is_deep, joined, swap_bytes
from recognition.formats import Format, is_whole
from recognition.modes import to_bgr
from recognition.orientation import UPRIGHT, orientation_of, upright
from recognition.params import MAX_SIDE_PX, LoadParams

_OPENERS: dict[Format, Callable[[BytesIO], ImageFile]] = {
    Format.JPEG: JpegImagePlugin.JpegImageFile,
    Format.PNG: PngImagePlugin.PngImageFile,
    Format.BMP: BmpImagePlugin.BmpImageFile,
    Format.WEBP: WebPImagePlugin.WebPImageFile,
    Format.GIF: GifImagePlugin.GifImageFile,
    Format.TIFF: TiffImagePlugin.TiffImageFile,
}

_FAST_MODES = {Format.JPEG: frozenset({"L", "RGB"}), Format.PNG: frozenset({"1", "L", "RGB", "P"})}
"""What libjpeg-turbo and OpenCV decode to the same pixels as Pillow, without transparency, and far faster."""

_TURNED_BY_EXIF = frozenset({Format.JPEG, Format.PNG, Format.WEBP})
"""Pillow applies TIFF's own orientation tag, libheif HEIC's transformations, beside which its EXIF does not count."""

_UPPER_HALF = 128
"""Of a sample's upper byte: what uses all bits of its samples reaches it."""

_SUBFILE_TYPE, _REDUCED, _MASK = 254, 1, 4
_COMPRESSION, _JPEG_COMPRESSION, _JPEG_TABLES = 259, 7, 347
_PARTS = ((273, 279), (324, 325))
"""Tags of the offsets and the byte counts of strips, and of tiles."""


def decode(data: bytes, kind: Format, params: LoadParams) -> Iterator[Decoded]:
    """Yields each page, upright; one, but for a multi-page TIFF.

    Raises:
        UnreadableImageError: damaged, incomplete, or over a limit.
    """
    opener = _opener(kind)
    with _decoding(data, kind):
        image = opener(BytesIO(data))
    with image:
        _check_size(image, params)
        if not is_whole(data):
            raise refusals.incomplete(kind, data)
        frames = _pages(image, data, params) if isinstance(image, TiffImagePlugin.TiffImageFile) else [0]
        for number, frame in enumerate(frames, start=1):
            with refusals.naming_page(number, len(frames)), _decoding(data, kind):
                if frame:
                    image.seek(frame)
                    _check_size(image, params)
                decoded = _decode_frame(image, data, kind, params)
            yield decoded


def _opener(kind: Format) -> Callable[[BytesIO], ImageFile]:
    if kind is Format.HEIC:
        from pillow_heif.as_plugin import HeifImageFile  # 3 MB in each worker, and phones alone send such pictures

        opener: Callable[[BytesIO], ImageFile] = HeifImageFile
        return opener
    return _OPENERS[kind]


def _pages(image: TiffImagePlugin.TiffImageFile, data: bytes, params: LoadParams) -> list[int]:
    """The frames of a TIFF that are pages: neither thumbnails nor transparency masks."""
    with _decoding(data, Format.TIFF):
        count = image.n_frames
        if count > params.max_pages:
            raise refusals.too_many_pages(count, params)
        pages = [frame for frame in range(count) if not _subfile_type(image, frame) & (_REDUCED | _MASK)]
        if not pages:
            raise refusals.unsupported(Format.TIFF, "thumbnails only, as a camera's raw pictures do")
        image.seek(pages[0])
        _check_size(image, params)
        return pages


def _subfile_type(image: TiffImagePlugin.TiffImageFile, frame: int) -> int:
    image.seek(frame)
    value = image.tag_v2.get(_SUBFILE_TYPE, 0)
    return value if isinstance(value, int) else 0


def _check_size(image: ImageFile, params: LoadParams) -> None:
    if image.width * image.height > params.max_megapixels * 1e6:
        raise refusals.too_large(image.width, image.height, params)
    if max(image.width, image.height) > MAX_SIDE_PX:
        raise refusals.too_long(image.width, image.height)


def _decode_frame(image: ImageFile, data: bytes, kind: Format, params: LoadParams) -> Decoded:
    notes: list[str] = []
    if kind is not Format.TIFF and getattr(image, "is_animated", False):
        notes.append(f"the {kind} holds several pictures: only the first was read")
    orientation = _orientation(image, data, kind, notes) if kind in _TURNED_BY_EXIF else UPRIGHT
    fast = image.mode in _FAST_MODES.get(kind, ()) and "transparency" not in image.info
    deep = is_deep(image)
    damaged = False
    pixels = None
    if fast and kind is Format.JPEG:
        pixels, damaged = _decode_jpeg(data, notes)
    if fast and pixels is None:
        pixels = _decode_fast(image, data)
    if pixels is None:
        damaged = jpeg_damage.check(_jpegs(image, data, kind), kind, params, notes)
        pixels = to_bgr(image, kind)
    if deep and int(pixels.max()) < _UPPER_HALF:  # cameras of 10 and 12 bits say 16
        pixels = joined(pixels, _lower_bytes(image.tell(), data, kind))
    return Decoded(upright(pixels, orientation), tuple(notes), damaged)


def _jpegs(image: ImageFile, data: bytes, kind: Format) -> Iterator[bytes]:
    """The JPEGs of which a picture's current frame is made: a file of its own, or the strips or tiles of a TIFF."""
    if kind is Format.JPEG:
        yield data
    if not isinstance(image, TiffImagePlugin.TiffImageFile) or image.tag_v2.get(_COMPRESSION) != _JPEG_COMPRESSION:
        return
    tables = image.tag_v2.get(_JPEG_TABLES, b"")
    left = len(data)
    for starts, counts in _PARTS:
        for start, count in zip(image.tag_v2.get(starts, ()), image.tag_v2.get(counts, ()), strict=False):
            left -= count
            if left < 0:  # strips that overlap, and would take any time
                return
            yield jpeg_damage.whole(tables, data[start : start + count])


def _lower_bytes(frame: int, data: bytes, kind: Format) -> NDArray[np.uint8]:
    with _opener(kind)(BytesIO(data)) as image:
        image.seek(frame)
        swap_bytes(image)
        return to_bgr(image, kind)


def _decode_jpeg(data: bytes, notes: list[str]) -> tuple[NDArray[np.uint8] | None, bool]:
    """The pixels, and whether parts of them may be missing; refuses those of which parts are.

    None for what is unusual in another way: OpenCV and Pillow decode it, or say why they do not.
    """
    try:
        return np.asarray(simplejpeg.decode_jpeg(data, "BGR"), np.uint8), False
    except ValueError as error:
        said = str(error)
    if not jpeg_damage.is_doubtful(said, Format.JPEG, notes):
        return None, False
    return np.asarray(simplejpeg.decode_jpeg(data, "BGR", strict=False), np.uint8), True


def _decode_fast(image: ImageFile, data: bytes) -> NDArray[np.uint8] | None:
    """OpenCV's decoding, None where it gives up: Pillow then says why, or manages."""
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if pixels is None or pixels.shape != (image.height, image.width, 3):
        return None
    return np.asarray(pixels, dtype=np.uint8)


def _orientation(image: ImageFile, data: bytes, kind: Format, notes: list[str]) -> int:
    """EXIF's orientation; EXIF data that cannot be parsed is noted and leaves the picture as it is stored."""
    # Not by Pillow's getexif: it keeps silent about what it cannot parse in a JPEG, and to look behind a PNG's pixels
    # it decodes them all.
    content = image.info.get("exif", b"")
    if kind is Format.PNG and not content:
        content = dict(png_chunks(data)).get(b"eXIf", b"")
    exif = Image.Exif()
    try:
        exif.load(content)
        return orientation_of(exif)
    except Exception as error:  # noqa: BLE001 (Pillow's parser raises anything on hostile bytes; they are noted)
        notes.append(f"the EXIF data is damaged ({error}): the picture was read as it is stored, perhaps on its side")
        return UPRIGHT


@contextmanager
def _decoding(data: bytes, kind: Format) -> Iterator[None]:
    """Refuses what cannot be decoded, and keeps Pillow's warnings to itself.

    Pillow's own limit on pixels is lifted meanwhile: ours, from the configuration, is checked before decoding.
    """
    limit = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None
    try:
        with refusals.refusing_damage(data, kind), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = limit
