"""Finds typefaces on this machine, and sets text in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import matplotlib
import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from recognition.arrays import Field, Image

FOLDERS = (Path("/usr/share/fonts"), Path(matplotlib.get_data_path()) / "fonts" / "ttf")
HANDWRITING = (
    "becausewe", "breip", "comicneue", "delphine", "dkg", "ecolier", "femkeklaver", "humor", "isabella", "joscelyn",
    "kaushan", "klee", "kristi", "rufscript", "stevehand", "tomsontalks", "yuseimagic", "z003",
)  # fmt: skip
"""Beginnings of the names of typefaces that imitate a hand."""
HAIRLINES = ("hairline", "thin")
"""Likewise of those in whose strokes nothing that is printed on forms is set, and which a fine pen looks like."""
SYMBOLS = (
    "symbol",
    "d050000l",
    "dingbats",
    "euterpe",
    "stix",
    "cmex",
    "cmsy",
    "cmmi",
    "lastresort",
    "libertine_k",
    "_k",
)
"""Parts of the names of typefaces without letters."""


@dataclass(frozen=True, slots=True)
class Fonts:
    """Files of typefaces.

    Attributes:
        printed: of print and of typewriters.
        handwriting: that imitate a hand.
    """

    printed: tuple[Path, ...]
    handwriting: tuple[Path, ...]


def find_fonts(folders: Sequence[Path] = FOLDERS) -> Fonts:
    """Returns the TrueType and OpenType faces below the folders that have Latin letters and digits.

    matplotlib brings some printed faces; without others the sheets are poorer, which a training log should say.
    """
    files = sorted(path for folder in folders for suffix in ("ttf", "otf") for path in folder.rglob(f"*.{suffix}"))
    printed: list[Path] = []
    handwriting: list[Path] = []
    for path in files:
        name = path.stem.lower().replace("-", "")
        if any(part in name for part in (*SYMBOLS, *HAIRLINES)) or not _draws_text(path):
            continue
        (handwriting if name.startswith(HANDWRITING) else printed).append(path)
    return Fonts(tuple(printed), tuple(handwriting))


def set_text(text: str, font: Path, height_px: int) -> Field:
    """Returns a line of text as coverage.

    Args:
        text: one line.
        font: file of the face.
        height_px: of its capitals, about.

    Returns:
        float32 (height, width) in 0..1, cropped to its ink; 1x1 of zero when the face draws nothing.
    """
    face = _face(font, max(6, round(height_px * 1.4)))
    left, top, right, bottom = face.getbbox(text)
    size = max(1, int(right - left) + 8), max(1, int(bottom - top) + 8)
    picture = PillowImage.new("L", size, 0)
    ImageDraw.Draw(picture).text((4 - left, 4 - top), text, fill=255, font=face)
    return _tight(np.asarray(picture, np.uint8))


def _tight(picture: Image) -> Field:
    x, y, width, height = cv2.boundingRect(picture)
    if not width:
        return np.zeros((1, 1), np.float32)
    return picture[y : y + height, x : x + width].astype(np.float32) / np.float32(255)


@lru_cache(maxsize=512)
def _face(path: Path, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), size)


def _draws_text(path: Path) -> bool:
    try:
        face = ImageFont.truetype(str(path), 20)
        masks = [face.getmask(text) for text in ("a", "g", "0", "5", "8")]
        # Faces without a glyph draw nothing for it, or the same box for each.
        return all(mask.getbbox() for mask in masks) and len({bytes(mask) for mask in masks}) == len(masks)
    except OSError:  # damaged, or of a kind that FreeType does not know
        return False
