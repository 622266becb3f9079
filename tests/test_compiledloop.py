"""The compiled loop: the run of the interpreted one, step by step, and its ends."""

from __future__ import annotations

import math

import numpy as np
import pytest

import steepest as st
from conftest import peer
from steepest import history, stop
from steepest.loops import compiled as compiledloop
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
            monkeypatch.setattr(compiledloop, "WORTHWHILE", worthwhile)
            monkeypatch.setattr(compiledloop, "_loops", {})
            results.append(st.minimize(*args, **{"diagnose": False, **keywords}))
        assert results[0].engine != results[1].engine
        assert results[1].engine in ("compiled loop", "compiled steps")
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
    assert_same(*both(st.formula(ROSENBROCK), [-1.2, 1.0], method=st.GD(lr=1e-3), **{"maxiter": 5000, **limits}))


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
        monkeypatch.setattr(compiledloop, "WORTHWHILE", worthwhile)
        results.append(st.minimize(st.formula(text), start, method=st.GD(lr=lr), maxiter=300, diagnose=False))
    assert_same(*results)


def test_x_is_thinned_in_the_same_way(both, monkeypatch):
    monkeypatch.setattr(history, "X_MEMORY", 16 * 100)
    one, other = both(st.formula(ROSENBROCK), [-1.2, 1.0], method=st.Adam(lr=1e-3), maxiter=3001)
    assert_same(one, other)
    assert 50 <= len(other.history.x) <= 101


def test_the_formulas_own_gradient_may_be_given(monkeypatch):
    monkeypatch.setattr(compiledloop, "WORTHWHILE", 0)
    fun = st.formula("x**2 + y**2")
    given = {"method": st.GD(lr=0.1), "maxiter": 20}
    assert st.minimize(fun, [1.0, 2.0], jac=fun.gradient, **given).engine == "compiled loop"
    assert st.minimize(fun, [1.0, 2.0], jac=lambda x: 2 * x, **given).engine == "compiled steps"


def test_it_takes_over_when_the_run_is_long(monkeypatch):
    monkeypatch.setattr(compiledloop, "WORTHWHILE", 100)
    monkeypatch.setattr(compiledloop, "_loops", {})
    fun = st.formula(ROSENBROCK)
    runs = [st.minimize(fun, [-1.2, 1.0], method=st.GD(lr=1e-3), maxiter=500) for _ in range(2)]
    assert [run.engine for run in runs] == ["Python floats then compiled loop", "compiled loop"]
    np.testing.assert_array_equal(runs[0].history.x, runs[1].history.x)


def test_other_values_and_starts_compile_nothing_new(monkeypatch):
    monkeypatch.setattr(compiledloop, "WORTHWHILE", 0)
    fun = st.formula(ROSENBROCK)
    st.minimize(fun, [-1.2, 1.0], method=st.Adam(), maxiter=20)
    monkeypatch.setattr(compiledloop, "Code", lambda text: pytest.fail("compiled again"))
    for lr, start in ((0.1, [0.0, 0.0]), (0.01, [2.0, 3.0])):
        given = {"method": st.Adam(lr=lr, beta1=0.5), "maxiter": 20, "gtol": 1e-9}
        assert st.minimize(fun, start, **given).engine == "compiled loop"


def test_what_must_be_looked_at_is_not_compiled(monkeypatch):
    @rule
    def Soft(g, lr=0.1):
        return -lr * np.tanh(g)

    monkeypatch.setattr(compiledloop, "WORTHWHILE", 0)
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
    monkeypatch.setattr(compiledloop, "WORTHWHILE", 0)
    result = st.minimize(st.formula(ROSENBROCK), [-1.2, 1.0], method=st.GD(lr=1e-9), maxtime=0.3, maxiter=10**9)
    assert result.code == "budget.time"
    assert result.engine == "compiled loop"
    assert 0.2 < result.history["seconds"][-1] < 0.6
    assert result.nit > 10_000


