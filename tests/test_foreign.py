"""x0 as a torch tensor or a JAX array: the function sees that library's arrays, and its autodiff gives the gradient."""

from __future__ import annotations

import numpy as np
import pytest

import steepest as st
from conftest import peer
from steepest.loops import ondevice
from steepest.methods import rules
from steepest.methods.lift import Rule
from steepest.objective import foreign

START = [-1.2, 1.0]


def valley(x):
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


def made(library, values, single=False):
    if library == "torch":
        torch = peer("torch")
        return torch.tensor(values, dtype=torch.float32 if single else torch.float64)
    jax = peer("jax")
    return jax.numpy.asarray(np.asarray(values, np.float32))  # JAX's own default


@pytest.mark.parametrize("library", ["torch", "jax"])
@pytest.mark.parametrize("method", [None, "lbfgs", "adam"])
def test_there_and_back(library, method):
    x0 = made(library, START)
    seen = set()

    def f(x):
        seen.add(type(x).__module__.partition(".")[0])
        return valley(x)

    more = {"lr": 0.05, "maxiter": 2000} if method == "adam" else {}
    result = st.minimize(f, x0, method=method, **more)
    assert type(result.x) is type(x0)
    assert type(result.jac) is type(x0)
    assert seen <= {library, "jaxlib"}
    assert result.gradient.startswith(f"{library}, proved")
    assert valley(np.asarray(result.x, float)) < (1e-2 if method == "adam" else 1e-6)
    np.testing.assert_array_equal(np.asarray(x0), np.asarray(made(library, START)))


