"""compare and sweep on the command line, and all pictures and files."""

from __future__ import annotations

import csv
import io
import json
import sys
import xml.etree.ElementTree
from pathlib import Path

import numpy as np
import pytest

import steepest as st
from commandline import run, run_json
from conftest import peer
from steepest import problems
from steepest_cli.values import Values


def rows_of(line):
    return list(csv.DictReader(io.StringIO(run(f"{line} --csv --quiet").stdout)))


def test_compare_is_that_of_the_library():
    f = problems.get("rosenbrock")
    methods = [st.BFGS(), st.GD(lr=1e-4), st.Adam(lr=0.05, beta1=0.8)]
    expected = st.compare(f, f.start, methods, jac=f.gradient, maxiter=200)
    line = "compare rosenbrock --method bfgs --method gd:lr=1e-4 --method adam:lr=0.05,beta1=0.8 --maxiter 200"
    found = run_json(line)
    assert [row["method"] for row in found["rows"]] == [row["method"] for row in expected.rows()]
    assert [row["fun"] for row in found["rows"]] == [row["fun"] for row in expected.rows()]
    for row in found["rows"]:
        assert row["x"] == expected.results[row["method"]].x.tolist()
        assert row["why"] == expected.results[row["method"]].why
    assert [row["name"] for row in rows_of(line)] == ["bfgs", "adam:lr=0.05,beta1=0.8", "gd:lr=1e-4"]
    assert float(rows_of(line)[0]["x1"]) == pytest.approx(1)
    shown = run(line).stdout.splitlines()
    assert [row.split()[0] for row in shown[:4]] == ["method", "bfgs", "adam:lr=0.05,beta1=0.8", "gd:lr=1e-4"]
    assert shown[3].split()[2] == "never"


def test_errors_in_the_users_function(folder):
    ended = run("compare model:breaks --jac model:slope --x0 5, --method gd:lr=0.1 --method bfgs")
    assert ended.exit_code == 1
    assert "gd:lr=0.1: ZeroDivisionError at evaluation 10 of fun: division by zero" in ended.stdout
    for line in ("sweep model:breaks --jac model:slope --x0 5,", "sweep model:breaks --x0 1, --lr 0.1,0.2"):
        ended = run(line)
        assert ended.exit_code in (1, 3)
        assert "Traceback" not in ended.output
    assert (
        "'model:breaks': ZeroDivisionError: division by zero\n  in breaks, "
        in run("sweep model:breaks --jac model:slope --x0 5,").stderr
    )


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "npz", "parquet"])
def test_compare_writes_every_step_of_every_method(folder, suffix):
    if suffix == "parquet":
        peer("pandas"), peer("pyarrow")
    run(f"compare rosenbrock --method bfgs --method gd:lr=1e-4 --maxiter 3 --history steps.{suffix}")
    f = st.problems.get("rosenbrock")
    runs = {"bfgs": "bfgs", "gd:lr=1e-4": st.GD(lr=1e-4)}
    runs = {name: st.minimize(f, f.start, method=method, maxiter=3).history for name, method in runs.items()}
    read = {
        "csv": lambda: list(csv.DictReader(Path("steps.csv").read_text().splitlines())),
        "jsonl": lambda: [json.loads(line) for line in Path("steps.jsonl").read_text().splitlines()],
        "npz": lambda: [
            dict(zip(z, row, strict=True)) for z in [np.load("steps.npz")] for row in zip(*z.values(), strict=True)
        ],
        "parquet": lambda: peer("pandas").read_parquet("steps.parquet").to_dict("records"),
    }[suffix]
    rows = read()
    assert [row["method"] for row in rows] == [name for name, h in runs.items() for _ in range(len(h))]
    for key in ("t", "f", "g_norm", "nfev"):
        expected = np.concatenate([h[key] for h in runs.values()])
        np.testing.assert_array_equal([float(row[key]) for row in rows], expected)


