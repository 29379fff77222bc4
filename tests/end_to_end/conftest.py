"""Daemons for the tests to use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture
def station(stations: ModuleType, tmp_path: Path) -> Iterator[Any]:
    """Folders and a configuration; the daemon is started by the test and ended here at the latest."""
    station = stations.Station(tmp_path / "station")
    yield station
    station.kill()


@pytest.fixture(scope="module")
def make_station(stations: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Any]]:
    """Folders with a running daemon, made from keys of the configuration, for the tests of a module to share."""
    made = []

    def make(**settings: Any) -> Any:
        station = stations.Station(tmp_path_factory.mktemp("shared") / "station", **settings)
        made.append(station)
        station.start()
        return station

    yield make
    for station in made:
        station.kill()


@pytest.fixture(scope="module")
def running(make_station: Callable[..., Any]) -> Any:
    """A daemon that the tests of a module share."""
    return make_station()
