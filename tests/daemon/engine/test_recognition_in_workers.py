"""The engine as it is configured by default: real recognition with a real model, in another process."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from config.errors import ConfigError
from config.schema import EngineSettings, Settings
from config.shipped import shipped_companions
from daemon.engine import create_engine
from daemon.engine.interface import Engine, Job, Outcome, OutcomeKind
from recognition.page import read_document
from recognition.reader import load_reader

pytestmark = pytest.mark.slow

SETTINGS = Settings(engine=EngineSettings(workers=1))


@pytest.fixture(scope="module")
def page() -> bytes:
    pixels = np.full((400, 900, 3), 255, np.uint8)
    cv2.putText(pixels, "1 7 4", (60, 250), cv2.FONT_HERSHEY_SIMPLEX, 5, (40, 30, 20), 12)
    return bytes(cv2.imencode(".png", pixels)[1])


@pytest.fixture
def engine(converted_model: Path) -> Iterator[Engine]:
    made = create_engine(SETTINGS, converted_model)
    made.start()
    yield made
    made.stop(0)


def outcome_of(engine: Engine, data: bytes) -> Outcome:
    engine.submit(Job(1, data))
    (outcome,) = engine.poll(60)
    return outcome


def test_a_page_read_in_a_worker_is_read_as_in_this_process(engine, page, converted_model):
    outcome = outcome_of(engine, page)
    here = read_document(page, load_reader(converted_model, *shipped_companions()), SETTINGS.recognition_params())
    assert outcome.document is not None, outcome.error
    assert len(here.pages[0].numbers) > 0
    assert outcome.document.to_json() == here.to_json()
    assert outcome.document.pages[0].annotated == here.pages[0].annotated
    assert [number.crop for number in outcome.document.pages[0].numbers] == [n.crop for n in here.pages[0].numbers]


def test_the_model_is_known_by_what_stands_beside_it(engine, converted_model):
    assert engine.model == load_reader(converted_model).info


@pytest.mark.parametrize("data", [b"", b"a text", b"\xff\xd8\xff\xe0"])
def test_what_is_no_picture_is_told_from_a_failure_of_recognition(engine, data):
    outcome = outcome_of(engine, data)
    assert outcome.kind in (OutcomeKind.UNREADABLE, OutcomeKind.INCOMPLETE)
    assert outcome.error


def test_a_cluster_without_dask_is_a_mistake_of_the_configuration(converted_model, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    dask = EngineSettings(kind="dask", address="tcp://scheduler:8786")
    with pytest.raises(ConfigError, match=r"engine\.kind: must be local where Dask is not .* digitdrop\[cluster\]"):
        create_engine(Settings(engine=dask), converted_model)
