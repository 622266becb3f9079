"""Runs of directions that go abreast are those that minimize makes, to the last bit where fun rounds alike."""

from __future__ import annotations

import numpy as np
import pytest

from steepest import BFGS, LBFGS, ConjugateGradient, HagerZhang
from steepest.minimize import minimize
from steepest.sweeps import abreast
from steepest.sweeps.sweep import sweep

METHODS = [BFGS(), LBFGS(), LBFGS(memory=3), ConjugateGradient(), HagerZhang(), BFGS(c2=0.1)]


def valley(x):
    """Rosenbrock's function, added up in the same order for one point and for many."""
    total = 0.0
    for a, b in zip(x[1:], x[:-1], strict=True):
        total = total + (1 - b) * (1 - b) + 100 * (a - b * b) * (a - b * b)
    return total


def valley_gradient(x):
    d, g = x[1:] - x[:-1] * x[:-1], np.zeros_like(x)
    g[:-1] = -400 * x[:-1] * d - 2 * (1 - x[:-1])
    g[1:] += 200 * d
    return g


def starts(runs, n, seed, spread=1.5):
    return np.random.default_rng(seed).normal(scale=spread, size=(runs, n))


def check(s, fun, x0, method, **keywords):
    """The sweep made the runs of minimize."""
    assert s.engine == "batch"
    for k, x in enumerate(x0):
        r = minimize(fun, x, method=method, diagnose=False, on_error="stop", **keywords)
        np.testing.assert_array_equal(s.x[k], r.x)
        np.testing.assert_array_equal([s.fun[k], s.steps[k]], [r.fun, r.nit])
        assert s.code[k] == r.code


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("n", [2, 10, 40])
@pytest.mark.parametrize("method", METHODS, ids=str)
def test_the_same_runs(method, n, seed):
    x0 = starts(8, n, seed)
    check(sweep(valley, x0, method, jac=valley_gradient, diagnose=False), valley, x0, method, jac=valley_gradient)


LIMITS = [{"gtol": 1e-3}, {"ftol": 1e-6}, {"xtol": 1e-4}, {"target": 1.0}, {"maxiter": 20}, {"maxiter": 0}]


@pytest.mark.parametrize("limits", LIMITS, ids=str)
@pytest.mark.parametrize("method", METHODS[::3], ids=str)
def test_every_limit_ends_the_same_run(method, limits):
    x0 = starts(8, 4, 2)
    s = sweep(valley, x0, method, jac=valley_gradient, diagnose=False, **limits)
    check(s, valley, x0, method, jac=valley_gradient, **limits)


def test_so_many_that_they_go_in_several_ranks(monkeypatch):
    monkeypatch.setattr(abreast, "ROOM", 2**7)  # eight of four coordinates
    x0 = starts(20, 4, 3)
    check(sweep(valley, x0, BFGS(), jac=valley_gradient, diagnose=False), valley, x0, BFGS(), jac=valley_gradient)


def test_one_coordinate_and_value_with_gradient():
    well, slope = (lambda x: (x[0] * x[0] - 2) * (x[0] * x[0] - 2)), (lambda x: 4 * x * (x * x - 2))
    x0 = starts(9, 1, 4)
    check(sweep(well, x0, BFGS(), jac=slope, diagnose=False), well, x0, BFGS(), jac=slope)
    pair = lambda x: (valley(x), valley_gradient(x))
    x0 = starts(6, 3, 5)
    check(sweep(pair, x0, LBFGS(), jac=True, diagnose=False), pair, x0, LBFGS(), jac=True)


def edge(x):
    """Infinite to the left of 0."""
    inside = np.where(x[0] > 0, x[0], 1.0)
    return np.where(x[0] > 0, x[0] * x[0] + 1 / inside + x[1] * x[1], np.inf)


def edge_gradient(x):
    inside = np.where(x[0] > 0, x[0], 1.0)
    return np.array([np.where(x[0] > 0, 2 * x[0] - 1 / (inside * inside), np.nan), 2 * x[1]])


@pytest.mark.parametrize("method", METHODS[::3], ids=str)
def test_starts_where_f_is_infinite(method):
    x0 = np.array([[-1.0, 1.0], [1e-3, 3.0], [4.0, -2.0], [-2.0, 0.5], [0.5, 0.5], [30.0, 1.0], [1.0, -8.0]])
    s = sweep(edge, x0, method, jac=edge_gradient)
    assert (s.code == np.where(x0[:, 0] < 0, "nonfinite.start", s.code)).all()
    solved = x0[:, 0] > 0
    least = edge(np.array([0.5 ** (1 / 3), 0.0]))
    assert (s.fun[solved] - least <= 1e-12 * (edge(x0[solved].T) - least)).all()  # of the fall: one starts at 1000
    assert all(verdict.success for verdict in s.verdicts[solved])
    bare = sweep(edge, x0, method, jac=edge_gradient, diagnose=False)
    check(bare, edge, x0, method, jac=edge_gradient)


def touchy(x):
    if np.any(x[0] > 5):
        raise ValueError("too far")
    return valley(x)


