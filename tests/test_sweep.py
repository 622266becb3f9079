"""A run in a sweep is the run that minimize makes, to the last bit, whatever computes it."""

from __future__ import annotations

import platform
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest

from steepest.engine import kernels
from steepest.engine.traced import from_formula
from steepest.errors import ArgumentError, MissingExtraError
from steepest.formula import formula
from steepest.history import History
from steepest.methods import rules
from steepest.methods.directions import BFGS
from steepest.methods.lift import Rule
from steepest.minimize import minimize
from steepest.stop import Criterion, GradientNorm, Reason, Steps
from steepest.sweeps import batch, lanes
from steepest.sweeps.sweep import sweep as sweep_and_judge

RULES = [r for r in vars(rules).values() if isinstance(r, type) and issubclass(r, Rule) and r is not Rule]
sweep = partial(sweep_and_judge, diagnose=False)  # verdicts are tested in test_sweep_verdicts.py
RATES = np.array([1e-4, 1e-2, 0.3, 5.0])


def bowl(x):
    return (x[0] - 1) * (x[0] - 1) + 10 * x[1] * x[1]


def bowl_gradient(x):
    return np.array([2 * (x[0] - 1), 20 * x[1]])


def bent(x):
    """The bowl, with a word of NumPy's that has no symbols."""
    return bowl(x) + np.trunc(x[0] / 1e9)


def chain(x):
    # added up in this order for one point and for many, unlike x.sum(axis=0), which rounds otherwise
    total = (x[0] - 1) * (x[0] - 1)
    for now, before in zip(x[1:], x[:-1], strict=True):
        total = total + (now - 1) * (now - 1) + 10 * (now - before) * (now - before)
    return total


def chain_gradient(x):
    g = 2 * (x - 1)
    difference = 20 * (x[1:] - x[:-1])
    g[1:] += difference
    g[:-1] -= difference
    return g


def as_runs(s, fun, starts, methods, **keywords):
    """Compare with minimize, run by run."""
    flat = s.to_dict()
    x = s.x.reshape(len(methods), -1)
    for k, (start, method) in enumerate(zip(starts, methods, strict=True)):
        r = minimize(fun, start, method=method, diagnose=False, **keywords)
        assert (r.code, r.nit) == (flat["code"][k], flat["steps"][k])
        np.testing.assert_array_equal(flat["fun"][k], r.fun)
        np.testing.assert_array_equal(x[k], r.x)


def values(kind):
    """A hyperparameter with values that converge, crawl, and diverge, and the same as single methods."""
    name = next(iter(kind.defaults))
    assert name == "lr"
    return kind(lr=RATES), [kind(lr=lr) for lr in RATES]


@pytest.mark.parametrize(("fun", "engine"), [(bowl, "compiled"), (bent, "batch")], ids=["traced", "called"])
@pytest.mark.parametrize("kind", RULES, ids=lambda kind: kind.__name__)
def test_rates_in_lanes_equal_single_runs(kind, fun, engine):
    many, single = values(kind)
    s = sweep(fun, [3.0, -2.0], many, jac=bowl_gradient, maxiter=300)
    assert s.engine == engine
    as_runs(s, fun, [[3.0, -2.0]] * 4, single, jac=bowl_gradient, maxiter=300)


@pytest.mark.parametrize("kind", RULES, ids=lambda kind: kind.__name__)
def test_rates_of_a_formula_equal_single_runs(kind):
    f = formula("(1 - x)^2 + 10*(y - x^2)^2 + 0.1*cos(x*y)")
    many, single = values(kind)
    s = sweep(f, [-1.2, 1.0], many, maxiter=150)
    assert s.engine == "compiled"
    as_runs(s, f, [[-1.2, 1.0]] * 4, single, maxiter=150)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", RULES, ids=lambda kind: kind.__name__)
