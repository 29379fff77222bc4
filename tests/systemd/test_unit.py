"""The unit and its fragments, judged by systemd's own tools."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

SYSTEMD = Path(__file__).parents[2] / "systemd"
MAX_EXPOSURE = 2.0
PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN = 65, 1

MAKE_MODEL = """
import sys, keras
from keras import layers
image = keras.Input((28, 28, 1))
flat = layers.Flatten()(layers.MaxPooling2D(4)(layers.Conv2D(4, 3, activation="relu")(image)))
keras.Model(image, layers.Dense(10, activation="softmax")(flat)).save(sys.argv[1])
"""

WITHOUT_EXECUTABLE_MEMORY = f"""
import ctypes, mmap, os, sys
assert ctypes.CDLL(None).prctl({PR_SET_MDWE}, {PR_MDWE_REFUSE_EXEC_GAIN}, 0, 0, 0) == 0
try:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
except PermissionError:
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
sys.exit("executable memory was given")
"""


def tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed; install the package systemd")
    return path


@pytest.fixture(scope="module")
def unit() -> dict[str, dict[str, list[str]]]:
    """The unit's keys, each with all its values."""
    sections: dict[str, dict[str, list[str]]] = {}
    section: dict[str, list[str]] = {}
    for line in (SYSTEMD / "digitdrop.service").read_text().splitlines():
        if line.startswith("["):
            section = sections.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            section.setdefault(key, []).append(value)
    return sections


