"""The unit in a machine that really boots: an overlay of this one, under the real systemd."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from daemon.engine.sandbox import landlock_version

ROOT = Path(__file__).parents[2]
BOOT_S = 300
MAX_EXPOSURE = 2.0
PAGES = 8

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may boot a machine"),
    pytest.mark.skipif(
        shutil.which("systemd-nspawn") is None, reason="needs systemd-nspawn: apt-get install systemd-container"
    ),
]

# An interpreter that is a shared library would find another one of its version in its place.
COMMAND = """#!/bin/sh
export LD_LIBRARY_PATH=/opt/python/lib
export PYTHONPATH=/opt/digitdrop/source:/opt/digitdrop/packages
exec /opt/python/bin/python3 -P -m daemon "$@"
"""

SOONER = """[Service]
WatchdogSec=6
TimeoutAbortSec=2
RestartSec=1
"""
"""What makes the test wait for minutes otherwise; all the rest of the unit stays."""

ACCEPT, ALL_TO_REVIEW = "accept: 0.9\n", "accept: 1.0\n"
"""So that there are numbers to look over; all the rest of the configuration stays."""

PROBE = """[Unit]
After=digitdrop.service
[Service]
Type=oneshot
TimeoutStartSec=infinity
ExecStart=/opt/python/bin/python3 /opt/digitdrop/source/tests/systemd/probe.py /pages /out
[Install]
WantedBy=multi-user.target
"""


@pytest.fixture(scope="module")
def machine(mounts: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The root of a machine like this one, with the service installed and enabled."""
    base = tmp_path_factory.mktemp("machine")
    with ExitStack() as stack:
        memory = stack.enter_context(mounts.mounted(base / "memory", "-t", "tmpfs", "tmpfs"))
        for name in ("upper", "work"):
            (memory / name).mkdir()
        layers = f"lowerdir=/,upperdir={memory / 'upper'},workdir={memory / 'work'}"
        root = stack.enter_context(mounts.mounted(base / "root", "-t", "overlay", "overlay", "-o", layers))
        install(root, mounts.run)
        yield root


def install(root: Path, run: Callable[..., None]) -> None:
    """What INSTALL.md tells to do; the interpreter and its packages are this test's own."""
    for left in ("var/lib/digitdrop", "srv/digitdrop"):  # of a digitdrop that runs on this machine
        shutil.rmtree(root / left, ignore_errors=True)
    command = root / "opt/digitdrop/bin/digitdrop"
    command.parent.mkdir(parents=True)
    command.write_text(COMMAND)
    command.chmod(0o755)
    for kind, folder in (("sysusers", "etc/sysusers.d"), ("tmpfiles", "etc/tmpfiles.d")):
        (root / folder).mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / f"systemd/digitdrop.{kind}.conf", root / folder / "digitdrop.conf")
    run("systemd-sysusers", f"--root={root}")
    run("systemd-tmpfiles", f"--root={root}", "--create", root / "etc/tmpfiles.d/digitdrop.conf")
    default = (ROOT / "config/default.yaml").read_text()
    assert ACCEPT in default
    (root / "etc/digitdrop/digitdrop.yaml").write_text(default.replace(ACCEPT, ALL_TO_REVIEW))
    units = root / "etc/systemd/system"
    (units / "digitdrop.service.d").mkdir(parents=True)
    for name in ("digitdrop", "digitdrop-review"):
        shutil.copy(ROOT / f"systemd/{name}.service", units)
    (units / "digitdrop.service.d/sooner.conf").write_text(SOONER)
    (units / "probe.service").write_text(PROBE)
    wanted = units / "multi-user.target.wants"
    wanted.mkdir(exist_ok=True)
    for name in ("digitdrop", "probe"):
        (wanted / f"{name}.service").symlink_to(f"../{name}.service")


