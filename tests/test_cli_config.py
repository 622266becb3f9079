"""Options from files and variables, the file that repeats a run, and the line that follows an advice."""

from __future__ import annotations

import json
import shlex
import tomllib
from pathlib import Path

import pytest

from commandline import run, run_json


def numbers(line, **env):
    """What a run computed, without what differs between equal runs."""
    found = json.loads(run(f"{line} --json --quiet --exit-zero", **env).stdout)
    return {key: found[key] for key in ("x", "fun", "code", "nit", "nfev", "method", "function")}


@pytest.mark.parametrize(
    "line",
    [
        "minimize rosenbrock --method adam:lr=0.05,beta1=0.8 --maxiter 50",
        "minimize rosenbrock -n 4 --method gd --lr 1e-4 --maxiter 20",
        "minimize -f '-x + x^4 / 3' --x0 0.1 --gtol 1e-3",
        "minimize model:loss --jac model.py:gradient --x0=-3,0.1 --bounds=-5:0,: --method gd:lr=0.3",
        "maximize wave --x0=-0.3 --bounds usual --method momentum:lr=0.01",
    ],
)
def test_saved_configuration_repeats_the_run(line, folder):
    first = numbers(f"{line} --save-config run.toml")
    command = line.split()[0]
    assert numbers(f"{command} --config run.toml") == first


def test_saved_formula_of_stdin(folder):
    run("minimize - --x0 3 --save-config run.toml", text="(x - 1)^2\n")
    assert tomllib.loads(Path("run.toml").read_text()) == {"minimize": {"formula": "(x - 1)^2", "x0": 3.0}}
    assert run_json("minimize --config run.toml")["x"] == pytest.approx([1])


@pytest.mark.parametrize("command", ["compare rosenbrock --method gd:lr=1e-4 --method bfgs", "sweep bowl --lr 0.1,0.3"])
def test_saved_configuration_of_other_commands(command, folder):
    def told(line):
        found = run_json(f"{line} --maxiter 9")
        return [{k: v for k, v in row.items() if "seconds" not in k} for row in found["rows"]]

    assert (
        told(f"{command.split()[0]} --config run.toml") == told(f"{command} --save-config run.toml")
        if Path("run.toml").exists()
        else told(f"{command} --save-config run.toml")
    )
    first = told(f"{command} --save-config run.toml")
    assert told(f"{command.split()[0]} --config run.toml") == first


def test_flag_before_variable_before_file_before_default(folder):
    line = "minimize rosenbrock --method gd:lr=1e-4 --gtol 0"

    def steps(line, **env):
        return numbers(line, **env)["nit"]

    Path("pyproject.toml").write_text("[tool.steepest]\nmaxiter = 2\n")
    assert steps(line) == 2
    Path("steepest.toml").write_text("maxiter = 3\n[compare]\nmaxiter = 1\n")
    assert steps(line) == 3
    Path("steepest.toml").write_text("maxiter = 3\n[minimize]\nmaxiter = 4\n")
    assert steps(line) == 4
    Path("other.toml").write_text("maxiter = 5\n")
    assert steps(f"{line} --config other.toml") == 5
    assert steps(line, STEEPEST_CONFIG="other.toml") == 5
    assert steps(line, STEEPEST_MAXITER="6") == 6
    assert steps(f"{line} --maxiter 7", STEEPEST_MAXITER="6") == 7


def test_what_is_typed_wins_where_two_options_say_the_same(folder):
    Path("steepest.toml").write_text(
        'method = "gd:lr=0.25"\nformula = "x^4"\nx0 = 1\n[minimize]\ncsv = true\nmaxiter = 1\n'
    )
    assert run_json("minimize 'x^2'")["fun"] == 0.25  # not the formula; JSON, not CSV
    assert run_json("minimize 'x^2' --lr 0.5")["fun"] == 0
    Path("steepest.toml").write_text('lr = 0.25\nfunc = "bowl"\n[minimize]\nmaxiter = 1\nx0 = 1\n')
    assert run_json("minimize -f 'x^2' --method gd:lr=0.5")["fun"] == 0
    Path("steepest.toml").write_text("")
    assert "not both" in run("minimize bowl --json --csv").stderr


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("maxitr = 3", "unknown key 'maxitr'. Did you mean 'maxiter'?"),
        ("[minimze]\nlr = 3", "unknown key 'minimze'. Did you mean 'minimize'?"),
        ("[compare]\nlr = 3", "unknown key 'lr' in [compare]."),
        ("shell = 'bash'", "unknown key 'shell'."),
        ("[methods]\njson = true", "unknown key 'methods'."),
        ("minimize = 3", "minimize is a command: its settings go into a table [minimize]."),
        ("maxiter == 3", "run.toml is no TOML: Invalid value (at line 1, column 10)"),
        ("quiet = 3", "quiet = 3: expected true or false."),
        ("maxiter = true", "maxiter = True: expected what the option takes."),
        ("maxiter = {a = 3}", "maxiter = {'a': 3}: expected what the option takes."),
        ("maxiter = [3]", "[3] is no number"),
        ("x0 = ['a']", "'a' is no number"),
        ("method = ['gd', 'bfgs']", "['gd', 'bfgs'] is no method"),
    ],
)
def test_wrong_files(text, sentence, folder):
    Path("run.toml").write_text(text)
    ended = run("minimize bowl --config run.toml")
    assert ended.exit_code == 2
    assert ended.stdout == ""
    assert sentence in ended.stderr


def test_files_that_are_not_there(folder):
    assert "nope.toml can't be read: No such file" in run("minimize bowl --config nope.toml").stderr
    Path("pyproject.toml").write_text("[tool.other]\nmaxiter = 2\n")
    assert "has no table [tool.steepest]" in run("minimize bowl --config pyproject.toml").stderr
    assert run("minimize bowl").exit_code == 0
    Path("pyproject.toml").write_text("[tool]\nsteepest = 2\n")
    assert "has no table [tool.steepest]" in run("minimize bowl").stderr


def test_variable_with_a_typing_error():
    warned = run("minimize bowl", STEEPEST_MAXITR="3").stderr
    assert "STEEPEST_MAXITR means nothing. Did you mean 'STEEPEST_MAXITER'?" in warned


@pytest.mark.parametrize("line", ["minimize bowl --method gd:lr=5", "maximize -f '-3*x^2 - y^2' --x0=-3,1 --lr 1"])
def test_advice_is_a_command_that_helps(line):
    ended = run(line)
    assert ended.exit_code == 4
    advice = next(row for row in ended.stdout.splitlines() if row.strip().startswith("try: "))
    command = shlex.split(advice.strip().removeprefix("try: "), comments=True)
    assert command[:2] == ["steepest", line.split()[0]]
    assert run(shlex.join(command[1:])).exit_code == 0


def test_advice_that_no_flag_can_follow_stays_a_call(folder):
    Path("steepest.toml").write_text('method = "gd:lr=1e-3"\nmaxiter = 20')
    assert "try: st.minimize(f, x0" in run("minimize rosenbrock").stdout
