"""What `digitdrop check` says of a configuration that has mistakes."""

from __future__ import annotations

import pytest

from daemon.check import check


def test_a_wrong_configuration_ends_with_78_and_tells_every_mistake(tmp_path):
    (tmp_path / "wrong.yaml").write_text("watch: {stable_seconds: -2}\nlogg: {}\n")
    remedy = f"edit {tmp_path}/wrong.yaml"
    lines: list[str] = []
    assert check(tmp_path / "wrong.yaml", echo=lines.append) == 78
    assert lines == [
        f"fail  configuration  watch.stable_seconds: must be from 0.1 to 3600. Received: -2 → {remedy}",
        f"fail  configuration  logg: unknown key; did you mean log? → {remedy}",
    ]


@pytest.mark.parametrize(
    ("overrides", "remedies"),
    [
        ({"engine.workers": 0}, ["correct --set engine.workers"]),
        ({"watch.include": [""]}, ["correct --set watch.include"]),
        ({"engine.workrs": 1}, ["correct --set engine.workrs"]),
        ({"thresholds.accept": 0.1}, ["correct --set thresholds.accept, or edit {file}"]),
        ({"inbox": "/out"}, ["correct --set inbox, or edit {file}"]),
        ({"engine.workers": 0, "log.level": "loud", "tables.bom": True}, ["engine.workers", "log.level"]),
    ],
)
def test_a_mistake_of_the_command_line_is_to_be_put_right_there(tmp_path, overrides, remedies):
    (tmp_path / "right.yaml").write_text("outbox: /out\n")
    lines: list[str] = []
    assert check(tmp_path / "right.yaml", overrides, lines.append) == 78
    assert len(lines) == len(remedies)
    for line, remedy in zip(lines, remedies, strict=True):
        assert line.endswith(remedy.format(file=f"{tmp_path}/right.yaml"))


def test_a_mistake_of_the_file_is_the_files_whatever_the_command_line_says(tmp_path):
    (tmp_path / "wrong.yaml").write_text("log: {level: loud}\n")
    lines: list[str] = []
    check(tmp_path / "wrong.yaml", {"engine.workers": 1}, lines.append)
    assert [line.rpartition(" → ")[2] for line in lines] == [f"edit {tmp_path}/wrong.yaml"]


def test_a_file_that_is_not_there_is_not_to_be_edited(tmp_path):
    lines: list[str] = []
    assert check(tmp_path / "none.yaml", {"engine.workers": 0}, lines.append) == 78
    (line,) = lines
    assert line.startswith(f"fail  configuration  {tmp_path}/none.yaml: there is no such file → name another one, or ")
    check(tmp_path, echo=lines.append)
    assert lines[1] == f"fail  configuration  {tmp_path}: is a folder → name the YAML file in it"
