"""What kind of file system a folder is on: does it tell of changes that other machines make, and is it there?"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

MOUNTINFO = Path("/proc/self/mountinfo")
FSTAB = Path("/etc/fstab")
UNITS = Path("/etc/systemd/system")
"""Where systemd has the units that a person has enabled; those it makes of an fstab are elsewhere."""
BOOTED = Path("/run/systemd/system")
"""Is there where systemd runs, see sd_booted(3); in a container units may be enabled that nobody starts."""

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
        raise FolderAwayError(errno.ENOTCONN, f"{share} is not mounted", str(folder))


class Share(NamedTuple):
    """A share or a disk that is mounted by itself: where, and which file says so."""

    place: Path
    source: Path

    def __str__(self) -> str:
        """As messages name it."""
        return f"{self.place} of {self.source}"


def unmounted_share(folder: Path) -> Share | None:
    """The share or the disk that is to hold a folder and is not mounted; None where nothing says so.

    Only what /etc/fstab or an enabled unit of systemd has mounted by itself is told: what a person or another program
    mounts may be away on purpose.
    """
    mountinfo = _text(MOUNTINFO)
    if mountinfo is None:
        return None
    places = (folder, Path(os.path.realpath(folder)))
    mounted = {mount for mount, _ in _mounts(mountinfo)}  # an automount that waits for its first use stands there, too
    for share in _shares():
        # The others are not even looked at: a server that does not answer holds up whoever does.
        held = any(place.is_relative_to(share.place) for place in places)
        if held and Path(os.path.realpath(share.place)) not in mounted:
            return share
    return None


def _shares() -> Iterator[Share]:
    """What is mounted by itself below the root, which is there always."""
    for place in _of_fstab(_text(FSTAB) or ""):
        yield Share(place, FSTAB)
    for kind in ("wants", "requires"):
        for unit in sorted(UNITS.glob(f"*.{kind}/*.mount")) if BOOTED.is_dir() else ():
            if where := _of_unit(_text(unit) or ""):
                yield Share(where, unit)


def _of_unit(text: str) -> Path | None:
    """Where a systemd.mount(5) mounts; None where that depends on what only systemd knows."""
    places = re.findall(r"^[ \t]*Where[ \t]*=[ \t]*(/.*?)[ \t]*$", text, re.MULTILINE)
    return Path(places[-1]) if places and "%" not in places[-1] and places[-1] != "/" else None


def _text(path: Path) -> str | None:
    """What a file of the system's holds; None where it is missing, or not to be read."""
    try:
        return path.read_text(errors="surrogateescape")
    except OSError:
        return None


def _of_fstab(fstab: str) -> Iterator[Path]:
    """Where the shares and disks of an fstab(5) are mounted by themselves."""
    for line in fstab.splitlines():
        fields = line.split()
        if len(fields) < 3 or fields[0].startswith("#") or fields[1] == "/":
            continue
        if "noauto" not in (fields[3].split(",") if len(fields) > 3 else ()):
            yield Path(_unescaped(fields[1]))


def _unescaped(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)