def test_an_error_ends_the_run_that_meets_it():
    x0 = np.vstack([starts(7, 2, 6, 0.5), [[6.0, 1.0]]])
    s = sweep(touchy, x0, BFGS(), jac=valley_gradient)
    assert s.code[-1] == "error"
    assert "too far" in s.verdicts[-1].sentence
    check(sweep(touchy, x0, BFGS(), jac=valley_gradient, diagnose=False), touchy, x0, BFGS(), jac=valley_gradient)


# what falls for ever, and what only levels off, is no success for being one of many
ENDS = {
    "unbounded": lambda x: x[0] * x[0] * x[0] + x[1] * x[1],
    "levels off": lambda x: np.exp(-x[0]) + x[1] * x[1],
    "constant": lambda x: 0 * x[0] + 0 * x[1] + 3.0,
    "two minima": lambda x: (x[0] * x[0] - 1) * (x[0] * x[0] - 1) + 0.3 * x[0] + x[1] * x[1],
    "saddle": lambda x: x[0] * x[0] - x[1] * x[1],
    "kink": lambda x: np.abs(x[0]) + 2 * np.abs(x[1] - 1),
    "degenerate": lambda x: x[0] * x[0] * x[0] * x[0] + 100 * x[1] * x[1],
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of functions that fall for ever
@pytest.mark.parametrize("seed", [3, 4])
@pytest.mark.parametrize("name", ENDS)
@pytest.mark.parametrize("method", METHODS[::3], ids=str)
def test_verdicts_are_of_the_kind_of_single_runs(method, name, seed):
    x0 = starts(7, 2, seed, 2.0)
    s = sweep(ENDS[name], x0, method, maxiter=300)
    assert s.engine == "batch"
    for x, verdict in zip(x0, s.verdicts, strict=True):
        alone = minimize(ENDS[name], x, method=method, maxiter=300)
        assert verdict.success == alone.success, (verdict.code, alone.code)
        if not alone.success:
            assert verdict.code == alone.code


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("method", METHODS[:4], ids=str)
def test_a_function_that_rounds_otherwise_is_solved_too(method, seed):
    def fun(x):
        return ((1 - x[:-1]) ** 2 + 100 * (x[1:] - x[:-1] ** 2) ** 2).sum(axis=0)

    s = sweep(fun, starts(12, 10, seed), method, jac=valley_gradient)
    assert s.engine == "batch"
    assert all(verdict.success for verdict in s.verdicts)
    assert (np.abs(valley_gradient(s.x.T)).max(axis=0) < 1e-3).all()


class Counted:
    """The valley, its calls counted; Ctrl-C comes in one of those at many points."""

    def __init__(self, halt=-1):
        self.calls, self.halt = 0, halt

    def __call__(self, x):
        x = np.asarray(x, float)  # no symbols
        self.calls += 1
        if x.ndim > 1 and x.shape[1] > 4:
            self.halt -= 1
            if self.halt == 0:
                raise KeyboardInterrupt
        return valley(x)


def test_all_runs_are_asked_about_in_one_call():
    fun, x0 = Counted(), starts(100, 2, 7)
    sweep(fun, x0, BFGS(), jac=valley_gradient, diagnose=False)
    single = sum(minimize(valley, x, method=BFGS(), jac=valley_gradient, diagnose=False).nfev for x in x0)
    assert fun.calls < single / 5


@pytest.mark.parametrize("halt", [2, 9, 30])
def test_an_interrupt_keeps_what_was_found(halt):
    x0 = starts(30, 2, 8)
    s = sweep(Counted(halt), x0, BFGS(), jac=valley_gradient)
    assert s.engine == "batch"
    stopped = s.code == "interrupted"
    assert stopped.any()
    assert (s.fun[stopped] <= valley(x0[stopped].T)).all()
    np.testing.assert_array_equal(s.fun, valley(s.x.T))
    whole = sweep(valley, x0, BFGS(), jac=valley_gradient, diagnose=False)
    np.testing.assert_array_equal(s.x[~stopped], whole.x[~stopped])


@pytest.mark.parametrize(
    ("x0", "keywords"),
    [
        (starts(3, 2, 0), {}),
        (starts(8, 2, 0), {"maxfun": 100}),
        (starts(8, 2, 0), {"bounds": (-2, 2)}),
        (starts(8, 2, 0).astype(np.float32), {}),
        (starts(8, 2, 0), {"jac": "fd"}),
    ],
    ids=["few", "budget", "bounds", "float32", "differences"],
)
def test_others_go_one_by_one(x0, keywords):
    s = sweep(valley, x0, BFGS(), **{"jac": valley_gradient, "diagnose": False, "maxiter": 5} | keywords)
    assert s.engine == "one by one"


def test_noisy_values_go_one_by_one():
    rng = np.random.default_rng(0)
    noisy = lambda x: valley(x) + 1e-3 * rng.normal(size=np.shape(x[0]))
    s = sweep(noisy, starts(6, 2, 0), BFGS(), jac=valley_gradient, diagnose=False, maxiter=5)
    assert s.engine == "one by one"
