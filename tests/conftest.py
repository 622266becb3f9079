"""Shared by all tests: optional peers say why they are skipped."""

from __future__ import annotations

import importlib
import types

import pytest


def peer(name: str) -> types.ModuleType:
    """A library that results are compared with; the test is skipped, with the reason, where it is missing."""
    try:
        return importlib.import_module(name)
    except ImportError:
        pytest.skip(f"{name} is not installed: the comparison with it can't be made here")
