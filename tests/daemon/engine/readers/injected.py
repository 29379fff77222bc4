"""What runs in the worker processes of the engine's tests: readers that do what the document's bytes say."""

from __future__ import annotations

import base64
import ctypes
import dataclasses
import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

from recognition.errors import ModelLoadError, ModelMismatchError, UnreadableImageError
from recognition.params import RecognitionParams
from recognition.types import BoundingBox, Digit, Document, ModelInfo, Number, Page

DIGIT = Digit(7, 0.75, BoundingBox(3, 4, 5, 6), ((1, 0.25),))
CROP = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAAAAAC4HznGAAAAEElEQVQIHWNkYGBgZGBgAAAAFAADji3a9AAAAABJRU5ErkJggg=="
)
NUMBER = Number("7", BoundingBox(3, 4, 5, 6), 0, 0, 0.75, True, (), (DIGIT,), crop=CROP)


def load(path: Path) -> SimpleNamespace:
    """A classifier of the model's name; the content of the file says how loading goes."""
    content = path.read_text()
    if content == "mismatch":
        raise ModelMismatchError("its input is 32x32; possible are 28x28, 28x28x1 and 784")
    if content == "damaged":
        raise ModelLoadError("it is no .tflite file")
    if content == "slow":
        time.sleep(600)
    if content == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if content == "bug":
        raise ZeroDivisionError("a bug")
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    return SimpleNamespace(info=ModelInfo(path.stem, sha256, 10, 1.5))


def attempt(what: str) -> str:
    """Do something that no page needs, and tell how it went."""
    deed, _, place = what.partition(" ")
    try:
        match deed:
            case "write":
                Path(place).write_text("taken over")
            case "read":
                return Path(place).read_text()
            case "remove":
                Path(place).unlink()
            case "list":
                return " ".join(os.listdir(place))  # noqa: PTH208 - a place that pathlib would give in parts
            case "execute":
                return subprocess.run([place], check=True, capture_output=True, text=True).stdout
            case "connect":
                socket.create_connection(("127.0.0.1", int(place))).close()
            case "signal":
                os.kill(int(place), 0)
    except (OSError, subprocess.SubprocessError) as error:
        return f"refused: {type(error).__name__}"
    return "done"


kept: list[bytearray] = []


def read(data: bytes, classifier: SimpleNamespace, params: RecognitionParams) -> Document:
    """Do what the bytes say: crash, hang, raise, or give a document that says who read it."""
    match data.partition(b" ")[0]:
        case b"segfault":
            ctypes.string_at(0)
        case b"killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case b"exit":
            os._exit(3)
        case b"hang":
            while True:
                time.sleep(60)
        case b"sleep":
            time.sleep(float(data.partition(b" ")[2]))
        case b"stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        case b"unreadable":
            raise UnreadableImageError("it is a text")
        case b"incomplete":
            raise UnreadableImageError("it ends too early", incomplete=True)
        case b"bug":
            raise KeyError("a bug")
        case b"many":
            raise UnreadableImageError("\U0001f600" * 100_000)
        case b"nonsense":
            return SimpleNamespace(to_json=dict, pages=())  # type: ignore[return-value]
        case b"odd":
            return Document((Page(1, 20, 30, 0, (dataclasses.replace(NUMBER, crop=b"no picture"),)),))
        case b"say":
            with socket.socket(fileno=os.dup(int(sys.argv[1]))) as channel:
                channel.send(data.partition(b" ")[2])
            time.sleep(60)
        case b"do":
            return Document((), (attempt(data.partition(b" ")[2].decode()),))
        case b"memory":
            return Document((), (str(len(bytearray(int(data.partition(b" ")[2])))),))
        case b"swell":
            taken = [bytearray(os.urandom(60_000)) for _ in range(2000)]
            kept.append(taken[-1])  # on top of the heap, so that what is below stays in it
        case b"compute":
            while True:
                pass
        case b"environment":
            return Document((), tuple(f"{key}={value}" for key, value in os.environ.items()))
        case b"modules":
            return Document((), tuple(sorted(sys.modules)))
        case b"threads":
            import cv2

            return Document((), (str(cv2.getNumThreads()),))
    page = Page(1, 20, 30, 0, (NUMBER,), annotated=data[::-1])
    return Document((page,), (f"pid {os.getpid()}", f"dpi {params.load.pdf_dpi}", f"model {classifier.info.name}"))
