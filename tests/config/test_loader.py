"""The configuration as a person writes it: what is taken, and what the messages say."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.errors import ConfigError
from config.loader import load_settings
from config.schema import Settings
from config.values import usable_cores
from recognition.params import CheckDigit, CheckParams, Sums

COUNTS = "must be null, a whole number from 1 to 1000, or a list of such: [4, 6]"
SUMS = "must be null, columns, rows, or both: [columns, rows]"


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
    assert load("engine:\n", {"engine.workers": 1}).engine.workers == 1


def test_relative_paths_are_relative_to_the_file(load, tmp_path):
    settings = load("inbox: in\noutbox: ./out\nmodel: ../MNIST.h5\n")
    assert settings.inbox == tmp_path / "in"
    assert settings.outbox == tmp_path / "out"
    assert settings.model == tmp_path / "../MNIST.h5"
    assert settings.model.is_absolute()


def test_every_path_is_absolute_though_the_files_own_is_relative(load, tmp_path, monkeypatch):
    load("inbox: in\n")
    monkeypatch.chdir(tmp_path)
    assert load_settings(Path("digitdrop.yaml")).inbox == tmp_path / "in"


def test_the_home_of_a_user_who_does_not_exist_is_a_name_like_any_other(load, tmp_path):
    assert load("inbox: ~nobody-here/in\n").inbox == tmp_path / "~nobody-here" / "in"


@pytest.mark.parametrize("path", ["", "/srv/a\\0b"])
@pytest.mark.parametrize(("key", "rule"), [("inbox", "must be the path of a folder"), ("model", "must be a .tflite")])
def test_a_path_that_leads_nowhere_is_a_mistake(mistakes, key, rule, path):
    (mistake,) = mistakes(f'{key}: "{path}"\n')
    assert mistake.startswith(f"{key}: {rule}")


def test_the_memory_of_a_document_is_what_is_set_or_else_follows_the_largest_page(load):
    assert load("engine: {memory_mb: 700}\npages: {max_megapixels: 10}\n").document_memory_mb() == 700
    assert load("pages: {max_megapixels: 10}\n").document_memory_mb() == 1024 + 240


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
        ("checks: {min: 10, max: 9}", "checks: min must not be above max. Received: min 10, max 9"),
        ("checks: {min: -1}", "checks.min: must be null, or a whole number from 0. Received: -1"),
        ("checks: {max: 1.5}", "checks.max: must be null, or a whole number from 0. Received: 1.5"),
        ("checks: {digits: 0}", f"checks.digits: {COUNTS}. Received: 0"),
        ("checks: {digits: [4, true]}", f"checks.digits: {COUNTS}. Received: [4, true]"),
        ("checks: {check_digit: mod11}", "checks.check_digit: must be one of 'luhn', 'ean', 'verhoeff', 'damm', "),
        ("checks: {sums: column}", f'checks.sums: {SUMS}. Received: "column"'),
        ("checks: {sums: [rows, [columns]]}", f'checks.sums: {SUMS}. Received: ["rows", ["columns"]]'),
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
        ("1: 2", "1: unknown key; known here are: archive, archive_days, checks, engine, failed, hooks, inbox, "),
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


def test_a_missing_file_says_where_to_start_from(tmp_path):
    with pytest.raises(
        ConfigError, match=r"there is no such file; name another one, or start from a copy of .*default"
    ):
        load_settings(tmp_path / "none.yaml")


def test_a_folder_in_the_place_of_the_file_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match="is a folder; name the YAML file in it"):
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


def test_recognition_is_told_what_is_known_of_the_numbers(load):
    assert load("").recognition_params().checks == CheckParams()
    said = "checks: {digits: [4, 6], min: 10, max: 999999, check_digit: luhn}"
    assert load(said).recognition_params().checks == CheckParams((4, 6), 10, 999_999, CheckDigit.LUHN)
    assert load("checks: {digits: 5}").recognition_params().checks == CheckParams((5,))
    assert load("checks: {sums: rows}").recognition_params().checks == CheckParams(sums=(Sums.ROWS,))
    said = "checks: {sums: [columns, rows]}"
    assert load(said).recognition_params().checks == CheckParams(sums=(Sums.COLUMNS, Sums.ROWS))


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
