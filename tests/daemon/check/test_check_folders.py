"""What `digitdrop check` says of the folders, and of what they are on."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon import check_folders as folders
from daemon.findings import Finding, Level
from daemon.ledger import Ledger

NOBODY = 65_534


def mountinfo(mounts: dict[str, str]) -> str:
    """Lines as /proc/self/mountinfo has them, for mount points and their file-system types."""
    lines = ["21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw"]
    lines += [f"{30 + k} 21 0:{k} / {at} rw shared:{k} - {kind} src rw" for k, (at, kind) in enumerate(mounts.items())]
    return "\n".join(lines) + "\n"


@pytest.fixture
def ordinary_user() -> Iterator[None]:
    """The rights of a user who is not root, where the tests run as root."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(NOBODY)
    yield
    os.seteuid(before)


def by_subject(found: Iterator[Finding]) -> dict[str, Finding]:
    return {finding.subject: finding for finding in found}


def test_a_folder_that_may_be_used_is_told_with_owner_and_mode(root):
    (root / "in").mkdir()
    (root / "in").chmod(0o750)  # whatever the umask is
    finding = folders.access("inbox", root / "in")
    assert finding.level is Level.OK
    assert finding.text.endswith("mode 0750: readable and writable")
    assert "owner " in finding.text


@pytest.mark.usefixtures("ordinary_user")
@pytest.mark.parametrize(("mode", "lacks"), [(0o755, "cannot write it"), (0o700, "cannot read or write it")])
def test_a_folder_without_the_rights_fails_with_the_command_that_gives_them(mode, lacks):
    if os.getuid() != 0:
        pytest.skip("needs root, to own a folder that another user may not use")
    os.seteuid(0)
    folder = Path(tempfile.mkdtemp(prefix="digitdrop-test-"))
    folder.chmod(mode)
    os.seteuid(NOBODY)
    finding = folders.access("outbox", folder)
    os.seteuid(0)
    folder.rmdir()
    assert finding.level is Level.FAIL
    assert lacks in finding.text
    assert finding.remedy.endswith(f"chown nobody {folder}; chmod u+rwx {folder}")


def test_a_folder_that_can_be_made_is_fine(root):
    finding = folders.access("outbox", root / "a" / "b")
    assert finding.level is Level.OK
    assert finding.text == f"{root}/a/b does not exist yet; the service makes it in {root}"


def test_a_folder_that_is_missing_after_the_first_start_is_not_said_to_be_made(settings):
    Ledger(settings.state).close()
    settings.outbox.rmdir()
    outbox = next(finding for finding in folders.check_folders(settings) if finding.subject == "outbox")
    assert outbox.level is Level.FAIL
    assert f"mkdir -p {settings.outbox}" in outbox.remedy


@pytest.mark.usefixtures("ordinary_user")
def test_a_folder_that_cannot_be_made_fails_with_the_command_that_makes_it():
    finding = folders.access("outbox", Path("/no_such_folder/out"))
    assert finding.level is Level.FAIL
    assert finding.remedy.startswith("make it: mkdir -p /no_such_folder/out && chown ")


def test_a_file_in_the_place_of_a_folder_fails(root):
    (root / "in").write_bytes(b"")
    assert folders.access("inbox", root / "in").text == f"{root}/in is not a folder"
    assert folders.access("inbox", root / "in" / "deeper").level is Level.FAIL


def test_a_read_only_folder_says_so(root):
    folder = root / "ro"
    folder.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(folder)], capture_output=True, check=False)
    if mount.returncode != 0:
        pytest.skip(f"needs the right to mount: {mount.stderr.decode().strip()}")
    try:
        finding = folders.access("outbox", folder)
    finally:
        subprocess.run(["umount", str(folder)], check=True)
    assert finding.level is Level.FAIL
    assert finding.text.endswith("mounted read-only")


def test_a_full_disk_fails_and_a_nearly_full_one_warns(root):
    folder = root / "small"
    folder.mkdir()
    for size_mb, level in ((20, Level.FAIL), (200, Level.WARN)):
        options = f"size={size_mb}m"
        mount = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, check=False
        )
        if mount.returncode != 0:
            pytest.skip(f"needs the right to mount: {mount.stderr.decode().strip()}")
        try:
            finding = folders.room("outbox", folder / "not" / "there")
        finally:
            subprocess.run(["umount", str(folder)], check=True)
        assert finding.level is level
        assert "make room" in finding.remedy