def test_compare_saves_runs_that_explain_and_plot_read(folder):
    assert run("compare bowl --method bfgs --method gd:lr=0.1 --save runs").exit_code == 0
    assert "gd" in run("explain runs/gd-lr-0.1.npz").stdout.lower()
    assert run("plot runs/bfgs.npz runs/gd-lr-0.1.npz -o both.svg").exit_code == 0
    assert Path("both.svg").stat().st_size > 1000
    refused = run("compare bowl --save nowhere/runs")
    assert refused.exit_code == 2
    assert "no folder" in refused.stderr


def test_compare_without_methods():
    assert {row["name"] for row in run_json("compare bowl")["rows"]} == {
        "bfgs",
        "conjugategradient",
        "gd:lr=auto",
        "adam",
    }


@pytest.mark.parametrize(
    ("methods", "exit_code"),
    [("--method bfgs --method gd:lr=5", 0), ("--method gd:lr=1e-4 --maxiter 3", 3), ("--method gd:lr=5", 4)],
)
def test_exit_code_of_compare_is_that_of_the_best(methods, exit_code):
    assert run(f"compare bowl {methods}").exit_code == exit_code
    assert run(f"compare bowl {methods} --exit-zero").exit_code == 0


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1e-4..1:log:5", np.geomspace(1e-4, 1, 5)),
        ("0..1:11", np.linspace(0, 1, 11)),
        ("-1..1:linear:3", [-1, 0, 1]),
        ("2..1", np.linspace(2, 1, 10)),
        ("0.1, 0.5", [0.1, 0.5]),
    ],
)
def test_ranges(text, values):
    np.testing.assert_allclose(Values().convert(text, None, None).values, values, rtol=1e-14, atol=1e-16)


def test_sweep_is_that_of_the_library():
    f = problems.get("ravine")
    rates, betas = np.geomspace(1e-4, 1e-2, 3), np.array([0.5, 0.9])
    method = st.Momentum(lr=rates[:, None], beta=betas)
    expected = st.sweep(f, f.start, method, jac=f.gradient, maxiter=100)
    line = "sweep ravine --method momentum:lr=1e-4..1e-2:log:3,beta=0.5,0.9 --maxiter 100"
    found = run_json(line)
    columns = expected.to_dict()
    assert [row["fun"] for row in found["rows"]] == columns["fun"]
    assert [row["code"] for row in found["rows"]] == columns["code"]
    np.testing.assert_allclose([row["lr"] for row in found["rows"]], columns["lr"], rtol=1e-14)
    assert [float(row["fun"]) for row in rows_of(line)] == columns["fun"]
    assert found["best"]["fun"] == expected.best["fun"]
    other = run_json("sweep ravine --method momentum:beta=0.5,0.9 --lr 1e-4..1e-2:log:3 --maxiter 100")
    assert sorted(row["fun"] for row in other["rows"]) == sorted(columns["fun"])  # the other way round


def test_sweep_of_methods():
    found = run_json("sweep rosenbrock --method gd --method adam --lr 1e-4,1e-3 --maxiter 5")
    assert [(row["method"], row["lr"]) for row in found["rows"]] == [
        ("GD", 1e-4), ("GD", 1e-3), ("Adam", 1e-4), ("Adam", 1e-3)]  # fmt: skip


def test_sweep_says_what_to_call():
    ended = run("sweep bowl --lr 0.01..3:log:5")
    assert ended.exit_code == 0
    *_, advice = ended.stdout.splitlines()
    assert advice.startswith("try: steepest minimize bowl --method gd:lr=")
    assert run(advice.removeprefix("try: steepest ")).exit_code == 0
    assert run("sweep bowl --lr 5,6").exit_code == 3


