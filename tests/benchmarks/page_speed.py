"""How fast one page is read, beside what decoding and encoding it takes, and beside other programs, in one run."""

from __future__ import annotations

import multiprocessing
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from config.schema import Settings
from config.shipped import shipped_companions, shipped_model
from daemon.engine import local_engine
from daemon.engine.heap import keep_freed
from daemon.engine.interface import Engine, Job
from recognition.page import read_document
from recognition.reader import Reader, load_reader

_reader: Reader


class Peer:
    """Another OCR program, in a process of its own.

    Args:
        python: an interpreter of the environment it is installed in.
        which: see `peer.py`.
    """

    def __init__(self, python: str, which: str) -> None:
        script = Path(__file__).with_name("peer.py")
        self._process = subprocess.Popen(
            [python, str(script), which], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.name = self._answer()

    def seconds(self, page: Path) -> float:
        """How long it takes over a page."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{page}\n")
        self._process.stdin.flush()
        return float(self._answer())

    def end(self) -> int:
        """Ends it, and gives the most memory it took, in MiB."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        memory = int(self._answer())
        self._process.wait()
        return memory

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        if not line:
            raise RuntimeError("the other program ended; see what it said above")
        return line


def measure_page(data: bytes, peers: Sequence[Peer], rounds: int) -> dict[str, Any]:
    """Times of one page in turns: digitdrop, decoding and encoding, and each peer.

    Args:
        data: the page as a JPEG.
        peers: started.
        rounds: how often; one more before does not count.

    Returns:
        Medians in seconds, and the median of the ratios of each round.
    """
    times: dict[str, list[float]] = {"digitdrop": [], "decode and encode": [], **{peer.name: [] for peer in peers}}
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), start) as pool,
    ):
        path = Path(folder) / "page.jpg"
        path.write_bytes(data)
        for _ in range(rounds + 1):
            times["digitdrop"].append(pool.submit(read, data).result())
            times["decode and encode"].append(pool.submit(code, data).result())
            for peer in peers:
                times[peer.name].append(peer.seconds(path))
        memory = pool.submit(peak_mb).result()
    own = times["digitdrop"][1:]
    result: dict[str, Any] = {"peak_mb": memory}
    for name, values in times.items():
        result[name] = {
            "seconds": round(statistics.median(values[1:]), 4),
            "ratio": round(statistics.median(one / other for one, other in zip(own, values[1:], strict=True)), 4),
        }
    for peer in peers:
        result[peer.name]["peak_mb"] = peer.end()
    return result


def start() -> None:
    """Loads the networks in a process that reads as a worker does."""
    global _reader
    cv2.setNumThreads(1)
    keep_freed()
    _reader = load_reader(shipped_model(), *shipped_companions())


def read(data: bytes) -> float:
    """Seconds that a page takes."""
    begun = time.perf_counter()
    read_document(data, _reader, Settings().recognition_params())
    return time.perf_counter() - begun


def code(data: bytes) -> float:
    """Seconds that decoding and encoding take in color."""
    begun = time.perf_counter()
    cv2.imencode(".jpg", cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR))
    return time.perf_counter() - begun


def peak_mb() -> int:
    """The most memory this process has taken, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def measure_workers(data: bytes, workers: Sequence[int], pages: int) -> dict[str, float]:
    """Pages a second with so many workers of the local engine.

    Args:
        data: the page.
        workers: how many, one after the other.
        pages: so many are read for each worker.
    """
    found = {}
    for count in workers:
        settings = Settings()
        engine = local_engine(settings, shipped_model(), settings.recognition_params(), workers=count)
        engine.start()
        try:
            through(engine, data, count)  # until each has loaded its networks and read a page
            begun = time.perf_counter()
            through(engine, data, pages * count)
            found[str(count)] = round(pages * count / (time.perf_counter() - begun), 3)
        finally:
            engine.stop()
    return found


def through(engine: Engine, data: bytes, pages: int) -> None:
    """Reads a page so often, with all workers at work."""
    while engine.free() < engine.capacity:
        engine.poll(0.1)
    sent = ended = 0
    while ended < pages:
        while sent < pages and engine.free():
            engine.submit(Job(sent, data))
            sent += 1
        for outcome in engine.poll(1.0):
            if outcome.document is None:
                raise RuntimeError(f"the page was not read: {outcome.error}")
            ended += 1


def measure_import() -> dict[str, Any]:
    """What `import recognition` and a page take as a library, and which heavy packages that brings along."""
    program = (
        "import time; begun = time.perf_counter()\n"
        "import recognition, recognition.page, recognition.reader\n"
        "taken = time.perf_counter() - begun\n"
        "import sys; print(taken, *sorted({'tensorflow', 'keras', 'watchdog', 'pydantic'} & set(sys.modules)))"
    )
    runs = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
        for _ in range(5)
    ]
    return {"seconds": round(statistics.median(float(run[0]) for run in runs), 3), "heavy": runs[0][1:]}
