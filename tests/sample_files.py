"""Real files of every kind that can be read, made by the programs that people's files come from: Pillow, libheif."""

from __future__ import annotations

import io
import time
from typing import Any

import pillow_heif
from PIL import Image

NO_TIME = time.gmtime(0)
"""For files that are the same whenever they are made."""


def encode(image: Image.Image, kind: str, **options: Any) -> bytes:
    """The picture as a file of a kind that Pillow or libheif writes."""
    buffer = io.BytesIO()
    if kind == "HEIC":
        pillow_heif.from_pillow(image).save(buffer, quality=90, **options)
    else:
        image.save(buffer, "WEBP" if kind == "WebP" else kind, **options)
    return buffer.getvalue()


def in_every_format(image: Image.Image, second: Image.Image) -> dict[str, bytes]:
    """One whole file of every kind, by the kind's name, whose last word is the format's.

    Args:
        image: RGB.
        second: RGB, the second page where a kind has two.
    """
    files = {kind: encode(image, kind) for kind in ("JPEG", "PNG", "BMP", "WebP", "GIF", "TIFF", "HEIC")}
    files["PDF"] = encode(image, "PDF", creationDate=NO_TIME, modDate=NO_TIME)
    files["progressive JPEG"] = encode(image, "JPEG", progressive=True)
    files["LZW TIFF"] = encode(image, "TIFF", compression="tiff_lzw")
    files["fax TIFF"] = encode(image.convert("1"), "TIFF", compression="group4")
    files["big TIFF"] = encode(image, "TIFF", big_tiff=True)
    files["two-page TIFF"] = encode(image, "TIFF", save_all=True, append_images=[second])
    files["palette PNG"] = encode(image.convert("P"), "PNG")
    files["alpha WebP"] = encode(image.convert("RGBA"), "WebP", lossless=True)
    return files
