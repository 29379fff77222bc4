"""`digitdrop check`: a configuration and a machine that work, and each thing that may be wrong with them."""

from __future__ import annotations

from itertools import takewhile

import pytest

from config.schema import EngineSettings, HooksSettings
from config.values import usable_cores
from daemon.check import check, check_hooks, check_memory, check_model, check_workers, findings
from daemon.findings import Finding, Level


@pytest.mark.slow
def test_a_sound_configuration_on_a_sound_machine_ends_with_0(settings, root, converted_model):
    lines: list[str] = []
    assert check(root / "digitdrop.yaml", {"model": str(converted_model), "engine.workers": 1}, lines.append) == 0
    assert lines[0] == f"ok    configuration  {root}/digitdrop.yaml is valid"
    assert lines[-1].startswith(f"ok    model          {converted_model} loads: MNIST, 28x28 in, 10 classes out, SHA-")
    assert all(line[:4] in ("ok  ", "warn") for line in lines)


@pytest.mark.slow
def test_a_keras_model_is_tried_without_leaving_anything_in_the_state_folder(settings, keras_models):
    finding = check_model(settings.model_copy(update={"model": keras_models / "MNIST.h5"}))
    assert finding.level is Level.OK
    assert list(settings.state.iterdir()) == []


@pytest.mark.slow
def test_a_model_that_does_not_fit_fails_with_its_shape(settings, keras_models):
    finding = check_model(settings.model_copy(update={"model": keras_models / "wrong.keras"}))
    assert finding.level is Level.FAIL
    assert "32, 32" in finding.text


def test_a_hook_that_can_not_be_run_is_told(settings, root, monkeypatch):
    script = root / "tell"
    script.write_text("#!/bin/sh\n")
    monkeypatch.chdir(root)
    for command, level in ((("true",), Level.OK), ((str(script),), Level.WARN), (("./tell",), Level.WARN)):
        hooks = HooksSettings(on_failed=command)
        (finding,) = check_hooks(settings.model_copy(update={"hooks": hooks}))
        assert finding.subject == "hooks.on_failed"
        assert finding.level is level
    script.chmod(0o755)
    (finding,) = check_hooks(settings.model_copy(update={"hooks": HooksSettings(on_done=(str(script), "-x"))}))
    assert str(finding) == f"ok    hooks.on_done  {script} is run"
    assert list(check_hooks(settings)) == []


def test_a_missing_model_ends_with_78(settings, root):
    lines: list[str] = []
    assert check(root / "digitdrop.yaml", {"model": str(root / "none.h5")}, lines.append) == 78
    assert lines[-1].startswith(f"fail  model          cannot read the model {root}/none.h5: No such file")


def test_more_workers_than_cores_are_warned_of():
    assert check_workers(2, 2).level is Level.OK
    assert check_workers(3, 2).level is Level.WARN


@pytest.mark.parametrize(("memory_mb", "level"), [("auto", Level.OK), (700, Level.OK), (699, Level.WARN)])
def test_less_memory_than_the_largest_pages_need_is_warned_of(settings, memory_mb, level):
    given = settings.model_copy(update={"engine": EngineSettings(memory_mb=memory_mb)})
    finding = check_memory(given)
    assert finding.level is level
    if level is Level.WARN:
        assert "pages.max_megapixels to 99 or less" in finding.remedy


def test_workers_of_this_machine_beside_a_cluster_are_warned_of(settings, root):
    path = root / "digitdrop.yaml"
    cluster = "engine: {{kind: dask, address: 'tcp://127.0.0.1:1', workers: {}}}\n"
    before = path.read_text()
    for workers, told in ((usable_cores() + 1, True), ("auto", False)):
        path.write_text(before + cluster.format(workers))
        assert ("workers" in {finding.subject for finding in takewhile(before_the_model, findings(path))}) is told


def before_the_model(finding: Finding) -> bool:
    return finding.subject != "memory"
