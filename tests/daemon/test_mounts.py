from __future__ import annotations

from pathlib import Path

import pytest

from daemon.mounts import event_folders, file_system, mounts_within, sends_events, unmounted_share

MOUNTINFO = r"""21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 21 0:44 / /srv/office rw,relatime shared:2 - cifs //nas/office rw
31 30 0:45 / /srv/office/scans rw - fuse.sshfs me@host:/ rw
32 21 0:46 / /srv/two\040words rw master:1 propagate_from:2 - nfs4 nas:/x rw
33 21 0:47 / /srv/twice rw - nfs nas:/y rw
34 21 8:2 / /srv/twice rw - xfs /dev/sdb1 rw
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/home/inbox", "ext4"),
        ("/srv/office", "cifs"),
        ("/srv/office/a/b", "cifs"),
        ("/srv/officer", "ext4"),
        ("/srv/office/scans/inbox", "fuse.sshfs"),
        ("/srv/two words/inbox", "nfs4"),
        ("/srv/twice/inbox", "xfs"),
    ],
)
def test_the_file_system_of_a_folder_is_that_of_the_nearest_mount(folder: str, kind: str) -> None:
    assert file_system(Path(folder), MOUNTINFO) == kind


def test_the_mounts_below_a_folder_are_told_with_what_they_are() -> None:
    kinds = {str(mount): kind for mount, kind in mounts_within(Path("/srv"), MOUNTINFO).items()}
    assert kinds == {
        "/srv/office": "cifs",
        "/srv/office/scans": "fuse.sshfs",
        "/srv/twice": "xfs",
        "/srv/two words": "nfs4",
    }
    assert list(mounts_within(Path("/srv/office/scans"), MOUNTINFO)) == []


def test_a_folder_no_mount_holds_is_of_an_unknown_file_system() -> None:
    assert file_system(Path("/inbox"), "") == "unknown"


@pytest.mark.parametrize("kind", ["cifs", "nfs", "nfs4", "smb3", "9p", "fuse.sshfs", "fuse", "fuseblk", "unknown"])
def test_shares_are_not_trusted_to_send_events(kind: str) -> None:
    assert not sends_events(kind)


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "tmpfs", "overlay", "zfs", "vfat"])
def test_file_systems_of_this_machine_send_events(kind: str) -> None:
    assert sends_events(kind)


def test_this_machines_own_mounts_are_read() -> None:
    assert event_folders(Path("/dev/shm"), recursive=False) == {Path("/dev/shm"): True}


FSTAB = r"""
# what is mounted at the start
/dev/sda1 / ext4 defaults 0 1
/dev/sdc1 /srv/disk ext4 defaults,nofail 0 2
//nas/office /srv/office cifs defaults,_netdev 0 0
nas:/new /srv/new\040scans nfs4 nofail
nas:/rare /srv/rare nfs noauto,users 0 0
/dev/sdd1 /srv/stick vfat user,noauto 0 0
/swap none swap sw 0 0
nas:/short
"""


@pytest.mark.parametrize(
    ("folder", "share"),
    [
        ("/srv/new scans", "/srv/new scans"),
        ("/srv/new scans/a/inbox", "/srv/new scans"),
        ("/srv/new", None),
        ("/srv/office/a", None),
        ("/srv/rare", None),
        ("/srv/disk/a", "/srv/disk"),
        ("/srv/stick", None),
        ("/home/inbox", None),
    ],
)
def test_a_share_that_is_to_be_mounted_by_itself_and_is_not_is_told(
    folder: str, share: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, content in (("FSTAB", FSTAB), ("MOUNTINFO", MOUNTINFO)):
        (tmp_path / name).write_text(content)
        monkeypatch.setattr(f"daemon.mounts.{name}", tmp_path / name)
    assert unmounted_share(Path(folder)) == (None if share is None else (Path(share), tmp_path / "FSTAB"))


def test_the_root_of_a_changed_root_is_there_though_nothing_is_mounted_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fstab").write_text("/dev/sda1 / ext4 defaults 0 1\n")
    (tmp_path / "mountinfo").write_text("30 21 0:44 / /proc rw - proc proc rw\n")
    monkeypatch.setattr("daemon.mounts.FSTAB", tmp_path / "fstab")
    monkeypatch.setattr("daemon.mounts.MOUNTINFO", tmp_path / "mountinfo")
    assert unmounted_share(Path("/srv/outbox")) is None


def test_a_line_of_an_fstab_may_be_a_comment_or_end_with_the_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fstab").write_text("#/dev/sdb1 /srv/nas/inbox ext4\nnas:/scans /srv/nas nfs\n")
    monkeypatch.setattr("daemon.mounts.FSTAB", tmp_path / "fstab")
    assert unmounted_share(Path("/srv/nas/inbox")) == (Path("/srv/nas"), tmp_path / "fstab")


def test_a_folder_that_is_a_link_into_a_share_sends_no_events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nas").mkdir()
    (tmp_path / "inbox").symlink_to("nas")
    (tmp_path / "mountinfo").write_text(
        f"20 1 8:1 / / rw - ext4 /dev/sda1 rw\n30 21 0:44 / {tmp_path}/nas rw - nfs nas:/scans rw\n"
    )
    monkeypatch.setattr("daemon.mounts.MOUNTINFO", tmp_path / "mountinfo")
    assert event_folders(tmp_path / "inbox", recursive=True) == {tmp_path / "nas": False}


def test_a_folder_that_is_a_link_into_a_share_is_away_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nas").mkdir()
    (tmp_path / "inbox").symlink_to("nas/scans")
    (tmp_path / "fstab").write_text(f"nas:/scans {tmp_path}/nas nfs defaults 0 0\n")
    monkeypatch.setattr("daemon.mounts.FSTAB", tmp_path / "fstab")
    assert unmounted_share(tmp_path / "inbox") == (tmp_path / "nas", tmp_path / "fstab")


def test_a_machine_without_an_fstab_has_no_share_that_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.mounts.FSTAB", tmp_path / "missing")
    assert unmounted_share(tmp_path) is None


def test_a_link_to_itself_is_on_the_file_system_it_stands_on(tmp_path: Path) -> None:
    (tmp_path / "inbox").symlink_to("inbox")
    assert list(event_folders(tmp_path / "inbox", recursive=True)) == [tmp_path / "inbox"]
    (tmp_path / "fstab").write_text(f"nas:/scans {tmp_path}/inbox nfs defaults 0 0\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("daemon.mounts.FSTAB", tmp_path / "fstab")
        assert unmounted_share(tmp_path / "inbox") == (tmp_path / "inbox", tmp_path / "fstab")


def test_a_share_that_is_mounted_by_way_of_a_link_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real" / "scans").mkdir(parents=True)
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "fstab").write_text(f"nas:/scans {tmp_path}/link/scans nfs defaults 0 0\n")
    (tmp_path / "mountinfo").write_text(f"30 21 0:44 / {tmp_path}/real/scans rw - nfs nas:/scans rw\n")
    monkeypatch.setattr("daemon.mounts.FSTAB", tmp_path / "fstab")
    assert unmounted_share(tmp_path / "link" / "scans" / "inbox") == (tmp_path / "link" / "scans", tmp_path / "fstab")
    monkeypatch.setattr("daemon.mounts.MOUNTINFO", tmp_path / "mountinfo")
    assert unmounted_share(tmp_path / "link" / "scans" / "inbox") is None


@pytest.mark.parametrize("kind", ["wants", "requires"])
@pytest.mark.parametrize(
    ("folder", "away"),
    [("/srv/nas/archive", True), ("/srv/nas two/a", True), ("/srv/nas", True), ("/srv/office", False), ("/srv", False)],
)
def test_a_share_that_an_enabled_unit_of_systemd_mounts_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, folder: str, away: bool
) -> None:
    units, enabled = tmp_path / "system", tmp_path / "system" / f"multi-user.target.{kind}"
    enabled.mkdir(parents=True)
    for number, where in enumerate(["/srv/nas", " /srv/nas two ", "/srv/office", "%h/scans", "/", "relative"]):
        (units / f"{number}.mount").write_text(f"[Unit]\nDescription=x\n[Mount]\nWhat=//nas/x\nWhere={where}\n")
        (enabled / f"{number}.mount").symlink_to(units / f"{number}.mount")
    (enabled / "gone.mount").symlink_to(units / "gone.mount")
    (tmp_path / "mountinfo").write_text(MOUNTINFO)
    paths = {"UNITS": units, "BOOTED": units, "MOUNTINFO": tmp_path / "mountinfo", "FSTAB": tmp_path / "none"}
    for name, path in paths.items():
        monkeypatch.setattr(f"daemon.mounts.{name}", path)
    share = unmounted_share(Path(folder))
    assert (share is not None) is away
    if share:
        assert f"{share}".startswith(f"{share.place} of {enabled}/")
    monkeypatch.setattr("daemon.mounts.BOOTED", tmp_path / "none")
    assert unmounted_share(Path(folder)) is None, "without systemd nobody mounts it"


def test_a_unit_that_nobody_has_enabled_mounts_nothing_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "srv-nas.mount").write_text("[Mount]\nWhere=/srv/nas\n")
    for name in ("UNITS", "BOOTED"):
        monkeypatch.setattr(f"daemon.mounts.{name}", tmp_path)
    assert unmounted_share(Path("/srv/nas")) is None
