"""The commands that do not optimise: catalogues, gradients, saved runs, completion; and all of their help."""

from __future__ import annotations

import math
import subprocess
import sys

import click
import numpy as np
import pytest
from click.testing import CliRunner

import steepest as st
from commandline import ENVIRONMENT, process, run, run_json
from steepest import problems
from steepest.methods.registry import METHODS
from steepest_cli import main


def test_methods():
    listed = run("methods").stdout
    described = run_json("methods")["methods"]
    assert [m["name"].lower() for m in described] == list(METHODS)
    assert all(name in listed for name in METHODS)
    adam = run("methods adam").stdout
    for part in ("Kingma & Ba (2015)", "beta2=0.999", "m = beta1 * m + (1 - beta1) * g", r"\beta_{1}"):
        assert part in adam
    assert run_json("methods Adam")["methods"][0]["defaults"]["lr"] == st.Adam().hyper["lr"]


def test_functions():
    listed = run("functions").stdout
    described = run_json("functions")["functions"]
    assert [f["name"] for f in described] == [p.name for p in problems.catalogue()]
    assert all(f["name"] in listed and f["hard"] in listed for f in described)
    shown = run("functions himmelblau").stdout
    assert "(3, 2), (-2.805118087, 3.131312518)" in shown
    assert "Himmelblau (1972)" in shown


@pytest.mark.parametrize("name", [p.name for p in problems.catalogue()])
def test_every_function_can_be_described_and_run(name):
    assert run(f"functions {name}").exit_code == 0
    assert run(f"minimize {name} --method gd --maxiter 3 --lr 1e-9").exit_code in (0, 3, 4)


def test_check_gradient(folder):
    assert run("check-gradient x**2*y --gradient '2*x*y; x**2' --x0 1,2").exit_code == 0
    assert run("check-gradient rosenbrock").exit_code == 0  # the catalogue's own, at its start
    assert run("check-gradient model:loss --jac model:gradient --x0 3,2").exit_code == 0
    python = run("check-gradient model:loss --jac model:wrong --x0 3,2")
    assert python.exit_code == 5
    assert "called" not in python.stdout
    wrong = "check-gradient x**2*y --gradient '2*x*y; 2*x**2' --x0 1,2"
    assert run(wrong).exit_code == 5
    assert run(f"{wrong} --exit-zero").exit_code == 0
    assert run_json(wrong)["ok"] is False
    assert run("check-gradient steps").exit_code == 3  # piecewise constant: nothing to be seen


def test_derivative(folder):
    found = run_json("derivative x*cos(pi*x)*exp(y) --x0 0.25,1")
    exact = math.sqrt(0.5) * math.e * np.array([1 - math.pi / 4, 0.25])
    assert np.all(np.abs(found["gradient"] - exact) <= found["error"])
    assert max(found["error"]) < 1e-8
    np.testing.assert_allclose(found["exact"], exact, rtol=1e-15)
    shown = [row.split() for row in run("derivative model:loss --x0 0.5,1").stdout.splitlines()]
    assert shown[0] == ["coordinate", "at", "derivative", "error"]
    assert [row[:3] for row in shown[1:3]] == [["x[0]", "0.5", "-1"], ["x[1]", "1", "2"]]
    assert run("derivative 'log(x)' --x0=-3").exit_code == 4
    broken = run("derivative model:breaks --x0 1,")
    assert broken.exit_code == 1
    assert "'model:breaks': ZeroDivisionError: division by zero\n  in breaks" in broken.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell):
    assert "_STEEPEST_COMPLETE" in run(f"completion {shell}").stdout


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("steepest min", ["minimize"]),
        ("steepest minimize rose", ["rosenbrock"]),
        ("steepest minimize x --method adag", ["adagrad"]),
        ("steepest minimize x --maxt", ["--maxtime"]),
    ],
)
def test_completed_words(words, expected):
    env = {"_STEEPEST_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    ended = CliRunner().invoke(main, [], env=env, prog_name="steepest")
    assert [line.split(",")[1] for line in ended.stdout.split()] == expected


def test_help_of_everything():
    assert all(name in run("--help").stdout for name in main.commands)
    assert run("--version").stdout == f"steepest {st.__version__}\n"
    for name, command in main.commands.items():
        assert "Examples:" in run(f"{name} -h").stdout, name
        assert all(param.help for param in command.params if isinstance(param, click.Option)), name


@pytest.mark.parametrize(("name", "lines"), [(n, c.examples) for n, c in main.commands.items()], ids=main.commands)
def test_examples_of_the_help_run(name, lines, folder):
    """From the help text itself, one after the other."""
    shown = run(f"{name} --help").stdout.partition("Examples:\n")[2].splitlines()
    assert [line.strip() for line in shown] == lines
    assert len(lines) >= 2
    for line in lines:
        if "$(" in line or ">" in line:
            script = f'steepest() {{ {sys.executable} -m steepest_cli "$@"; }}; {line}'
            ended = subprocess.run(["bash", "-c", script], env=ENVIRONMENT, capture_output=True, text=True)
            assert ended.returncode == 0, ended.stderr
        else:
            assert run(line.removeprefix("steepest ")).exit_code in (0, 3, 4, 5), line


def test_help_loads_click_alone():
    code = (
        "import sys; from steepest_cli import main\n"
        "for name in ['', *main.commands]: main([*[name][: len(name)], '--help'], standalone_mode=False)\n"
        "print('loaded', *{'steepest', 'numpy', 'scipy', 'autograd', 'rich'} & {*sys.modules})"
    )
    with process("", code) as running:
        out, err = running.communicate()
    assert out.splitlines()[-1] == "loaded", err
