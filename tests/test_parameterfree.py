"""Methods without a rate: = optax, = the papers by hand, and what the papers prove about them."""

from __future__ import annotations

import math
import pickle
from itertools import islice, pairwise

import numpy as np
import pytest

import steepest as st
from conftest import peer
from steepest.errors import ArgumentError
from steepest.expression import latex_name
from steepest.formula import formula
from steepest.loops.loop import descend
from steepest.methods.parameterfree import DAdaptAdam, DAdaptGD, DoG, DoWG, Prodigy
from steepest.minimize import descend_from
from steepest.objective.point import Point

KINDS = [DoG, DoWG, DAdaptGD, DAdaptAdam, Prodigy]
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


def rotated(n, condition):
    """A rotated quadratic, its minimum away from 0."""
    rng = np.random.default_rng(n)
    q = np.linalg.qr(rng.normal(size=(n, n)))[0]
    a, centre = q @ np.diag(np.logspace(0, math.log10(condition), n)) @ q.T, rng.normal(size=n)
    return (
        (lambda x: 0.5 * (x - centre) @ a @ (x - centre)),
        (lambda x: a @ (x - centre)),
        np.zeros(n),
        centre,
    )


def logistic():
    rng = np.random.default_rng(5)
    data = rng.normal(size=(60, 4)) * [0.3, 1, 2, 5]
    labels = np.sign(data @ [1.0, -1, 0.5, 0.2] + rng.normal(size=60))
    data = data * labels[:, None]
    f = lambda x: np.logaddexp(0, -data @ x).mean() + 0.005 * x @ x
    return f, lambda x: -(data / (1 + np.exp(data @ x))[:, None]).mean(0) + 0.01 * x, np.zeros(4)


