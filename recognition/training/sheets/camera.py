"""What scanners and cameras make of a sheet."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from recognition.arrays import Image, as_field, as_image
from recognition.training.sheets.sheet import CLUTTER

Owners = NDArray[np.int16]


def photograph(rng: np.random.Generator, page: Image, owner: Owners) -> tuple[Image, Owners]:
    """Returns a page as scanned or photographed, with the owners of its pixels moved along.

    Args:
        rng: source of chance.
        page: uint8 (height, width).
        owner: int16 (height, width), see `sheet.Sheet`.

    Returns:
        uint8 and int16 of one size, which may be another than before.
    """
    kind = rng.random()
    if kind < 0.3:  # a scan
        page, owner = _turned(rng, page, owner, max_deg=1.5, border=255 if rng.random() < 0.7 else 40)
    elif kind < 0.75:  # a photo of the page alone
        page, owner = _turned(rng, page, owner, max_deg=5, border=int(np.median(page)))
        page = lit(rng, page)
    else:  # a photo of the page on a table
        page, owner = on_table(rng, page, owner)
        page = lit(rng, page)
    if rng.random() < 0.5:
        page = as_image(cv2.GaussianBlur(page, (0, 0), rng.uniform(0.4, 1.6)))
    if rng.random() < 0.5:
        scale = rng.uniform(0.5, 1.1)
        size = (round(page.shape[1] * scale), round(page.shape[0] * scale))
        page = as_image(cv2.resize(page, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC))
        owner = np.asarray(cv2.resize(owner, size, interpolation=cv2.INTER_NEAREST), np.int16)
    noise = float(rng.choice([0.0, 2.5, 6.0, 10.0], p=[0.25, 0.4, 0.25, 0.1]))
    page = np.clip(page + rng.standard_normal(page.shape, np.float32) * np.float32(noise), 0, 255).astype(np.uint8)
    if rng.random() < 0.1:  # an app's black and white
        page = as_image(cv2.threshold(page, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[1])
    if rng.random() < 0.6:
        _, packed = cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 95))])
        page = as_image(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE))
    if rng.random() < 0.1:  # light on dark
        page = as_image(~page)
    return page, owner


def lit(rng: np.random.Generator, page: Image) -> Image:
    """Returns the page under uneven light, a vignette or the soft edge of a shadow."""
    height, width = page.shape
    xs, ys = np.meshgrid(np.linspace(-1, 1, width, dtype=np.float32), np.linspace(-1, 1, height, dtype=np.float32))
    angle = rng.uniform(0, 2 * np.pi)
    ramp = np.float32(np.cos(angle)) * xs + np.float32(np.sin(angle)) * ys
    light = 1 - np.float32(rng.uniform(0, 0.3)) * (ramp + 1) / 2
    if rng.random() < 0.4:
        light *= 1 - np.float32(rng.uniform(0.1, 0.6)) / (
            1 + np.exp((ramp - rng.uniform(-0.6, 0.6)) * rng.uniform(6, 40))
        )
    if rng.random() < 0.25:
        light *= 1 - np.float32(rng.uniform(0.1, 0.6)) * np.clip(xs * xs + ys * ys - 0.3, 0, 1)
    if rng.random() < 0.3:  # crumpled paper
        creases = as_field(
            cv2.resize(
                rng.uniform(0.9, 1.0, (int(rng.integers(3, 12)), int(rng.integers(3, 12)))).astype(np.float32),
                (width, height),
            )
        )
        light *= creases
    return np.clip(page * light, 0, 255).astype(np.uint8)


def on_table(rng: np.random.Generator, page: Image, owner: Owners) -> tuple[Image, Owners]:
    """Returns the page on a larger table of wood, cloth or plain colour, lying a little askew."""
    height, width = page.shape
    margin = [round(rng.uniform(0.0, 0.15) * max(height, width)) for _ in range(4)]
    table = texture(rng, (height + margin[0] + margin[1], width + margin[2] + margin[3]))
    center = ((table.shape[1] - 1) / 2, (table.shape[0] - 1) / 2)
    matrix = cv2.getRotationMatrix2D(center, rng.uniform(-5, 5), 1.0)
    matrix[:, 2] += np.array(matrix[:, :2] @ (margin[2], margin[0]))
    size = (table.shape[1], table.shape[0])
    on_page = cv2.warpAffine(np.full_like(page, 255), matrix, size, flags=cv2.INTER_NEAREST)
    moved = cv2.warpAffine(page, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    # What the table shows is clutter wherever it is dark enough to be taken for ink.
    owners = cv2.warpAffine(owner, matrix, size, flags=cv2.INTER_NEAREST, borderValue=CLUTTER)
    return np.where(on_page > 0, moved, table).astype(np.uint8), np.asarray(owners, np.int16)


def texture(rng: np.random.Generator, shape: tuple[int, int]) -> Image:
    """Returns a table: grain stretched along one direction, at several scales."""
    height, width = shape
    level = rng.uniform(25, 170)
    result = np.full(shape, level, np.float32)
    for _ in range(int(rng.integers(1, 4))):
        rows, columns = (int(v) for v in rng.choice([6, 20, 60, 200, 400], 2))
        grain = rng.standard_normal((min(rows, height), min(columns, width)), np.float32)
        result += np.float32(rng.uniform(3, 22)) * as_field(
            cv2.resize(grain, (width, height), interpolation=cv2.INTER_LINEAR)
        )
    return np.clip(result, 0, 255).astype(np.uint8)


def _turned(
    rng: np.random.Generator, page: Image, owner: Owners, *, max_deg: float, border: int
) -> tuple[Image, Owners]:
    height, width = page.shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = np.vstack(
        [cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(-max_deg, max_deg), 1.0), [0, 0, 1]]
    )
    if max_deg > 2:
        inset = rng.uniform(0, 0.04, (4, 2)) * [width, height]
        moved = corners + np.where(corners > 0, -inset, inset)
        matrix = cv2.getPerspectiveTransform(corners, moved.astype(np.float32)) @ matrix
    picture = cv2.warpPerspective(page, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=border)
    owners = cv2.warpPerspective(owner, matrix, (width, height), flags=cv2.INTER_NEAREST, borderValue=0)
    return as_image(picture), np.asarray(owners, np.int16)
