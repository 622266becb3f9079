"""minimize and maximize on the command line: what goes where, which exit code."""

from __future__ import annotations

import csv
import json
import math
import re
from pathlib import Path

import numpy as np
import pytest

import steepest as st
from commandline import MODEL, run, run_json
from steepest import problems
from steepest.codes import FAMILIES
from steepest_cli.optimise import EXITS
from steepest_cli.output import plain


def test_example_of_the_issue():
    ended = run('minimize "x0**2 + x1**2" --x0 3,2 --method gd --lr 0.1')
    assert ended.exit_code == 0
    assert "why: Converged: gradient norm" in ended.stdout
    assert "GD(lr=0.1)" in ended.stdout


@pytest.mark.parametrize(("direction", "sign"), [("minimize", 1), ("maximize", -1)])
def test_same_as_the_library(direction, sign):
    f, method = problems.get("rosenbrock"), st.Adam(lr=0.05, beta1=0.8)
    found = run_json(
        f"{direction} -f '{sign}*((1 - x)^2 + 100*(y - x^2)^2)' --x0=-1.2,1 "
        "--method adam:beta1=0.8 --lr 0.05 --maxiter 200"
    )
    expected = st.minimize(f, f.start, method=method, jac=f.gradient, maxiter=200)
    np.testing.assert_allclose(found["x"], expected.x, rtol=1e-9)
    assert found["fun"] == pytest.approx(sign * expected.fun, rel=1e-9)
    assert (found["nit"], found["code"], found["method"]) == (200, expected.code, repr(method))


@pytest.mark.parametrize("option", ["maxiter", "maxfun", "maxtime"])
def test_budgets(option):
    value = 0.05 if option == "maxtime" else 30
    found = run_json(f"minimize exp(x) --x0 0 --method gd --lr 1e-5 --gtol 0 --{option} {value}")
    cost = {"maxiter": "nit", "maxfun": "nfev", "maxtime": "seconds"}[option]
    assert found["code"].startswith("budget.")
    assert found[cost] == value or value <= found[cost] < 5


@pytest.mark.parametrize(
    ("option", "code"),
    [
        ("gtol=0.1", "converged.gradient"),
        ("xtol=0.01", "converged.step"),
        ("ftol=0.9", "stalled.tolerance"),  # met, but far from the minimum
        ("target=1", "target"),
    ],
)
def test_tolerances(option, code):
    assert run_json(f"minimize x**2 --x0 3 --method gd --lr 0.1 --{option}")["code"] == code


def test_every_cause_has_an_exit_code():
    assert EXITS.keys() == FAMILIES.keys()


@pytest.mark.parametrize(
    ("line", "exit_code"),
    [
        ("x**2 --x0 1 --method gd --lr 0.1", 0),
        ("x**2 --x0 1 --method gd --lr 0.1 --target 0.5", 0),
        ("x**2 --x0 1 --method gd --maxiter 1", 3),
        ("x**2 --x0 1 --method gd --maxfun 30", 3),
        ("x**2 --x0 1 --method gd --lr 5", 4),
        ("log(x) --x0 1 --method gd --lr 2", 4),
        ("-f -exp(x) --x0 1 --method gd --lr 1", 4),
    ],
)
@pytest.mark.parametrize("exit_zero", [False, True])
def test_exit_codes(line, exit_code, exit_zero):
    ended = run(f"minimize {line} {'--exit-zero' * exit_zero}")
    assert ended.exit_code == (0 if exit_zero else exit_code), ended.output
    assert "why:" in ended.stdout


def test_what_func_is(folder):
    at_start = "--method gd --maxiter 0"
    assert run_json(f"minimize Dixon-Price -n 3 {at_start}")["x"] == problems.get("dixon_price", 3).start.tolist()
    assert run_json(f"minimize rosenbrock --x0 1,2,3,4 {at_start}")["x"] == [1, 2, 3, 4]
    assert run_json("minimize 'x[0]² + 1' --x0 3 --method gd --lr 0.1")["fun"] == pytest.approx(1)
    found = run_json("minimize model:loss --jac model:gradient --x0 3,2 --method gd --lr 0.1")
    assert found["x"] == pytest.approx([1, 0], abs=1e-6)


