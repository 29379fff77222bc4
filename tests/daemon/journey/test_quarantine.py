from __future__ import annotations

from typing import Any

import pytest

from daemon.documents import State
from daemon.ending import exit_code
from daemon.engine.interface import OutcomeKind
from daemon.errors import LedgerError, MoveError, UnknownNameError
from daemon.ledger import Ledger
from daemon.ledger.schema import transaction
from daemon.quarantine import retry, strike_off
from daemon.status import report


def fail(desk: Any, name: str, content: bytes) -> None:
    desk.engine.answer = lambda data: OutcomeKind.UNREADABLE
    desk.arrive(name, content)
    desk.run()


def test_failed_documents_go_back_and_are_read_like_new_ones(desk: Any) -> None:
    fail(desk, "a/one.jpg", b"1")
    fail(desk, "two.jpg", b"2")
    assert retry(desk.settings) == ["a/one.jpg", "two.jpg"]
    assert desk.files("failed") == {}
    assert desk.files("inbox") == {"a/one.jpg": b"1", "two.jpg": b"2"}
    desk.engine.answer = lambda data: OutcomeKind.READ
    desk.see_all()
    desk.run()
    assert desk.files("archive") == {"a/one.jpg": b"1", "two.jpg": b"2"}
    assert desk.ledger.count(State.FAILED) == 0


def test_documents_go_back_by_name(desk: Any) -> None:
    fail(desk, "scan.jpg", b"1")
    fail(desk, "scan.jpg", b"2")
    fail(desk, "other.jpg", b"3")
    assert retry(desk.settings, ["scan~2.jpg"]) == ["scan.jpg"]
    assert desk.files("inbox") == {"scan.jpg": b"2"}
    assert desk.ledger.count(State.FAILED) == 2


def test_documents_go_back_by_the_names_that_the_status_shows(desk: Any) -> None:
    for name in ("n\udce4\nz.jpg", "scan.jpg", "scan.jpg"):
        fail(desk, name, f"{name}{len(desk.files('failed'))}".encode("utf-8", "surrogateescape"))
    lines = [line.strip() for line in report(desk.settings).lines() if line.startswith("  ")]
    latest, first, odd = (line.partition(": ")[0] for line in lines)
    assert (latest, first, odd) == ("scan.jpg (scan~2.jpg in failed/)", "scan.jpg", "n\\xe4\\nz.jpg")
    assert retry(desk.settings, [odd]) == ["n\udce4\nz.jpg"]
    assert retry(desk.settings, ["scan~2.jpg"]) == ["scan.jpg"]
    assert desk.files("failed").keys() == {"scan.jpg", "scan.jpg.reason.json"}


def test_an_exact_name_goes_before_one_that_is_shown_alike(desk: Any) -> None:
    fail(desk, "n\udce4.jpg", b"1")
    fail(desk, "n\\xe4.jpg", b"2")
    assert retry(desk.settings, ["n\\xe4.jpg"]) == ["n\\xe4.jpg"]
    assert desk.ledger.count(State.FAILED) == 1


def test_a_name_that_did_not_fail_is_refused_before_anything_moves(desk: Any) -> None:
    fail(desk, "scan.jpg", b"1")
    with pytest.raises(UnknownNameError, match=r"nothing\.jpg") as caught:
        retry(desk.settings, ["scan.jpg", "nothing.jpg"])
    assert exit_code(caught.value) == 2
    assert desk.files("failed").keys() == {"scan.jpg", "scan.jpg.reason.json"}


def test_a_file_that_has_the_name_by_now_is_not_overwritten(desk: Any) -> None:
    fail(desk, "scan.jpg", b"1")
    desk.put("scan.jpg", b"new")
    assert retry(desk.settings) == ["scan~2.jpg"]
    assert desk.files("inbox") == {"scan.jpg": b"new", "scan~2.jpg": b"1"}


def test_a_failed_file_that_someone_took_away_is_struck_off_the_list(
    desk: Any, caplog: pytest.LogCaptureFixture
) -> None:
    fail(desk, "scan.jpg", b"1")
    (desk.settings.failed / "scan.jpg").unlink()
    assert retry(desk.settings) == []
    assert desk.ledger.count(State.FAILED) == 0
    assert desk.files("failed") == {}
    assert "no longer in" in caplog.text


