from __future__ import annotations

from dataclasses import fields, replace

import pytest

from recognition.params import RecognitionParams

NUMBERS = [
    (step.name, parameter.name)
    for step in fields(RecognitionParams)
    for parameter in fields(getattr(RecognitionParams(), step.name))
    if type(getattr(getattr(RecognitionParams(), step.name), parameter.name)) in (int, float)
]


@pytest.mark.parametrize(("step", "name"), NUMBERS)
def test_every_number_among_the_parameters_is_held_to_a_range(step, name):
    params = getattr(RecognitionParams(), step)
    for value in (-1e12, 1e12, float("nan")):
        with pytest.raises(ValueError, match=rf"{type(params).__name__}\.{name} must be from .* Received: "):
            replace(params, **{name: value})
