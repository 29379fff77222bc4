"""The benchmark that feeds damaged files, in small."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.slow


def test_damaged_files_are_read_or_refused_and_nothing_else(fuzz, tmp_path):
    report = fuzz.run(tmp_path, count=150, seed=2, batch=150)
    assert report.faults == []
    assert report.read.total() + report.refused.total() == 150
    assert min(report.read.total(), report.refused.total()) > 20
    assert report.crashed == report.timed_out == report.too_large == 0
    assert 0 < report.worker_peak_mb <= report.worker_limit_mb


def test_damage_is_the_same_for_the_same_seed_and_of_every_format(damage):
    files = dict(damage.inputs(3, 200))
    assert files == dict(damage.inputs(3, 200))
    assert {damage.kind_of(name) for name in files} == {kind for kind, _ in damage.originals(3)}
    whole = {data for _, data in damage.originals(3)}
    assert sum(data in whole for data in files.values()) < 20
