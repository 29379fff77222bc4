"""What the connection to a cluster says, without one: test_dask.py has real ones."""

from __future__ import annotations

import time
from typing import Any

from daemon.engine.cluster import SILENT_S, Cluster


def test_a_cluster_that_does_not_answer_is_one_problem_however_long_it_lasts() -> None:
    bundle: Any = None  # nothing is sent
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