def test_sweep_with_nothing_to_vary_finds_a_rate():
    f = problems.get("ravine")
    expected = st.find_lr(f, f.start, "momentum", jac=f.gradient)
    found = run_json("sweep ravine --method momentum")
    assert (found["suggestion"], found["limit"]) == (expected.suggestion, expected.limit)
    assert [row["fun"] for row in found["rows"]] == [v if np.isfinite(v) else None for v in expected.values]
    *_, advice = run("sweep ravine --method momentum").stdout.splitlines()
    assert run(advice.removeprefix("try: steepest ")).exit_code == 0


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("sweep bowl --lr 1e-4..1:log:x", "not of the form low..high[:log][:count]"),
        ("sweep bowl --lr 0..1:log:3", "expected numbers above 0 on a log scale"),
        ("sweep bowl --lr 0.1", "nothing is varied"),
        ("sweep bowl --method gd --method adam", "nothing is varied"),
        ("sweep 'log(x)' --x0=-1", "f at x0 is nan: no rate can be found there."),
        ("sweep bowl --method lbfgs:memory=5,6", "LBFGS is no rule that can be swept"),
        ("sweep bowl --method adam:bta1=0.1,0.2", "has no setting 'bta1'"),
        ("sweep bowl --method adam:beta1=0.1,2", "beta1"),
        ("sweep bowl --lr 0.1:1:5", "is not of the form low..high[:log][:count]"),
        ("compare bowl --method adm", "Did you mean 'adam'?"),
        ("compare bowl --method gd:lr=0.1,0.2", "`steepest sweep` tries them, not compare"),
    ],
)
def test_wrong_usage(line, sentence):
    ended = run(line)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert sentence in ended.stderr


PICTURES = {
    "minimize himmelblau --method gd:lr=0.01": 3,
    "minimize rosenbrock -n 3": 4,
    "compare bowl --method bfgs --method gd:lr=0.1": 1,
    "sweep ravine --method momentum:beta=0.5,0.9 --lr 1e-4..1e-3:log:3 --maxiter 9": 1,
    "sweep bowl": 1,
}


@pytest.mark.parametrize("line", PICTURES)
def test_pictures(line, folder):
    peer("matplotlib")
    assert "written: p.svg" in run(f"{line} --plot p.svg").stderr
    text = xml.etree.ElementTree.parse("p.svg").getroot()
    axes = [part for part in text.iter() if str(part.get("id", "")).startswith("axes_")]
    assert len(axes) >= PICTURES[line]


def test_kinds_of_pictures(folder):
    peer("matplotlib")
    begins = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml", "html": b"<!doctype html>"}
    for suffix, first in begins.items():
        run(f"sweep wave --lr 0.01..0.1:3 --plot p.{suffix}")
        assert Path(f"p.{suffix}").read_bytes().startswith(first)
    page = Path("p.html").read_text()
    assert page.count("<svg") == page.count("</svg>") == 1
    assert "<script" not in page
    assert sorted(path.name for path in Path().glob("p.*")) == [f"p.{suffix}" for suffix in sorted(begins)]


def test_runs_in_motion(folder):
    peer("matplotlib")
    run("minimize model:loss --x0 1,2 --save known.npz")
    st.minimize(lambda x: x @ x, np.ones(3), method=st.GD(lr=0.1), maxiter=5).save("three.npz")
    lines = ["minimize wave --method gd --plot", "maximize 1-x^2-y^2 --x0 3,2 --plot", "compare bowl --plot",
             "plot known.npz -o", "plot known.npz known.npz -o", "plot three.npz -o"]  # fmt: skip
    for line in lines:
        ended = run(f"{line} p.html --quiet")
        assert ended.stderr == "", line
        page = Path("p.html").read_text()
        assert page.count("<svg") == 1
        assert 'id="play"' in page
        Path("p.html").unlink()
    run("minimize wave --method gd --maxiter 3 --plot p.gif")
    assert Path("p.gif").read_bytes().startswith(b"GIF8")
    assert "'p.gif' must end in .png" in run("sweep wave --plot p.gif").stderr  # no run of its own to show


def test_a_film_without_its_program_is_refused_before_the_run(folder, monkeypatch):
    peer("matplotlib")
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    ended = run("minimize bowl --plot p.mp4")
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "pip install 'steepest[film]'" in ended.stderr


