"""What tests of several rooms share: sample pages, a Samba server, a daemon that is killed."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import settings

# How long an example takes says nothing of what it shows: on a busy machine, any may take long.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


def loaded(name: str) -> ModuleType:
    """A file of this folder as a module; the folder's own name is no package's."""
    path = Path(__file__).parent / name
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def sample_pages() -> ModuleType:
    """The pages that the demo draws, with their truth."""
    return loaded("sample_pages.py")


@pytest.fixture(scope="session")
def reviewer() -> ModuleType:
    """Somebody who looks over what was read from log sheets."""
    return loaded("reviewer.py")


@pytest.fixture(scope="session")
def sample_files() -> ModuleType:
    """Real files of every kind."""
    return loaded("sample_files.py")


@pytest.fixture(scope="session")
def situations() -> ModuleType:
    """What a folder-watching daemon meets, and what protects from it."""
    return loaded("situations.py")


@pytest.fixture(scope="session")
def protections() -> ModuleType:
    """The benchmark that takes protections out."""
    return loaded("benchmarks/protections.py")


@pytest.fixture(scope="session")
def cluster() -> ModuleType:
    """A real Dask cluster, and network namespaces."""
    return loaded("cluster.py")


@pytest.fixture(scope="session")
def stations() -> ModuleType:
    """Real daemons."""
    return loaded("station.py")


@pytest.fixture(scope="session")
def samba() -> ModuleType:
    """A real Samba server and client."""
    return loaded("samba.py")


@pytest.fixture(scope="session")
def mounts() -> ModuleType:
    """Real mounts."""
    return loaded("mounts.py")


@pytest.fixture(scope="session")
def aftermath() -> ModuleType:
    """What looks at what a daemon has left behind."""
    return loaded("aftermath.py")


@pytest.fixture(scope="session")
def damage(fuzz: ModuleType) -> ModuleType:
    """Damaged files, as the benchmark that feeds them has them."""
    return sys.modules["damage"]


@pytest.fixture(scope="session")
def fuzz() -> ModuleType:
    """The benchmark that feeds damaged files."""
    return loaded("benchmarks/fuzz.py")


@pytest.fixture(scope="session")
def kill() -> ModuleType:
    """The benchmark that kills the daemon."""
    return loaded("benchmarks/kill.py")


@pytest.fixture(scope="session")
def draw_page(sample_pages: ModuleType) -> Callable[[int], bytes]:
    """A JPEG of a small page with four handwritten numbers on it, different for each seed."""
    digits = sample_pages.Digits.load()

    def draw(seed: int) -> bytes:
        data: bytes = sample_pages.small_page(np.random.default_rng(seed), digits)
        return data

    return draw