def test_what_an_interrupted_run_found_is_kept(monkeypatch):
    monkeypatch.setattr(compiledloop, "WORTHWHILE", 0)
    calls = []

    def entered(self, *given):
        calls.append(enter(self, *given))
        if len(calls) == 5:
            raise KeyboardInterrupt
        return calls[-1]

    enter = compiledloop.CompiledLoop._enter
    monkeypatch.setattr(compiledloop.CompiledLoop, "_enter", entered)
    result = st.minimize(st.formula(ROSENBROCK), [-1.2, 1.0], method=st.GD(lr=1e-3))
    assert result.code == "interrupted"
    assert result.nit == len(result.history) - 1 == calls[-1].t - 1  # the last one had not been entered yet
    np.testing.assert_array_equal(result.x, calls[-1].point.x)
    assert result.fun < result.history["f"].min()


def test_without_the_compiler_it_is_interpreted(monkeypatch):
    monkeypatch.setattr(compiledloop, "WORTHWHILE", 0)
    monkeypatch.setattr(compiledloop, "_loops", {})
    monkeypatch.setattr(compiledloop, "readable", lambda: False)
    result = st.minimize(st.formula("x**2"), [1.0], method=st.GD(lr=0.1), maxiter=20)
    assert result.engine == "Python floats"


# ---- Python's functions, called from machine code --------


def valley_value(x):
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


def valley_gradient(x):
    d = x[1] - x[0] ** 2
    return np.array([-2 * (1 - x[0]) - 400 * x[0] * d, 200 * d])


def long_valley(x):
    return sum((1 - x[:-1]) ** 2 + 100 * (x[1:] - x[:-1] ** 2) ** 2)


def long_valley_gradient(x):
    g, d = np.zeros_like(x), x[1:] - x[:-1] ** 2
    g[:-1] = -2 * (1 - x[:-1]) - 400 * x[:-1] * d
    g[1:] += 200 * d
    return g


@pytest.mark.parametrize("kind", RULES, ids=lambda kind: kind.__name__)
def test_every_rule_runs_the_same_where_fun_is_called(both, kind):
    method = kind(lr=1e-4) if kind().hyper["lr"] > 0.005 else kind()
    assert_same(*both(valley_value, [-1.2, 1.0], method=method, jac=valley_gradient, maxiter=400))


@pytest.mark.parametrize("n", [1, 3, 20, 64])
@pytest.mark.parametrize("method", [st.GD(lr=1e-4), st.Adam(lr=1e-2)], ids=lambda method: method.name)
def test_called_in_any_number_of_coordinates(both, method, n):
    f, g = (long_valley, long_valley_gradient) if n > 1 else (lambda x: x[0] ** 4, lambda x: 4 * x**3)
    assert_same(*both(f, np.linspace(-1, 0.5, n), method=method, jac=g, maxiter=300))


@pytest.mark.parametrize(
    "limits",
    [{"gtol": 1e-3}, {"xtol": 1e-4}, {"target": 0.5}, {"maxfun": 300}, {"maxiter": 2}, {"maxiter": 5000}, {}],
    ids=str,
)
def test_every_end_is_the_same_where_fun_is_called(both, limits):
    assert_same(
        *both(
            valley_value,
            [-1.2, 1.0],
            method=st.GD(lr=1e-3),
            jac=valley_gradient,
            **{"maxiter": 3000, **limits},
        )
    )


