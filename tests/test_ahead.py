"""The compiled loop: the run of the interpreted one, step by step, and its ends."""

from __future__ import annotations

import math

import numpy as np
import pytest

import steepest as st
from conftest import peer
from steepest import ahead, history, stop
from steepest.methods import rules
from steepest.methods.lift import Rule, rule

pytest.importorskip("llvmlite", reason="loops are compiled with llvmlite (extra: fast)")

RULES = [r for r in vars(rules).values() if isinstance(r, type) and issubclass(r, Rule) and r is not Rule]
ROSENBROCK = "(1 - x)**2 + 100*(y - x**2)**2"
FORMULAS = {  # with a start
    ROSENBROCK: [-1.2, 1.0],
    "x*cos(pi*x)": [0.3],
    "exp(x) + exp(-2*y) + log(1 + z**2) + |x*y*z|": [1.0, -0.5, 2.0],
    "sqrt(1 + x**2) + where(x > 0.5, tanh(y), y**3) + 2**y*arctan2(y, x)": [1.0, 0.7],
    " + ".join(f"(x{i} - {i})**2/{i + 1}" for i in range(12)): [0.5] * 12,
}


@pytest.fixture
def both(monkeypatch):
    """The same run twice: interpreted, and compiled from the first step on."""

    def run(*args, **keywords):
        results = []
        for worthwhile in (math.inf, 0):
            monkeypatch.setattr(ahead, "WORTHWHILE", worthwhile)
            monkeypatch.setattr(ahead, "_loops", {})
            results.append(st.minimize(*args, **{"diagnose": False, **keywords}))
        assert results[0].engine != results[1].engine == "compiled loop"
        return results

    return run


def assert_same(one, other):
    for key in ("fun", "code", "message", "nit", "nfev", "njev", "success"):
        assert one[key] == other[key] or one[key] != one[key], key
    for key in ("x", "jac"):
        np.testing.assert_array_equal(one[key], other[key])
    for column in ("t", "f", "lr", "nfev"):
        np.testing.assert_array_equal(one.history[column], other.history[column])
    for column in ("g_norm", "step"):  # the square root of a sum of squares, and Python's hypot and dist
        np.testing.assert_allclose(other.history[column], one.history[column], rtol=1e-14)
    np.testing.assert_array_equal(one.history.x, other.history.x)
    np.testing.assert_array_equal(one.history.x_steps, other.history.x_steps)
    assert (np.diff(other.history["seconds"]) >= 0).all()