def rosenbrock():
    f = lambda x: (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
    g = lambda x: np.array([-2 * (1 - x[0]) - 400 * x[0] * (x[1] - x[0] ** 2), 200 * (x[1] - x[0] ** 2)])
    return f, g, np.array([-1.2, 1.0])


def quartic():
    return (lambda x: np.sum(x**4 + np.sin(x))), (lambda x: 4 * x**3 + np.cos(x)), np.linspace(-2, 2, 12)


def distances():
    """A smooth sum of distances (pseudo-Huber): the gradient hardly fades far away."""
    rng = np.random.default_rng(7)
    root, centre = rng.normal(size=(8, 5)), rng.normal(size=5)
    f = lambda x: np.sqrt(1 + (root @ (x - centre)) ** 2).sum()
    return f, lambda x: root.T @ ((r := root @ (x - centre)) / np.sqrt(1 + r**2)), np.zeros(5)


PROBLEMS = {"quadratic": rotated(10, 100.0)[:3], "logistic": logistic(), "distances": distances()}
CHAOTIC = {"rosenbrock": rosenbrock(), "quartic": quartic()}  # one ulp in x0 becomes up to 0.05 in 200 steps


def walk(method, f, g, x0, steps):
    return np.array([now.point.x for now in islice(descend_from(f, x0, method, jac=g), steps + 1)])


def corrected(t):
    """Adam's bias correction, which optax always applies to lr."""
    return math.sqrt(1 - 0.999**t) / (1 - 0.9**t)


# Ours, and optax's words for the same: its eps in DoG and DoWG and the first distance are constants of its own,
# the papers have none and one that depends on x0.
PAIRS = {
    "DoG": (lambda x0: DoG(), lambda o, x0: o.dog(init_step=("heuristic", 1e-6), eps=0.0)),
    "DoWG": (
        lambda x0: DoWG(distance=1e-4),
        lambda o, x0: o.dowg(init_estim_sq_dist=(1e-4 * (1 + np.linalg.norm(x0))) ** 2, eps=0.0),
    ),
    "DAdaptAdam": (lambda x0: DAdaptAdam(lr=corrected), lambda o, x0: o.dadapt_adamw()),
    "Prodigy": (lambda x0: Prodigy(lr=corrected, eps=0.0), lambda o, x0: o.prodigy(eps=0.0)),
}


def optax_walk(build, g, x0, steps):
    """The trajectory of an optimiser of optax, shape (steps + 1, n)."""
    jax, contrib = peer("jax"), peer("optax.contrib")
    with jax.enable_x64(True):
        optimiser = build(contrib, x0)
        p = jax.numpy.asarray(x0)
        state, update = optimiser.init(p), jax.jit(optimiser.update)
        xs = [x0]
        for _ in range(steps):
            change, state = update(jax.numpy.asarray(g(np.asarray(p))), state, p)
            p = p + change
            xs.append(np.asarray(p))
    return np.array(xs)


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("name", PAIRS)
def test_trajectory_equals_optax(name, problem):
    f, g, x0 = PROBLEMS[problem]
    ours, theirs = PAIRS[name]
    np.testing.assert_allclose(walk(ours(x0), f, g, x0, 200), optax_walk(theirs, g, x0, 200), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("problem", CHAOTIC)
@pytest.mark.parametrize("name", PAIRS)
def test_each_step_of_a_chaotic_run_equals_optax(name, problem):
    """Each step is made from the place where optax is, with our own memory of all steps before."""
    f, g, x0 = CHAOTIC[problem]
    ours, theirs = PAIRS[name]
    method, xs = ours(x0), optax_walk(theirs, g, x0, 200)
    memory = method.init(next(descend_from(f, x0, method, jac=g)).point)
    for t, (x, after) in enumerate(pairwise(xs), start=1):
        lr = method.lr(t) if callable(method.lr) else method.lr
        step, memory, _ = method.move(x, g(x), memory, lr, float(t))
        np.testing.assert_allclose(x + step, after, rtol=1e-12, atol=1e-12)


def test_d_adaptation_by_hand():
    """Algorithm 2 written out, with G the norm of the first gradient."""
    f, g, x0, _ = rotated(4, 10.0)
    x, d, s, gradients, rates = x0, 1e-3, 0.0, [], []
    xs = [x]
    for _ in range(50):
        gradients.append(g(x))
        bound = np.linalg.norm(gradients[0]) ** 2
        rates.append(d / np.sqrt(bound + sum(h @ h for h in gradients)))
        s = s + rates[-1] * gradients[-1]
        d_hat = (s @ s - sum(r**2 * h @ h for r, h in zip(rates, gradients, strict=True))) / (2 * np.linalg.norm(s))
        d = max(d, d_hat)
        x = x - rates[-1] * gradients[-1]
        xs.append(x)
    np.testing.assert_allclose(walk(DAdaptGD(distance=1e-3), f, g, x0, 50), xs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_the_estimate_of_d_adaptation_never_exceeds_the_distance(seed):
    """Defazio & Mishchenko (2023) prove it a lower bound for convex f; and here it becomes a good one."""
    rng = np.random.default_rng(seed)
    root, centre = rng.normal(size=(6, 6)), 10 * rng.normal(size=6)
    f = lambda x: np.sum((root @ (x - centre)) ** 2)
    memories = [now.memory[0] for now in islice(descend_from(f, np.zeros(6), DAdaptGD()), 500)]
    assert np.all(np.diff(memories) >= 0)
    assert 0.1 * np.linalg.norm(centre) < memories[-1] <= np.linalg.norm(centre)


@every_kind
class TestEveryKind:
    @pytest.mark.parametrize("condition", [1.0, 100.0])
    def test_it_needs_no_rate(self, kind, condition):
        """From 1e-6 of the way, without a number from the caller, to 1e-3 of the first gap."""
        f, g, x0, _ = rotated(10, condition)
        xs = walk(kind(), f, g, x0, 3000)
        assert min(f(x) for x in xs) < 1e-3 * f(x0)

    def test_the_unit_of_f_does_not_matter(self, kind):
        f, g, x0, _ = rotated(5, 10.0)
        method = kind(eps=0.0) if kind in (DAdaptAdam, Prodigy) else kind()
        plain = walk(method, f, g, x0, 100)
        for unit in (2.0**-30, 2.0**30):
            scaled = walk(method, lambda x, unit=unit: unit * f(x), lambda x, unit=unit: unit * g(x), x0, 100)
            np.testing.assert_allclose(scaled, plain, rtol=1e-9, atol=1e-12)

    def test_continuation(self, kind):
        """Stopped after 20 steps and continued, bit for bit the run that was not stopped."""
        f, g, x0, _ = rotated(5, 10.0)
        whole = list(islice(descend_from(f, x0, kind(), jac=g), 41))
        half = whole[20]
        rest = list(islice(descend(half.point.oracle, half, pickle.loads(pickle.dumps(kind()))), 21))
        assert all(np.array_equal(a.point.x, b.point.x) for a, b in zip(whole[20:], rest, strict=True))

    def test_float32_stays_float32(self, kind):
        f, g, x0, _ = rotated(4, 4.0)
        start = x0.astype(np.float32)
        xs = walk(kind(), lambda x: f(x.astype(float)), lambda x: g(x).astype(np.float32), start, 2000)
        assert xs.dtype == np.float32
        assert min(f(x) for x in xs) < 1e-2 * f(x0)

    def test_shapes(self, kind):
        x0 = {"w": np.ones((2, 3)), "b": 5.0}
        fun = lambda p: np.sum(p["w"] ** 2) + p["b"] ** 2
        result = st.minimize(fun, x0, method=kind(), maxiter=2000)
        assert result.x["w"].shape == (2, 3)
        assert result.fun < 0.1 * fun(x0)

    def test_at_a_solved_point_it_stays(self, kind):
        xs = walk(kind(), lambda x: x @ x, lambda x: 2 * x, np.zeros(3), 5)
        assert not xs.any()

    def test_a_huge_gradient_does_not_raise(self, kind):
        method, start = kind(), np.ones(3)
        memory = method.init(Point(start, 0.0, np.full(3, 1e180)))
        with np.errstate(all="ignore"):
            for t in (1.0, 2.0):
                _, memory, _ = method.move(start, np.full(3, 1e180), memory, 1.0, t)

    def test_lines_can_be_read(self, kind):
        for left, right in kind.lines():
            names = ["x", "g", "t", *vars(kind()), *(name for name, _ in kind.lines()), "x0", "v", "total"]
            assert formula(right, variables=tuple(dict.fromkeys(names))).latex
            assert latex_name(left)
        assert any(left == "step" for left, _ in kind.lines())

    def test_it_says_what_it_is(self, kind):
        assert repr(kind()).startswith(f"{kind.__name__}(lr=1.0, ")
        assert any(str(year) in kind.__doc__ for year in (2023, 2024))
        assert pickle.loads(pickle.dumps(kind())) == kind()

    @pytest.mark.parametrize("wrong", [{"lr": 0.0}, {"lr": math.nan}, {"distance": -1.0}, {"distance": 0.0}])
    def test_impossible_numbers_are_named(self, kind, wrong):
        with pytest.raises(ArgumentError, match=f"{kind.__name__}: {next(iter(wrong))}="):
            kind(**wrong)


@pytest.mark.parametrize("kind", [DAdaptAdam, Prodigy])
@pytest.mark.parametrize("wrong", [{"beta1": 1.0}, {"beta2": -0.1}, {"eps": -1e-8}])
def test_impossible_moments_are_named(kind, wrong):
    with pytest.raises(ArgumentError, match=f"{next(iter(wrong))}="):
        kind(**wrong)