@pytest.mark.parametrize("kind", ["cifs", "nfs4", "fuse.sshfs", "9p"])
def test_an_inbox_on_a_share_is_searched(settings, kind):
    found = by_subject(folders.check_folders(settings, mountinfo({str(settings.inbox): kind})))
    finding = found["inbox events"]
    assert finding.level is Level.OK
    assert f"is on {kind}, which does not tell" in finding.text
    assert finding.text.endswith("it is searched instead, every few seconds")
    assert "inotify" not in found


def test_how_often_a_share_is_searched_is_told_when_it_is_configured(settings):
    watch = settings.watch.model_copy(update={"rescan_seconds": 30})
    (finding,) = folders.watching(settings.model_copy(update={"watch": watch}), "cifs")
    assert finding.text.endswith("every 30 s")


def test_an_inbox_on_a_disk_has_events_and_enough_watches(settings):
    found = by_subject(folders.check_folders(settings, mountinfo({})))
    assert "is on ext4, which tells of new files" in found["inbox events"].text
    assert found["inotify"].text.startswith("1 folders to watch, ")


def test_more_folders_than_watches_are_warned_of(settings):
    for name in "abcdef":
        (settings.inbox / name).mkdir()
    assert folders.watches(settings.inbox, 14).level is Level.OK
    finding = folders.watches(settings.inbox, 13)
    assert finding.level is Level.WARN
    assert "sysctl fs.inotify.max_user_watches=524288" in finding.remedy


def test_a_move_to_another_file_system_is_a_copy(settings):
    assert folders.moving("archive", settings.inbox, settings.archive / "not" / "there").level is Level.OK
    finding = folders.moving("archive", settings.inbox, Path("/proc/archive"))
    assert finding.level is Level.WARN
    assert "originals are copied, then removed" in finding.text


@pytest.mark.parametrize(
    ("kind", "level"),
    [("ext4", Level.OK), ("btrfs", Level.OK), ("nfs4", Level.FAIL), ("cifs", Level.FAIL), ("tmpfs", Level.WARN),
     ("fuse.ntfs", Level.WARN)],
)  # fmt: skip
def test_the_ledger_belongs_on_a_disk_of_this_machine(kind, level):
    finding = folders.memory(Path("/var/lib/digitdrop"), kind)
    assert finding.level is level
    assert bool(finding.remedy) == (level is not Level.OK)


def test_no_archive_is_told_as_such(settings):
    found = by_subject(folders.check_folders(settings.model_copy(update={"archive": None}), mountinfo({})))
    assert found["archive"].text == "none: originals stay in the inbox"
    assert "archive move" not in found
    assert "archive_days" not in found


def test_days_to_keep_originals_in_no_archive_are_warned_of_as_the_service_works_with_them(settings):
    kept = settings.model_copy(update={"archive_days": 30})
    assert "archive_days" not in by_subject(folders.check_folders(kept, mountinfo({})))
    without = kept.model_copy(update={"archive": None})
    finding = by_subject(folders.check_folders(without, mountinfo({})))["archive_days"]
    assert finding.level is Level.WARN
    assert finding.text.startswith("30 days have no effect")


def test_a_file_for_prometheus_in_a_folder_that_may_be_written_is_fine(settings, root):
    settings = settings.model_copy(update={"metrics_file": root / "digitdrop.prom"})
    finding = by_subject(folders.check_folders(settings, mountinfo({})))["metrics_file"]
    assert finding.level is Level.OK
    assert finding.text.startswith(f"{root}, owner ")


def test_a_file_for_prometheus_in_no_folder_is_warned_of_as_the_service_works_without(settings, root):
    folder = root / "prometheus"
    settings = settings.model_copy(update={"metrics_file": folder / "digitdrop.prom"})
    finding = by_subject(folders.check_folders(settings, mountinfo({})))["metrics_file"]
    assert finding.level is Level.WARN
    assert finding.text == f"{folder} does not exist, and the service does not make it"
    assert finding.remedy.startswith(f"make it: mkdir -p {folder} && chown ")


def test_a_file_for_prometheus_where_it_may_not_be_written_is_warned_of(root, ordinary_user):
    if os.getuid() != 0:
        pytest.skip("needs root, to own a folder that another user may not write to")
    finding = folders.metrics(root / "digitdrop.prom")
    assert finding.level is Level.WARN
    assert "cannot write it" in finding.text


def test_without_a_file_for_prometheus_nothing_is_said_of_it(settings):
    assert "metrics_file" not in by_subject(folders.check_folders(settings, mountinfo({})))


def test_looking_changes_nothing(settings, root):
    shutil.rmtree(settings.outbox)

    def tree() -> list[Path]:
        return sorted(root.rglob("*"))

    before = tree()
    list(folders.check_folders(settings))
    assert tree() == before
