"""Why documents are put aside, in words for people: each reason with what can be done about it."""

from __future__ import annotations

from daemon.documents import Entry, Verdict, size_rule

READABLE = "See whether the file opens on another machine; `digitdrop retry` puts it back into the inbox"


def unreadable(error: str) -> Verdict:
    """Recognition cannot read it; it tells reason and remedy in one text, the remedy as its last sentence."""
    reason, _, remedy = error.rpartition(". ")
    return Verdict(reason, remedy) if reason else Verdict(error, READABLE)


def incomplete(error: str, waited_s: float) -> Verdict:
    """It ends too early, and nothing was added for so many seconds."""
    reason = f"{unreadable(error).reason}; nothing was added for {waited_s:g} s"
    return Verdict(reason, "Copy or scan it again, completely")


def poison(entry: Entry) -> Verdict:
    """It was tried often enough."""
    lost = "the service, or the process that read it, ended each time it was in work"
    tries = f"{entry.attempts} attempts failed" if entry.attempts else lost
    return Verdict(f"{tries}, the last time: {entry.fault or 'the service ended'}", READABLE)


def too_large(entry: Entry) -> Verdict:
    """It has more bytes than any scan."""
    return Verdict(size_rule(entry.identity.size), "Scan at a lower resolution, or split it")