def test_rates_in_many_coordinates_equal_single_runs(kind, dtype):
    start = np.linspace(-1, 2, lanes.FEW + 4).astype(dtype)
    many, single = values(kind)
    s = sweep(chain, start, many, jac=chain_gradient, maxiter=60)
    assert s.engine == "batch"
    assert s.x.dtype == dtype
    as_runs(s, chain, [start] * 4, single, jac=chain_gradient, maxiter=60)


@pytest.mark.parametrize("n", [2, lanes.FEW + 2])
def test_values_that_vary_with_the_step_equal_single_runs(n):
    start, betas = np.linspace(-1, 2, n), np.array([0.0, 0.5, 0.9, 0.99])
    s = sweep(chain, start, rules.Adam(lr=0.1, beta1=betas), jac=chain_gradient, maxiter=80)
    as_runs(s, chain, [start] * 4, [rules.Adam(lr=0.1, beta1=b) for b in betas], jac=chain_gradient, maxiter=80)


@pytest.mark.parametrize(
    "limits", [{"gtol": 1e-3}, {"xtol": 1e-3}, {"ftol": 1e-4}, {"target": 1e-2}, {"maxiter": 0}], ids=str
)
@pytest.mark.parametrize("n", [2, lanes.FEW + 2])
@pytest.mark.parametrize("fun", [chain, lambda x: chain(x) + np.trunc(x[0] / 1e9)], ids=["traced", "called"])
def test_every_limit_stops_as_in_a_single_run(n, limits, fun):
    start = np.linspace(-1, 2, n)
    for many in (rules.GD(lr=RATES / 10), rules.Adam(lr=RATES)):
        single = [type(many)(lr=lr) for lr in many.hyper["lr"]]
        how = {"jac": chain_gradient, "maxiter": 500} | limits
        as_runs(sweep(fun, start, many, **how), fun, [start] * 4, single, **how)


def test_a_limit_stops_as_in_a_single_run_where_autograd_tells_the_gradient():
    start, single = np.linspace(-1, 2, lanes.FEW + 2), [rules.Adam(lr=lr) for lr in RATES]
    as_runs(
        sweep(chain, start, rules.Adam(lr=RATES), maxiter=50, gtol=1.0),
        chain,
        [start] * 4,
        single,
        maxiter=50,
        gtol=1.0,
    )


def test_run_that_stops_within_rounding_of_a_limit():
    # gtol is the exact norm of a gradient on the way, and the next float below it
    path = minimize(bowl, [3.0, -2.0], method=rules.GD(lr=0.01), jac=bowl_gradient, maxiter=50).history["g_norm"]
    for gtol in (path[20], np.nextafter(path[20], 0), path[20] * (1 - 1e-10)):
        limits = {"gtol": gtol, "maxiter": 100}
        s = sweep(bowl, [3.0, -2.0], rules.GD(lr=np.array([0.01, 0.02])), jac=bowl_gradient, **limits)
        as_runs(s, bowl, [[3.0, -2.0]] * 2, [rules.GD(lr=0.01), rules.GD(lr=0.02)], jac=bowl_gradient, **limits)


def test_grid_and_starts_broadcast():
    rates, betas = np.array([[0.01], [0.05]]), np.array([0.0, 0.5, 0.9])
    s = sweep(bowl, [3.0, -2.0], rules.Momentum(lr=rates, beta=betas), maxiter=40)
    assert s.fun.shape == s.steps.shape == s.code.shape == s.varied["lr"].shape == (2, 3)
    assert s.x.shape == (2, 3, 2)
    single = [rules.Momentum(lr=lr, beta=beta) for lr in (0.01, 0.05) for beta in betas]
    as_runs(s, bowl, [[3.0, -2.0]] * 6, single, maxiter=40)
    starts = np.array([[3.0, -2.0], [0.5, 0.5], [-4.0, 1.0]])
    s = sweep(bowl, starts, rules.GD(lr=rates), maxiter=40)
    assert s.varied["start"].tolist() == [[0, 1, 2], [0, 1, 2]]
    as_runs(s, bowl, [*starts, *starts], [rules.GD(lr=lr) for lr in (0.01, 0.05) for _ in starts], maxiter=40)


