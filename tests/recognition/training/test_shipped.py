from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from recognition.training.context import build_context, compile_context
from recognition.training.digits import build_digits, compile_digits
from recognition.training.digits_b import build_digits_b
from recognition.training.saved import load_to_resume
from recognition.training.sequence import build_sequence, compile_sequence

MODELS = Path(__file__).parents[3] / "models"

RECIPES = {
    "digits": (build_digits, compile_digits),
    "digits-b": (build_digits_b, compile_digits),
    "context": (build_context, compile_context),
    "sequence": (build_sequence, compile_sequence),
}


@pytest.mark.parametrize("name", RECIPES)
def test_the_networks_that_come_with_digitdrop_can_be_trained_on(name: str) -> None:
    build, compile_new = RECIPES[name]
    shipped, new = load_to_resume(MODELS / f"{name}.keras"), build()
    compile_new(new)
    assert shipped.loss == new.loss
    assert shipped.count_params() == new.count_params()
    assert _kept(shipped.optimizer.get_config()) == _kept(new.optimizer.get_config())


def _kept(config: dict[str, Any]) -> dict[str, Any]:
    """What of an optimizer stays the same for all of a training."""
    return {key: value for key, value in config.items() if key not in ("name", "learning_rate")}
