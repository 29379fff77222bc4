"""The page on which doubtful numbers are looked over: whom it lets in, and where it is reached."""

from __future__ import annotations

import http.client
import re
import subprocess
import sys
import urllib.parse
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

DAY = "/day/2026-11-23"


def test_who_has_not_the_address_sees_nothing(visitor: Any) -> None:
    for path in ("/", DAY, "/crop/1/1.png", "/picture/1/1.jpg", "/?token=guessed", "/elsewhere"):
        status, _, page = visitor.open(path)
        assert status == 403, path
        assert "Open the address that digitdrop review has shown" in page.decode()
        assert "scan" not in page.decode()


@pytest.mark.parametrize("host", ["[::1]", "[::1]:8470", "scans.example"])
def test_the_page_is_let_into_by_whatever_name_it_is_called(visitor: Any, host: str) -> None:
    address = urllib.parse.urlsplit(visitor.url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port)
    connection.request("GET", f"/?{address.query}", headers={"Host": host})
    with closing(connection.getresponse()) as answer:
        assert answer.status == 302
        cookie = str(answer.headers["Set-Cookie"]).partition(";")[0]
    connection.close()
    connection.request("GET", DAY, headers={"Host": host, "Cookie": cookie})
    with closing(connection.getresponse()) as answer:
        assert answer.status == 200
    connection.close()


def test_another_sites_form_changes_nothing(visitor: Any, read: Any) -> None:
    visitor.open()
    status, _, _ = visitor.post(DAY, **{"seen.1.1": "7", "text.1.1": "1"})
    assert status == 403
    number = read.ledger.reviews.document(1).result["pages"][0]["numbers"][1]
    assert (number["text"], number["needs_review"]) == ("7", True)


def test_the_page_may_load_nothing_from_elsewhere(visitor: Any) -> None:
    _, _, page = visitor.open()
    addresses = re.findall(r'(?:href|src|action)="([^"]*)"', page.decode())
    assert addresses
    assert all(address.startswith("/") for address in addresses)
    for name in ("css", "js", "svg"):
        status, _, content = visitor.open(f"/static/review.{name}")
        assert (status, b"http://" in content.replace(b"http://www.w3.org/2000/svg", b"")) == (200, False)


def test_the_address_stays_with_a_file_for_its_secret(read: Any, serve: Callable[..., Any], tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    first, second = serve("--token-file", str(secret)), serve("--token-file", str(secret))
    assert first.url.partition("token=")[2] == second.url.partition("token=")[2] == secret.read_text().strip()
    assert secret.stat().st_mode & 0o777 == 0o600
    assert second.open()[0] == 200
    assert serve().url.partition("token=")[2] != secret.read_text().strip()


def review(configured: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "daemon", "review", "--config", str(configured), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("content", ["short", "with a space in the middle of it", "\u00e4" * 20])
def test_a_secret_that_may_be_guessed_or_cannot_be_in_an_address_is_refused(
    read: Any, configured: Path, tmp_path: Path, content: str
) -> None:
    (tmp_path / "secret").write_text(content)
    done = review(configured, "--port", "0", "--token-file", str(tmp_path / "secret"))
    assert done.returncode == 2
    assert "at least 16 letters and digits" in " ".join(done.stderr.replace("\u2502", " ").split())


def test_an_address_that_is_taken_is_told(read: Any, configured: Path, visitor: Any) -> None:
    port = re.findall(r":(\d+)/", visitor.url)[0]
    done = review(configured, "--port", port)
    assert done.returncode == 2
    assert "give others" in " ".join(done.stderr.replace("\u2502", " ").split())


def test_without_a_ledger_it_says_so(desk: Any, configured: Path) -> None:
    for path in desk.settings.state.iterdir():
        path.unlink()
    done = review(configured, "--port", "0")
    assert done.returncode == 70
    assert "there is no ledger" in done.stderr
