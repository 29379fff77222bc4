"""The benchmark that kills the daemon while pages arrive, in small."""

from __future__ import annotations

import os
import shutil

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("smbd") is None or shutil.which("smbclient") is None,
        reason="needs a Samba server and client: apt-get install samba smbclient",
    ),
    pytest.mark.skipif(os.geteuid() != 0, reason="smbd changes users and so must be started by root"),
]


def test_killed_over_and_over_nothing_is_lost_twice_or_half(kill, tmp_path):
    report = kill.run(tmp_path, pages=40, kills=4, seed=3, limit_s=240)
    assert report.faults == []
    assert report.daemon_kills == 4
    assert report.archived + report.failed == 40
    assert report.failed_though_readable == 0


def test_what_is_wrong_afterwards_is_found(kill, aftermath, tmp_path):
    report = kill.run(tmp_path, pages=12, kills=0, seed=4, limit_s=240)
    assert report.faults == []
    files = kill.contents(12, 4).values()
    before = aftermath.examine(tmp_path, files)
    assert before == []
    archived = sorted(tmp_path.glob("archive/**/*.jpg"))
    for damage in (
        lambda: archived[0].unlink(),
        lambda: (tmp_path / "archive" / "twice.jpg").write_bytes(archived[1].read_bytes()),
        lambda: next(tmp_path.glob("outbox/**/scan*.csv")).write_text("half"),
        lambda: (tmp_path / "outbox" / ".digitdrop-1.tmp").write_text("left"),
        lambda: next(tmp_path.glob("outbox/tables/*.csv")).write_text("document"),
    ):
        damage()
        after = aftermath.examine(tmp_path, files)
        assert after != before
        before = after
