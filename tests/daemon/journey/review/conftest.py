"""Documents with doubtful numbers, and the page on which they are looked over, served by a process of its own."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml

from recognition.types import BoundingBox, Digit, Document, Number, Page, Reason

CROPS = tuple(cv2.imencode(".png", np.full((20, width, 3), width, np.uint8))[1].tobytes() for width in (20, 21, 22))


@pytest.fixture
def crops() -> Sequence[bytes]:
    """Of the three numbers."""
    return CROPS


def _three_numbers(data: bytes) -> Document:
    """A page with 12, a doubtful 7 and a doubtful 3?, whose rejected digit may be a 9."""

    def number(position: int, text: str, *, doubtful: bool) -> Number:
        box = BoundingBox(10 + 50 * position, 2, 30, 40)
        sureness = [0.6 if doubtful and c != "3" else 0.99 for c in text]
        digits = tuple(Digit(9 if c == "?" else int(c), p, box) for c, p in zip(text, sureness, strict=True))
        reasons = (Reason.LOW_CONFIDENCE,) if doubtful else ()
        return Number(text, box, 0, position, min(sureness), doubtful, reasons, digits, crop=CROPS[position])

    numbers = (number(0, "12", doubtful=False), number(1, "7", doubtful=True), number(2, "3?", doubtful=True))
    return Document((Page(1, 200, 80, 0, numbers, annotated=b"\xff\xd8 annotated \xff\xd9"),))


@pytest.fixture
def three_numbers() -> Callable[[bytes], Document]:
    """What reading any content gives."""
    return _three_numbers


@pytest.fixture
def read(desk: Any, three_numbers: Callable[[bytes], Document]) -> Any:
    """A desk on which scan.jpg was read."""
    desk.engine.read = three_numbers
    desk.arrive("scan.jpg", b"page")
    desk.run()
    return desk


class Visitor:
    """Somebody with a browser.

    Attributes:
        url: that was shown, with its token.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._root = url.partition("/?")[0]
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def open(self, path: str = "") -> tuple[int, str, bytes]:
        """Follows an address, the shown one by default; gives the status, where that led, and the content."""
        return self._ask(f"{self._root}{path}" if path else self.url, None)

    def post(self, path: str, **fields: str) -> tuple[int, str, bytes]:
        """Sends a form."""
        return self._ask(f"{self._root}{path}", urllib.parse.urlencode(fields).encode())

    def save(self, page: bytes, **changes: str) -> tuple[int, str, bytes]:
        """Sends the form of the numbers as it stands on a page, with changes of `kind_document_index` fields."""
        text = page.decode()
        (path,) = re.findall(r'action="(/day/[^"]*)"', text)
        fields = dict(re.findall(r'<input [^>]*name="([^"]+)"[^>]*?value="([^"]*)"', text))
        fields = {name: value for name, value in fields.items() if not name.startswith(("none.", "later."))}
        fields |= {name.replace("_", "."): value for name, value in changes.items()}
        return self.post(path.replace("&amp;", "&"), **fields)

    def _ask(self, url: str, data: bytes | None) -> tuple[int, str, bytes]:
        try:
            with self._opener.open(url, data, timeout=30) as response:
                return response.status, response.url.removeprefix(self._root), response.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.url.removeprefix(self._root), error.read()


@pytest.fixture
def configured(desk: Any) -> Path:
    """The desk's configuration, as a file."""
    folders = ("inbox", "outbox", "archive", "failed", "state")
    path: Path = desk.root / "digitdrop.yaml"
    path.write_text(yaml.safe_dump({name: str(getattr(desk.settings, name)) for name in folders}))
    return path


@pytest.fixture
def serve(configured: Path) -> Iterator[Callable[..., Visitor]]:
    """Starts the page on the desk's ledger; gives somebody who has its address."""
    processes = []

    def start(*words: str) -> Visitor:
        command = [sys.executable, "-m", "daemon", "review", "--config", str(configured), "--port", "0", *words]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        processes.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line.startswith("open in a browser: "):
            pytest.fail(process.communicate()[1])
        return Visitor(line.removeprefix("open in a browser: ").strip())

    yield start
    for process in processes:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 0
        assert "Traceback" not in errors


@pytest.fixture
def visitor(read: Any, serve: Callable[..., Visitor]) -> Visitor:
    """Somebody with the address of the page on which scan.jpg's numbers are."""
    return serve()
