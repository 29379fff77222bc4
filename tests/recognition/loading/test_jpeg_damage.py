"""JPEGs that are damaged between their beginning and their end: what a decoder fills in is not taken as read.

They may stand by themselves, with the four inks of print, in a PDF, or as the strips and tiles of a TIFF.
"""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
import simplejpeg
from PIL import Image

from recognition.load import load_pages
from recognition.page import read_document
from recognition.params import LoadParams, RecognitionParams
from recognition.types import Reason

END_MARK = b"\xff\xd9"


@pytest.fixture
def jpeg(note):
    """A page with a number near its top and one near its bottom."""
    pixels = note(("4871", 200, 100), ("2903", 230, 700), shape=(800, 600))
    grain = np.random.default_rng(3).integers(-6, 7, pixels.shape)
    grained = np.clip(pixels.astype(int) + grain, 0, 255).astype(np.uint8)
    return simplejpeg.encode_jpeg(grained, 90, "BGR")


def page_of(data):
    (page,) = load_pages(data, LoadParams())
    return page


def test_a_sound_one_gives_no_warning(jpeg):
    page = page_of(jpeg)
    assert (page.warnings, page.damaged) == ((), False)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data, at: data[:at] + data[at + 4096 :],
        lambda data, at: data[:at] + bytes(4096) + data[at + 4096 :],
    ],
    ids=["lost", "zeros"],
)
@pytest.mark.parametrize("share", [0.2, 0.5, 0.7])
def test_one_that_lost_some_of_its_middle_is_refused(jpeg, refusal, spoil, share):
    spoiled = spoil(jpeg, int(len(jpeg) * share))
    assert spoiled.endswith(END_MARK)
    error = refusal(spoiled)
    assert not error.incomplete
    assert "the JPEG is damaged inside (Corrupt JPEG data: " in str(error)
    assert "Copy or scan it again" in str(error)


def test_of_one_with_more_data_than_its_picture_needs_every_number_needs_review(jpeg, reader):
    surplus = jpeg.removesuffix(END_MARK) + bytes(40) + END_MARK
    page = page_of(surplus)
    assert page.damaged
    assert (page.pixels == page_of(jpeg).pixels).all()
    sound, doubted = (read_document(data, reader, RecognitionParams()) for data in (jpeg, surplus))
    assert [number.needs_review for number in sound.pages[0].numbers] == [False, False]
    assert [(number.text, number.reasons) for number in doubted.pages[0].numbers] == [
        ("4871", (Reason.CUT_OFF,)),
        ("2903", (Reason.CUT_OFF,)),
    ]
    assert sound.warnings == ()
    assert [warning[:41] for warning in doubted.warnings] == ["the JPEG may be damaged (Corrupt JPEG dat"]


def test_what_is_only_unusual_is_no_damage(jpeg):
    revision = jpeg.index(b"JFIF\x00") + 5
    unusual = jpeg[:revision] + b"\x07" + jpeg[revision + 1 :]  # a major version that no standard has
    with pytest.raises(ValueError, match="JFIF"):
        simplejpeg.decode_jpeg(unusual)
    page = page_of(unusual)
    assert (page.warnings, page.damaged) == ((), False)


def save(image, kind, **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


CONTAINERS = {
    "JPEG of inks": lambda image: save(image.convert("CMYK"), "JPEG", quality=90),
    "progressive JPEG of inks": lambda image: save(image.convert("CMYK"), "JPEG", quality=90, progressive=True),
    "PDF": lambda image: save(image, "PDF"),
    "PDF of grey": lambda image: save(image.convert("L"), "PDF"),
    "PDF of inks": lambda image: save(image.convert("CMYK"), "PDF"),
    "PDF of pages": lambda image: save(image, "PDF", save_all=True, append_images=[image.convert("L")]),
    "TIFF": lambda image: save(image, "TIFF", compression="jpeg"),
    "TIFF of grey": lambda image: save(image.convert("L"), "TIFF", compression="jpeg"),
    "TIFF of strips": lambda image: save(image, "TIFF", compression="jpeg", strip_size=1 << 14),
}


@pytest.fixture(params=CONTAINERS)
def container(request, jpeg):
    """A sound file with JPEG data inside."""
    return CONTAINERS[request.param](Image.open(io.BytesIO(jpeg)))


def scanned_parts(data):
    """Where the largest stretch of entropy-coded data of a file begins and ends."""
    found = [(one.end(), data.find(END_MARK, one.end())) for one in re.finditer(rb"\xff\xda\x00", data)]
    return max(found, key=lambda part: part[1] - part[0])


def test_a_sound_one_within_a_file_gives_no_warning(container):
    pages = list(load_pages(container, LoadParams()))
    assert [(page.warnings, page.damaged) for page in pages] == [((), False)] * len(pages)


def test_one_within_a_file_that_lost_some_of_its_middle_is_refused(container, refusal):
    start, end = scanned_parts(container)
    middle = (start + end) // 2
    lost = min(4096, (end - start) // 4)
    error = refusal(container[:middle] + bytes(lost) + container[middle + lost :])
    assert not error.incomplete
    assert re.search(r"is damaged inside \(Corrupt JPEG data: |cannot be decoded", str(error))


@pytest.mark.parametrize("kind", ["JPEG of inks", "PDF"])
def test_of_one_within_a_file_with_more_data_than_its_picture_needs_every_number_needs_review(jpeg, reader, kind):
    sound = CONTAINERS[kind](Image.open(io.BytesIO(jpeg)))
    _, end = scanned_parts(sound)
    surplus = sound[:end] + bytes(30) + sound[end:]
    surplus = re.sub(rb"/Length (\d{4,})", lambda found: b"/Length %d" % (int(found[1]) + 30), surplus)
    document = read_document(surplus, reader, RecognitionParams())
    assert "may be damaged" in document.warnings[0]
    assert [number.text for number in document.pages[0].numbers] == ["4871", "2903"]
    assert all(number.reasons == (Reason.CUT_OFF,) for number in document.pages[0].numbers)
