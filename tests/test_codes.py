"""The codes of verdicts: those in the source are those in the table, and runs hold the figures that it promises."""

from __future__ import annotations

import ast
import time
from pathlib import Path

import numpy as np
import pytest

import steepest as st
from conftest import peer
from steepest.codes import CODES, FAMILIES, FIGURES, REMARKS, family, told
from test_diagnose import CAUSES, bowl
from test_diagnose import run as cause

SOURCE = Path(st.__file__).parent
# What stands for the parts of codes that are put together.
PARTS = {"family": ("budget", "stalled"), "error.what": ("evaluations", "time")}


def constants(node):
    """The texts that an expression can give, as far as they are written out; nothing for what is passed on."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp():
            yield from constants(node.body)
            yield from constants(node.orelse)
        case ast.JoinedStr():
            texts = [""]
            for part in node.values:
                more = [part.value] if isinstance(part, ast.Constant) else PARTS[ast.unparse(part.value)]
                texts = [text + end for text in texts for end in more]
            yield from texts


def produced():
    """Every code that the source makes: in a Verdict, in a Reason, as `code`, or put into an array of codes."""
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Name("Verdict" | "Reason"), args=[first, *_]):
                    yield from constants(first)
                case ast.Assign(targets=[ast.Name("code"), *_], value=value):
                    yield from constants(value)


def test_every_code_of_the_source_is_in_the_table_and_no_other():
    assert {*produced()} == {*CODES}


def test_families():
    assert {code.partition(".")[0] for code in CODES} == {*FAMILIES}
    assert all(row.meaning.endswith(".") for row in CODES.values())
    assert family("of.my.own").status == family("callback").status == 99


def test_every_figure_is_explained():
    assert {*REMARKS, *(name for row in CODES.values() for name in row.evidence)} == {*FIGURES}
    assert all(len({*row.evidence}) == len(row.evidence) for row in CODES.values())


def test_a_code_in_words():
    for code in CODES:
        assert told(code).startswith(f"{code}: {CODES[code].meaning}")
    with pytest.raises(st.ArgumentError, match=r"Did you mean 'stalled\.kink'"):
        told("staled.kink")


# --- a run for each code --------------------------------------------------------------------------------------

GD = st.GD
ROWS = np.random.default_rng(0).normal(size=(100, 3))
TARGETS = ROWS @ [1.0, 2.0, 3.0]


def squares(p, X, y):
    return np.mean((X @ p - y) ** 2)


def train(loss=squares, params=(0.0, 0.0, 0.0), data=(ROWS, TARGETS), **how):
    with np.errstate(all="ignore"):
        return st.fit(loss, None if params is None else np.array(params), data, **how)


def noisy(scale):
    draw = np.random.default_rng(1)
    return lambda x: bowl(x) + scale * draw.standard_normal()


def noisy_pair(scale):
    draw = np.random.default_rng(1)
    return lambda x: (bowl(x) + scale * draw.standard_normal(), 2 * x + scale * draw.standard_normal(2))


def ends(error, after=20):
    calls = iter(range(10**6))

    def f(x):
        if next(calls) >= after:
            raise error
        return bowl(x)

    return f


def late(seconds, after=100):
    """A function that takes all its time in one call, steps after the start however busy the machine is."""
    calls = iter(range(10**6))

    def f(x):
        if next(calls) == after:
            time.sleep(seconds)
        return bowl(x)

    return f


def well(x):  # a minimum of -0.35 at -1.05, another one of -0.15 at 0.95
    return x[0] ** 4 / 4 - x[0] ** 2 / 2 + 0.1 * x[0]


def rippled(x):
    smooth = (x[0] - 1) ** 2 + 10 * (x[1] + 2) ** 2 + 1
    return smooth + 1e-6 * np.sin(1e9 * smooth)


WIDE = np.random.default_rng(3).normal(size=(60, 40))
SCATTER = np.random.default_rng(4).normal(size=30)
START = [3.0, 2.0]
RUNS = {
    "converged.step": lambda: st.minimize(bowl, START, method=GD(lr=0.4), xtol=1e-6),
    "converged.change": lambda: st.minimize(lambda x: 1 + bowl(x), START, method=GD(lr=0.4), ftol=1e-9),
    "converged.promise": lambda: st.minimize(st.problems.get("rosenbrock"), [-1.2, 1.0]),
    "converged.floor": lambda: st.minimize(lambda x: 1e8 + bowl(x) + x[0] ** 4, START),
    "converged.noise": lambda: st.minimize(noisy(1e-3), START),
    "converged.kink": lambda: st.minimize(lambda x: abs(x[0]) + abs(x[1]), START),
    "converged.local": lambda: st.minimize(st.problems.get("wave"), [-0.3], bounds=st.problems.get("wave").bounds),
    "converged.validation": lambda: train(
        params=np.zeros(40), data=(WIDE, WIDE[:, 0] + WIDE[::-1, 1]), method=st.Adam(lr=0.05), validation=0.3,
        epochs=200,
    ),
    "converged.settled": lambda: train(method=GD(lr=0.05), epochs=40, batch_size=20),
    "target": lambda: st.minimize(bowl, START, method=GD(lr=0.1), target=1.0),
    "budget.evaluations": lambda: st.minimize(bowl, START, method=GD(lr=0.05), maxfun=30),
    "budget.time": lambda: st.minimize(late(0.5), START, method=GD(lr=1e-3), maxtime=0.5),
    "budget.epochs": lambda: train(method=GD(lr=0.002), epochs=3, batch_size=20),
    "budget.patience": lambda: train(method=st.Adam(lr=2.0), epochs=200, batch_size=10, patience=3,
                                     data=(ROWS, TARGETS + np.random.default_rng(1).normal(size=100))),
    "budget.noise": lambda: st.minimize(noisy(1e-3), START, method=GD(lr=1e-3), jac="fd", maxiter=100),
    "budget.unproved": lambda: st.minimize(
        bowl, START, method=GD(lr=0.1), maxfun=st.minimize(bowl, START, method=GD(lr=0.1)).nfev
    ),
    "diverged": lambda: train(method=GD(lr=5.0), epochs=30, batch_size=20),
    "nonfinite": lambda: st.minimize(
        lambda x: x[0] - np.log(x[0]), [3.0], method=GD(lr=9.0), diagnose=False
    ),
    "nonfinite.overflow": lambda: st.minimize(lambda x: np.cosh(x[0]), [5.0], method=st.Adam(lr=1e4)),
    "stalled": lambda: st.minimize(
        lambda x: abs(x[0] - 1) + 100 * abs(x[1] - x[0]), [3.0, 2.0], bounds=(-9, 9), diagnose=False
    ),
    "stalled.scale": lambda: st.minimize(lambda x: 1e300 * bowl(x), START),
    "stalled.conditioning": lambda: st.minimize(
        lambda x: x[0] ** 2 / 2 + 5e3 * x[1] ** 2, START, method=GD(lr=1.9e-4), xtol=1e-3
    ),
    "stalled.passed": lambda: st.minimize(well, [-2.0], method=st.Momentum(lr=0.05)),
    "stalled.slope": lambda: st.minimize(
        lambda x: 1 + (x[0] - 1) ** 2 + 1e-12 * x[1], [0.0, 0.0], method=GD(lr=0.1)
    ),
    "stalled.rough": lambda: st.minimize(rippled, [0.0, 0.0]),
    "stalled.overfitting": lambda: train(
        params=np.zeros(40), data=(WIDE[:30], SCATTER), batch_size=10, method=st.Adam(lr=0.05),
        validation=(WIDE[30:], SCATTER[::-1]),
    ),
    "stalled.labels": lambda: train(st.losses.Logistic(), None, (ROWS, np.ones(100))),
    "error": lambda: st.minimize(ends(ZeroDivisionError()), START, method=GD(lr=0.01), on_error="stop"),
    "interrupted": lambda: st.minimize(ends(KeyboardInterrupt()), START, method=GD(lr=0.01)),
}  # fmt: skip
MORE = {
    "converged.noise": lambda: st.minimize(noisy_pair(1.0), [30.0, 20.0], jac=True, stochastic=True, maxiter=2000),
    "stalled.plateau": lambda: train(method=GD(lr=1e-7)),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_runs_end_with_every_code_and_hold_the_figures_of_its_row():
    results = [*map(cause, CAUSES)]
    for code, make in [*RUNS.items(), *MORE.items()]:
        results.append(make())
        assert results[-1].code == code, results[-1].why
    assert {result.code for result in results} == {*CODES} - {"nonfinite.gradient"}  # which is below
    for code, row in CODES.items():
        ended = [result for result in results if result.code == code]
        for result in ended:
            assert {*result.evidence} <= {*row.evidence, *REMARKS}, code
            assert result.success == code.startswith(("converged", "target"))
            assert result.status == family(code).status
        assert any(result.advice for result in ended) == bool(ended and row.advice), code
        assert any(result.evidence for result in ended) or not (ended and row.evidence), code


def test_a_criterion_of_your_own_may_have_its_own_code():
    class Enough(st.stop.Criterion):
        def __call__(self, history):
            return st.stop.Reason("enough", "Enough.") if history.last.t == 3 else None

    r = st.minimize(bowl, START, method=GD(lr=0.1), stop=Enough(), diagnose=False)
    assert (r.code, r.status, r.success, r.nit) == ("enough", 99, False, 3)


def test_a_gradient_that_is_not_finite_where_f_is():
    """Elsewhere differences stand in."""
    torch = peer("torch")
    x0 = torch.tensor([1.0], dtype=torch.float64)
    r = st.minimize(lambda x: torch.sqrt(x[0]), x0, method=GD(lr=2.0))
    assert (r.code, {*r.evidence}) == ("nonfinite.gradient", {*CODES["nonfinite.gradient"].evidence})
