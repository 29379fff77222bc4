"""What the connection to a cluster says, without one: test_dask.py has real ones."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

from daemon.engine.cluster import SILENT_S, Cluster
from daemon.engine.fitness import REST_S, Fitness
from daemon.engine.interface import OutcomeKind
from daemon.engine.task import Answer


def test_a_cluster_that_does_not_answer_is_one_problem_however_long_it_lasts() -> None:
    bundle: Any = SimpleNamespace(key="")  # nothing is sent
    cluster = Cluster("tcp://127.0.0.1:8786", bundle, lambda: None)
    cluster._problem = None
    problems = []
    for silent_s in (SILENT_S - 10, SILENT_S + 1, SILENT_S + 30):
        cluster._seen = time.monotonic() - silent_s
        problems.append(cluster.problem)
    cluster._loop.close()
    assert problems[0] is None
    assert "has not answered" in str(problems[1])
    assert problems[1] == problems[2]


def test_the_workers_that_are_there_are_unfit_when_each_could_not_read_the_last_time() -> None:
    def answer(worker: str, kind: OutcomeKind = OutcomeKind.LOST) -> Answer:
        return Answer(kind, b"", 0.1, f"{worker} lacks memory", worker)

    fitness = Fitness()
    assert fitness.problem([]) is None
    fitness.note(answer("a"))
    assert fitness.problem(["a", "b"]) is None, "b was not asked yet"
    fitness.note(answer("b"))
    assert fitness.problem(["a", "b"]) == "no worker of the Dask cluster can read: a lacks memory; b lacks memory"
    fitness.note(answer("a", OutcomeKind.CRASHED))
    assert fitness.problem(["a", "b"]) is None
    assert fitness.problem(["b"]) == "no worker of the Dask cluster can read: b lacks memory", "a is gone"


def test_a_worker_that_could_not_read_gets_nothing_for_a_while_when_others_can() -> None:
    now = [0.0]
    fitness = Fitness(lambda: now[0])
    assert fitness.fit(["a", "b"]) == ["a", "b"]
    fitness.note(Answer(OutcomeKind.LOST, b"", 0.1, "too little memory", "a"))
    assert fitness.fit(["a", "b"]) == ["b"]
    assert fitness.fit(["a"]) == ["a"], "how else would it be known that it can again"
    now[0] += REST_S
    assert fitness.fit(["a", "b"]) == ["a", "b"]
    fitness.note(Answer(OutcomeKind.LOST, b"", 0.1, "too little memory", "a"))
    fitness.note(Answer(OutcomeKind.READ, b"", 0.1, None, "a"))
    assert fitness.fit(["a", "b"]) == ["a", "b"]
