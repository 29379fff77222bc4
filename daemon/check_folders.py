"""Are the configured folders there, may they be used, and what are they on? Nothing is written to find out."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from config.schema import Settings
from daemon.findings import Finding, Level, fail, ok, warn
from daemon.ledger.schema import FILE as LEDGER_FILE
from daemon.mounts import MOUNTINFO, file_system, sends_events

MIN_FREE_MB = 50
"""Below it the next large scan's results do not fit."""
FEW_FREE_MB = 1000
"""Below it a person should make room: some thousand pages' results."""
FEW_FREE_INODES = 5_000
VOLATILE = ("tmpfs", "ramfs")
INOTIFY_LIMIT = Path("/proc/sys/fs/inotify/max_user_watches")


def check_folders(settings: Settings, mountinfo: str | None = None) -> Iterator[Finding]:
    """Check each folder, what it is on, and the room there.

    Args:
        settings: the configuration.
        mountinfo: instead of the content of /proc/self/mountinfo.
    """
    mounts = MOUNTINFO.read_text(errors="surrogateescape") if mountinfo is None else mountinfo
    folders = {name: getattr(settings, name) for name in ("inbox", "outbox", "archive", "failed", "state")}
    started = _exists(settings.state / LEDGER_FILE)
    for name, folder in folders.items():
        yield access(name, folder, started=started) if folder else ok(name, "none: originals stay in the inbox")
    if settings.archive is None and settings.archive_days is not None:
        text = f"{settings.archive_days} days have no effect: without an archive, originals stay in the inbox for good"
        yield warn("archive_days", text, "name a folder as archive, or set archive_days to null")
    yield from watching(settings, file_system(settings.inbox.resolve(), mounts))
    for name in ("archive", "failed"):
        if folders[name]:
            yield moving(name, settings.inbox, folders[name])
    yield memory(settings.state, file_system(settings.state.resolve(), mounts))
    for name in ("outbox", "state"):
        yield room(name, folders[name])
    if settings.metrics_file is not None:
        yield metrics(settings.metrics_file)


def access(name: str, folder: Path, *, started: bool = False) -> Finding:
    """May this user list the folder, and make and remove files in it; or make the folder?

    Once the service has `started` on the state folder it makes no other any more.
    """
    try:
        status = folder.stat()
    except FileNotFoundError:
        return _lacking(name, folder) if started else _creatable(name, folder)
    except OSError as error:
        return fail(name, f"{folder} cannot be looked at: {error.strerror}", "check the path and its permissions")
    if not stat.S_ISDIR(status.st_mode):
        return fail(name, f"{folder} is not a folder", f"name another path as {name}, or move that file away")
    facts = f"{folder}, owner {_owner(status)}, mode {stat.S_IMODE(status.st_mode):04o}"
    lacking = [what for what, mode in _RIGHTS.items() if not os.access(folder, mode, effective_ids=True)]
    if not lacking:
        return ok(name, f"{facts}: readable and writable")
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        return fail(name, f"{facts}: mounted read-only", "mount it writable, or name another folder")
    remedy = f"give {_user()} the right, for instance: chown {_user()} {folder}; chmod u+rwx {folder}"
    return fail(name, f"{facts}: {_user()} cannot {' or '.join(lacking)} it", remedy)


_RIGHTS = {"read": os.R_OK | os.X_OK, "write": os.W_OK | os.X_OK}


def _lacking(name: str, folder: Path) -> Finding:
    text = f"{folder} does not exist; the service makes folders at its first start only, later a share may be away"
    return fail(name, text, f"mount its share, or make it: mkdir -p {folder} && chown {_user()} {folder}")


def _creatable(name: str, folder: Path) -> Finding:
    parent = _nearest(folder)
    if parent.is_dir() and os.access(parent, os.W_OK | os.X_OK, effective_ids=True):
        return ok(name, f"{folder} does not exist yet; the service makes it in {parent}")
    remedy = f"make it: mkdir -p {folder} && chown {_user()} {folder}"
    return fail(name, f"{folder} does not exist, and {_user()} cannot make it in {parent}", remedy)


