"""What the main loop drives."""

from __future__ import annotations

from typing import NamedTuple

from daemon.corrections import Corrections
from daemon.days import DayTables
from daemon.engine.interface import Engine
from daemon.hooks import Hooks
from daemon.inbox import Inbox
from daemon.ledger import Ledger
from daemon.retention import Retention
from daemon.systemd import Notifier
from daemon.worker import Worker


class Parts(NamedTuple):
    """The parts of the service, ready to work."""

    ledger: Ledger
    engine: Engine
    inbox: Inbox
    worker: Worker
    corrections: Corrections
    tables: DayTables
    hooks: Hooks
    retention: Retention
    notifier: Notifier