def test_formula_from_stdin():
    ended = run("minimize - --x0 3 --method gd --lr 0.1 --json", text="(x - 1)^2\n")
    assert json.loads(ended.stdout)["x"] == pytest.approx([1])


@pytest.mark.parametrize("x0", ["--x0 -1.5,2", "--x0=-1.5,2", "--x0 '[-1.5, 2]'"])
def test_negative_numbers(x0):
    assert run_json(f"minimize bowl {x0} --method gd --maxiter 0")["x"] == [-1.5, 2]


def test_a_lone_number_is_a_number_for_python_code(folder):
    line = "minimize model:scalar --jac 3-point --method gd --lr 0.1 --x0"
    assert run_json(f"{line} 1")["x"] == pytest.approx(3, abs=1e-6)
    assert "AssertionError at evaluation 1 of fun: [1.]" in run(f"{line} 1,").stderr


def test_bounds():
    line = "minimize wave --method gd --x0=-1.5 --bounds"
    assert run_json(f"{line} usual")["x"] == [-2]
    assert run_json(f"{line} -1.75:")["x"] == [-1.75]
    assert run_json("minimize x+y --x0 1,1 --bounds 0:3 --method gd --lr 0.3")["x"] == [0, 0]


def test_error_in_the_users_function(folder):
    ended = run("minimize model:breaks --jac model:slope --x0 5, --method gd --lr 0.1")
    assert ended.exit_code == 1
    assert re.search(r"Error: ZeroDivisionError at evaluation \d+ of fun: division by zero", ended.stderr)
    line = MODEL.split("\n").index('        raise ZeroDivisionError("division by zero")') + 1
    assert f"in breaks, {folder / 'model.py'}, line {line}" in ended.stderr
    assert "x: [2.048]" in ended.stdout  # 5 * 0.8**4, the best so far
    assert "Traceback" not in ended.output


def test_stdout_is_the_result_alone(folder):
    line = "minimize model:loss --jac model:gradient --x0 3,2 --method gd --lr 0.1"
    ended = run(f"{line} --json")
    assert ended.stdout.count("\n") == 1
    assert json.loads(ended.stdout)["schema"] == 1
    assert ended.stderr.startswith("loading\ncalled\n")
    assert run(line).stdout.startswith("          why: Converged")


def test_json_has_no_nan():
    found = run_json("minimize log(x) --x0 1 --method gd --lr 2")
    assert found["code"] == "nonfinite.domain"
    assert found["function"] == "log(x)"
    numbers = {"a": [math.nan, np.float32(0.5)], "b": np.array([math.inf, 1])}
    assert plain(numbers) == {"a": [None, 0.5], "b": [None, 1.0]}


def test_history_and_saved_run(folder):
    for suffix in ("csv", "jsonl", "npz"):
        ended = run(f"minimize bowl --method gd --lr 0.1 --maxiter 5 --history h.{suffix} --save run.npz")
        assert f"written: h.{suffix}\nwritten: run.npz" in ended.stderr
    expected = pytest.approx([13 * 0.8 ** (2 * t) for t in range(6)])
    with open("h.csv") as file:
        assert [float(row["f"]) for row in csv.DictReader(file)] == expected
    assert [json.loads(line)["f"] for line in Path("h.jsonl").read_text().splitlines()] == expected
    with np.load("h.npz") as columns:
        assert columns["f"].tolist() == expected
    explained = run("explain run.npz").stdout
    assert explained.startswith(ended.stdout)
    assert "rho = 0.8 (the factor by which the gradient shrinks in a step)" in explained
    assert run_json("explain run.npz")["function"] == "bowl"


def test_a_file_that_cant_be_written(folder):
    (folder / "h.csv").mkdir()
    ended = run("minimize bowl --method gd --history h.csv")
    assert ended.exit_code == 1
    assert "why:" in ended.stdout  # the result is not lost
    assert "h.csv can't be written: Is a directory" in ended.stderr


def test_quiet(folder):
    line = "minimize bowl --method gd --maxiter 20"
    assert run(f"{line} --quiet --save run.npz").stderr == ""
    assert run(f"{line} --no-progress --save run.npz").stderr == "written: run.npz\n"
    assert [shown.partition(":")[0] for shown in run(line).stderr.splitlines()] == ["step 1", "step 10"]
