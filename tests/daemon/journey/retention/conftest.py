"""An archive from which originals are removed when their time is up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from daemon.clock import DAY_S
from daemon.retention import Retention


class Shelf:
    """The archive of a desk, and what removes originals from it."""

    def __init__(self, desk: Any) -> None:
        self.desk = desk
        self.retention = self._new_retention()

    def archive(self, name: str, content: bytes) -> None:
        self.desk.arrive(name, content)
        self.desk.run()

    def look(self, days: float) -> None:
        """Has everything removed that is to be after so many days."""
        self.desk.now += days * DAY_S
        while self.retention.run_once(self.desk.now):
            pass

    def restart(self) -> None:
        self.desk.restart()
        self.retention = self._new_retention()

    @contextmanager
    def unmounted(self) -> Iterator[None]:
        """Within, an empty folder stands where the archive is to be mounted."""
        place = self.desk.settings.archive
        away = place.rename(self.desk.root / "away")
        place.mkdir()
        yield
        place.rmdir()
        away.rename(place)

    def _new_retention(self) -> Retention:
        return Retention(self.desk.settings, self.desk.ledger, watch=self.desk.watch)


@pytest.fixture
def desk(make_desk: Callable[..., Any]) -> Any:
    return make_desk(archive_days=30)


@pytest.fixture
def shelf(desk: Any) -> Shelf:
    return Shelf(desk)
