from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from recognition.classify import NOT_A_DIGIT
from recognition.context import Windows
from recognition.training.errors import DatasetError
from recognition.training.sheets.pieces import LOOKALIKE, Pieces

LABELS = [3, 0, NOT_A_DIGIT, LOOKALIKE]


def pieces(labels: list[int], seed: int = 0) -> Pieces:
    rng = np.random.default_rng(seed)
    shapes = ((28, 28), (32, 32, 2), (32, 64, 2))
    images, near, far = (rng.integers(0, 256, (len(labels), *shape), np.uint8) for shape in shapes)
    return Pieces(images, Windows(near, far), np.array(labels, np.uint8))


def assert_same(one: Pieces, other: Pieces) -> None:
    for left, right in (
        (one.images, other.images),
        (one.windows.near, other.windows.near),
        (one.windows.far, other.windows.far),
        (one.labels, other.labels),
    ):
        assert left.dtype == right.dtype == np.uint8
        np.testing.assert_array_equal(left, right)


def damaged(kind: str) -> bytes:
    """The content of a file that holds no pieces."""
    buffer = io.BytesIO()
    if kind == "array":
        np.save(buffer, np.zeros(3))
        return buffer.getvalue()
    if kind == "other arrays":
        np.savez(buffer, images=np.zeros((2, 28, 28), np.uint8), labels=np.zeros(2, np.uint8))
        return buffer.getvalue()
    some = pieces(LABELS)
    shapes = {"near": some.windows.near[:1], "far": some.windows.far[:3], "labels": some.labels}
    np.savez(buffer, images=some.images, **(shapes if kind == "other shapes" else shapes | {"near": some.windows.near}))
    content = buffer.getvalue()
    flipped = bytearray(content)
    flipped[500] ^= 255
    kinds = {"half": content[: len(content) // 2], "flipped": bytes(flipped), "empty": b"", "text": b"no pieces at all"}
    return kinds.get(kind, content)


def test_pieces_survive_their_file(tmp_path: Path) -> None:
    before = pieces(LABELS)
    before.save(tmp_path / "pieces.npz")
    assert_same(Pieces.load(tmp_path / "pieces.npz"), before)
    assert [path.name for path in tmp_path.iterdir()] == ["pieces.npz"]


def test_a_file_is_replaced(tmp_path: Path) -> None:
    after = pieces([1], seed=2)
    pieces(LABELS).save(tmp_path / "pieces.npz")
    after.save(tmp_path / "pieces.npz")
    assert_same(Pieces.load(tmp_path / "pieces.npz"), after)


def test_a_file_stays_as_it_was_when_it_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill_the_disk(part: Path, **_: object) -> None:
        part.write_bytes(b"half")
        raise OSError("no space left on device")

    before = pieces(LABELS)
    before.save(tmp_path / "pieces.npz")
    monkeypatch.setattr(np, "savez", fill_the_disk)
    with pytest.raises(OSError, match="no space"):
        pieces([1], seed=2).save(tmp_path / "pieces.npz")
    assert_same(Pieces.load(tmp_path / "pieces.npz"), before)
    assert [path.name for path in tmp_path.iterdir()] == ["pieces.npz"]


def test_no_pieces_are_kept_too(tmp_path: Path) -> None:
    pieces([]).save(tmp_path / "none.npz")
    assert_same(Pieces.load(tmp_path / "none.npz"), pieces([]))


def test_parts_are_put_together_in_their_order() -> None:
    first, second = pieces([1, 2], seed=1), pieces([3], seed=2)
    whole = Pieces.concatenated([first, pieces([]), second])
    assert whole.labels.tolist() == [1, 2, 3]
    np.testing.assert_array_equal(whole.images[2], second.images[0])
    np.testing.assert_array_equal(whole.windows.near[0], first.windows.near[0])
    np.testing.assert_array_equal(whole.windows.far[2], second.windows.far[0])


def test_a_missing_file_is_told_by_its_path(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"nowhere\.npz holds no pieces .*name another file"):
        Pieces.load(tmp_path / "nowhere.npz")


@pytest.mark.parametrize("kind", ["text", "other arrays", "empty", "half", "flipped", "array", "other shapes"])
def test_a_damaged_file_is_told_by_its_path(tmp_path: Path, kind: str) -> None:
    (tmp_path / "pieces.npz").write_bytes(damaged(kind))
    with pytest.raises(DatasetError, match=r"pieces\.npz holds no pieces .*name another file"):
        Pieces.load(tmp_path / "pieces.npz")
