from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from daemon.result import NamedModel, Result, numbered_rows, rows
from recognition.types import BoundingBox, Digit, Document, Number, Page, Reason

MOMENT = datetime(2026, 11, 23, 21, 2, 11, 345_000, tzinfo=timezone(timedelta(hours=1)))


def make_result(document: str = "a/b/scan0001.jpg") -> Result:
    digits = (
        Digit(0, 0.998, BoundingBox(10, 20, 8, 12), ((6, 0.001),)),
        Digit(9, 0.41, BoundingBox(20, 20, 8, 12)),
    )
    number = Number("0?", BoundingBox(10, 20, 18, 12), 3, 1, 0.41, True, (Reason.TOUCHING, Reason.CUT_OFF), digits)
    plain = Number("07", BoundingBox(60, 20, 18, 12), 3, 2, 0.97, False, (), digits)
    content = Document((Page(1, 200, 100, 0, (number, plain)), Page(2, 200, 100, 90, (plain,))), ("page 2 is dark",))
    return Result(document, "ab" * 32, MOMENT, NamedModel("digits", "cd" * 32), 0.21349, content)


def test_the_json_has_the_keys_of_the_contract_in_their_order() -> None:
    value = make_result().to_json()
    assert list(value) == [
        "schema", "document", "sha256", "processed_at", "model", "software", "seconds", "warnings", "pages",
    ]  # fmt: skip
    assert value["schema"] == 1
    assert value["processed_at"] == "2026-11-23T21:02:11+01:00"
    assert value["model"] == {"name": "digits", "sha256": "cd" * 32}
    assert value["seconds"] == 0.213
    assert value["software"].count(".") == 2
    assert list(value["pages"][0]) == ["page", "width", "height", "rotation", "numbers"]


def test_a_result_survives_its_json() -> None:
    result = make_result("a/\udcff.jpg")
    restored = Result.from_json(json.loads(json.dumps(result.to_json())))
    assert restored.to_json() == result.to_json()
    assert restored.content == result.content


def test_the_json_of_another_schema_is_refused_by_name() -> None:
    value = {**make_result().to_json(), "schema": 2}
    with pytest.raises(ValueError, match=r"schema 1\. Received: 2"):
        Result.from_json(value)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        dataclasses.replace(make_result(), processed_at=datetime(2026, 11, 23))


def test_there_is_one_row_for_each_number() -> None:
    table = list(rows(make_result().to_json()))
    assert [(row.page, row.line, row.position, row.number) for row in table] == [
        (1, 3, 1, "0?"), (1, 3, 2, "07"), (2, 3, 2, "07"),
    ]  # fmt: skip
    first = table[0]
    assert (first.x, first.y, first.width, first.height) == (10, 20, 18, 12)
    assert (first.digit_count, first.confidence, first.needs_review) == (2, 0.41, True)
    assert first.reasons == "touching cut-off"


def test_a_document_without_numbers_has_no_rows() -> None:
    empty = Result("x.jpg", "ab", MOMENT.astimezone(UTC), NamedModel("m", "c"), 0.1, Document((Page(1, 9, 9, 0, ()),)))
    assert list(rows(empty.to_json())) == []


def test_what_a_person_found_to_be_no_number_has_no_row_and_the_others_keep_their_index() -> None:
    value = make_result().to_json()
    assert "read" not in value["pages"][0]["numbers"][0]
    value["pages"][0]["numbers"][0] |= {"text": "", "read": "0?"}
    assert [(index, row.number) for index, row in numbered_rows(value)] == [(1, "07"), (2, "07")]
    assert [row.number for row in rows(value)] == ["07", "07"]
    assert Result.from_json(value).to_json() == value