@pytest.mark.parametrize("kind", RULES, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("text", FORMULAS, ids=lambda text: text[:12])
def test_every_rule_runs_the_same(both, kind, text):
    if text == ROSENBROCK and kind in (rules.GD, rules.Nesterov, rules.Momentum, rules.ScheduleFreeGD):
        method = kind(lr=1e-4)
    else:
        method = kind()
    assert_same(*both(st.formula(text), FORMULAS[text], method=method, maxiter=400))


def test_functions_that_python_computes_otherwise_than_c_differ_in_last_digits(both):
    one, other = both(st.formula("hypot(x, y)**1.5"), [1.0, 0.7], method=st.Adam(lr=0.01), maxiter=50)
    np.testing.assert_allclose(one.history.x, other.history.x, rtol=1e-12)
    assert one.nit == other.nit


@pytest.mark.parametrize(
    "limits",
    [
        {"gtol": 1e-3},
        {"xtol": 1e-4},
        {"target": 0.5},
        {"maxfun": 300},
        {"maxiter": 2},
        {"stop": stop.GradientDrop(1e-3) | stop.Steps(250)},
        {},
    ],
    ids=str,
)
def test_every_end_is_the_same(both, limits):
    assert_same(
        *both(st.formula(ROSENBROCK), [-1.2, 1.0], method=st.GD(lr=1e-3), **{"maxiter": 5000, **limits})
    )


@pytest.mark.parametrize(
    ("text", "start", "lr"),
    [
        ("x**2 + 10*y**2", [1.0, 1.0], 0.11),  # diverges
        ("x**3", [-1.0], 0.1),  # has no minimum: to minus infinity
        ("log(x) + x", [2.0], 3.0),  # leaves where it is defined
        ("x**4", [1e80], 1e-200),  # squares of the gradient overflow
        ("1e-300*x**2", [1.0], 0.1),  # ... or vanish
        ("x**2", [1e-150], 0.1),
        ("3 + 0*x", [1.0], 0.1),
    ],
)  # fmt: skip
def test_where_numbers_end_it_is_the_same(monkeypatch, text, start, lr):
    results = []
    for worthwhile in (math.inf, 0):
        monkeypatch.setattr(ahead, "WORTHWHILE", worthwhile)
        results.append(st.minimize(st.formula(text), start, method=st.GD(lr=lr), maxiter=300, diagnose=False))
    assert_same(*results)


def test_x_is_thinned_in_the_same_way(both, monkeypatch):
    monkeypatch.setattr(history, "X_MEMORY", 16 * 100)
    one, other = both(st.formula(ROSENBROCK), [-1.2, 1.0], method=st.Adam(lr=1e-3), maxiter=3001)
    assert_same(one, other)
    assert 50 <= len(other.history.x) <= 101


def test_the_formulas_own_gradient_may_be_given(monkeypatch):
    monkeypatch.setattr(ahead, "WORTHWHILE", 0)
    fun = st.formula("x**2 + y**2")
    given = {"method": st.GD(lr=0.1), "maxiter": 20}
    assert st.minimize(fun, [1.0, 2.0], jac=fun.gradient, **given).engine == "compiled loop"
    assert st.minimize(fun, [1.0, 2.0], jac=lambda x: 2 * x, **given).engine == "Python floats"


def test_it_takes_over_when_the_run_is_long(monkeypatch):
    monkeypatch.setattr(ahead, "WORTHWHILE", 100)
    monkeypatch.setattr(ahead, "_loops", {})
    fun = st.formula(ROSENBROCK)
    runs = [st.minimize(fun, [-1.2, 1.0], method=st.GD(lr=1e-3), maxiter=500) for _ in range(2)]
    assert [run.engine for run in runs] == ["Python floats then compiled loop", "compiled loop"]
    np.testing.assert_array_equal(runs[0].history.x, runs[1].history.x)


def test_other_values_and_starts_compile_nothing_new(monkeypatch):
    monkeypatch.setattr(ahead, "WORTHWHILE", 0)
    fun = st.formula(ROSENBROCK)
    st.minimize(fun, [-1.2, 1.0], method=st.Adam(), maxiter=20)
    monkeypatch.setattr(ahead, "Code", lambda text: pytest.fail("compiled again"))
    for lr, start in ((0.1, [0.0, 0.0]), (0.01, [2.0, 3.0])):
        given = {"method": st.Adam(lr=lr, beta1=0.5), "maxiter": 20, "gtol": 1e-9}
        assert st.minimize(fun, start, **given).engine == "compiled loop"


def test_what_must_be_looked_at_is_not_compiled(monkeypatch):
    @rule
    def Soft(g, lr=0.1):
        return -lr * np.tanh(g)

    monkeypatch.setattr(ahead, "WORTHWHILE", 0)
    fun = st.formula("x**2 + y**2")
    seen = []
    for more in (
        {"callback": lambda x: seen.append(x)},
        {"bounds": [(0, 1), (0, 1)]},
        {"method": st.GD(lr=lambda t: 0.1)},
        {"method": st.GD(lr="auto")},
        {"method": st.ClipNorm(st.GD(lr=0.1), 1.0)},
        {"jac": "2-point"},
        {"ftol": 1e-12},
        {"stop": stop.Evaluations(20)},
    ):
        given = {"method": st.GD(lr=0.1), "maxiter": 20, **more}
        assert "compiled" not in st.minimize(fun, [0.5, 0.25], **given).engine, more
    assert len(seen) >= 20


def test_time_is_heeded(monkeypatch):
    monkeypatch.setattr(ahead, "WORTHWHILE", 0)
    result = st.minimize(
        st.formula(ROSENBROCK), [-1.2, 1.0], method=st.GD(lr=1e-9), maxtime=0.3, maxiter=10**9
    )
    assert result.code == "budget.time"
    assert result.engine == "compiled loop"
    assert 0.2 < result.history["seconds"][-1] < 0.6
    assert result.nit > 10_000


def test_what_an_interrupted_run_found_is_kept(monkeypatch):
    monkeypatch.setattr(ahead, "WORTHWHILE", 0)
    calls = []

    def entered(self, rows, *rest):
        enter(self, rows, *rest)
        calls.append(len(rows))
        if len(calls) == 5:
            raise KeyboardInterrupt

    enter = ahead.Ahead._enter
    monkeypatch.setattr(ahead.Ahead, "_enter", entered)
    result = st.minimize(st.formula(ROSENBROCK), [-1.2, 1.0], method=st.GD(lr=1e-3))
    assert result.code == "interrupted"
    assert result.nit == sum(calls) == len(result.history) - 1
    assert result.fun == result.history["f"].min()
    np.testing.assert_array_equal(result.x, result.history.x[-1])


def test_without_the_compiler_it_is_interpreted(monkeypatch):
    monkeypatch.setattr(ahead, "WORTHWHILE", 0)
    monkeypatch.setattr(ahead, "_loops", {})
    monkeypatch.setattr(ahead, "readable", lambda: False)
    result = st.minimize(st.formula("x**2"), [1.0], method=st.GD(lr=0.1), maxiter=20)
    assert result.engine == "Python floats"


# ---- Numba's functions --------


@pytest.fixture(scope="module")
def valley():
    numba = peer("numba")

    @numba.njit
    def f(x):
        total = 0.0
        for i in range(x.size - 1):
            total += (1 - x[i]) ** 2 + 100 * (x[i + 1] - x[i] ** 2) ** 2
        return total

    @numba.njit
    def g(x):
        out = np.zeros_like(x)
        for i in range(x.size - 1):
            inner = x[i + 1] - x[i] ** 2
            out[i] += -2 * (1 - x[i]) - 400 * x[i] * inner
            out[i + 1] += 200 * inner
        return out

    return f, g


@pytest.mark.parametrize("n", [2, 10])
@pytest.mark.parametrize("method", [st.GD(lr=1e-4), st.Adam(lr=1e-2)], ids=lambda method: method.name)
def test_functions_of_numba_run_the_same(both, valley, method, n):
    f, g = valley
    assert_same(*both(f, np.linspace(-1, 1, n), method=method, jac=g, maxiter=1000))


def test_an_error_in_a_function_of_numba_keeps_what_was_computed(valley, monkeypatch):
    numba = peer("numba")

    @numba.njit
    def fails(x):
        if x[0] < 0.5:
            raise ValueError("too low")
        return x[0] ** 2

    gradient = numba.njit(lambda x: 2 * x)
    monkeypatch.setattr(ahead, "WORTHWHILE", 0)
    with pytest.raises(ValueError, match="too low") as caught:
        st.minimize(fails, [2.0], jac=gradient, method=st.GD(lr=0.01), maxiter=1000)
    result = caught.value.result
    assert result.engine == "compiled loop"
    assert 0.5 <= result.x[0] < 0.52
    assert len(result.history) == result.nit + 1


def test_functions_that_do_not_compile_together_are_interpreted(valley, monkeypatch):
    numba = peer("numba")
    f, _ = valley
    wrong = numba.njit(lambda x: (x[0], x[1]))  # no array
    monkeypatch.setattr(ahead, "WORTHWHILE", 0)
    result = st.minimize(f, [0.5, 0.5], jac=wrong, method=st.GD(lr=1e-4), maxiter=20, diagnose=False)
    assert "compiled" not in result.engine
