"""Shared by all tests: optional peers say why they are skipped."""

from __future__ import annotations

import importlib
import sys
import types

import pytest

from commandline import MODEL


def peer(name: str) -> types.ModuleType:
    """A library that results are compared with; the test is skipped, with the reason, where it is missing."""
    try:
        return importlib.import_module(name)
    except ImportError:
        pytest.skip(f"{name} is not installed: the comparison with it can't be made here")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a module ``model`` in it, as the current one."""
    (tmp_path / "model.py").write_text(MODEL)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    sys.modules.pop("model", None)
    if str(tmp_path) in sys.path:
        sys.path.remove(str(tmp_path))
