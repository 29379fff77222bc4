"""What the parts may not do to each other, beyond what the import contracts say."""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import recognition

PACKAGES = ("daemon", "recognition", "config")
HEAVY = ("tensorflow", "keras", "torch", "jax", "matplotlib")

SERVICE = ("daemon.service", "daemon.engine.local", "daemon.engine.process", "daemon.model", "daemon.__main__")
LIBRARY = ("recognition", "recognition.page", "recognition.classify")


def modules_after_import(*names: str) -> set[str]:
    """What a fresh interpreter has loaded once it has imported these."""
    program = f"import sys, {', '.join(names)}; print(*sys.modules, sep='\\n')"
    # What measures the coverage of children imports a database itself.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    return {name.partition(".")[0] for name in done.stdout.split()}


def test_the_daemon_never_imports_keras_or_tensorflow():
    assert not modules_after_import(*SERVICE, *LIBRARY) & set(HEAVY)


def test_only_the_page_for_reviews_loads_a_web_server():
    assert "tornado" not in modules_after_import(*SERVICE, *LIBRARY)
    assert "tornado" in modules_after_import("daemon.review.command")


def test_creating_an_engine_for_a_configuration_imports_neither():
    program = (
        "import sys, pathlib\n"
        "from config.schema import Settings\n"
        "from daemon.engine import create_engine\n"
        "create_engine(Settings(), pathlib.Path('m.tflite'))\n"
        f"assert not set({HEAVY!r}) & set(sys.modules), 'the daemon has become heavy'\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_recognition_as_a_library_knows_nothing_of_the_service():
    service = {"daemon", "config", "watchdog", "sqlite3", "typer", "yaml", "pydantic", "xlsxwriter"}
    assert not modules_after_import(*LIBRARY) & (service | set(HEAVY))


def test_what_reads_rare_formats_takes_no_memory_before_one_arrives():
    assert not modules_after_import(*LIBRARY) & {"pypdfium2", "pillow_heif"}


def test_the_guide_to_recognition_names_each_of_its_modules_and_nothing_else():
    folder = Path(recognition.__file__).parent
    modules = {path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert set(re.findall(r"`(\w+)", recognition.__doc__ or "")) == modules - {"__init__"}


@pytest.mark.parametrize("package", PACKAGES)
def test_no_other_distribution_provides_our_top_level_names(package):
    assert set(importlib.metadata.packages_distributions().get(package, [])) == {"digitdrop"}


@pytest.mark.parametrize("package", PACKAGES)
def test_the_types_of_our_packages_can_be_used_where_they_are_installed(package):
    root = Path(__file__).parent.parent
    packaged = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    assert "py.typed" in packaged[package]
    assert (root / package / "py.typed").is_file()
