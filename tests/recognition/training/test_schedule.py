from __future__ import annotations

import pytest

from recognition.training.schedule import falling_rate


def test_the_rate_starts_at_its_peak_and_falls_to_a_hundredth() -> None:
    schedule = falling_rate(0.002, range(10)).schedule
    rates = [schedule(epoch, 0.0) for epoch in range(11)]
    assert rates[0] == pytest.approx(0.002)
    assert rates[5] == pytest.approx(0.001)
    assert rates[-1] == pytest.approx(0.00002)
    assert rates == sorted(rates, reverse=True)
