"""Messages between daemon and worker, also from a worker that is out of its mind."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.engine import wire
from recognition.types import BoundingBox, Digit, Document, Number, Page, Reason

Channels = tuple[socket.socket, socket.socket]


@pytest.fixture
def channels() -> Iterator[Channels]:
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with here, there:
        here.setblocking(False)
        there.setblocking(False)
        yield here, there


def document(pages: int = 2) -> Document:
    box = BoundingBox(1, 2, 3, 4)
    digit = Digit(4, 0.5, box, ((9, 0.25), (1, 0.125)))
    number = Number("4?", box, 1, 2, 0.5, True, (Reason.TOUCHING,), (digit, digit), crop=b"\x89PNG", pictures=b"\1\2")
    return Document(tuple(Page(k, 100, 200, 90, (number, number), b"jpeg %d" % k) for k in range(1, pages + 1)), ("w",))


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_message_without_bytes_arrives(channels):
    wire.send(channels[0], {"key": 1, "text": "ü\udcff"})
    assert wire.receive(channels[1]) == ({"key": 1, "text": "ü\udcff"}, b"")


def test_bytes_of_any_size_arrive_though_nobody_reads_yet(channels):
    block = os.urandom(10_000_000)
    wire.send(channels[0], {"key": 1}, [block, b"tail"])
    assert wire.receive(channels[1]) == ({"key": 1}, block + b"tail")


def test_messages_stay_apart(channels):
    for key in range(3):
        wire.send(channels[0], {"key": key}, [bytes([key])])
    assert [wire.receive(channels[1]) for _ in range(3)] == [({"key": key}, bytes([key])) for key in range(3)]


def test_nothing_there_yet_is_told_from_a_closed_channel(channels):
    with pytest.raises(BlockingIOError):
        wire.receive(channels[1])
    channels[0].close()
    with pytest.raises(EOFError):
        wire.receive(channels[1])


@pytest.mark.parametrize("message", [b"\xff", b"no json", b"[1]", b"[" * 60_000, b"x" * 70_000])
def test_a_message_that_is_none_is_refused(channels, message):
    channels[0].send(message)
    with pytest.raises(wire.WireError, match="a message must"):
        wire.receive(channels[1])


def test_a_pipe_in_place_of_the_memory_file_is_refused_without_reading_it(channels):
    read_end, write_end = os.pipe()
    socket.send_fds(channels[0], [b"{}"], [read_end])
    with pytest.raises(wire.WireError, match="must be a memory file"):
        wire.receive(channels[1])
    os.close(read_end)
    os.close(write_end)


def test_a_memory_file_of_absurd_size_is_refused_without_reading_it(channels):
    descriptor = os.memfd_create("huge")
    os.truncate(descriptor, wire.MAX_BLOCK_BYTES + 1)
    socket.send_fds(channels[0], [b"{}"], [descriptor])
    os.close(descriptor)
    with pytest.raises(wire.WireError, match="must be a memory file"):
        wire.receive(channels[1])


def test_a_message_with_two_blocks_is_refused(channels):
    blocks = [os.memfd_create("block") for _ in range(2)]
    socket.send_fds(channels[0], [b"{}"], blocks)
    for block in blocks:
        os.close(block)
    with pytest.raises(wire.WireError, match="one block"):
        wire.receive(channels[1])


def test_no_descriptor_is_left_open_whatever_happens(channels):
    before = open_descriptors()
    wire.send(channels[0], {"key": 1}, [b"block"])
    wire.receive(channels[1])
    with open("/dev/null", "rb") as null:  # noqa: PTH123 - its descriptor is what matters
        socket.send_fds(channels[0], [b"{}"], [null.fileno(), null.fileno()])
    with pytest.raises(wire.WireError):
        wire.receive(channels[1])
    assert open_descriptors() == before


@pytest.mark.parametrize("pages", [0, 1, 3])
def test_a_document_survives_the_journey_with_its_pictures(pages):
    sent = document(pages)
    got = wire.decode_document(b"".join(wire.encode_document(sent)))
    assert got == sent
    assert [page.annotated for page in got.pages] == [page.annotated for page in sent.pages]
    assert [number.crop for page in got.pages for number in page.numbers] == [b"\x89PNG"] * 2 * pages
    assert [number.pictures for page in got.pages for number in page.numbers] == [b"\1\2"] * 2 * pages


def test_a_document_that_ends_too_early_is_refused():
    whole = b"".join(wire.encode_document(document()))
    with pytest.raises(wire.WireError, match="it ends too early"):
        wire.decode_document(whole[:-1])


@given(st.integers(min_value=0), st.binary(max_size=8))
def test_a_damaged_document_is_refused_or_read_but_nothing_else(position, damage):
    whole = b"".join(wire.encode_document(document()))
    position %= len(whole)
    damaged = whole[:position] + damage + whole[position + len(damage) + 1 :]
    try:
        assert isinstance(wire.decode_document(damaged), Document)
    except wire.WireError as error:
        assert "must be an encoded document" in str(error)


@pytest.mark.parametrize("block", [b"", b"\0", struct.pack(">Q", 1 << 60), struct.pack(">Q", 2) + b"{}"])
def test_bytes_that_are_no_document_are_refused(block):
    with pytest.raises(wire.WireError):
        wire.decode_document(block)


def test_a_document_with_a_digit_beyond_all_bounds_is_refused():
    whole = b"".join(wire.encode_document(document()))
    with pytest.raises(wire.WireError, match="must be an encoded document"):
        wire.decode_document(whole.replace(b"[[9, 0.25]", b"[[1e999,0]"))
