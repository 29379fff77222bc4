"""The table of situations is about this code: its tests and its protected lines exist."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parent


def test_every_situation_is_there(situations):
    assert list(situations.SITUATIONS) == list(range(1, 29))


def test_every_protection_is_a_line_that_exists_once(situations):
    for number, situation in situations.SITUATIONS.items():
        assert situation.protections, number
        for protection in situation.protections:
            text = (TESTS.parent / protection.path).read_text()
            assert text.count(protection.code) == 1, (number, protection.path, protection.code)
            ast.parse(text.replace(protection.code, protection.without))
            assert protection.tests, number


def test_every_test_named_exists(situations):
    for number, situation in situations.SITUATIONS.items():
        for name in (*situation.tests, *(test for each in situation.protections for test in each.tests)):
            path, _, function = name.partition("::")
            assert f"def {function}(" in (TESTS / path).read_text(), (number, name)


@pytest.mark.slow
def test_a_protection_taken_out_is_found_missing(protections, situations, tmp_path):
    protection = situations.SITUATIONS[28].protections[0]
    assert protections.passing_without(protection, tmp_path) == []
    harmless = situations.Protection(protection.path, protection.code, protection.code, protection.tests[:1])
    assert protections.passing_without(harmless, tmp_path) == list(protection.tests[:1])