def test_a_folder_that_can_not_be_written_is_named(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fail(desk, "scan.jpg", b"1")

    def refuse(*arguments: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("daemon.quarantine.move_new", refuse)
    with pytest.raises(MoveError, match=f"{desk.settings.failed}.*Permission denied"):
        retry(desk.settings)
    assert desk.ledger.count(State.FAILED) == 1


@pytest.mark.parametrize("folder", ["inbox", "failed"])
def test_a_folder_that_is_missing_is_neither_made_nor_taken_for_an_empty_one(desk: Any, folder: str) -> None:
    fail(desk, "scan.jpg", b"1")
    away = (desk.root / folder).rename(desk.root / "away")
    for names in ((), ("scan.jpg",)):
        with pytest.raises(MoveError, match=f"{desk.root / folder}: the folder is missing, mount its share"):
            retry(desk.settings, names)
    assert not (desk.root / folder).exists()
    away.rename(desk.root / folder)
    assert retry(desk.settings) == ["scan.jpg"]
    assert desk.files("inbox") == {"scan.jpg": b"1"}


def test_of_an_empty_folder_as_an_unmounted_share_leaves_it_only_what_is_named_is_struck_off(desk: Any) -> None:
    fail(desk, "scan.jpg", b"1")
    fail(desk, "other.jpg", b"2")
    away = desk.settings.failed.rename(desk.root / "away")
    desk.settings.failed.mkdir()
    with pytest.raises(MoveError, match=f"{desk.settings.failed} is empty, is its share mounted"):
        retry(desk.settings)
    assert retry(desk.settings, ["other.jpg"]) == []
    desk.settings.failed.rmdir()
    away.rename(desk.settings.failed)
    assert retry(desk.settings) == ["scan.jpg"]


def test_what_somebody_took_out_of_the_folder_can_be_struck_off_without_putting_the_others_back(desk: Any) -> None:
    fail(desk, "scan.jpg", b"1")
    fail(desk, "other.jpg", b"2")
    (desk.settings.failed / "scan.jpg").unlink()
    assert strike_off(desk.settings) == ["scan.jpg"]
    assert desk.files("failed").keys() == {"other.jpg", "other.jpg.reason.json"}
    for path in desk.settings.failed.iterdir():
        path.unlink()
    assert strike_off(desk.settings) == ["other.jpg"]
    assert desk.ledger.count(State.FAILED) == 0
    assert desk.files("inbox") == {}


def test_nothing_is_struck_off_while_the_folder_is_away(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fail(desk, "scan.jpg", b"1")
    away = desk.settings.failed.rename(desk.root / "away")
    with pytest.raises(MoveError, match=f"{desk.settings.failed}: the folder is missing, mount its share"):
        strike_off(desk.settings)
    desk.settings.failed.mkdir()
    fstab = desk.root / "fstab"
    fstab.write_text(f"//nas/scans {desk.settings.failed} cifs defaults 0 0\n")
    monkeypatch.setattr("daemon.mounts.FSTAB", fstab)
    with pytest.raises(MoveError, match=f"{desk.settings.failed} of {fstab} is not mounted"):
        strike_off(desk.settings)
    desk.settings.failed.rmdir()
    away.rename(desk.settings.failed)
    fstab.write_text("")
    assert strike_off(desk.settings) == []
    assert desk.ledger.count(State.FAILED) == 1


@pytest.mark.parametrize("away", ["inbox", "failed"])
def test_nothing_is_put_back_while_a_share_is_not_mounted(
    desk: Any, monkeypatch: pytest.MonkeyPatch, away: str
) -> None:
    fail(desk, "scan.jpg", b"1")
    fstab = desk.root / "fstab"
    fstab.write_text(f"//nas/scans {desk.root / away} cifs defaults 0 0\n")
    monkeypatch.setattr("daemon.mounts.FSTAB", fstab)
    for names in ((), ("scan.jpg",)):
        with pytest.raises(MoveError, match=f"{desk.root / away} of {fstab} is not mounted"):
            retry(desk.settings, names)
    assert desk.files("failed")["scan.jpg"] == b"1"
    assert desk.files("inbox") == {}
    fstab.write_text("")
    assert retry(desk.settings) == ["scan.jpg"]


def test_the_status_tells_that_a_document_of_the_same_name_was_read_since(desk: Any) -> None:
    def said() -> list[str]:
        lines = report(desk.settings, now=desk.wall().timestamp()).lines(desk.wall().timestamp())
        return [line.partition(": ")[0] + line[line.rindex(" (") :] if line[0] == " " else line for line in lines[3:]]

    desk.arrive("cut.jpg", b"whole")
    desk.run()
    fail(desk, "cut.jpg", b"half")
    assert said()[1:] == ["failed: 1", "  cut.jpg (0 s ago)"]
    desk.engine.answer = lambda data: OutcomeKind.READ
    desk.arrive("cut.jpg", b"whole again")
    desk.run(1)
    assert said()[2:] == [
        "failed: 1, 1 with another of the same name read since",
        "  cut.jpg (1 s ago, another of this name was read since)",
    ]


def test_a_file_under_the_name_of_its_folder_does_not_keep_a_document_from_the_inbox(desk: Any) -> None:
    fail(desk, "november/scan.jpg", b"1")
    (desk.settings.inbox / "november").rmdir()
    desk.put("november", b"a file")
    assert retry(desk.settings) == ["november~2/scan.jpg"]
    assert desk.files("inbox") == {"november": b"a file", "november~2/scan.jpg": b"1"}


def test_nothing_is_put_back_through_a_link_to_where_nobody_reads_it(desk: Any) -> None:
    fail(desk, "a/bad.jpg", b"1")
    elsewhere = desk.root / "elsewhere"
    elsewhere.mkdir()
    (desk.settings.inbox / "a").rmdir()
    (desk.settings.inbox / "a").symlink_to(elsewhere)
    assert retry(desk.settings) == ["a~2/bad.jpg"]
    assert desk.files("inbox") == {"a~2/bad.jpg": b"1"}
    assert list(elsewhere.iterdir()) == []


def test_a_ledger_in_use_refuses_before_anything_moves(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.ledger.schema.BUSY_TIMEOUT_S", 0.0)
    fail(desk, "scan.jpg", b"1")
    with transaction(desk.ledger.connection), pytest.raises(LedgerError, match="try again"):
        retry(desk.settings)
    assert desk.files("failed").keys() == {"scan.jpg", "scan.jpg.reason.json"}
    assert desk.files("inbox") == {}
    assert retry(desk.settings) == ["scan.jpg"]


def test_a_document_that_was_put_back_but_not_struck_off_is_so_the_next_time(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(ledger: Ledger, key: int) -> None:
        raise LedgerError("the ledger must be writable")

    fail(desk, "scan.jpg", b"1")
    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "release", refuse)
        with pytest.raises(LedgerError):
            retry(desk.settings)
    assert desk.files("inbox") == {"scan.jpg": b"1"}
    assert retry(desk.settings) == []
    assert desk.ledger.count(State.FAILED) == 0
    assert desk.files("failed") == {}


def test_without_a_ledger_there_is_nothing_to_put_back(desk: Any) -> None:
    for path in desk.settings.state.iterdir():
        path.unlink()
    with pytest.raises(LedgerError, match="no ledger"):
        retry(desk.settings)


def test_a_reason_never_overwrites_another_files(desk: Any) -> None:
    (desk.settings.failed / "scan.jpg.reason.json").write_bytes(b"a document of that name")
    fail(desk, "scan.jpg", b"1")
    assert desk.files("failed").keys() == {"scan.jpg.reason.json", "scan~2.jpg", "scan~2.jpg.reason.json"}


def test_a_place_in_failed_that_is_taken_in_the_last_moment_is_changed_for_another(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    condemn = desk.ledger.condemn

    def condemn_then_take(*arguments: Any) -> None:
        condemn(*arguments)
        (desk.settings.failed / "scan.jpg").write_bytes(b"another's")

    monkeypatch.setattr(desk.ledger, "condemn", condemn_then_take)
    fail(desk, "scan.jpg", b"1")
    files = desk.files("failed")
    assert files["scan.jpg"] == b"another's"
    assert files["scan~2.jpg"] == b"1"
    assert "scan~2.jpg.reason.json" in files


def test_a_damaged_ledger_is_told_with_a_remedy_to_who_asks_it(desk: Any) -> None:
    fail(desk, "bad.jpg", b"bad")
    desk.die()
    desk.damage("documents")
    for ask in (report, retry, strike_off):
        with pytest.raises(LedgerError, match=r"must be readable .* database disk image is malformed.* move it away"):
            ask(desk.settings)