def chain(x):
    return 7 + (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


@pytest.mark.parametrize("method", [None, "adam"])
def test_jax_on_arrays_of_numpy_is_differentiated_by_jax(method):
    jax = peer("jax")
    f = jax.jit(lambda x: chain(jax.numpy.asarray(x)))
    more = {"lr": 0.02, "maxiter": 300} if method == "adam" else {}
    ours = st.minimize(f, np.array([-1.2, 1.0, 1.5]), method=method, **more)
    theirs = st.minimize(f, jax.numpy.array([-1.2, 1.0, 1.5]), method=method, **more)
    assert ours.gradient.startswith("jax, proved")
    assert (type(ours.x), ours.x.dtype) == (np.ndarray, np.float32)  # JAX's own precision
    assert (ours.code, ours.success) == (theirs.code, theirs.success)
    np.testing.assert_allclose(ours.x, theirs.x, atol=1e-3)
    assert method == "adam" or ours.nfev < 200  # 3785 where float32 values were taken for float64


def test_a_run_of_jax_on_numpy_goes_on_by_jax(tmp_path):
    jax = peer("jax")
    f = jax.jit(lambda x: chain(jax.numpy.asarray(x)))
    whole = st.minimize(f, [-1.2, 1.0, 1.5])
    st.minimize(f, [-1.2, 1.0, 1.5], checkpoint=tmp_path / "run", maxiter=20)
    rest = st.minimize(f, [-1.2, 1.0, 1.5], checkpoint=tmp_path / "run")
    assert (rest.nit, rest.nfev, rest.x.tolist()) == (whole.nit, whole.nfev, whole.x.tolist())


def test_jax_on_parameters_of_numpy_trains_by_jax():
    jax = peer("jax")
    loss = lambda p, X, y: jax.numpy.mean((X @ p["w"] + p["b"] - y) ** 2)
    X = np.random.default_rng(0).normal(size=(100, 2))
    r = st.fit(loss, {"w": np.zeros(2), "b": 0.0}, (X, X @ [1.0, -2.0] + 3), method="adam", lr=0.1, epochs=50)
    assert r.gradient.startswith("jax, proved")
    np.testing.assert_allclose([*r.x["w"], r.x["b"]], [1, -2, 3], atol=1e-2)


def test_torch_equals_numpy():
    torch = peer("torch")
    ours = st.minimize(valley, START, jac="autograd")
    theirs = st.minimize(valley, torch.tensor(START, dtype=torch.float64))
    np.testing.assert_allclose(theirs.x.numpy(), ours.x, atol=1e-6)
    assert theirs.nit == ours.nit


def test_torch_functions_and_nesting():
    torch = peer("torch")
    data = torch.linspace(0, 1, 20, dtype=torch.float64)

    def loss(p):
        return ((p["a"] * torch.exp(-p["b"] * data) - 3 * torch.exp(-2 * data)) ** 2).mean()

    one = torch.ones((), dtype=torch.float64)
    result = st.minimize(loss, {"a": one, "b": one})
    assert float(result.x["a"]) == pytest.approx(3.0, abs=1e-5)
    assert float(result.x["b"]) == pytest.approx(2.0, abs=1e-5)


def test_single_precision_stays():
    torch = peer("torch")
    result = st.minimize(lambda x: (x**2).sum(), made("torch", START, single=True))
    assert result.x.dtype == torch.float32
    assert float(result.fun) < 1e-10


@pytest.mark.parametrize("method", [None, st.Adam(lr=0.1)], ids=str)
def test_a_gradient_of_ones_own_in_torch(method):
    x0 = made("torch", [START, [2.0, 0.5]])
    shapes = set()

    def gradient(x):
        shapes.add((type(x), tuple(x.shape)))
        return 2 * x

    result = st.minimize(lambda x: (x**2).sum(), x0, method=method, jac=gradient, maxiter=500)
    assert shapes == {(type(x0), (2, 2))}
    assert result.gradient.startswith("user, proved")
    assert result.engine == ("torch on cpu" if method else "NumPy")
    assert float((result.x**2).sum()) < 1e-9


def test_a_wrong_gradient_of_ones_own_in_torch():
    result = st.minimize(lambda x: (x**2).sum(), made("torch", START), method="adam", jac=lambda x: 3 * x, maxiter=9)
    assert "your gradient is wrong" in result.gradient
    assert result.engine != "torch on cpu"


def test_where_a_gradient_there_is_not_finite_the_run_says_so():
    torch = peer("torch")
    result = st.minimize(lambda x: torch.sqrt((x**2).sum()), made("torch", [1.0]), method=st.GD(lr=1.0), maxiter=50)
    assert result.nit == 1  # it fell on 0, where the gradient of a square root has no value
    assert result.stopped[0] == "nonfinite"
    assert float(result.fun) == 0.0


def test_saved_as_numpy(tmp_path):
    result = st.minimize(valley, made("torch", START), method="gd", lr=1e-3, maxiter=3)
    result.save(tmp_path / "run.npz")
    np.testing.assert_array_equal(st.Result.load(tmp_path / "run.npz").x, result.x.numpy())


# ---- rules on the library's own arrays --------

RULES = [
    kind for kind in vars(rules).values() if isinstance(kind, type) and issubclass(kind, Rule) and kind is not Rule
]


def bowl(x):
    return ((x - 1) ** 2 * (x + 2) ** 2).sum() + x.sum() ** 2


@pytest.mark.parametrize("kind", RULES, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("library", ["torch", "jax"])
def test_every_rule_runs_there_as_on_numpy(library, kind):
    start = np.linspace(0.2, 2, 7).astype(np.float64 if library == "torch" else np.float32)
    given = {"method": kind(), "maxiter": 30, "diagnose": False}
    ours = st.minimize(bowl, start, **given)
    theirs = st.minimize(bowl, made(library, start), **given)
    assert theirs.engine.startswith(f"{library} on ")
    tolerance = 1e-11 if library == "torch" else 2e-4
    np.testing.assert_allclose(theirs.history.x, ours.history.x, rtol=tolerance, atol=tolerance)
    for column in ("f", "g_norm", "step"):
        np.testing.assert_allclose(theirs.history[column], ours.history[column], rtol=10 * tolerance, atol=1e-6)
    assert (theirs.nit, theirs.njev, theirs.code) == (ours.nit, ours.njev, ours.code)
    assert theirs.nfev == ours.nfev - ours.nit  # value and gradient come of one call
    assert type(theirs.x) is type(made(library, start))


def test_jax_compiles_once_for_all_values_of_hyperparameters():
    peer("jax")
    ondevice.step_of.cache_clear()
    for lr, beta1 in ((0.1, 0.9), (0.01, 0.5), (lambda t: 0.1 / t, 0.8)):
        st.minimize(bowl, made("jax", np.ones(5)), method=st.Adam(lr=lr, beta1=beta1), maxiter=20)
    assert ondevice.step_of(st.Adam, foreign.library_of(made("jax", [1.0])))._cache_size() == 1


def test_arrays_stay_where_they_are(monkeypatch):
    peer("torch")
    moved = []
    numpy = foreign.Torch.numpy
    monkeypatch.setattr(foreign.Torch, "numpy", lambda self, a: moved.append(a) or numpy(self, a))
    counts = []
    for steps in (50, 150):
        moved.clear()
        result = st.minimize(bowl, made("torch", np.ones(5)), method=st.Adam(lr=1e-4), maxiter=steps, diagnose=False)
        result.history.x  # noqa: B018 (the places are fetched when they are looked at)
        counts.append(len(moved) - steps)
    assert counts[0] == counts[1]  # nothing else comes back, however long the run


def test_an_error_there_keeps_what_was_computed():
    peer("torch")
    calls = []

    def fails(x):
        calls.append(x)
        if len(calls) > 30:
            raise RuntimeError("no more")
        return (x**2).sum()

    with pytest.raises(RuntimeError, match="no more") as caught:
        st.minimize(fails, made("torch", [1.0, 2.0]), method=st.GD(lr=0.1))
    result = caught.value.result
    assert result.nit >= 5
    assert float((result.x**2).sum()) == pytest.approx(result.history["f"].min())


# ---- any other library of the array API; the strict one stands for those with a device, such as CuPy --------


def standard_bowl(x):
    xp = x.__array_namespace__()
    return xp.sum((x - 1) ** 2 * (x + 2) ** 2) + xp.sum(x) ** 2


def standard_gradient(x):
    xp = x.__array_namespace__()
    return 2 * (x - 1) * (x + 2) * (2 * x + 1) + 2 * xp.sum(x)


@pytest.mark.parametrize("kind", RULES, ids=lambda kind: kind.__name__)
def test_every_rule_runs_on_arrays_of_the_standard_with_the_bits_of_numpy(kind):
    strict = pytest.importorskip("array_api_strict")
    start = np.linspace(0.2, 2, 6).reshape(2, 3)
    given = {"method": kind(), "jac": standard_gradient, "maxiter": 30, "diagnose": False}
    ours = st.minimize(standard_bowl, start, **given)
    theirs = st.minimize(standard_bowl, strict.asarray(start), **given)
    assert theirs.engine.startswith("array_api_strict on ")
    assert type(theirs.x) is type(theirs.jac) is type(strict.asarray(start))
    assert theirs.x.shape == (2, 3)
    np.testing.assert_array_equal(theirs.history.x, ours.history.x)
    assert (theirs.nit, theirs.nfev, theirs.njev, theirs.code) == (ours.nit, ours.nfev, ours.njev, ours.code)


@pytest.mark.parametrize("method", [None, "lbfgs", st.Adam(lr=0.05)], ids=str)
@pytest.mark.parametrize("jac", [None, standard_gradient], ids=["differences", "user"])
def test_there_and_back_by_the_standard(method, jac):
    strict = pytest.importorskip("array_api_strict")
    result = st.minimize(standard_bowl, strict.asarray(np.array([0.5, 2.0])), method=method, jac=jac, maxiter=3000)
    assert type(result.x) is type(strict.asarray([1.0]))
    assert result.gradient.startswith("user, proved" if jac else ("forward", "central"))
    assert result.success
    assert float(result.fun) == pytest.approx(st.minimize(standard_bowl, [0.5, 2.0]).fun, rel=1e-5)


def test_arrays_of_the_standard_stay_on_their_device():
    strict = pytest.importorskip("array_api_strict")
    device = strict.Device("device1")
    x0 = strict.asarray(np.array([0.5, 2.0]), device=device)
    seen = set()

    def f(x):
        seen.add(x.device)
        return standard_bowl(x)

    result = st.minimize(f, x0, method=st.Adam(lr=0.01), jac=standard_gradient, maxiter=20)
    assert seen == {device}
    assert result.x.device == device
    assert "device1" in result.engine
