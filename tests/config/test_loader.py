"""The configuration as a person writes it: what is taken, and what the messages say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config.errors import ConfigError
from config.loader import load_settings
from config.schema import Settings, usable_cores


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Settings]:
    def write_and_load(text: str | bytes, overrides: dict[str, Any] | None = None) -> Settings:
        path = tmp_path / "digitdrop.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_settings(path, overrides)

    return write_and_load


@pytest.fixture
def mistakes(load: Callable[..., Settings]) -> Callable[..., tuple[str, ...]]:
    def write_and_fail(text: str | bytes, overrides: dict[str, Any] | None = None) -> tuple[str, ...]:
        with pytest.raises(ConfigError) as caught:
            load(text, overrides)
        return caught.value.mistakes

    return write_and_fail


def test_an_empty_file_gives_the_defaults(load):
    assert load("") == Settings()
    assert load("# only a comment\n") == Settings()


def test_the_defaults_suit_the_systemd_unit(load):
    settings = load("")
    assert settings.inbox == Path("/srv/digitdrop/inbox")
    assert settings.state == Path("/var/lib/digitdrop")
    assert settings.engine.workers == usable_cores()


def test_a_section_without_keys_is_its_defaults(load):
    assert load("watch:\n  # stable_seconds: 5\n").watch == Settings().watch


def test_the_file_goes_before_the_defaults(load):
    settings = load("watch:\n  stable_seconds: 5\nengine: {workers: 3}\n")
    assert settings.watch.stable_seconds == 5
    assert settings.engine.workers == 3
    assert settings.watch.recursive is True


def test_the_command_line_goes_before_the_file(load):
    text = "engine: {workers: 3, attempts: 7}\n"
    settings = load(text, {"engine.workers": 1, "log.level": "debug", "watch.rescan_seconds": 30})
    assert (settings.engine.workers, settings.engine.attempts) == (1, 7)
    assert settings.log.level == "debug"
    assert settings.watch.rescan_seconds == 30


def test_relative_paths_are_relative_to_the_file(load, tmp_path):
    settings = load("inbox: in\noutbox: ./out\nmodel: ../MNIST.h5\n")
    assert settings.inbox == tmp_path / "in"
    assert settings.outbox == tmp_path / "out"
    assert settings.model == tmp_path / "../MNIST.h5"
    assert settings.model.is_absolute()


def test_relative_paths_of_the_command_line_are_relative_to_where_one_stands(load, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert load("inbox: in\n", {"inbox": "here"}).inbox == elsewhere / "here"


def test_the_home_folder_can_be_meant(load, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load("inbox: ~/scans\n").inbox == tmp_path / "scans"


def test_no_archive_is_no_archive(load):
    assert load("archive: null\n").archive is None


def test_a_file_saved_by_a_windows_editor_is_read(load):
    assert load(b"\xef\xbb\xbflog:\r\n  level: WARNING\r\n").log.level == "warning"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "watch: {stable_seconds: -2}",
            "watch.stable_seconds: must be from 0.1 to 3600. Received: -2",
        ),
        ("watch: {stable_seconds: .nan}", "watch.stable_seconds: must be a finite number. Received: NaN"),
        ("watch: {stable_seconds: 2 s}", 'watch.stable_seconds: must be a number. Received: "2 s"'),
        ("watch: {rescan_seconds: 0.1}", "watch.rescan_seconds: must be auto, or a number from 0.5 to 86400. Rec"),
        ("watch: {rescan_seconds: often}", "watch.rescan_seconds: must be auto, or a number from 0.5 to 86400. Rec"),
        ("watch: {rescan_seconds: yes}", "watch.rescan_seconds: must be auto, or a number from 0.5 to 86400. Rec"),
        ('watch: {include: "*.jpg"}', 'watch.include: must be a list, such as ["*.jpg", "*.png"]. Received: "*.jpg"'),
        ("watch: {include: []}", 'watch.include: must have at least one pattern, such as ["*"]: without, no file is '),
        ('watch: {include: [""]}', 'watch.include.0: must not be empty. Received: ""'),
        ("watch: {ignore: [1]}", "watch.ignore.0: must be a text, in quotes where it looks like something else. Rec"),
        ("watch: {recursive: sometimes}", 'watch.recursive: must be true or false. Received: "sometimes"'),
        ("watch: 5", "watch: must be a section: a line `watch:`, and its keys indented below it. Received: 5"),
        ("engine: {workers: yes}", "engine.workers: must be a whole number. Received: true"),
        ("engine: {workers: 0}", "engine.workers: must be from 1 to 256. Received: 0"),
        ("engine: {workers: 1.5}", "engine.workers: must be a whole number. Received: 1.5"),
        ("engine: {kind: cluster}", "engine.kind: must be one of 'local' or 'dask'. Received: \"cluster\""),
        ("engine: {kind: dask}", "engine: kind dask needs address, the scheduler's, such as tcp://scheduler:8786. "),
        ("engine: {address: 'tcp://a:1'}", "engine: address belongs to kind dask; take it out, or set kind: dask. "),
        (
            "engine: {kind: dask, address: scheduler}",
            'engine.address: must be an address such as tcp://scheduler:8786. Received: "scheduler"',
        ),
        ("thresholds: {accept: 1.5}", "thresholds.accept: must be from 0 to 1. Received: 1.5"),
        (
            "thresholds: {accept: 0.4, digit: 0.6}",
            "thresholds: digit must not be above accept. Received: digit 0.6, accept 0.4",
        ),
        ("tables: {delimiter: '|'}", "tables.delimiter: must be one of ',', ';' or '\\t'. Received: \"|\""),
        ("log: {level: loud}", "log.level: must be one of 'debug', 'info', 'warning' or 'error'. Received: \"loud\""),
        ("inbox: null", "inbox: must be the path of a folder. Received: null"),
        ("inbox: ''", 'inbox: must be the path of a folder. Received: ""'),
        ("inbox: 2026", "inbox: must be the path of a folder. Received: 2026"),
        ("model: [a]", 'model: must be a .tflite, .keras or .h5 file, or null for the shipped one. Received: ["a"]'),
    ],
)
def test_a_mistake_names_the_key_the_rule_and_what_was_got(mistakes, text, expected):
    (mistake,) = mistakes(text)
    assert mistake.startswith(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("watch: {stable_secs: 2}", "watch.stable_secs: unknown key; did you mean watch.stable_seconds?"),
        ("inbx: /a", "inbx: unknown key; did you mean inbox?"),
        ("stable_seconds: 2", "stable_seconds: unknown key; did you mean watch.stable_seconds?"),
        ("tables: {colour: red}", "tables.colour: unknown key; known here are: bom, decimal, delimiter, xlsx"),
        ("1: 2", "1: unknown key; known here are: archive, archive_days, engine, failed, hooks, inbox, log, "),
    ],
)
def test_an_unknown_key_names_the_nearest_known_one(mistakes, text, expected):
    (mistake,) = mistakes(text)
    assert mistake.startswith(expected)


def test_an_unknown_key_of_the_command_line_is_a_mistake_too(mistakes):
    assert mistakes("", {"engine.worker": 2}) == ("engine.worker: unknown key; did you mean engine.workers?",)


@pytest.mark.parametrize("key", ["inbox.x", "log.level.x", "inbox."])
def test_a_key_of_the_command_line_below_one_that_is_no_section_is_a_mistake(mistakes, key):
    assert mistakes("inbox: /a\nlog: {level: info}\n", {key: 2}) == (f"{key}: unknown key",)


def test_a_section_that_is_none_in_the_file_is_the_files_mistake(mistakes):
    (mistake,) = mistakes("thresholds: 0.5", {"thresholds.accept": 0.9})
    assert mistake.startswith("thresholds: must be a section")


def test_every_mistake_is_told_at_once(load, tmp_path):
    with pytest.raises(ConfigError) as caught:
        load("watch: {stable_seconds: 0}\nengine: {attempts: 0, kind: x}\nlog: {levl: info}\n")
    assert len(caught.value.mistakes) == 4
    text = str(caught.value)
    assert text.startswith(f"{tmp_path}/digitdrop.yaml: 4 mistakes\n  ")
    assert "engine.attempts: must be from 1 to 100. Received: 0" in text


def test_a_long_value_is_shown_in_part(mistakes):
    (mistake,) = mistakes(f"log: {{level: {'x' * 500}}}")
    assert len(mistake) < 200


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
    assert mistakes("- inbox\n- outbox\n") == ("must be lines of the form `key: value`. Received: list",)


def test_a_file_in_another_encoding_names_the_line(mistakes):
    assert mistakes("inbox: /a\noutbox: /Büro\n".encode("latin-1")) == ("line 2: must be UTF-8; save it as such",)


def test_a_control_character_is_refused(mistakes):
    (mistake,) = mistakes("inbox: /a\x07b\n")
    assert mistake.startswith("is no YAML: ")


def test_a_missing_file_says_where_to_start_from(tmp_path):
    with pytest.raises(
        ConfigError, match=r"there is no such file; name another one, or start from a copy of .*default"
    ):
        load_settings(tmp_path / "none.yaml")


def test_a_folder_in_the_place_of_the_file_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load_settings(tmp_path)


def test_configuration_errors_end_the_command_with_78(tmp_path):
    with pytest.raises(ConfigError) as caught:
        load_settings(tmp_path / "none.yaml")
    assert caught.value.exit_code == 78


def test_recognition_is_told_what_the_file_says(load):
    params = load("pages: {dpi: 300, max_megapixels: 20}\nthresholds: {accept: 0.99}\n").recognition_params()
    assert params.load.pdf_dpi == 300
    assert params.load.max_megapixels == 20
    assert params.thresholds.accept == 0.99
    assert params.annotate.crops is True
    assert load("tables: {xlsx: false}").recognition_params().annotate.crops is False


@pytest.mark.parametrize("command", ["notify-send done", "[]", "['']", "[1, 2]"])
def test_a_hook_must_be_a_list_of_words(mistakes, command):
    (mistake,) = mistakes(f"hooks: {{on_done: {command}}}")
    assert mistake.startswith("hooks.on_done: must be null, or a list of a program and its arguments")


def test_the_metrics_file_must_be_one_that_is_picked_up(mistakes):
    (mistake,) = mistakes("metrics_file: /var/lib/node_exporter/digitdrop.txt")
    assert mistake.startswith("metrics_file: must be null, or the path of a file whose name ends in .prom")


@pytest.mark.parametrize("amount", ["lots", "255", "true"])
def test_the_memory_of_a_document_must_be_in_its_range(mistakes, amount):
    (mistake,) = mistakes(f"engine: {{memory_mb: {amount}}}")
    assert mistake.startswith("engine.memory_mb: must be auto, or a whole number from 256 to 1048576")
