"""Shared by all tests: optional peers say why they are skipped."""

from __future__ import annotations

import importlib
import shutil
import sys
import types
from pathlib import Path

import pytest

from commandline import MODEL

CARS = Path(__file__).parents[1] / "examples" / "data" / "stopping_distances.csv"


def peer(name: str) -> types.ModuleType:
    """A library that results are compared with; the test is skipped, with the reason, where it is missing."""
    try:
        return importlib.import_module(name)
    except ImportError:
        pytest.skip(f"{name} is not installed: the comparison with it can't be made here")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a module ``model`` and a table ``cars.csv`` in it, as the current one."""
    (tmp_path / "model.py").write_text(MODEL)
    shutil.copy(CARS, tmp_path / "cars.csv")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    sys.modules.pop("model", None)
    if str(tmp_path) in sys.path:
        sys.path.remove(str(tmp_path))


@pytest.fixture(autouse=True)
def closed():
    """No figure outlives its test, wherever it was drawn."""
    yield
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")