def test_what_the_caller_may_pass_and_give_back(both):
    """Nested parameters, value and gradient together, further arguments, other numbers, a view, x changed in place."""
    nested = lambda p: p["a"] ** 2 + 3 * (p["b"] ** 2).sum()
    slopes = lambda p: {"a": 2 * p["a"], "b": 6 * p["b"]}
    one, other = both(nested, {"a": 1.0, "b": [[2.0, 3.0]]}, method=st.GD(lr=0.01), jac=slopes, maxiter=100)
    assert one.x["a"] == other.x["a"]
    np.testing.assert_array_equal(one.x["b"], other.x["b"])
    given = {"method": st.Adam(lr=0.01), "maxiter": 100}
    assert_same(*both(lambda x: (x @ x, 2 * x), [1.0, 2.0], jac=True, **given))
    assert_same(*both(lambda x, a: a * x @ x, [1.0, 2.0], args=(3.0,), jac=lambda x, a: 2 * a * x, **given))
    assert_same(*both(lambda x: np.float32(x @ x), [1.0, 2.0], jac=lambda x: list(2 * x), **given))
    backwards = np.array([4.0, 2.0])
    assert_same(*both(lambda x: x @ x, [2.0, 1.0], jac=lambda x: (backwards * x / [2, 1])[::-1][::-1], **given))

    def corrupting(x):
        value = x @ x
        x[:] = 1e9
        return value

    assert_same(*both(corrupting, [1.0, 2.0], jac=lambda x: np.multiply(x, 2, out=x), **given))


@pytest.mark.parametrize("which", ["fun", "jac"])
@pytest.mark.parametrize("after", [10, 100, 1000])
@pytest.mark.parametrize("error", [ValueError("mine"), KeyboardInterrupt()], ids=["error", "Ctrl-C"])
def test_what_was_known_before_an_error_is_kept(monkeypatch, which, after, error):
    results = []
    for worthwhile in (math.inf, 0):
        monkeypatch.setattr(compiledloop, "WORTHWHILE", worthwhile)
        calls = {"fun": 0, "jac": 0}

        def counted(name, function, calls=calls):
            def call(x):
                calls[name] += 1
                if name == which and calls[name] > 10 + after:
                    raise error
                return function(x)

            return call

        result = st.minimize(counted("fun", valley_value), [-1.2, 1.0], jac=counted("jac", valley_gradient),
                             method=st.GD(lr=1e-3), maxiter=5000, on_error="stop", diagnose=False)  # fmt: skip
        assert result.nfev == calls["fun"]
        results.append(result)
    assert results[1].engine == "compiled steps"
    assert results[0].code == ("error" if isinstance(error, ValueError) else "interrupted")
    one, other = results
    if which == "fun":
        assert_same(one, other)
    else:  # the point without a gradient is not kept: the run before knew its value
        assert abs(other.nit - one.nit) <= 1
        assert other.njev <= one.njev


@pytest.mark.parametrize(
    ("f", "g", "lr"),
    [
        (lambda x: x[0] ** 2, lambda x: 2 * x, 1.1),  # diverges
        (lambda x: x[0] ** 3, lambda x: 3 * x**2, 0.1),  # to minus infinity
        (lambda x: np.log(x[0]) + x[0], lambda x: 1 / x + 1, 3.0),  # leaves where it is defined
        (
            lambda x: x[0] ** 2,
            lambda x: 2 * x if x[0] > 0.5 else np.nan * x,
            0.1,
        ),  # the gradient fails on the way
    ],
)
def test_where_numbers_end_it_is_the_same_where_fun_is_called(monkeypatch, f, g, lr):
    results = []
    for worthwhile in (math.inf, 0):
        monkeypatch.setattr(compiledloop, "WORTHWHILE", worthwhile)
        with np.errstate(all="ignore"):
            results.append(
                st.minimize(f, [-2.0 if lr == 0.1 and f(np.array([-2.0])) < 0 else 2.0], jac=g, method=st.GD(lr=lr),
                            maxiter=300, diagnose=False)
            )  # fmt: skip
    assert results[1].engine.startswith("compiled steps")
    assert_same(*results)


def test_other_functions_that_are_called_compile_nothing_new(monkeypatch):
    monkeypatch.setattr(compiledloop, "WORTHWHILE", 0)
    given = {"method": st.Adam(lr=0.1), "maxiter": 20}
    st.minimize(lambda x: x @ x, [1.0, 2.0], jac=lambda x: 2 * x, **given)
    monkeypatch.setattr(compiledloop, "Code", lambda text: pytest.fail("compiled again"))
    result = st.minimize(valley_value, [-1.2, 1.0], jac=valley_gradient, **given)
    assert result.engine == "compiled steps"