def test_several_methods_are_the_first_axis():
    s = sweep(bowl, [3.0, -2.0], [rules.GD(lr=RATES), rules.Adam(lr=RATES), BFGS()][:2], maxiter=40)
    assert s.fun.shape == (2, 4)
    assert s.varied["method"][:, 0].tolist() == ["GD", "Adam"]
    as_runs(s, bowl, [[3.0, -2.0]] * 8, [k(lr=lr) for k in (rules.GD, rules.Adam) for lr in RATES], maxiter=40)
    with pytest.raises(ArgumentError, match="shapes"):
        sweep(bowl, [3.0, -2.0], [rules.GD(lr=RATES), "adam"], maxiter=3)
    with pytest.raises(ArgumentError, match="at least one method"):
        sweep(bowl, [3.0, -2.0], [])


def test_function_of_a_number():
    s = sweep(lambda x: (x - 3) ** 2, 1.0, rules.GD(lr=RATES[:3]), maxiter=300)
    assert s.engine == "compiled"
    as_runs(s, lambda x: (x - 3) ** 2, [1.0] * 3, [rules.GD(lr=lr) for lr in RATES[:3]], maxiter=300)


def test_value_and_gradient_together_and_further_arguments():
    def both(x, scale):
        return scale * bowl(x), scale * bowl_gradient(x)

    s = sweep(both, [3.0, -2.0], rules.GD(lr=RATES[:2]), (2.0,), jac=True, maxiter=30)
    assert s.engine == "compiled"
    as_runs(s, both, [[3.0, -2.0]] * 2, [rules.GD(lr=lr) for lr in RATES[:2]], args=(2.0,), jac=True, maxiter=30)


@dataclass(frozen=True)
class Patience(Criterion):
    """One that sweeps do not know."""

    def __call__(self, history: History) -> Reason | None:
        return Reason("converged.patience", "enough") if history.last.t == 7 else None


def only_one(x):
    return float(x[0]) ** 2 + abs(float(x[1])) * 0.5


ALONE = {
    "fun takes no batch": (only_one, rules.GD(lr=RATES[:2]), {}),
    "fun sums over everything": (lambda x: np.sum(x**2) + np.trunc(x[0] / 1e9), rules.GD(lr=RATES[:2]), {}),
    "fun mixes the columns": (
        lambda x: bent(x) + x.mean(),
        rules.GD(lr=RATES[:2]),
        {"jac": lambda x: bowl_gradient(x) + 0.5},
    ),
    "jac takes no batch": (bowl, rules.GD(lr=RATES[:2]), {"jac": lambda x: [2.0 * float(x[0] - 1), 20 * float(x[1])]}),
    "differences": (bowl, rules.GD(lr=RATES[:2]), {"jac": "3-point"}),
    "maxfun": (bowl, rules.GD(lr=RATES[:2]), {"maxfun": 12}),
    "bounds": (bowl, rules.GD(lr=RATES[:2]), {"bounds": [(2, 5), (-3, 3)]}),
    "a criterion of one's own": (bowl, rules.GD(lr=RATES[:2]), {"stop": Patience()}),
    "both criteria": (bowl, rules.GD(lr=RATES[:2]), {"stop": GradientNorm(1.0) & Steps(3)}),
    "a schedule": (bowl, rules.Momentum(lr=lambda t: 0.1 / t, beta=np.array([0.0, 0.5])), {}),
    "not a rule": (bowl, BFGS(), {}),
}  # fmt: skip


@pytest.mark.parametrize("workers", [None, ThreadPoolExecutor(2)], ids=["serial", "threads"])
@pytest.mark.parametrize("case", ALONE, ids=str)
def test_what_is_no_batch_runs_one_by_one(case, workers):
    fun, method, keywords = ALONE[case]
    keywords = {"maxiter": 20} | keywords
    s = sweep(fun, [3.0, -2.0], method, workers=workers, **keywords)
    assert s.engine == "one by one"
    arrays = {name: v for name, v in getattr(method, "hyper", {}).items() if isinstance(v, np.ndarray)}
    runs = next(iter(arrays.values())).size if arrays else 1
    single = [method.with_hyper(**{n: a[k] for n, a in arrays.items()}) if arrays else method for k in range(runs)]
    as_runs(s, fun, [[3.0, -2.0]] * runs, single, **keywords)