@pytest.fixture(scope="module")
def facts(machine: Path, draw_page: Callable[[int], bytes], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the probe saw, from the boot to the end."""
    out, pages = tmp_path_factory.mktemp("out"), tmp_path_factory.mktemp("pages")
    for number in range(1, PAGES + 1):
        (pages / f"scan{number}.jpg").write_bytes(draw_page(700 + number))
    binds = {
        Path(sys.base_prefix): "/opt/python",
        ROOT: "/opt/digitdrop/source",
        Path(sysconfig.get_path("purelib")): "/opt/digitdrop/packages",
        pages: "/pages",
    }
    words = ["systemd-nspawn", "--directory", str(machine), "--boot", "--register=no", "--keep-unit"]
    # What the machine's kernel allows, and nspawn would not.
    words += ["--system-call-filter=landlock_create_ruleset landlock_add_rule landlock_restrict_self"]
    words += [f"--machine=digitdrop-{os.getpid()}", f"--bind={out}:/out"]
    words += [f"--bind-ro={here}:{there}" for here, there in binds.items()]
    with (out / "console").open("wb") as console:
        subprocess.run(
            words, stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT, timeout=BOOT_S, check=False
        )
    path = out / "facts.json"
    assert path.exists(), (out / "console").read_text(errors="replace")[-4000:]
    seen: dict[str, Any] = json.loads(path.read_text())
    assert "error" not in seen, f"{seen['error']}\n{seen['journal'][-6000:]}"
    return seen


def test_the_service_becomes_ready_and_reads_a_page(facts):
    assert "0 waiting" in facts["status"]
    assert sum(len(page["numbers"]) for page in facts["page"]["pages"]) > 0
    assert facts["owner"] == "digitdrop"
    assert set(facts["modes"].values()) == {"0o664"}, "everyone in the group may change the results"


def test_numbers_are_looked_over_on_a_page_of_its_own_service(facts):
    seen = facts["review"]
    assert seen["saved"] == f"{seen['shown']} numbers saved."
    assert seen["shown"] > 0
    assert seen["first"] == {"text": "123", "needs_review": False}
    assert seen["secret"] == ["0o600", "digitdrop"]


def test_another_digitdrop_on_its_inbox_is_noticed(facts):
    assert "another digitdrop of this machine reads from /srv/digitdrop/inbox" in " ".join(
        facts["check of another"].split()
    )


def test_a_killed_worker_is_replaced_and_the_daemon_stays(facts):
    assert facts["after a killed worker"]["same daemon"]
    before, after = facts["after a killed worker"]["workers"]
    assert before == after > 0


def test_a_killed_daemon_is_started_again(facts):
    assert facts["after SIGKILL"]["restarts"] == 1


def test_a_daemon_that_is_told_to_begin_anew_is_started_again(facts):
    assert facts["after SIGHUP"]["restarts"] == 1


def test_a_daemon_whose_heart_stops_is_restarted_by_the_watchdog(facts):
    assert facts["after its heart stopped"]["restarts"] == 1
    assert facts["watchdog"]


def test_a_stop_in_the_middle_of_work_is_clean_and_in_time(facts):
    assert facts["stop"]["result"] == "success"
    assert facts["stop"]["seconds"] < 60
    assert facts["stop"]["workers"] == []


def test_a_mistake_in_the_configuration_is_not_tried_again(facts):
    assert facts["configuration error"] == {"state": "failed", "status": "78", "restarts": "0", "sub state": "failed"}


@pytest.mark.parametrize("unit", ["digitdrop", "digitdrop-review"])
def test_its_exposure_is_low_as_installed(facts, unit):
    level = re.search(r"exposure level for \S+: ([\d.]+)", facts["security"][unit])
    assert level is not None, facts["security"][unit][-400:]
    assert float(level[1]) <= MAX_EXPOSURE


def test_its_workers_can_give_up_what_they_do_not_need(facts):
    if landlock_version() == 0:
        pytest.skip("needs a kernel with Landlock (Linux 5.13)")
    assert "Landlock" not in facts["journal"], "its want would be told"


def test_after_all_this_every_page_is_archived_and_has_its_results_once(facts):
    names = [f"scan{number}.jpg" for number in range(1, PAGES + 1)]
    assert facts["left"]["archive"] == names
    assert facts["left"]["inbox"] == facts["left"]["failed"] == []
    kinds = (".annotated.jpg", ".csv", ".json")
    assert facts["left"]["outbox"] == sorted([*(f"{name}{kind}" for name in names for kind in kinds), "tables"])