def metrics(file: Path) -> Finding:
    """May the file for Prometheus be written? The service works without it, and does not make its folder."""
    name, folder = "metrics_file", file.parent
    if not _exists(folder):
        remedy = f"make it: mkdir -p {folder} && chown {_user()} {folder}"
        return warn(name, f"{folder} does not exist, and the service does not make it", remedy)
    finding = access(name, folder)
    return finding if finding.level is Level.OK else replace(finding, level=Level.WARN)


def watching(settings: Settings, kind: str) -> Iterator[Finding]:
    """Does the inbox's file system tell of new files, and may all its folders be watched?"""
    inbox = settings.inbox
    if not sends_events(kind):
        text = f"{inbox} is on {kind}, which does not tell of files that other machines write: it is searched instead"
        if settings.watch.rescan_seconds == "auto":
            yield ok("inbox events", f"{text}, every few seconds")
        else:
            yield ok("inbox events", f"{text}, every {settings.watch.rescan_seconds:g} s")
        return
    yield ok("inbox events", f"{inbox} is on {kind}, which tells of new files; it is searched now and then as well")
    if settings.watch.recursive:
        yield watches(inbox, int(INOTIFY_LIMIT.read_text()))


def watches(inbox: Path, limit: int) -> Finding:
    """Are there fewer subfolders than inotify watches? The limit is one for all programs of a user."""
    count = 0
    for _ in os.walk(inbox):
        count += 1
        if 2 * count > limit:
            remedy = f"raise it: sysctl fs.inotify.max_user_watches={max(4 * limit, 524_288)}, and in /etc/sysctl.d"
            return warn("inotify", f"{inbox} has {count} or more folders, and {limit} can be watched", remedy)
    return ok("inotify", f"{count} folders to watch, {limit} can be")


def moving(name: str, inbox: Path, folder: Path) -> Finding:
    """Is a move from the inbox a rename, or a copy?"""
    if _nearest(inbox).stat().st_dev == _nearest(folder).stat().st_dev:
        return ok(f"{name} move", "on the file system of the inbox: originals are renamed")
    text = f"{folder} is on another file system than the inbox: originals are copied, then removed"
    return warn(f"{name} move", text, f"put {name} and inbox on one file system if they are many or large")


def memory(state: Path, kind: str) -> Finding:
    """Is the ledger on a disk of this machine?"""
    if kind in VOLATILE:
        return warn("state disk", f"{state} is on {kind}, whose content a reboot loses", "name a folder on a disk")
    if sends_events(kind):
        return ok("state disk", f"{state} is on {kind}")
    text = f"{state} is on {kind}; the ledger needs a disk of this machine, or it is damaged sooner or later"
    if kind == "unknown" or kind.startswith("fuse"):
        return warn("state disk", text, "make sure that it is one")
    return fail("state disk", text, "name a folder on one, such as /var/lib/digitdrop")


def room(name: str, folder: Path) -> Finding:
    """Is there room left, for content and for files?"""
    place = _nearest(folder)
    free_mb = shutil.disk_usage(place).free // 1_000_000
    system = os.statvfs(place)
    subject, text = f"{name} space", f"{free_mb:,} MB free for {folder}"
    if free_mb < MIN_FREE_MB:
        return fail(subject, text, f"make room: at least {MIN_FREE_MB} MB, better {FEW_FREE_MB} MB")
    if free_mb < FEW_FREE_MB:
        return warn(subject, text, f"make room: better {FEW_FREE_MB} MB")
    if system.f_files > 0 and system.f_favail < FEW_FREE_INODES:
        return warn(subject, f"{text}, but only {system.f_favail} more files fit", "remove files that nobody needs")
    return ok(subject, text)


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    return next(place for place in (folder, *folder.parents) if _exists(place))


def _exists(place: Path) -> bool:
    try:
        place.stat()
    except OSError:  # not to be looked at is as good as not there
        return False
    return True


def _owner(status: os.stat_result) -> str:
    try:
        user = pwd.getpwuid(status.st_uid).pw_name
    except KeyError:
        user = str(status.st_uid)
    try:
        return f"{user}:{grp.getgrgid(status.st_gid).gr_name}"
    except KeyError:
        return f"{user}:{status.st_gid}"


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
