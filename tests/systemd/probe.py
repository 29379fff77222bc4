"""Runs inside a booted machine as root: treats the service as life would, and notes what it saw.

    probe.py PAGES OUT

`PAGES` holds pictures to drop, `OUT` takes facts.json at the end.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

SERVICE = Path("/srv/digitdrop")
CONFIG = Path("/etc/digitdrop/digitdrop.yaml")
PATIENCE_S = 90.0

pages, out = map(Path, sys.argv[1:3])
facts: dict[str, Any] = {}


def systemctl(*words: str) -> str:
    return subprocess.run(["systemctl", *words], capture_output=True, text=True, check=False).stdout


def shown(name: str) -> str:
    return systemctl("show", "digitdrop", "--property", name, "--value").strip()


def until(condition: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come; {systemctl('status', 'digitdrop')}")
        time.sleep(0.05)
    return value


def page_is_read(number: int) -> dict[str, Any]:
    """Drops a page as a user of the group does, and gives its JSON once its original is in the archive."""
    name = f"scan{number}.jpg"
    hidden = SERVICE / "inbox" / f".{name}"
    shutil.copy(pages / name, hidden)
    shutil.chown(hidden, "digitdrop", "digitdrop")
    hidden.rename(SERVICE / "inbox" / name)
    until((SERVICE / "archive" / name).exists, name)
    value: dict[str, Any] = json.loads((SERVICE / "outbox" / f"{name}.json").read_bytes())
    return value


def is_active() -> bool:
    return shown("ActiveState") == "active"


def workers() -> list[int]:
    found = subprocess.run(["pgrep", "-f", "daemon.engine.process"], capture_output=True, text=True, check=False)
    return [int(line) for line in found.stdout.split()]


def main_pid() -> int:
    return int(shown("MainPID"))


def restarted_after(number: int) -> dict[str, Any]:
    """Sends the daemon a signal, and tells how it came back."""
    pid, restarts = main_pid(), int(shown("NRestarts"))
    os.kill(pid, number)
    until(lambda: is_active() and main_pid() not in (0, pid), "another daemon")
    return {"restarts": int(shown("NRestarts")) - restarts}


def it_becomes_ready_and_reads() -> None:
    until(is_active, "the service")
    facts["status"] = shown("StatusText")
    facts["page"] = page_is_read(1)
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in (SERVICE / "outbox").glob("scan1*")}
    facts["modes"] = modes
    facts["owner"] = (SERVICE / "outbox" / "scan1.jpg.json").owner()


def numbers_are_looked_over() -> None:
    """Corrects the first number of the first page, and confirms the others."""
    systemctl("start", "digitdrop-review")
    url = until(lambda: re.search(r"http://127\.0\.0\.1:8470/\S+", journal("digitdrop-review")), "the page")[0]
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    page = browser.open(url, timeout=PATIENCE_S).read().decode()
    (address,) = re.findall(r'action="(/day/[^"]*)"', page)
    fields = dict(re.findall(r'<input [^>]*?name="((?:_xsrf|seen|text)[^"]*)"[^>]*?value="([^"]*)"', page))
    numbers = [name for name in fields if name.startswith("text.")]
    fields |= dict.fromkeys(numbers, "456") | {numbers[0]: "123"}
    form = urllib.parse.urlencode(fields).encode()
    page = browser.open(f"http://127.0.0.1:8470{address}", form, timeout=PATIENCE_S).read().decode()
    (saved,) = re.findall(r'role="status">.*?<span>(.*?)</span>', page, re.DOTALL)
    first = until(lambda: next((number for number in numbers_of(1) if "read" in number), None), "the correction")
    secret = Path("/var/lib/digitdrop/review.token")
    facts["review"] = {
        "shown": len(numbers),
        "saved": saved,
        "first": {key: first[key] for key in ("text", "needs_review")},
        "secret": [oct(secret.stat().st_mode & 0o777), secret.owner()],
    }


def numbers_of(number: int) -> list[dict[str, Any]]:
    value = json.loads((SERVICE / "outbox" / f"scan{number}.jpg.json").read_bytes())
    return [each for page in value["pages"] for each in page["numbers"]]


def another_on_its_inbox_is_noticed() -> None:
    other = Path("/var/tmp/other")
    other.mkdir()
    folders = {name: str(other / name) for name in ("outbox", "archive", "failed", "state")}
    (other / "digitdrop.yaml").write_text(json.dumps({"inbox": str(SERVICE / "inbox"), **folders}))
    words = ["/opt/digitdrop/bin/digitdrop", "check", "--config", str(other / "digitdrop.yaml")]
    facts["check of another"] = subprocess.run(words, capture_output=True, text=True, check=False).stdout


def it_survives_a_killed_worker() -> None:
    pid = main_pid()
    before = workers()
    for worker in before:
        os.kill(worker, signal.SIGKILL)
    page_is_read(2)
    facts["after a killed worker"] = {"same daemon": main_pid() == pid, "workers": [len(before), len(workers())]}


def it_is_restarted() -> None:
    facts["after SIGKILL"] = restarted_after(signal.SIGKILL)
    page_is_read(3)
    facts["after its heart stopped"] = restarted_after(signal.SIGSTOP)
    facts["watchdog"] = [line for line in journal().splitlines() if "Watchdog timeout" in line]
    page_is_read(4)
    facts["after SIGHUP"] = restarted_after(signal.SIGHUP)


def it_stops() -> None:
    for number in (5, 6, 7, 8):
        shutil.copy(pages / f"scan{number}.jpg", SERVICE / "inbox")
        shutil.chown(SERVICE / "inbox" / f"scan{number}.jpg", "digitdrop", "digitdrop")
    until(lambda: any((SERVICE / "outbox").glob("scan[5678].jpg.json")), "the first of them")
    began = time.monotonic()
    systemctl("stop", "digitdrop")
    facts["stop"] = {"seconds": time.monotonic() - began, "result": shown("Result"), "workers": workers()}


def a_configuration_error_is_final() -> None:
    good = CONFIG.read_text()
    CONFIG.write_text(f"{good}\nthresholds: {{accept: 2}}\n")
    systemctl("start", "digitdrop")
    facts["configuration error"] = {
        "state": until(lambda: shown("ActiveState") in ("failed", "active") and shown("ActiveState"), "an end"),
        "status": shown("ExecMainStatus"),
        "restarts": shown("NRestarts"),
        "sub state": shown("SubState"),
    }
    CONFIG.write_text(good)
    systemctl("reset-failed", "digitdrop")
    systemctl("start", "digitdrop")
    until(lambda: not any((SERVICE / "inbox").glob("*.jpg")), "what waited")


def journal(unit: str = "digitdrop") -> str:
    words = ["journalctl", "--boot", "--no-pager", "--unit", unit]
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout


def security(unit: str) -> str:
    words = ["systemd-analyze", "security", "--no-pager", unit]
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout


def main() -> None:
    try:
        for step in (
            it_becomes_ready_and_reads,
            numbers_are_looked_over,
            another_on_its_inbox_is_noticed,
            it_survives_a_killed_worker,
            it_is_restarted,
            it_stops,
            a_configuration_error_is_final,
        ):
            step()
        facts["security"] = {unit: security(unit) for unit in ("digitdrop", "digitdrop-review")}
        folders = [SERVICE / name for name in ("inbox", "archive", "failed", "outbox")]
        facts["left"] = {folder.name: sorted(path.name for path in folder.iterdir()) for folder in folders}
    except Exception as error:  # noqa: BLE001 - whatever it is, the test has to tell it
        facts["error"] = f"{type(error).__name__}: {error}"
    finally:
        facts["journal"] = journal() + journal("digitdrop-review")
        (out / "facts.json").write_text(json.dumps(facts))
        systemctl("poweroff")


main()
