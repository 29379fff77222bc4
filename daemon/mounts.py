"""What kind of file system a folder is on: whether it tells of changes that other machines make."""

from __future__ import annotations

import re
from pathlib import Path

MOUNTINFO = Path("/proc/self/mountinfo")

_NETWORK = (
    "9p", "afs", "ceph", "cifs", "coda", "davfs", "gfs", "gfs2", "glusterfs", "lustre", "ncpfs", "nfs",
    "nfs4", "ocfs2", "orangefs", "smb3", "smbfs",
)  # fmt: skip
_GUESTS = ("virtiofs", "vboxsf", "vmhgfs", "prl_fs", "drvfs")
_SILENT = frozenset(_NETWORK + _GUESTS)
"""File systems whose content changes behind this kernel's back, so that no inotify event is raised."""


def file_system(folder: Path, mountinfo: str) -> str:
    """The type of the file system that a folder is on; "unknown" when no mount holds it.

    Args:
        folder: absolute, without links in it; it does not have to exist.
        mountinfo: content of /proc/self/mountinfo, see proc_pid_mountinfo(5).
    """
    best, kind = -1, "unknown"
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) < 5 or not after:
            continue
        mount = Path(_unescaped(fields[4]))
        if folder.is_relative_to(mount) and len(mount.parts) >= best:  # a later mount hides an earlier one
            best, kind = len(mount.parts), after.split(" ")[0]
    return kind


def sends_events(kind: str) -> bool:
    """Whether a file system of this type tells of every change; FUSE may be anything, so it is not trusted."""
    return kind not in _SILENT and not kind.startswith("fuse") and kind != "unknown"


def folder_sends_events(folder: Path) -> bool:
    """The same for a folder of this machine."""
    try:
        mountinfo = MOUNTINFO.read_text(errors="surrogateescape")
    except OSError:
        return False
    return sends_events(file_system(folder.resolve(), mountinfo))


def _unescaped(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)
