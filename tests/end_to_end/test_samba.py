"""Pages dropped over the network: a real Samba server on the inbox, and a real client."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator

import pytest

pytestmark = [
    pytest.mark.skipif(
        shutil.which("smbd") is None or shutil.which("smbclient") is None,
        reason="needs a Samba server and client: apt-get install samba smbclient",
    ),
    pytest.mark.skipif(os.geteuid() != 0, reason="smbd changes users and so must be started by root"),
]

Client = Callable[[str], str]


@pytest.fixture(scope="module")
def client(running, samba, tmp_path_factory) -> Iterator[Client]:
    """Runs commands of smbclient on the share `inbox`."""
    with samba.shared(running.inbox, tmp_path_factory.mktemp("samba")) as share:
        yield share.run


def test_a_scan_put_on_the_share_is_read(running, client, draw_page, tmp_path):
    (tmp_path / "scan.jpg").write_bytes(data := draw_page(101))
    client(f"lcd {tmp_path}; put scan.jpg")
    put = time.monotonic()
    running.result("scan.jpg")
    print(f"results {time.monotonic() - put:.2f} s after the client ended")
    assert running.wait_for(running.archive / "scan.jpg").read_bytes() == data
    assert "scan.jpg" not in client("ls")


def test_a_scan_renamed_on_the_share_is_read_under_its_final_name(running, client, draw_page, tmp_path):
    (tmp_path / "upload.part").write_bytes(draw_page(102))
    client(f"lcd {tmp_path}; mkdir office; put upload.part office/upload.part; rename office/upload.part office/a.jpg")
    running.result("office/a.jpg")
    assert not (running.outbox / "office" / "upload.part.json").exists()


def test_many_scans_put_in_one_go_are_all_read(running, client, draw_page, tmp_path):
    names = [f"batch {number:02}.jpg" for number in range(12)]
    for number, name in enumerate(names):
        (tmp_path / name).write_bytes(draw_page(200 + number))
    client(f"lcd {tmp_path}; prompt; mput batch*")
    for name in names:
        running.result(name)
        running.wait_for(running.archive / name)
