"""Benchmarks start and print: their numbers are read by people, never asserted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"
SCRIPTS = sorted(path.name for path in FOLDER.glob("*.py") if path.name not in ("timing.py", "peers.py"))


@pytest.mark.parametrize("script", SCRIPTS)
def test_it_starts(script):
    run = subprocess.run(
        [sys.executable, script, "--quick"],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert len(run.stdout.splitlines()) > 2
