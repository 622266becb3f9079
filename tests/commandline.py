"""Running the command line in tests: in this process, or as the real program."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

import steepest as st
from steepest_cli import main

SOURCE = Path(st.__file__).parents[1]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(SOURCE)}
PIPES = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
MODEL = """
import time
print("loading")

def loss(x):
    print("called")
    return (x[0] - 1) ** 2 + x[1] ** 2

def gradient(x):
    return [2 * (x[0] - 1), 2 * x[1]]

def wrong(x):
    return [2 * (x[0] - 1), 3 * x[1]]

def breaks(x):
    if x[0] < 2:
        raise ZeroDivisionError("division by zero")
    return x[0] ** 2

def slope(x):
    return [2 * x[0]]

def nothing(x):
    pass

def scalar(x):
    assert x.ndim == 0, x
    return (x - 3) ** 2

def slow(x):
    time.sleep(0.002)
    return x[0] ** 2
"""


def run(line, text=None, **env):
    """One command line, without the program's name."""
    return CliRunner().invoke(main, shlex.split(line), input=text, env=env, catch_exceptions=False)


def run_json(line):
    """The object that a command prints with --json; anything else on stdout, and NaN, would not parse."""

    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(run(f"{line} --json").stdout, parse_constant=refuse)


def process(line, code="from steepest_cli import main; main()", **keywords):
    """The real program."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *shlex.split(line)], env=ENVIRONMENT, text=True, **PIPES | keywords
    )