@pytest.mark.parametrize("dtype", [">f8", np.longdouble], ids=["big-endian", "long double"])
def test_other_floats_run_one_by_one(dtype):
    start = np.array([3.0, -2.0], dtype)
    s = sweep(bowl, start, rules.GD(lr=RATES[:2]), jac=bowl_gradient, maxiter=9)
    np.testing.assert_array_equal(
        s.x[1], minimize(bowl, start, method=rules.GD(lr=RATES[1]), jac=bowl_gradient, maxiter=9).x
    )


def test_what_is_nan_for_many_points_alone_runs_one_by_one():
    def fun(x):
        return bent(x) if x.ndim == 1 else np.full(x.shape[1:], np.nan)

    s = sweep(fun, [3.0, -2.0], rules.GD(lr=RATES[:2]), jac=bowl_gradient, maxiter=9)
    assert s.engine == "one by one"
    assert np.isfinite(s.fun).all()


def test_wrong_gradient_is_not_believed():
    s = sweep(bowl, [3.0, -2.0], rules.GD(lr=RATES[:2]), jac=lambda x: 3 * bowl_gradient(x), maxiter=500)
    assert s.engine == "one by one"
    np.testing.assert_allclose(s.best["x"], [1, 0], atol=1e-4)


def test_without_the_compiler_the_same(monkeypatch):
    many, single = values(rules.Adam)
    with_it = sweep(bowl, [3.0, -2.0], many, jac=bowl_gradient, maxiter=100)

    def missing(text):
        raise MissingExtraError("numba", "fast", "compiled code")

    for module in (kernels, lanes, batch):
        monkeypatch.setattr(module, "Code", missing)
    kernels.kernel.cache_clear()
    lanes.compiled.cache_clear()
    batch._worked_out.cache_clear()
    without = sweep(bowl, [3.0, -2.0], many, jac=bowl_gradient, maxiter=100)
    np.testing.assert_array_equal(with_it.x, without.x)
    np.testing.assert_array_equal(with_it.steps, without.steps)
    as_runs(without, bowl, [[3.0, -2.0]] * 4, single, jac=bowl_gradient, maxiter=100)


def test_other_values_and_more_runs_compile_nothing_new(monkeypatch):
    f = formula("x^2 + 3*y^2")
    for fun in (f, bowl):
        sweep(fun, [3.0, -2.0], rules.Adam(lr=RATES), maxiter=9)
    for module in (kernels, lanes, batch):
        monkeypatch.setattr(module, "Code", lambda text: pytest.fail("compiled again"))
    for fun in (f, formula("x^2 + 3*y^2"), bowl):
        sweep(fun, [1.0, 2.0], rules.Adam(lr=np.logspace(-3, 0, 50), beta1=0.8), maxiter=99)


def test_fun_can_not_corrupt_the_runs():
    def evil(x):
        value = bowl(x)
        x[...] = 0
        return value

    s = sweep(evil, [3.0, -2.0], rules.GD(lr=RATES[:2]), jac=bowl_gradient, maxiter=9)
    as_runs(s, bowl, [[3.0, -2.0]] * 2, [rules.GD(lr=lr) for lr in RATES[:2]], jac=bowl_gradient, maxiter=9)


def test_gradient_that_uses_its_memory_again():
    kept = {}

    def gradient(x):
        out = kept.setdefault(x.shape, np.empty(x.shape))
        out[...] = bowl_gradient(x)
        return out

    s = sweep(bowl, [3.0, -2.0], rules.Adam(lr=RATES), jac=gradient, maxiter=50)
    as_runs(s, bowl, [[3.0, -2.0]] * 4, [rules.Adam(lr=lr) for lr in RATES], jac=bowl_gradient, maxiter=50)


