from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event, current_thread

import pytest

from daemon.background import Background, StoppedError
from daemon.systemd import Beat

WAIT_S = 30.0


def done(background: Background[object], ended: Event) -> Background[object]:
    assert ended.wait(WAIT_S)
    assert background.is_done
    return background


def test_work_runs_beside_its_caller_who_is_told_of_its_end() -> None:
    ended, go = Event(), Event()
    background = Background[object](lambda beat: (go.wait(WAIT_S), current_thread()), ended.set)
    assert not background.is_done
    assert not ended.is_set()
    go.set()
    assert done(background, ended).result() not in {(True, current_thread()), (False, current_thread())}


def test_what_work_raises_is_raised_to_whoever_takes_its_result() -> None:
    def fail(beat: Beat) -> None:
        raise ValueError("no space")

    ended = Event()
    background = done(Background[object](fail, ended.set), ended)
    for _ in range(2):
        with pytest.raises(ValueError, match="no space"):
            background.result()


def test_each_beat_is_noted_by_the_clock() -> None:
    times = iter([5.0, 7.0, 11.0])
    ended, beaten, go = Event(), Event(), Event()

    def work(beat: Beat) -> None:
        beat()
        beaten.set()
        go.wait(WAIT_S)
        beat()

    background = Background[object](work, ended.set, lambda: next(times))
    assert beaten.wait(WAIT_S)
    assert background.heard == 7.0
    go.set()
    assert done(background, ended).heard == 11.0


def test_a_stop_ends_work_at_its_next_beat() -> None:
    begun = Event()

    def endless(beat: Beat) -> None:
        begun.set()
        while True:
            beat()
            time.sleep(0.001)

    background = Background[object](endless, lambda: None)
    assert begun.wait(WAIT_S)
    assert background.stop()
    with pytest.raises(StoppedError):
        background.result()


def test_a_stop_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.background._STOP_S", 0.05)
    go = Event()
    background = Background[object](lambda beat: go.wait(WAIT_S), lambda: None)
    assert not background.stop()
    go.set()


@pytest.mark.parametrize("work", [lambda beat: None, lambda beat: 1 / 0])
def test_the_end_is_told_once_the_result_is_there(work: Callable[[Beat], object]) -> None:
    seen: list[bool] = []
    ended, ready = Event(), Event()

    def look() -> None:
        ready.wait(WAIT_S)
        seen.append(background.is_done)
        ended.set()

    background = Background[object](work, look)
    ready.set()
    done(background, ended)
    assert seen == [True]
