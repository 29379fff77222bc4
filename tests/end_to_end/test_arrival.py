"""Pages that arrive as people's programs bring them: copied, moved in, and through a Samba share."""

from __future__ import annotations

import hashlib
import io
import os
import time
from difflib import SequenceMatcher

import pytest
from PIL import Image

MIN_READ = 0.8
"""Least share of a sample page's digits that are read, in their order."""


def test_a_photo_copied_in_slowly_gives_one_whole_result(running, draw_page):
    data = draw_page(1)
    with (running.inbox / "slow.jpg").open("wb", buffering=0) as file:
        for start in range(0, len(data), 1 + len(data) // 8):
            file.write(data[start : start + 1 + len(data) // 8])
            os.fsync(file.fileno())
            # The pace of the copy is the thing tested: with pauses below the quiet time, it is one arrival.
            time.sleep(0.1)
    written = time.monotonic()
    result = running.result("slow.jpg")
    print(f"results {time.monotonic() - written:.2f} s after the last byte")
    assert result["sha256"] == hashlib.sha256(data).hexdigest()
    assert (result["pages"][0]["width"], result["pages"][0]["height"]) == (800, 600)
    assert running.wait_for(running.archive / "slow.jpg").read_bytes() == data
    assert not (running.inbox / "slow.jpg").exists()


def test_a_photo_moved_in_gives_a_whole_result(running, draw_page):
    outside = running.root / "moved.jpg"
    outside.write_bytes(data := draw_page(2))
    moved = time.monotonic()
    outside.rename(running.inbox / "moved.jpg")
    running.result("moved.jpg")
    print(f"results {time.monotonic() - moved:.2f} s after the move")
    assert running.wait_for(running.archive / "moved.jpg").read_bytes() == data


@pytest.mark.parametrize("name", ["log-sheet.jpg", "photo.jpg", "form.png", "pencil.png"])
def test_the_digits_on_a_page_come_out_in_reading_order(running, sample_pages, name):
    page = sample_pages.draw(name, seed=1)
    (running.inbox / name).write_bytes(sample_pages.encode(name, page))
    (result,) = running.result(name)["pages"]
    written = "".join(number for line in page.lines for number in line)
    read = "".join(number["text"] for number in result["numbers"])
    kept = sum(block.size for block in SequenceMatcher(None, written, read, autojunk=False).get_matching_blocks())
    # How well pages are read is measured elsewhere; here, that what comes out is what stands there.
    assert kept >= MIN_READ * len(written), f"written: {written}, read: {read}"


def test_a_folder_moved_in_keeps_its_place_in_the_outbox(running, draw_page):
    outside = running.root / "class 4b"
    (outside / "monday").mkdir(parents=True)
    (outside / "monday" / "scan.jpg").write_bytes(draw_page(3))
    outside.rename(running.inbox / "class 4b")
    running.result("class 4b/monday/scan.jpg")
    running.wait_for(running.archive / "class 4b" / "monday" / "scan.jpg")


def test_a_file_under_a_temporary_name_waits_for_its_final_one(running, draw_page):
    (running.inbox / "later.jpg.part").write_bytes(draw_page(4))
    (running.inbox / "sentinel.jpg").write_bytes(draw_page(5))
    running.result("sentinel.jpg")
    assert (running.inbox / "later.jpg.part").exists()
    (running.inbox / "later.jpg.part").rename(running.inbox / "later.jpg")
    running.result("later.jpg")


def test_a_file_that_stops_half_way_and_goes_on_later_is_read_once_and_whole(station, draw_page):
    data = draw_page(6)
    station.start()
    path = station.inbox / "pause.jpg"
    path.write_bytes(data[: len(data) // 2])
    station.wait_for_log("pause.jpg", "too early")
    with path.open("ab") as file:
        file.write(data[len(data) // 2 :])
    assert station.result("pause.jpg")["sha256"] == hashlib.sha256(data).hexdigest()
    assert not any(station.failed.iterdir())
    assert station.stop() == 0


def test_ten_chunks_each_closed_with_long_pauses_give_one_result_of_the_whole(station, draw_page):
    data = draw_page(13)
    station.start()
    size = 1 + len(data) // 10
    for start in range(0, len(data), size):
        with (station.inbox / "chunks.jpg").open("ab") as file:
            file.write(data[start : start + size])
        # The pace of the scanner is the thing tested: each chunk has become quiet before the next comes.
        time.sleep(1.5 * station.stable_s)
    assert station.result("chunks.jpg")["sha256"] == hashlib.sha256(data).hexdigest()
    station.wait_for(station.archive / "chunks.jpg")
    assert not any(station.failed.iterdir())
    assert [path.name for path in station.outbox.glob("*.json")] == ["chunks.jpg.json"]
    assert station.stop() == 0


def test_a_file_of_its_final_size_that_is_filled_slowly_is_read_when_it_is_full(station, draw_page):
    data = draw_page(14)
    station.start()
    with (station.inbox / "explorer.jpg").open("wb", buffering=0) as file:
        file.truncate(len(data))
        station.wait_for_log("explorer.jpg", "too early")  # quiet, and as large as it will be, but not whole
        for start in range(0, len(data), 1 + len(data) // 5):
            file.write(data[start : start + 1 + len(data) // 5])
            time.sleep(0.5 * station.stable_s)
    assert station.result("explorer.jpg")["sha256"] == hashlib.sha256(data).hexdigest()
    assert not any(station.failed.iterdir())
    assert station.stop() == 0


def test_another_scan_of_the_same_name_keeps_both_results(running, draw_page):
    (running.inbox / "scan0001.jpg").write_bytes(draw_page(7))
    first = running.result("scan0001.jpg")
    running.wait_for(running.archive / "scan0001.jpg")
    (running.inbox / "scan0001.jpg").write_bytes(second := draw_page(8))
    running.wait_for(running.outbox / "scan0001~2.jpg.json")
    assert running.result("scan0001.jpg") == first
    running.wait_until(
        lambda: second in [path.read_bytes() for path in running.archive.glob("scan0001*.jpg")],
        "the second original in archive/",
    )


def test_every_page_of_a_pdf_has_its_picture(running, draw_page):
    pages = [Image.open(io.BytesIO(draw_page(seed))) for seed in (9, 10, 11)]
    pages[0].save(running.root / "three.pdf", save_all=True, append_images=pages[1:], resolution=100)
    (running.root / "three.pdf").rename(running.inbox / "three.pdf")
    result = running.result("three.pdf")
    assert [page["page"] for page in result["pages"]] == [1, 2, 3]


def test_what_stood_there_before_the_start_is_read_too(station, draw_page):
    (station.inbox / "early.jpg").write_bytes(draw_page(12))
    station.start()
    station.result("early.jpg")
    assert station.stop() == 0
