"""Folders that would feed themselves are refused, also behind symbolic links."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.errors import ConfigError
from config.loader import load_settings


@pytest.fixture
def mistakes(tmp_path: Path):
    def load(**folders: str) -> tuple[str, ...]:
        path = tmp_path / "digitdrop.yaml"
        lines = {"inbox": "in", "outbox": "out", "archive": "done", "failed": "failed", "state": "state"} | folders
        path.write_text("".join(f"{key}: {value}\n" for key, value in lines.items()))
        try:
            load_settings(path)
        except ConfigError as error:
            return error.mistakes
        return ()

    return load


def test_folders_beside_each_other_are_fine(mistakes):
    assert mistakes() == ()


@pytest.mark.parametrize("name", ["outbox", "archive", "failed", "state"])
def test_a_folder_inside_the_inbox_is_refused(mistakes, tmp_path, name):
    expected = (
        f"{name}: must not lie inside the inbox {tmp_path}/in, it would be read as input. Received: {tmp_path}/in/x/y"
    )
    assert mistakes(**{name: "in/x/y"}) == (expected,)


@pytest.mark.parametrize("name", ["outbox", "archive", "failed", "state"])
def test_the_inbox_itself_is_refused_for_anything_else(mistakes, tmp_path, name):
    assert mistakes(**{name: "in"}) == (f"{name}: must be another folder than inbox. Received: {tmp_path}/in",)


def test_a_symbolic_link_into_the_inbox_is_seen_through(mistakes, tmp_path):
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "in" / "deep")
    (mistake,) = mistakes(outbox="link/results")
    assert mistake.startswith("outbox: must not lie inside the inbox")


@pytest.mark.parametrize("name", ["outbox", "archive", "failed"])
def test_an_inbox_inside_a_folder_that_is_written_is_refused(mistakes, name):
    (mistake,) = mistakes(**{name: "share", "inbox": "share/in"})
    assert mistake.startswith(f"inbox: must not lie inside {name} ")


def test_a_name_that_begins_alike_is_no_subfolder(mistakes):
    assert mistakes(inbox="scan", outbox="scan-results") == ()


def test_two_roles_do_not_share_a_folder(mistakes, tmp_path):
    assert mistakes(archive="out") == (f"archive: must be another folder than outbox. Received: {tmp_path}/out",)
    assert mistakes(failed="done") == (f"failed: must be another folder than archive. Received: {tmp_path}/done",)


@pytest.mark.parametrize(("name", "file"), [("model", "digits.keras"), ("metrics_file", "digitdrop.prom")])
def test_a_file_that_is_named_must_not_lie_inside_the_inbox(mistakes, tmp_path, name, file):
    (mistake,) = mistakes(**{name: f"in/x/{file}"})
    assert mistake.endswith(f"it would be read as input. Received: {tmp_path}/in/x/{file}")
    assert mistakes(**{name: file}) == ()


def test_mistakes_of_folders_are_told_with_all_others(mistakes, tmp_path):
    shared = f"failed: must be another folder than archive. Received: {tmp_path}/done"
    same = f"outbox: must be another folder than inbox. Received: {tmp_path}/in"
    assert mistakes(workers=3, failed="done")[1:] == (shared,)
    assert mistakes(workers=3, outbox="in")[1:] == (same,)
    assert mistakes(inbox="''", failed="done")[1:] == (shared,)
    assert len(mistakes(workers=3)) == len(mistakes(outbox="''")) == 1


def test_the_state_folder_may_hold_everything(mistakes):
    assert mistakes(state=".") == ()
