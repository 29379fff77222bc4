"""The command, run as people run it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from config.errors import ConfigError
from daemon.ending import exit_code, report
from daemon.errors import AlreadyRunningError, PublishError
from recognition.errors import ModelMismatchError, UnreadableImageError


def digitdrop(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "daemon", *map(str, words)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, env={"PATH": "/usr/bin:/bin", **environment}
    )


def test_the_version_is_shown() -> None:
    done = digitdrop("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("digitdrop 0.")


def test_every_command_has_a_help() -> None:
    overview = digitdrop("--help").stdout
    for command in ("run", "once", "read", "status", "retry", "export", "review", "check", "train", "evaluate"):
        assert command in overview
    assert "..." not in overview.partition("Commands:")[2], "what a command does is told in full"
    assert "--accept" in digitdrop("read", "--help").stdout
    assert "--resume" in digitdrop("train", "--help").stdout


@pytest.mark.parametrize("value", ["", " ", "#scans"])
def test_an_override_without_a_value_is_not_taken_for_none(value: str, tmp_path: Path) -> None:
    (tmp_path / "d.yaml").write_text(f"archive: {tmp_path}/done\n")
    done = digitdrop("status", "--config", tmp_path / "d.yaml", "--set", f"archive={value}")
    assert done.returncode == 2
    assert "null stands for none" in done.stderr.replace("\n", " ")
    words = ["--config", tmp_path / "d.yaml", "--set", "archive=null", "--set", f"state={tmp_path}/state"]
    assert "no ledger" in digitdrop("status", *words).stderr


@pytest.mark.parametrize(
    "words",
    [
        ["frobnicate"],
        ["read"],
        ["read", "x.jpg", "--accept", "2"],
        ["read", "x.jpg", "--accept", "0.5", "--digit", "0.9"],
        ["run", "--set", "engine.workers"],
        ["run", "--set", "engine.workers=[1"],
        ["retry", "--gone", "scan.jpg"],
        ["train", "--epochs", "0"],
        ["train", "--seed", "-1"],
    ],
)
def test_a_wrong_command_line_ends_with_2_and_says_what_is_wrong(words: list[str]) -> None:
    done = digitdrop(*words)
    assert done.returncode == 2
    assert "Error" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_configuration_ends_with_78_and_one_line() -> None:
    for command in ("run", "once", "status"):
        done = digitdrop(command, "--config", "/nonexistent/digitdrop.yaml")
        assert done.returncode == 78
        assert "no such file" in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_the_configuration_is_taken_from_the_environment(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("inboks: x\n")
    done = digitdrop("once", DIGITDROP_CONFIG=str(tmp_path / "mine.yaml"))
    assert done.returncode == 78
    assert "inbox" in done.stderr


def test_the_command_line_overrides_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "d.yaml").write_text("{}\n")
    done = digitdrop("once", "--config", tmp_path / "d.yaml", "--set", "engine.workers=0")
    assert done.returncode == 78
    assert "engine.workers" in done.stderr


def test_a_model_that_is_not_there_ends_with_78(tmp_path: Path) -> None:
    (tmp_path / "x.jpg").write_bytes(b"x")
    done = digitdrop("read", tmp_path / "x.jpg", "--model", tmp_path / "missing.tflite")
    assert done.returncode == 78
    assert "missing.tflite" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_folder_for_results_that_can_not_be_made_is_a_mistake_of_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "x.jpg").write_bytes(b"x")
    (tmp_path / "file").touch()
    for out, reason in (
        (tmp_path / "file", "a file stands there"),
        (tmp_path / "file" / "below", "Not a directory"),
        (Path("/proc/xx"), "No such file or directory"),
    ):
        done = digitdrop("read", tmp_path / "x.jpg", "--out", out)
        assert done.returncode == 2
        assert "--out must be a folder" in done.stderr
        assert f"{out}: {reason}" in done.stderr.replace("\n", " ")


def test_of_several_files_each_error_is_said_once(tmp_path: Path) -> None:
    names = ("a.jpg", "b.jpg")
    for name in names:
        (tmp_path / name).write_text("no picture")
    done = digitdrop("read", *(tmp_path / name for name in names))
    assert done.returncode == 1
    said = done.stderr.splitlines()
    assert [line for line in said if line.endswith(": not read")] == [
        f"{number}/2 {tmp_path / name}: not read" for number, name in enumerate(names, 1)
    ]
    for name in names:
        (error,) = (line for line in said if line.startswith(f"digitdrop: {tmp_path / name}: "))
        assert done.stderr.count(error.partition(f"{name}: ")[2]) == len(names), "once for each file"
    assert len(said) == 4


def test_a_warning_about_a_file_and_how_many_were_not_read_are_said(tmp_path: Path) -> None:
    pictures = [Image.new("L", (200, 100), grey) for grey in (255, 0)]
    pictures[0].save(tmp_path / "a.gif", save_all=True, append_images=pictures[1:])
    (tmp_path / "b.jpg").write_text("no picture")
    done = digitdrop("read", tmp_path / "a.gif", tmp_path / "b.jpg")
    warning = f"digitdrop: {tmp_path / 'a.gif'}: the GIF holds several pictures: only the first was read"
    assert warning in done.stderr.splitlines()
    assert done.stdout.splitlines()[-1].startswith("1 document, 0 numbers, 0 to review; 1 file not read ")


def test_debug_shows_where_an_error_comes_from(tmp_path: Path) -> None:
    (tmp_path / "x.jpg").write_bytes(b"x")
    done = digitdrop("--debug", "read", tmp_path / "x.jpg", "--model", tmp_path / "missing.tflite")
    assert done.returncode == 78
    assert "Traceback" in done.stderr


def test_a_folder_without_scans_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "a.jpg").write_bytes(b"x")
    done = digitdrop("read", tmp_path)
    assert done.returncode == 0
    assert f"no scans directly in {tmp_path}; name the folders" in done.stderr


def test_tensorflow_is_not_imported_to_read(tmp_path: Path) -> None:
    code = (
        "import sys; from daemon.__main__ import app\n"
        "try: app(['read', sys.argv[1]])\nexcept SystemExit: pass\n"
        "print({name.split('.')[0] for name in sys.modules} & {'tensorflow', 'keras', 'daemon'})"
    )
    command = [sys.executable, "-c", code, tmp_path / "x.jpg"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "{'daemon'}\n"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("inbox: must be"), 78),
        (ModelMismatchError("shape"), 78),
        (AlreadyRunningError("a second one", pid=1), 70),
        (PublishError("no space"), 70),
        (UnreadableImageError("a text"), 1),
        (RuntimeError("a mistake"), 70),
        (KeyboardInterrupt(), 130),
    ],
)
def test_every_kind_of_error_has_its_exit_code(
    error: BaseException, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(error) == code
    report(error)
    assert capsys.readouterr().err.startswith("digitdrop: ")
