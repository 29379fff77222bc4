"""Whatever stands in the inbox: it is named with a reason, and the next page is read."""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def running(make_station):
    """A daemon that looks often: what is no regular file is named when the inbox is scanned, whatever events say."""
    return make_station(watch={"stable_seconds": 0.5, "incomplete_seconds": 1, "rescan_seconds": 0.5})


@pytest.fixture
def good(running, draw_page, seeds) -> Iterator[None]:
    """After the test, a good page is dropped, and must be read."""
    yield
    name = f"good {next(seeds)}.jpg"
    (running.inbox / name).write_bytes(draw_page(1000 + next(seeds)))
    running.result(name)


@pytest.fixture(scope="module")
def seeds() -> Iterator[int]:
    return count()


pytestmark = pytest.mark.usefixtures("good")


def test_an_empty_file_waits_and_is_read_when_it_is_filled(running, draw_page):
    path = running.inbox / "empty.jpg"
    path.touch()
    running.wait_for_log("empty.jpg", "is empty")
    assert path.exists()
    path.write_bytes(draw_page(901))
    running.result("empty.jpg")
    assert not (running.failed / "empty.jpg").exists()


def test_a_text_named_like_a_picture_goes_to_failed(running):
    (running.inbox / "letter.jpg").write_text("Dear reader, this is no picture.")
    reason = running.reason("letter.jpg")
    assert "no picture or PDF that can be read (it is a text file)" in reason


def test_half_a_jpeg_goes_to_failed_and_gives_no_digits(running, draw_page):
    data = draw_page(902)
    (running.inbox / "half.jpg").write_bytes(data[: len(data) // 2])
    assert "too early" in running.reason("half.jpg")
    assert not (running.outbox / "half.jpg.json").exists()


def test_a_huge_picture_is_refused_from_its_header(running):
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 40_000, 40_000, 1, 0, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(bytes(5001)))
    (running.inbox / "huge.png").write_bytes(b"\x89PNG\r\n\x1a\n" + head + pixels + chunk(b"IEND", b""))
    assert "40000x40000" in running.reason("huge.png")
    verdict = json.loads((running.failed / "huge.png.reason.json").read_bytes())
    assert "pages.max_megapixels" in verdict["remedy"]


def test_a_pdf_with_a_password_goes_to_failed(running):
    (running.inbox / "secret.pdf").write_bytes((DATA / "password.pdf").read_bytes())
    assert "password" in running.reason("secret.pdf")


def test_a_damaged_pdf_goes_to_failed(running):
    (running.inbox / "damaged.pdf").write_bytes(b"%PDF-1.7\n" + bytes(range(256)) * 9 + b"\n%%EOF\n")
    assert "PDF is damaged" in running.reason("damaged.pdf")


def test_a_name_that_is_no_utf_8_is_read_and_its_results_stand_under_it(running, draw_page):
    name = os.fsdecode(b"caf\xff.jpg")
    (running.inbox / name).write_bytes(draw_page(903))
    path = running.wait_for(running.outbox / f"{name}.json")
    assert json.loads(path.read_bytes())["document"] == name
    assert (running.outbox / f"{name}.annotated.jpg").exists()
    running.wait_for(running.archive / name)


@pytest.mark.parametrize("name", ["=cmd|'calc'!A1.jpg", "two\nlines.jpg", 'a "quoted", name\t.jpg', "-1+1.jpg"])
def test_a_name_that_a_spreadsheet_would_run_is_read(running, draw_page, name):
    (running.inbox / name).write_bytes(draw_page(904 + sum(map(ord, name))))
    running.result(name)
    running.wait_for(running.archive / name)


def test_a_folder_named_like_a_picture_is_refused_by_name(running):
    (running.inbox / "folder.jpg").mkdir()
    running.wait_for_log("folder.jpg", "refused", "folder")


@pytest.mark.parametrize("target", ["/etc/hostname", "nowhere"])
def test_a_symlink_is_refused_by_name_and_not_followed(running, target):
    name = f"link to {target.strip('/').replace('/', ' ')}.jpg"
    (running.inbox / name).symlink_to(target)
    running.wait_for_log(name, "symbolic link")
    assert not (running.outbox / f"{name}.json").exists()


def test_a_fifo_is_refused_by_name_and_not_waited_for(running):
    os.mkfifo(running.inbox / "pipe.jpg")
    running.wait_for_log("pipe.jpg", "named pipe")


def test_a_symlinked_folder_is_not_entered(running, draw_page, tmp_path):
    (tmp_path / "scan.jpg").write_bytes(draw_page(905))
    (running.inbox / "linked").symlink_to(tmp_path, target_is_directory=True)
    running.wait_for_log("linked", "symbolic link")
    assert (tmp_path / "scan.jpg").exists()
    assert not (running.outbox / "linked").exists()