@pytest.mark.parametrize(
    ("name", "drop_ins"), [("digitdrop", ()), ("digitdrop", ("cluster.conf",)), ("digitdrop-review", ())]
)
def test_systemd_finds_no_fault_with_the_unit(tmp_path: Path, name: str, drop_ins: tuple[str, ...]) -> None:
    command = tmp_path / "digitdrop"
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    text = (SYSTEMD / f"{name}.service").read_text().replace("/opt/digitdrop/bin/digitdrop", str(command))
    copy = tmp_path / f"{name}.service"
    copy.write_text(text)
    (tmp_path / f"{name}.service.d").mkdir()
    for drop_in in drop_ins:
        shutil.copy(SYSTEMD / drop_in, tmp_path / f"{name}.service.d")
    result = subprocess.run(
        [tool("systemd-analyze"), "verify", "--man=no", "--recursive-errors=no", str(copy)],
        capture_output=True, text=True, check=False, env={**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert "digitdrop" not in result.stderr
    assert "cluster.conf" not in result.stderr


@pytest.mark.parametrize("name", ["digitdrop", "digitdrop-review"])
def test_the_service_is_little_exposed(name: str) -> None:
    command = [tool("systemd-analyze"), "security", "--offline=yes", "--no-pager", str(SYSTEMD / f"{name}.service")]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    level = re.search(r"exposure level for \S+: ([\d.]+)", output)
    assert level is not None, output
    assert float(level[1]) <= MAX_EXPOSURE


def test_with_a_cluster_the_service_reaches_the_scheduler_only() -> None:
    lines = (SYSTEMD / "cluster.conf").read_text().splitlines()
    keys = dict(line.split("=", 1) for line in lines if line and not line.startswith(("#", "[")))
    assert (keys["PrivateNetwork"], keys["IPAddressDeny"]) == ("no", "any")
    assert keys["RestrictAddressFamilies"] == "AF_UNIX AF_INET AF_INET6"
    assert keys["IPAddressAllow"]


def test_the_service_is_watched_restarted_and_not_restarted_on_a_mistake(unit: dict[str, dict[str, list[str]]]) -> None:
    service = unit["Service"]
    assert service["Type"] == ["notify"]
    assert service["NotifyAccess"] == ["main"]
    assert service["Restart"] == ["on-failure"]
    assert float(service["RestartSec"][0]) >= 1
    assert service["RestartPreventExitStatus"] == ["78"]
    assert float(service["TimeoutStopSec"][0]) > 20 + 20, "the grace for documents in work, and the tables"
    assert service["ProtectSystem"] == ["strict"]
    assert "WatchdogSec" in service


def test_the_default_folders_are_made_and_may_be_written(unit: dict[str, dict[str, list[str]]]) -> None:
    defaults = yaml.safe_load((SYSTEMD.parent / "config" / "default.yaml").read_text())
    lines = (SYSTEMD / "digitdrop.tmpfiles.conf").read_text().splitlines()
    made = {line.split()[1]: line.split()[2:5] for line in lines if line[:1] == "d"}
    service = unit["Service"]
    writable = [Path(path.lstrip("-")) for path in service["ReadWritePaths"]]
    for key in ("inbox", "outbox", "archive", "failed"):
        assert defaults[key] in made
        assert any(Path(defaults[key]).is_relative_to(path) for path in writable)
    assert defaults["state"] == f"/var/lib/{service['StateDirectory'][0]}"
    assert made[defaults["state"]] == [service["StateDirectoryMode"][0], service["User"][0], service["Group"][0]]


def test_the_fragments_make_the_user_and_the_folders(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    users = [tool("systemd-sysusers"), f"--root={tmp_path}", str(SYSTEMD / "digitdrop.sysusers.conf")]
    subprocess.run(users, check=True, capture_output=True)
    assert "digitdrop:" in (tmp_path / "etc" / "passwd").read_text()
    if os.geteuid() != 0:
        pytest.skip("folders of another user can be made by root alone")
    folders = [tool("systemd-tmpfiles"), "--create", f"--root={tmp_path}", str(SYSTEMD / "digitdrop.tmpfiles.conf")]
    result = subprocess.run(folders, check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "srv" / "digitdrop" / "inbox").stat().st_mode & 0o7777 == 0o2775


@pytest.mark.parametrize("guide", ["README.md", "systemd/INSTALL.md"])
def test_the_files_can_be_put_where_the_guides_say_on_a_bare_debian(tmp_path: Path, guide: str) -> None:
    """Which has no /etc/sysusers.d."""
    for folder in ("tmpfiles.d", "systemd/system"):
        (tmp_path / "etc" / folder).mkdir(parents=True)
    lines = (SYSTEMD.parent / guide).read_text().splitlines()
    commands = [
        line.strip().removeprefix("sudo ") for line in lines if re.search(r"^\s+.*(systemd|config)/\S+ /etc/", line)
    ]
    assert len(commands) >= 4
    for command in commands:
        words = command.replace(" /etc/", f" {tmp_path}/etc/").split()
        result = subprocess.run(words, cwd=SYSTEMD.parent, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr
    for name in ("sysusers.d/digitdrop.conf", "tmpfiles.d/digitdrop.conf", "systemd/system/digitdrop.service"):
        placed = tmp_path / "etc" / name
        assert placed.stat().st_mode & 0o777 == 0o644
    assert (tmp_path / "etc" / "digitdrop" / "digitdrop.yaml").is_file()


@pytest.mark.slow
def test_pages_are_read_and_a_keras_model_converted_without_executable_memory(
    tmp_path: Path, unit: dict[str, dict[str, list[str]]]
) -> None:
    if ctypes.CDLL(None).prctl(66, 0, 0, 0, 0) < 0:
        pytest.skip("this kernel is older than 6.3 and can not refuse executable memory to a process")
    assert unit["Service"]["MemoryDenyWriteExecute"] == ["yes"]
    environment = os.environ | dict(value.split("=", 1) for value in unit["Service"]["Environment"])
    subprocess.run([sys.executable, "-c", MAKE_MODEL, "model.h5"], cwd=tmp_path, check=True, capture_output=True)
    settings = {name: name for name in ("inbox", "outbox", "archive", "failed", "state")}
    settings |= {"model": "model.h5", "watch": {"stable_seconds": 0.2}, "engine": {"workers": 1}}
    (tmp_path / "digitdrop.yaml").write_text(yaml.safe_dump(settings))
    (tmp_path / "inbox").mkdir()
    page = np.full((400, 300), 255, np.uint8)
    cv2.line(page, (150, 100), (150, 200), 0, 6)
    cv2.imwrite(str(tmp_path / "inbox" / "scan.jpg"), page)
    words = ["-m", "daemon", "once", "--config", str(tmp_path / "digitdrop.yaml")]
    result = subprocess.run(
        [sys.executable, "-c", WITHOUT_EXECUTABLE_MEMORY, *words],
        env=environment, cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "outbox" / "scan.jpg.json").exists()