def test_table_and_best():
    s = sweep(bowl, [3.0, -2.0], rules.GD(lr=np.array([0.01, 0.09, 0.5])))
    best = s.best
    assert best["lr"] == 0.09
    assert best["fun"] == s.fun.min()
    np.testing.assert_array_equal(best["x"], s.x[1])
    assert s.converged.tolist() == [True, True, False]
    assert list(s.to_dict()) == ["lr", "fun", "steps", "code"]
    assert s.to_arrays()["code"].tolist()[2] == "diverged"
    assert "3 runs in" in repr(s)
    assert "lr=0.09" in repr(s)
    pandas = pytest.importorskip("pandas", reason="a data frame needs pandas")
    assert isinstance(s.to_dataframe(), pandas.DataFrame)


def test_no_finite_value():
    s = sweep(lambda x: x[0] * np.nan, [1.0, 1.0], rules.GD(lr=RATES[:2]), jac=lambda x: x, maxiter=3)
    assert set(s.code) == {"nonfinite"}
    assert np.isnan(s.fun).all()
    with pytest.raises(ArgumentError, match="finite"):
        _ = s.best


@pytest.mark.parametrize(
    ("x0", "method", "keywords", "words"),
    [
        ([1.0, 2.0], rules.Momentum(lr=RATES, beta=np.array([0.1, 0.2])), {}, "broadcast"),
        (np.ones((3, 2)), rules.GD(lr=RATES), {}, "broadcast"),
        ([1.0, 2.0], rules.GD(), {"maxitre": 3}, "maxitre"),
        ([1.0, 2.0], "nonsense", {}, "nonsense"),
        ({"a": 1.0}, rules.GD(), {}, "x0"),
    ],
)
def test_refuses(x0, method, keywords, words):
    with pytest.raises(ArgumentError, match=words):
        sweep(bowl, x0, method, **keywords)


def test_one_run_takes_one_value():
    with pytest.raises(ArgumentError, match="sweep"):
        minimize(bowl, [3.0, -2.0], method=rules.GD(lr=RATES))
    with pytest.raises(ArgumentError, match="lr"):
        rules.GD(lr=np.array([0.1, -0.1]))


class Halting:
    """A function that presses Ctrl-C in one of its calls at many points; or in any, where there is no such call.

    It takes arrays of numbers only, so that it is not compiled."""

    def __init__(self, fun, calls, many=True):
        self.fun, self.calls, self.many = fun, calls, many

    def __call__(self, x):
        x = np.asarray(x, float)
        if not self.many or (x.ndim == 2 and x.shape[1] > 4):  # not in the probes before the batch
            self.calls -= 1
            if self.calls == 0:
                raise KeyboardInterrupt
        return self.fun(x)


SLOW = np.linspace(1e-4, 0.03, 9)
HALTED = [rules.GD(lr=np.append([5.0, 0.3], SLOW)), rules.GD(lr=np.append(SLOW, 0.02))]


@pytest.mark.parametrize("few", [True, False])
@pytest.mark.parametrize("method", HALTED)
def test_what_an_interrupted_batch_found_is_kept(method, few, monkeypatch):
    if not few:
        monkeypatch.setattr(sys.modules["steepest.sweeps.sweep"], "FEW", 0)  # NumPy's batch in place of the lanes
    halted = sweep(Halting(bowl, 31), [3.0, 2.0], method, jac=bowl_gradient)
    assert halted.engine == "batch"
    whole = sweep(bowl, [3.0, 2.0], method, jac=bowl_gradient, maxiter=200)
    ended = halted.code != "interrupted"
    assert not ended.all()
    assert 20 <= halted.steps.max() <= 30
    np.testing.assert_array_equal(halted.code[ended], whole.code[ended])
    np.testing.assert_array_equal(halted.fun[ended], whole.fun[ended])
    assert (halted.steps[~ended] == halted.steps.max()).all()
    for k in np.flatnonzero(~ended):  # the best so far is that of the run alone after so many steps
        alone = minimize(bowl, [3.0, 2.0], jac=bowl_gradient, method=rules.GD(lr=method.hyper["lr"][k]), diagnose=False,
                         stop=Steps(int(halted.steps[k])))  # fmt: skip
        np.testing.assert_array_equal(halted.x[k], alone.x)
        assert halted.fun[k] == alone.fun


