"""Somebody who looks over the doubtful numbers of log sheets, and says what is written there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from daemon.ledger import Ledger
from daemon.ledger.reviews import Change
from daemon.result import numbers_of
from daemon.review.answers import settled

TOP_PX, PITCH_PX, DIGIT_PX = 220, 92, 52
LEFTS_PX = (200, 480, 870)
"""Where `sample_pages.log_sheet` writes its numbers."""


def look_over(ledger: Ledger, pages: Mapping[str, Any]) -> int:
    """Says of each number that is to be reviewed what is written there; returns of how many.

    Args:
        ledger: of a service that has read log sheets.
        pages: these, by the names of their documents.
    """
    count = 0
    for day in ledger.reviews.days():
        for key in ledger.reviews.doubtful(day):
            result = ledger.reviews.document(key).result
            truth = pages[result["document"]]
            changes = {
                index: Change(number, settled(number, written(number["bbox"], truth)))
                for index, (_, number) in enumerate(numbers_of(result))
                if number["needs_review"]
            }
            count += len(ledger.reviews.change(key, changes))
    return count


def written(bbox: Sequence[int], page: Any) -> str:
    """The number that is written on a log sheet where a box (x, y, width, height) is, empty where none is."""
    x, y, _, height = bbox
    line = round((y + (height - DIGIT_PX) / 2 - TOP_PX) / PITCH_PX)
    near = [place for place, left in enumerate(LEFTS_PX) if abs(x - left) < DIGIT_PX]
    return str(page.lines[line][near[0]]) if 0 <= line < len(page.lines) and near else ""
