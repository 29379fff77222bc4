"""`default.yaml` tells people what the code does: the two must not part."""

from __future__ import annotations

import re

import pytest
import yaml

from config.loader import load_settings
from config.messages import known_keys, limits_of
from config.schema import Settings
from config.shipped import DEFAULT_FILE

TEXT = DEFAULT_FILE.read_text(encoding="utf-8")


def test_the_file_gives_exactly_the_defaults_of_the_code():
    assert load_settings(DEFAULT_FILE) == Settings()


@pytest.mark.parametrize("key", [".".join(path) for path in known_keys(Settings)])
def test_every_key_stands_in_the_file(key):
    values = yaml.safe_load(TEXT)
    for part in key.split("."):
        assert part in values, f"{key} is missing in default.yaml"
        values = values[part]


def test_every_value_has_a_comment_above_it():
    lines = TEXT.splitlines()
    for number, line in enumerate(lines):
        if re.match(r"\s*\w+: \S|  ignore:", line):
            assert lines[number - 1].lstrip().startswith("#"), f"line {number + 1} is not explained: {line}"


@pytest.mark.parametrize(
    ("key", "low", "high"),
    [(".".join(path), *limits) for path in known_keys(Settings) if (limits := limits_of(path, Settings))],
)
def test_every_range_is_told_in_the_file(key, low, high):
    comment = _comment_of(key)
    assert re.search(rf"\(\D*{low:g} to ({high:g}|accept)\D*\)", comment), f"{key} says: {comment}"


def _comment_of(key: str) -> str:
    *section, name = key.split(".")
    lines = TEXT.splitlines()
    begin = lines.index(f"{section[0]}:") if section else 0
    end = next(k for k, line in enumerate(lines) if k >= begin and line.strip().startswith(f"{name}: "))
    start = end
    while lines[start - 1].lstrip().startswith("#"):
        start -= 1
    return " ".join(line.strip(" #") for line in lines[start:end])