def test_an_interrupted_compiled_loop_keeps_what_it_found():
    """A formula's loop makes blocks of steps between which Ctrl-C is seen."""
    seen = iter(range(10**9))
    call = lanes.compiled

    def counted(*meaning):
        move = call(*meaning)

        def halting(*state):
            if next(seen) == 3:
                raise KeyboardInterrupt
            return move(*state)

        return halting

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lanes, "compiled", counted)
        s = sweep(formula("x0**2 + 10*x1**2"), [3.0, 2.0], rules.GD(lr=np.array([1e-9, 0.05])), gtol=1e-2)
    assert 0 < 3 * lanes.BLOCK - s.steps[0] <= 2
    alone = minimize(formula("x0**2 + 10*x1**2"), [3.0, 2.0], method=rules.GD(lr=1e-9), diagnose=False,
                     stop=Steps(int(s.steps[0])))  # fmt: skip
    np.testing.assert_array_equal(s.x[0], alone.x)
    assert s.code.tolist() == ["interrupted", "converged.gradient"]


def test_after_ctrl_c_runs_one_by_one_and_further_methods_are_not_begun():
    calls = minimize(chain, np.full(4, 2.0), method=BFGS, jac=chain_gradient, diagnose=False).nfev
    s = sweep(Halting(chain, 3 * calls // 2, many=False), np.full((3, 4), 2.0), BFGS, jac=chain_gradient)
    assert s.engine == "one by one"
    assert s.code[0] != "interrupted"
    assert s.code.tolist()[1:] == ["interrupted"] * 2
    assert np.isnan(s.fun[2])
    assert s.steps[2] == 0
    one = sweep(Halting(bowl, 31), [3.0, 2.0], [HALTED[1], HALTED[0]], jac=bowl_gradient)
    assert one.varied["method"].shape == (1, 10)


@pytest.mark.parametrize("runs", [1, 24, 488, 512, 1000, 1024])
def test_rows_of_the_state_do_not_share_lines_of_the_cache(runs):
    rows = lanes._apart(np.arange(20.0 * runs).reshape(20, runs))
    np.testing.assert_array_equal(rows, np.arange(20.0 * runs).reshape(20, runs))
    places = np.arange(20) * rows.strides[0] % 4096
    assert np.diff(np.sort(places)).min() >= 64


def test_loop_over_the_runs_takes_several_at_once():
    if platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip(f"the names of instructions on {platform.machine()} are not known to this test")
    meaning = tuple(from_formula(formula("(1 - x)^2 + 100*(y - x^2)^2")))
    code = lanes.compiled(rules.Adam, 2, ("lr",), meaning, -np.inf, -np.inf).__self__
    body = re.search(r"^_?loop:\n(.*?)^_?call:", code.assembly, re.M | re.S).group(1)
    assert not re.search(r"^\tcallq?\b", body, re.M)
    assert re.search(r"\bv?sqrtpd\b", body)
    assert re.search(r"\bv?divpd\b", body)


def test_what_is_no_method_is_refused_and_none_chooses_as_minimize_does():
    def bowl(x):
        return (x[0] - 1) ** 2 + 10 * (x[1] + 2) ** 2

    starts = np.array([[0.0, 0.0], [3.0, 1.0]])
    assert sweep(bowl, starts, None).x == pytest.approx(np.array([[1.0, -2.0]] * 2), abs=1e-6)
    for wrong in (5, [], [5]):
        with pytest.raises(ArgumentError, match="method="):
            sweep(bowl, starts, wrong)
