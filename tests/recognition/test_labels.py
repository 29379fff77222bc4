from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from recognition.labels import MIN_TEXT_PX, place_labels, text_height_px
from recognition.types import BoundingBox

A4 = (3508, 2480)


def overlap(one: BoundingBox, other: BoundingBox) -> bool:
    return one.x < other.right and other.x < one.right and one.y < other.bottom and other.y < one.bottom


@st.composite
def pages(draw: st.DrawFn) -> tuple[tuple[int, int], list[BoundingBox], list[float]]:
    height, width = draw(st.integers(120, 4000)), draw(st.integers(120, 4000))
    frames = []
    for _ in range(draw(st.integers(1, 12))):
        x, y = draw(st.integers(0, width - 10)), draw(st.integers(0, height - 10))
        frames.append(BoundingBox(x, y, draw(st.integers(5, width - x)), draw(st.integers(5, height - y))))
    return (height, width), frames, [draw(st.floats(0.5, 6)) for _ in frames]


@given(pages())
def test_every_label_stays_inside_the_page_and_can_be_read(
    page: tuple[tuple[int, int], list[BoundingBox], list[float]],
) -> None:
    (height, width), frames, aspects = page
    labels = place_labels((height, width), frames, aspects)
    assert len(labels) == len(frames)
    for label in labels:
        assert label.text_px >= MIN_TEXT_PX
        assert label.box.x >= 0
        assert label.box.y >= 0
        assert label.box.bottom <= height
        assert label.box.right <= max(width, label.box.width)


def test_a_label_stands_above_its_number_where_there_is_room() -> None:
    frame = BoundingBox(300, 400, 200, 60)
    (label,) = place_labels(A4, [frame], [3.0])
    assert label.box.bottom == frame.y
    assert label.box.x == frame.x


def test_a_label_stands_below_a_number_at_the_top_of_the_page() -> None:
    frame = BoundingBox(300, 3, 200, 60)
    (label,) = place_labels(A4, [frame], [3.0])
    assert label.box.y == frame.bottom


def test_labels_of_a_dense_table_cover_no_number_and_no_label() -> None:
    frames = [BoundingBox(120 + 220 * column, 120 + 85 * row, 180, 60) for row in range(38) for column in range(10)]
    labels = place_labels(A4, frames, [3.2] * len(frames))
    boxes = [label.box for label in labels]
    tolerance = 3  # pixels: places are looked for on a grid
    inner = [
        BoundingBox(b.x + tolerance, b.y + tolerance, b.width - 2 * tolerance, b.height - 2 * tolerance) for b in boxes
    ]
    assert not [pair for pair in combinations(inner, 2) if overlap(*pair)]
    assert not [frame for frame in frames for box in inner if overlap(frame, box)]


def test_text_grows_with_the_writing_and_with_the_page() -> None:
    assert text_height_px((300, 400), 20) >= MIN_TEXT_PX
    assert text_height_px(A4, 100) > text_height_px(A4, 50)
    assert text_height_px(A4, 12) > 3 * MIN_TEXT_PX
    assert text_height_px(A4, 2000) < 100
