"""How the daemon and a worker talk: short JSON messages, each with at most one block of bytes beside it.

The channel is a SOCK_SEQPACKET socket, so a message arrives whole or not at all, and the bytes travel as a memory file
whose descriptor goes with the message. So neither side ever waits in the middle of a transfer for the other: a worker
that hangs or is stopped cannot hold up the daemon. Nothing that comes from a worker is unpickled: whoever takes over a
worker through a hostile file can give wrong results, but runs nothing in the daemon.
"""

from __future__ import annotations

import dataclasses
import json
import os
import socket
import stat
import struct
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from recognition.types import Document, Page

MAX_MESSAGE_BYTES = 65_536
MAX_TEXT_CHARS = 4_000
"""Of one text in a message, so that a message fits; a character may need twelve bytes."""
MAX_BLOCK_BYTES = 2 << 30
"""Of the bytes beside a message: no file or result is larger; a worker that claims so is out of its mind."""
_LENGTH = struct.Struct(">Q")


class WireError(Exception):
    """The other side sent what cannot be: it is of another version, or out of its mind."""


def send(channel: socket.socket, message: Mapping[str, Any], block: Iterable[bytes] | None = None) -> None:
    """Send a message with the bytes beside it; `block` may come in parts.

    Raises:
        OSError: the other side is gone.
    """
    text = json.dumps(message).encode("ascii")
    if block is None:
        channel.send(text)
        return
    with open(os.memfd_create("digitdrop"), "wb") as file:  # noqa: PTH123 - a descriptor, not a path
        file.writelines(block)
        file.flush()
        socket.send_fds(channel, [text], [file.fileno()])


def receive(channel: socket.socket) -> tuple[dict[str, Any], bytes]:
    """The next message and the bytes beside it, empty where there were none.

    Raises:
        EOFError: the other side has closed the channel, or died.
        BlockingIOError: nothing is there yet, on a non-blocking channel.
        WireError: the message is none.
    """
    text, descriptors, flags, _ = socket.recv_fds(channel, MAX_MESSAGE_BYTES, 1, socket.MSG_CMSG_CLOEXEC)
    block = b"".join(_contents(descriptor) for descriptor in descriptors)
    if not text:
        raise EOFError
    if flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC):
        raise WireError(f"a message must have {MAX_MESSAGE_BYTES} bytes or less, and one block")
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WireError(f"a message must be JSON. Received: {text[:80]!r}") from error
    if not isinstance(message, dict):
        raise WireError(f"a message must be an object. Received: {text[:80]!r}")
    return message, block


def _contents(descriptor: int) -> bytes:
    with open(descriptor, "rb", buffering=0) as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_BLOCK_BYTES:
            raise WireError(f"a block must be a memory file of {MAX_BLOCK_BYTES} bytes or less")
        file.seek(0)
        return file.read(status.st_size)


def encode_document(document: Document) -> Iterator[bytes]:
    """The document as bytes, in parts: its JSON, then each page's picture and those of its numbers.

    Each part has its length before it.
    """
    yield from _with_length(json.dumps(document.to_json()).encode("ascii"))
    for page in document.pages:
        yield from _with_length(page.annotated)
        for number in page.numbers:
            yield from _with_length(number.crop)
            yield from _with_length(number.pictures)


def decode_document(block: bytes) -> Document:
    """The document that `encode_document` wrote, all pictures included; confidences are rounded to four places.

    Raises:
        WireError: it wrote nothing of the kind.
    """
    try:
        parts = _parts(block)
        document = Document.from_json(json.loads(next(parts)))
        return dataclasses.replace(document, pages=tuple(_with_pictures(page, parts) for page in document.pages))
    except (
        ValueError, KeyError, TypeError, AttributeError, OverflowError, StopIteration, struct.error, RuntimeError
    ) as error:  # fmt: skip
        raise WireError(f"a result must be an encoded document. Received: {error!r}") from error


def _with_pictures(page: Page, parts: Iterator[bytes]) -> Page:
    annotated = next(parts)
    numbers = tuple(dataclasses.replace(number, crop=next(parts), pictures=next(parts)) for number in page.numbers)
    return dataclasses.replace(page, annotated=annotated, numbers=numbers)


def _with_length(part: bytes) -> tuple[bytes, bytes]:
    return _LENGTH.pack(len(part)), part


def _parts(block: bytes) -> Iterator[bytes]:
    start = 0
    while start < len(block):
        (length,) = _LENGTH.unpack_from(block, start)
        start += _LENGTH.size
        if start + length > len(block):
            raise ValueError("it ends too early")
        yield block[start : start + length]
        start += length