def test_nothing_is_compiled_for_a_run_that_must_be_asked_at_every_step(monkeypatch):
    monkeypatch.setattr(compiledloop, "WORTHWHILE", 0)
    monkeypatch.setattr(compiledloop, "_loops", {})
    monkeypatch.setattr(compiledloop, "Code", lambda text: pytest.fail("compiled"))
    for limits in ({"ftol": 1e-9}, {"stop": stop.GradientNorm(1e-3) & stop.Steps(5)}):
        result = st.minimize(
            valley_value, [-1.2, 1.0], jac=valley_gradient, method=st.GD(lr=1e-3), maxiter=50, **limits
        )
        assert result.engine == "Python floats"


def test_runs_share_the_wait_for_the_compiler(monkeypatch):
    monkeypatch.setattr(compiledloop, "WORTHWHILE", 100)
    monkeypatch.setattr(compiledloop, "_loops", {})
    given = {"method": st.GD(lr=1e-3), "jac": valley_gradient, "maxiter": 60}
    engines = [st.minimize(valley_value, [-1.2, 1.0], **given).engine for _ in range(3)]
    assert engines == ["Python floats", "Python floats then compiled steps", "compiled steps"]


def test_a_run_within_a_run(monkeypatch):
    monkeypatch.setattr(compiledloop, "WORTHWHILE", 0)

    def outer(x):
        inner = st.minimize(lambda y: (y[0] - x[0]) ** 2 + y[0] ** 2, [0.0], jac=lambda y: 2 * (2 * y - x),
                            method=st.GD(lr=0.2), maxiter=60, diagnose=False)  # fmt: skip
        assert inner.engine == "compiled steps"
        return inner.fun + (x[0] - 1) ** 2

    result = st.minimize(outer, [3.0], jac=lambda x: x + 2 * (x - 1), method=st.GD(lr=0.2), maxiter=60)
    assert result.engine == "compiled steps"
    np.testing.assert_allclose(result.x, 2 / 3, rtol=1e-6)


def test_no_reference_is_lost_or_kept(monkeypatch):
    import sys

    monkeypatch.setattr(compiledloop, "WORTHWHILE", 0)
    answer = np.array([1.0, 1.0])
    before = sys.getrefcount(answer), sys.getrefcount(None)
    st.minimize(lambda x: x[0] + x[1], [1.0, 1.0], jac=lambda x: answer, method=st.GD(lr=1e-6), maxiter=3000)
    after = sys.getrefcount(answer), sys.getrefcount(None)
    assert after[0] == before[0]
    assert abs(after[1] - before[1]) < 500


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
    monkeypatch.setattr(compiledloop, "WORTHWHILE", 0)
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
    monkeypatch.setattr(compiledloop, "WORTHWHILE", 0)
    result = st.minimize(f, [0.5, 0.5], jac=wrong, method=st.GD(lr=1e-4), maxiter=20, diagnose=False)
    assert "compiled" not in result.engine


def test_a_rule_that_has_no_symbols_stays_in_python(monkeypatch):
    @rule
    def Turning(g, m, t, lr=0.1):
        m = m + np.cos(t) * g  # NumPy's own cosine, not that of the alphabet
        return -lr * (g + 0 * m) if isinstance(g, float) else -lr * (g + 0.0 * np.asarray(m)), m

    monkeypatch.setattr(compiledloop, "WORTHWHILE", 0)
    for n in (2, 20):  # floats, and arrays that would ask for a kernel
        result = st.minimize(lambda x: x @ x, np.ones(n), jac=lambda x: 2 * x, method=Turning(), maxiter=12_000,
                             gtol=0, stop=stop.Steps(12_000))  # fmt: skip
        assert "compiled" not in result.engine
        assert result.fun < 1e-20
