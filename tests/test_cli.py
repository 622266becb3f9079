"""The command line as its users see it: what goes where, which exit code, which sentence."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import math
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import click
import numpy as np
import pytest
from click.testing import CliRunner

import steepest as st
from steepest import problems
from steepest.methods import METHODS
from steepest.result import STATUS
from steepest_cli import main
from steepest_cli.optimise import EXITS
from steepest_cli.output import plain
from steepest_cli.progress import Progress
from steepest_cli.values import Bounds, MethodSpec, Values, Vector

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


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a module ``model`` in it, as the current one."""
    (tmp_path / "model.py").write_text(MODEL)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    sys.modules.pop("model", None)
    if str(tmp_path) in sys.path:
        sys.path.remove(str(tmp_path))


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
        ("xtol=0.1", "converged.step"),
        ("ftol=0.9", "stalled.tolerance"),  # met, but far from the minimum
        ("target=1", "target"),
    ],
)
def test_tolerances(option, code):
    assert run_json(f"minimize x**2 --x0 3 --method gd --lr 0.1 --{option}")["code"] == code


def test_every_cause_has_an_exit_code():
    assert EXITS.keys() == STATUS.keys()


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


USAGE = [
    ("minimize", "give one FUNC"),
    ("minimize x -f x", "give one FUNC"),
    (
        "minimize x**2+y**2",
        "--x0 is missing: where to start 'x**2+y**2', such as --x0 1,1 (in the order x, y).",
    ),
    ("minimize model:loss", "--x0 is missing: where to start 'model:loss', such as --x0 3,2."),
    ("minimize x**2+y**2 --x0 1", "--x0 has 1 number, but 'x**2+y**2' needs 2"),
    ("minimize wave --x0 1,2", "has 2 numbers, but 'wave' needs 1"),
    ("minimize x --x0 1,b", "'b' is no number"),
    ("minimize x --x0 nan", "x0 holds nan"),
    ("minimize x**2+sine(y)", "did you mean 'sin'?\n    x**2+sine(y)\n         ^"),
    ("minimize rosenbrok", "did you mean 'rosenbrock'?"),
    ("minimize qqqq", "`steepest functions` lists what there is"),
    ("minimize x**2 -n 3", "-n 3 is for catalogue functions"),
    ("minimize modell:loss", "there is no module 'modell' here"),
    ("minimize model.sub:loss", "there is no module 'model.sub' here"),
    ("minimize model:los", "model has no 'los'. Did you mean 'loss'?"),
    ("minimize model:", "the name of the function is missing"),
    ("minimize model:time", "is no function"),
    ("minimize sub/model:loss", "write the module as in an import, sub.model:loss"),
    ("minimize modell.py:loss", "there is no file 'modell.py'"),
    ("minimize fails:f", "ValueError: no luck\n  in <module>"),
    ("minimize quits:f", "SystemExit: 3"),
    ("minimize model:nothing --jac model:slope --x0 1,", "Is a `return` missing?"),
    ("minimize bowl --method adm", "Did you mean 'adam'?"),
    (
        "minimize bowl --method adam:bta1=1",
        "has no setting 'bta1'; its settings are lr, beta1, beta2, eps. Did you",
    ),
    ("minimize bowl --method adam:beta1=3", "beta1=3 is impossible"),
    ("minimize bowl --method fista:speed=3", "has no setting 'speed'; it has none."),
    ("minimize bowl --method bfgs --lr 1", "--method bfgs: it has no setting 'lr'; its settings are c2."),
    ("minimize bowl --method adam:beta1", "'beta1' in 'adam:beta1' is not setting=value"),
    ("minimize bowl --method adam:lr=slow", "'slow' is no number, nor 'auto'"),
    ("minimize bowl --method gd:lr=0.1 --lr 0.2", "lr is given twice"),
    ("minimize bowl --method gd:lr=0.1,0.2", "lr has several values; `steepest sweep` tries them"),
    ("minimize bowl --lr fast", "'fast' is no number, nor 'auto'"),
    ("minimize bowl --jac fast", "jac='fast'"),
    ("minimize bowl --maxiter=-3", "maxiter=-3"),
    ("minimize bowl --bounds 1:2,3", "'3' is no pair low:high"),
    ("minimize bowl --bounds 2:1", "expected low <= high"),
    ("minimize x --x0 1 --bounds usual", "functions of the catalogue"),
    ("minimize bowl --metod gd", "'--method'"),
    ("minimise bowl", "'minimize'"),
    ("maximize -(x-1)**2", "If it is a formula: --formula '-(x-1)**2'"),
    ("minimize bowl --history nowhere/h.csv", "no folder 'nowhere'"),
    ("minimize bowl --history h.txt", "must end in .csv or .jsonl or .npz"),
    ("minimize bowl --save r.json", "must end in .npz"),
    ("explain missing.npz", "does not exist"),
    ("explain model.py", "is no saved result"),
    ("methods adm", "Did you mean 'adam'?"),
    ("functions rosenbrok", "Did you mean 'rosenbrock'?"),
    ("check-gradient model:loss --x0 1,2", "which gradient?"),
    ("check-gradient x --jac a:b --gradient 1", "not both"),
    ("check-gradient x*y --gradient y --x0 1,2", "has 1 formula, but 'x*y' has 2 coordinates: x, y"),
    ("check-gradient model:loss --gradient y --x0 1,2", "give --jac"),
    ("check-gradient x*y --gradient 'y; z' --x0 1,2", "unknown name 'z'"),
    ("derivative x*y", "--x0 is missing"),
    ("completion tcsh", "'tcsh' is not one of"),
]


@pytest.mark.parametrize(("line", "sentence"), USAGE, ids=[line for line, _ in USAGE])
def test_wrong_usage(line, sentence, folder):
    (folder / "fails.py").write_text("raise ValueError('no luck')")
    (folder / "quits.py").write_text("import sys; sys.exit(3)")
    ended = run(line)
    assert ended.exit_code == 2
    assert ended.stdout == ""
    assert sentence in ended.stderr
    assert "Traceback" not in ended.stderr


def test_what_func_is(folder):
    at_start = "--method gd --maxiter 0"
    assert (
        run_json(f"minimize Dixon-Price -n 3 {at_start}")["x"]
        == problems.get("dixon_price", 3).start.tolist()
    )
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
    assert run("explain run.npz").stdout == ended.stdout
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


@pytest.mark.parametrize(
    ("name", "lines"), [(n, c.examples) for n, c in main.commands.items()], ids=main.commands
)
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


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Vector(), "3,2", [3, 2]),
        (Vector(), "-1e-3", -1e-3),
        (Vector(), "3,", [3]),
        (Vector(), " (1, 2) ", [1, 2]),
    ],
)
def test_values(kind, text, value):
    assert kind.convert(text, None, None) == value


@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        (Vector(), ["", ",", "1,,2", "1;2"]),
        (Bounds(), ["", "1", "1:2:3", "a:b"]),
        (MethodSpec(), ["a:=3", "a:b=", "a:b", "a:3,b=2", "a:b=c"]),
        (
            Values(),
            ["a", "1..", "..2", "1..2:3:4", "1..1", "1..2:1", "0..1:log", "-1..1:log:3", "1..2:cubic"],
        ),
    ],
)
def test_values_refused(kind, texts):
    for text in texts:
        with pytest.raises(click.BadParameter):
            kind.convert(text, None, None)
