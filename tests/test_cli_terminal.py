"""The command line on a terminal, in a pipe, and interrupted."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import time
from types import SimpleNamespace
from unittest import mock

import numpy as np
import pytest

import steepest as st
from commandline import ENVIRONMENT, process, run
from steepest_cli.output import folded
from steepest_cli.progress import Progress


def test_interrupted(folder):
    with process("minimize model:slow --jac model:slope --x0 5, --method gd --lr 1e-4") as running:
        for line in running.stderr:
            if line.startswith("step 10:"):
                break
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=30)
    assert running.returncode == 130
    assert "why: Interrupted after" in out
    assert "x: [4." in out
    assert "Traceback" not in err


def test_closed_pipe_is_silent():
    with process("functions") as running:
        assert running.stdout.readline().startswith("function")
        running.stdout.close()
        assert "Traceback" not in running.stderr.read()


@pytest.mark.parametrize("form", ["", " --json", " --csv"])
def test_closed_pipe_keeps_the_files(form, tmp_path):
    save, history = tmp_path / "run.npz", tmp_path / "run.csv"
    with process(f"minimize rosenbrock --save {save} --history {history}{form}") as running:
        running.stdout.close()
        assert running.stderr.read().endswith(f"written: {history}\nwritten: {save}\n")
    assert running.returncode == 0
    assert st.Result.load(save).success


def test_python_m_steepest():
    with process("--version", "import runpy; runpy.run_module('steepest', run_name='__main__')") as running:
        assert running.communicate()[0] == f"steepest {st.__version__}\n"


def on_a_terminal(line, **env):
    """What the program writes when stdout and stderr are terminals of their own."""
    pty = pytest.importorskip("pty", reason="there are no pseudo-terminals on Windows")
    ends = {"stdout": pty.openpty(), "stderr": pty.openpty()}
    children = {name: child for name, (_, child) in ends.items()}
    with (
        mock.patch.dict(ENVIRONMENT, {"TERM": "xterm", "PYTHONIOENCODING": "utf-8", **env}),
        process(line, **children),
    ):
        pass
    return [drained(*ends[name]) for name in ends]


def drained(parent, child):
    os.close(child)
    text = b""
    with contextlib.suppress(OSError), open(parent, "rb", buffering=0) as file:  # Linux raises at the end
        while part := file.read(65536):
            text += part
    return text.decode()


LONG = "minimize exp(x) --x0 0 --method gd --lr 1e-5 --gtol 0 --maxtime 0.8 --maxiter 1e9"


def test_terminal_has_colours_and_a_live_line():
    out, err = on_a_terminal(LONG)
    assert "\x1b[33m" in out
    assert "█" in err
    assert "gradient norm" in err
    assert err.endswith("\r\x1b[K")  # wiped
    assert "\n" not in err


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_terminal_without_colours(env):
    out, err = on_a_terminal(LONG, **env)
    assert "\x1b[3" not in out + err
    assert ("step 10: f =" in err) == ("TERM" in env)


def test_colours_in_a_pipe_where_forced():
    line = "minimize bowl --method gd"
    assert "\x1b[32m" in run(line, FORCE_COLOR="1").stdout
    assert "\x1b[" not in run(line).stdout
    assert "\x1b[" not in run(line, FORCE_COLOR="1", NO_COLOR="1").stdout


class Terminal(io.StringIO):
    encoding = "ascii"

    def isatty(self):
        return True


def test_live_line_in_ascii(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    clock = iter(np.arange(0.0, 100.0, 0.5).tolist())
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    stream = Terminal()
    progress = Progress(stream, maxiter=100)
    for nit in range(100):
        progress(intermediate_result=SimpleNamespace(nit=nit, fun=1.0, jac=np.array([10.0 ** (-nit / 10)])))
    progress.close()
    *_, last, wiped = stream.getvalue().split("\r")
    assert stream.getvalue().isascii()
    assert wiped == "\x1b[K"
    assert last.startswith("####################")  # the budget is spent
    curve = last.split("  ")[-1]
    assert curve.startswith("#")
    assert "_" in curve
    assert len(last) <= 79 + len("\x1b[K")


COUNTING = """
import pathlib, time
calls = []
def f(x):
    calls.append(x)
    if len(calls) == 100:
        pathlib.Path("called").touch()
    time.sleep(0.002)
    return (x[0] - 1) ** 2
"""


def test_interrupted_compare_shows_and_writes_what_was_computed(folder):
    (folder / "counting.py").write_text(COUNTING)
    line = "compare counting:f --x0 5, --method bfgs --method gd:lr=1e-5 --method adam"
    with process(f"{line} --history steps.csv --save runs") as running:
        for _ in range(600):
            if (folder / "called").exists() or running.poll() is not None:
                break
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=30)
    assert running.returncode == 130
    assert "Traceback" not in err
    assert out.splitlines()[1].startswith("bfgs")
    assert out.splitlines()[2].split()[-1] == "interrupted"
    assert out.splitlines()[-1] == "interrupted: not run were adam"
    assert sorted(file.name for file in (folder / "runs").iterdir()) == ["bfgs.npz", "gd-lr-1e-5.npz"]
    rows = (folder / "steps.csv").read_text().splitlines()[1:]
    assert list(dict.fromkeys(row.split(",")[0] for row in rows)) == ["bfgs", "gd:lr=1e-5"]


@pytest.mark.parametrize(("stream", "options"), [("terminal", ""), ("terminal", " --no-progress"), ("pipe", "")])
def test_training_shows_its_epochs_on_a_terminal_alone(folder, stream, options):
    pytest.importorskip("pandas", reason="steepest fit needs pandas, of the extra 'table'")
    x = np.linspace(-1, 1, 4000)
    (folder / "line.csv").write_text("x,y\n" + "".join(f"{v},{2 * v + 1}\n" for v in x))
    line = f"fit line.csv --target y --batch-size 4 --epochs 1000 --maxtime 1.5 --method adam --lr 0.001{options}"
    if stream == "pipe":
        with process(line) as running:
            err = running.communicate(timeout=60)[1]
    else:
        err = on_a_terminal(line)[1]
    if stream == "terminal" and not options:
        for word in ("epoch ", "loss ", "lr 0.001", "rows/s", " left"):
            assert word in err
        assert err.endswith("\r\x1b[K")  # wiped
    else:
        assert err == ""


def test_the_last_column_of_a_table_is_folded_never_cut():
    beside, below = folded("name  " + "word " * 20, 6, 50), folded("a long name  " + "word " * 20, 13, 50)
    assert beside.split("\n")[1] == "      " + "word " * 8 + "word"
    assert below.split("\n")[:2] == ["a long name", "    " + "word " * 8 + "word"]
    assert (beside + below).count("word") == 40