def test_pictures_of_saved_runs(folder):
    peer("matplotlib")
    run("minimize himmelblau --method gd:lr=0.01 --save a.npz")
    run("minimize himmelblau --method adam:lr=0.1 --save b.npz")
    run("minimize model:loss --x0 1,2 --save c.npz")
    for runs, known in [("a.npz", True), ("c.npz", False), ("a.npz b.npz", False)]:
        assert run(f"plot {runs} -o p.svg").exit_code == 0
        text = Path("p.svg").read_text()
        assert ("QuadContourSet" in text) == known  # a map; but Python code is not run because a file says so
    assert "GD(lr=0.01)" in text
    assert "Adam(lr=0.1)" in text


def test_what_a_missing_extra_is_called(folder, monkeypatch):
    for package, line, extra in [
        ("matplotlib", "--plot p.png", "plot"),
        ("pyarrow", "--history h.parquet", "table"),
    ]:
        monkeypatch.setitem(sys.modules, package, None)
        ended = run(f"minimize bowl {line}")
        assert (ended.exit_code, ended.stdout) == (2, "")  # before the run, not after it
        assert f"pip install 'steepest[{extra}]'" in ended.stderr


def test_history_as_parquet(folder):
    pandas = peer("pandas")
    peer("pyarrow")
    run("minimize bowl --method gd:lr=0.1 --maxiter 5 --history h.parquet")
    frame = pandas.read_parquet("h.parquet")
    assert frame["f"].tolist() == pytest.approx([13 * 0.8 ** (2 * t) for t in range(6)])
    assert frame["t"].tolist() == list(range(6))


def test_explained_verdicts(folder):
    run("minimize model:loss --x0 3,2 --method gd:lr=1e-6 --maxiter 50 --save run.npz --exit-zero")
    explained = run("explain run.npz").stdout
    assert "try: steepest minimize model:loss --x0 3,2 --method gd:lr=0.5" in explained
    assert "in Python: st.minimize(f, x0, method=st.GD(lr=0.5)" in explained
    assert "times = 500000 (how many times larger that is)" in explained
    st.minimize(lambda x: x[0] ** 2, [3.0], method=st.GD(lr=1.0), maxiter=9, diagnose=False).save("bare.npz")
    assert "budget.steps" in run("explain bare.npz").stdout
    anew = run_json("explain bare.npz --func x^2")
    assert (anew["code"], anew["evidence"]["limit"]) == ("stalled.cycle", pytest.approx(1.0))


def test_explained_codes():
    assert run("explain stalled.jump").stdout == f"{st.codes.told('stalled.jump')}\n"
    assert run_json("explain stalled.jump")["rows"][0]["evidence"] == ["x", "leap"]
    assert "Did you mean 'stalled.jump'?" in run("explain stalled.jumps").stderr


def test_explained_steps(folder):
    run("minimize bowl --x0 3,2 --method momentum:lr=0.1,beta=0.5 --maxiter 5 --save run.npz")
    assert "-0.1 * 7.8 = -0.78" in run("explain run.npz -k 2").stdout  # m = 0.5 * 6 + 4.8
    run("minimize model:loss --jac model:gradient --x0 3,2 --method gd:lr=0.1 --save run.npz")
    refused = run("explain run.npz -k 1")
    assert refused.exit_code == 2
    assert "is a run of Python code, 'model:loss': name it with --func." in refused.stderr
    explained = run("explain run.npz -k 1 --func model:loss").stdout
    assert "(2.6, 1.6)" in explained  # 3 - 0.1 * 4, 2 - 0.1 * 4
    assert "expected a step from 1 to" in run("explain run.npz -k 1000 --func model:loss").stderr


def test_json_of_tables_is_finite():
    text = run("sweep 'log(x)' --x0 1 --lr 0.5,3 --json").stdout
    assert json.loads(text, parse_constant=lambda name: pytest.fail(name))["rows"]
