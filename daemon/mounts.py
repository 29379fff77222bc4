"""What kind of file system a folder is on: does it tell of changes that other machines make, and is it there?"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path

MOUNTINFO = Path("/proc/self/mountinfo")
FSTAB = Path("/etc/fstab")

_NETWORK = (
    "9p", "afs", "ceph", "cifs", "coda", "davfs", "gfs", "gfs2", "glusterfs", "lustre", "ncpfs", "nfs",
    "nfs4", "ocfs2", "orangefs", "smb3", "smbfs",
)  # fmt: skip
_GUESTS = ("virtiofs", "vboxsf", "vmhgfs", "prl_fs", "drvfs")
_SILENT = frozenset(_NETWORK + _GUESTS)
"""File systems whose content changes behind this kernel's back, so that no inotify event is raised."""


def mounts_within(folder: Path, mountinfo: str) -> dict[Path, str]:
    """The file systems mounted below a folder, not on it, with their types; a later mount hides an earlier one.

    Args:
        folder: absolute, without links in it.
        mountinfo: content of /proc/self/mountinfo.
    """
    found = {mount: kind for mount, kind in _mounts(mountinfo) if mount != folder and mount.is_relative_to(folder)}
    return dict(sorted(found.items()))


def file_system(folder: Path, mountinfo: str) -> str:
    """The type of the file system that a folder is on; "unknown" when no mount holds it.

    Args:
        folder: absolute, without links in it; it does not have to exist.
        mountinfo: content of /proc/self/mountinfo, see proc_pid_mountinfo(5).
    """
    best, kind = -1, "unknown"
    for mount, its_kind in _mounts(mountinfo):
        if folder.is_relative_to(mount) and len(mount.parts) >= best:  # a later mount hides an earlier one
            best, kind = len(mount.parts), its_kind
    return kind


def _mounts(mountinfo: str) -> Iterator[tuple[Path, str]]:
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) >= 5 and after:
            yield Path(_unescaped(fields[4])), after.split(" ")[0]


def sends_events(kind: str) -> bool:
    """Whether a file system of this type tells of every change; FUSE may be anything, so it is not trusted."""
    return kind not in _SILENT and not kind.startswith("fuse") and kind != "unknown"


def event_folders(folder: Path, *, recursive: bool) -> dict[Path, bool]:
    """Whether a folder of this machine, and each file system mounted below it, tells of every change."""
    try:
        mountinfo = MOUNTINFO.read_text(errors="surrogateescape")
    except OSError:
        return {folder: False}
    place = Path(os.path.realpath(folder))
    below = mounts_within(place, mountinfo) if recursive else {}
    return {place: sends_events(file_system(place, mountinfo))} | {
        mount: sends_events(kind) for mount, kind in below.items()
    }


class FolderAwayError(OSError):
    """A folder is away into which all documents of a state have to go."""


def require_folder(folder: Path) -> None:
    """Refuses a folder that is missing, and one that stands in the place of a file system that is not mounted.

    What is written there vanishes beneath the mount, and what is not found there is not lost.

    Raises:
        FolderAwayError: it is refused.
        OSError: it cannot be looked at.
    """
    if not folder.is_dir():
        raise FolderAwayError(errno.ENOENT, "the folder is missing, mount its share or make it", str(folder))
    if share := unmounted_share(folder):
        raise FolderAwayError(errno.ENOTCONN, f"{share} of /etc/fstab is not mounted", str(folder))


def unmounted_share(folder: Path) -> Path | None:
    """Where a share or a disk is to be mounted that holds a folder, and is not mounted; None where nothing says so.

    Only what /etc/fstab has mounted by itself is told: what a person or another program mounts may be away on purpose.
    """
    try:
        fstab = FSTAB.read_text(errors="surrogateescape")
        mountinfo = MOUNTINFO.read_text(errors="surrogateescape")
    except OSError:
        return None
    places = (folder, Path(os.path.realpath(folder)))
    mounted = {mount for mount, _ in _mounts(mountinfo)}  # an automount that waits for its first use stands there, too
    for share in _shares(fstab):
        # The others are not even looked at: a server that does not answer holds up whoever does.
        if any(place.is_relative_to(share) for place in places) and Path(os.path.realpath(share)) not in mounted:
            return share
    return None


def _shares(fstab: str) -> Iterator[Path]:
    """Where the shares and disks of an fstab(5) are mounted by themselves, below the root, which is there always."""
    for line in fstab.splitlines():
        fields = line.split()
        if len(fields) < 3 or fields[0].startswith("#") or fields[1] == "/":
            continue
        if "noauto" not in (fields[3].split(",") if len(fields) > 3 else ()):
            yield Path(_unescaped(fields[1]))


def _unescaped(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)
