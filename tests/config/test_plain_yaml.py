"""What the text of a configuration may look like, before it is looked at what it says."""

from __future__ import annotations

import pytest


def test_a_syntax_error_gives_line_and_column(mistakes):
    (mistake,) = mistakes("inbox: /a\nwatch:\n  stable_seconds: 2: 3\n")
    assert mistake.startswith("line 3, column 20: ")


def test_a_tab_as_indentation_gives_the_remedy(mistakes):
    (mistake,) = mistakes("watch:\n\tstable_seconds: 2\n")
    assert mistake.startswith("line 2, column 1: ")
    assert "indent with spaces" in mistake


@pytest.mark.parametrize(
    "text",
    [
        "watch: {include: *.jpg}",
        "watch: {include: [*.jpg]}",
        "watch:\n  include:\n    - *jpg\n",
        "watch: {ignore: [@eaDir]}",
        "watch: {ignore: [&.x]}",
        "tables:\n  decimal: ,\n",
    ],
)
def test_a_value_that_must_stand_in_quotes_gives_the_remedy(mistakes, text):
    (mistake,) = mistakes(text)
    assert mistake.startswith("line ")
    assert mistake.endswith('; put a value that begins with such a character in quotes, such as "*.jpg" or ","')


def test_a_key_that_stands_twice_is_refused(mistakes):
    (mistake,) = mistakes("watch:\n  stable_seconds: 2\n  recursive: true\n  stable_seconds: 9\n")
    assert mistake == "line 4, column 3: the key stable_seconds stands here again, it was given in line 2 already"


@pytest.mark.parametrize("text", ["inbox: {{ folder }}", "? [inbox]\n: /a", "{a: 1}: 2"])
def test_a_key_that_is_no_word_is_refused(mistakes, text):
    (mistake,) = mistakes(text)
    assert "a key must be a word" in mistake


@pytest.mark.parametrize("text", ["0100", "1:30", "1_0", "0x10", "0o10"])
def test_a_number_that_yaml_would_take_for_another_is_none(mistakes, text):
    assert mistakes(f"engine: {{timeout_seconds: {text}}}") == (
        f'engine.timeout_seconds: must be a number. Received: "{text}"',
    )


@pytest.mark.parametrize("text", [".5", "0.5", "5e-1", "+0.5", ".5E0"])
def test_half_is_half_however_it_is_written(load, text):
    assert load(f"thresholds: {{digit: {text}}}").thresholds.digit == 0.5


def test_patterns_are_for_names_without_folders(load, mistakes):
    assert load('watch: {ignore: ["private/"]}').watch.ignore == ("private/",)
    for key, text in (("ignore", "private/*"), ("ignore", "/"), ("include", "scans/*.jpg")):
        (mistake,) = mistakes(f'watch: {{{key}: ["{text}"]}}')
        assert mistake.startswith(f"watch.{key}.0: must be a pattern for names, without folders before it")
        assert mistake.endswith(f'Received: "{text}"')


def test_a_scheduler_may_have_a_name_or_a_number(load, mistakes):
    for address in ("tcp://scheduler:8786", "tls://10.0.0.5:8786", "tcp://[fd00::5]:8786"):
        assert load(f"engine: {{kind: dask, address: '{address}'}}").engine.address == address
    for address in ("scheduler:8786", "tcp://scheduler", "tcp://fd00::5:8786", "http://scheduler:8786"):
        (mistake,) = mistakes(f"engine: {{kind: dask, address: '{address}'}}")
        assert mistake.startswith("engine.address: must be an address such as tcp://scheduler:8786")


@pytest.mark.parametrize(
    ("text", "value"), [("10", 10), ("+10", 10), ("10.", 10), ("1.5e1", 15), ("1e2", 100), ("9.5", 9.5)]
)
def test_a_number_is_what_people_take_for_one(load, text, value):
    assert load(f"engine: {{timeout_seconds: {text}}}").engine.timeout_seconds == value


def test_a_folder_may_have_a_date_as_its_name(load, tmp_path):
    assert load("inbox: 2026-11-23").inbox == tmp_path / "2026-11-23"
    assert load("inbox: 2026-13-45").inbox == tmp_path / "2026-13-45"


@pytest.mark.parametrize("text", [f"inbox: {'[' * 5000}", f"archive_days: {'9' * 5000}"])
def test_yaml_that_cannot_be_read_is_a_mistake_of_the_file(mistakes, text):
    (mistake,) = mistakes(text)
    assert mistake.startswith("cannot be read as YAML: ")


def test_a_decimal_comma_between_braces_is_told(mistakes):
    assert mistakes("thresholds: {accept: 0,9}") == (
        "thresholds.9: unknown key; a comma between braces ends a value, decimals have a point, such as 0.9",
    )


def test_yaml_that_would_run_code_is_refused(mistakes):
    (mistake,) = mistakes("inbox: !!python/object/apply:os.getcwd []\n")
    assert mistake.startswith("line 1, column 8: could not determine a constructor")


def test_a_file_that_is_no_mapping_is_refused(mistakes):
    rule = "must be lines of the form `key: value`. Received: "
    assert mistakes("- inbox\n- outbox\n") == (f'{rule}["inbox", "outbox"]',)
    assert mistakes("see the manual\n") == (f'{rule}"see the manual"',)


def test_a_file_in_another_encoding_names_the_line(mistakes):
    assert mistakes("inbox: /a\noutbox: /Büro\n".encode("latin-1")) == ("line 2: must be UTF-8; save it as such",)


def test_a_control_character_is_refused(mistakes):
    (mistake,) = mistakes("inbox: /a\x07b\n")
    assert mistake.startswith("is no YAML: ")
