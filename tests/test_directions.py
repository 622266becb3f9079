"""Directions against their theory, against SciPy, and where things go wrong."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import minimize

from steepest.errors import ArgumentError
from steepest.methods.conjugate import ConjugateGradient, HagerZhang
from steepest.methods.directions import BFGS, LBFGS, Pair, pair, sandwiched
from steepest.objective.oracle import Box, Objective, Oracle
from steepest.objective.params import Parameters
from steepest.objective.point import Point

METHODS = [BFGS(), LBFGS(), ConjugateGradient(), HagerZhang()]
EVERY = pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
SEEDS = [1, 2, 3]


class Told:
    """A derivative that is told everything; `right` is the gradient after a refresh."""

    name = report = "told"

    def __init__(self, g, curvatures=None, sigma=None, error=None, right=None):
        self.g, self.curvatures, self.sigma, self.error, self.right = g, curvatures, sigma, error, right
        self.refreshed = 0

    def gradient(self, x, f):
        return self.g(x), None if self.error is None else self.error(x)

    def noise(self, f):
        return 4 * np.finfo(float).eps * abs(f) if self.sigma is None else self.sigma

    def diagonal(self):
        return self.curvatures

    def refresh(self, x, f, noise=True):
        self.refreshed += 1
        changed = self.right is not None
        if changed:
            self.g, self.right = self.right, None
        return changed


def oracle_of(f, g, x0, **more):
    return Oracle(Objective(f, Parameters(x0)), Told(g, **more))


def walk(method, oracle, x0, steps):
    """The loop of steepest.loops.loop, for tests: all (point, memory, lr)."""
    point = oracle(np.array(x0, float))
    memory, path = method.init(point), []
    for t in range(1, steps + 1):
        point, memory, lr = method.step(point, memory, float(t), oracle)
        path.append((point, memory, lr))
        if lr == 0:
            break
    return path


def rosenbrock(x):
    return float(np.sum(100 * (x[1::2] - x[::2] ** 2) ** 2 + (1 - x[::2]) ** 2))


def rosenbrock_gradient(x):
    g, bend = np.empty_like(x), x[1::2] - x[::2] ** 2
    g[::2], g[1::2] = -400 * x[::2] * bend - 2 * (1 - x[::2]), 200 * bend
    return g


def sum_of_squares(residuals, jacobian):
    return (lambda x: float(np.sum(residuals(x) ** 2))), (lambda x: 2 * jacobian(x).T @ residuals(x))


def quadratic(n, condition, seed):
    q = np.linalg.qr(np.random.default_rng(seed).normal(size=(n, n)))[0]
    a = q @ np.diag(np.geomspace(1, condition, n)) @ q.T
    return a, (lambda x: float(x @ a @ x / 2)), (lambda x: a @ x)


# More, Garbow & Hillstrom (1981), numbers 5, 13, 14, with their standard starts; the least value of each is 0
BEALE = sum_of_squares(
    lambda x: np.array([1.5 - x[0] * (1 - x[1]), 2.25 - x[0] * (1 - x[1] ** 2), 2.625 - x[0] * (1 - x[1] ** 3)]),
    lambda x: np.array([[-(1 - x[1] ** k), k * x[0] * x[1] ** (k - 1)] for k in (1, 2, 3)]),
)
POWELL = sum_of_squares(
    lambda x: np.array([x[0] + 10 * x[1], 5**0.5 * (x[2] - x[3]),
                        (x[1] - 2 * x[2]) ** 2, 10**0.5 * (x[0] - x[3]) ** 2]),
    lambda x: np.array([
        [1, 10, 0, 0], [0, 0, 5**0.5, -(5**0.5)],
        [0, 2 * (x[1] - 2 * x[2]), -4 * (x[1] - 2 * x[2]), 0],
        [20 / 10**0.5 * (x[0] - x[3]), 0, 0, -20 / 10**0.5 * (x[0] - x[3])],
    ]),
)  # fmt: skip
WOOD = sum_of_squares(
    lambda x: np.array([10 * (x[1] - x[0] ** 2), 1 - x[0], 90**0.5 * (x[3] - x[2] ** 2), 1 - x[2],
                        10**0.5 * (x[1] + x[3] - 2), (x[1] - x[3]) / 10**0.5]),
    lambda x: np.array([
        [-20 * x[0], 10, 0, 0], [-1, 0, 0, 0], [0, 0, -2 * 90**0.5 * x[2], 90**0.5], [0, 0, -1, 0],
        [0, 10**0.5, 0, 10**0.5], [0, 10**-0.5, 0, -(10**-0.5)],
    ]),
)  # fmt: skip
PROBLEMS = {
    "rosenbrock 2": (rosenbrock, rosenbrock_gradient, np.array([-1.2, 1.0])),
    "rosenbrock 20": (rosenbrock, rosenbrock_gradient, np.tile([-1.2, 1.0], 10) * np.linspace(1, 1.1, 20)),
    "beale": (*BEALE, np.array([1.0, 1.0])),
    "powell": (*POWELL, np.array([3.0, -1.0, 0.0, 1.0])),
    "wood": (*WOOD, np.array([-3.0, -1.0, -3.0, -1.0])),
    "quadratic 1e3": (*quadratic(10, 1e3, 0)[1:], np.ones(10)),
    "quadratic 1e5": (*quadratic(10, 1e5, 1)[1:], np.ones(10)),
}


def evaluations(method, f, g, x0, gap=1e-8):
    """How many values a method asks for until f <= gap f0 (all least values are 0)."""
    oracle = oracle_of(f, g, x0)
    point = oracle(x0)
    memory, goal, t = method.init(point), gap * point.f, 0.0
    while point.f > goal and t < 1500:
        t += 1
        point, memory, lr = method.step(point, memory, t, oracle)
        assert lr > 0
    assert point.f <= goal
    return oracle.nfev


def scipys_evaluations(name, f, g, x0, gap=1e-8):
    values, tight = [], {"BFGS": {"gtol": 1e-14}, "L-BFGS-B": {"gtol": 1e-14, "ftol": 0.0}}
    minimize(lambda x: values.append(f(x)) or values[-1], x0, jac=g, method=name, options=tight[name])
    return next(k for k, value in enumerate(values, 1) if value <= gap * values[0])


@EVERY
@pytest.mark.parametrize("problem", PROBLEMS)
def test_converges(method, problem):
    assert evaluations(method, *PROBLEMS[problem], gap=1e-10) < 1500


@pytest.mark.parametrize(("method", "peer"), [(BFGS(), "BFGS"), (LBFGS(), "L-BFGS-B"), (BFGS(), "L-BFGS-B")])
def test_needs_no_more_evaluations_than_scipy(method, peer):
    ours = [evaluations(method, *problem) for problem in PROBLEMS.values()]
    theirs = [scipys_evaluations(peer, *problem) for problem in PROBLEMS.values()]
    ratio = math.exp(np.mean(np.log(ours) - np.log(theirs)))
    print(
        f"{method.name} / {peer}:",
        dict(zip(PROBLEMS, zip(ours, theirs, strict=True), strict=True)),
        f"{ratio:.2f}",
    )
    assert ratio <= 1.2


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "method", [kind(c2=1.01e-4) for kind in (BFGS, LBFGS, ConjugateGradient, HagerZhang)], ids=repr
)
def test_ends_on_a_quadratic_in_n_steps(method, seed):
    """With (nearly) exact searches all are conjugate directions: Nocedal & Wright (2006), theorem 6.4."""
    n = 6
    _, f, g = quadratic(n, 30.0, seed)
    x0 = np.random.default_rng(seed).normal(size=n)
    path = walk(method, oracle_of(f, g, x0), x0, n)
    assert path[-1][0].f <= 1e-6 * f(x0)  # c2 leaves each search an error of 1e-4 in the slope
    assert path[n // 2][0].f > 1e-5 * f(x0)


@pytest.mark.parametrize("seed", SEEDS)
def test_bfgs_learns_the_inverse_hessian_of_a_quadratic(seed):
    n = 5
    a, f, g = quadratic(n, 30.0, seed)
    x0 = np.random.default_rng(seed).normal(size=n)
    memory = walk(BFGS(c2=1.01e-4), oracle_of(f, g, x0), x0, n + 1)[-1][1]
    np.testing.assert_allclose(memory.gamma * memory.A + memory.B, np.linalg.inv(a), rtol=0.02, atol=0.002)


def test_the_metric_stays_positive_definite():
    f, g, x0 = PROBLEMS["rosenbrock 20"]
    for _, memory, _ in walk(BFGS(), oracle_of(f, g, x0), x0, 150):
        assert np.linalg.eigvalsh(memory.gamma * memory.A + memory.B).min() > 0


@pytest.mark.parametrize("seed", SEEDS)
def test_bfgs_is_the_formula_and_lbfgs_with_all_pairs_is_bfgs(seed):
    """Nocedal & Wright (2006), eq. 6.17 written out from gamma I over all pairs, with eq. 7.20 for gamma."""
    n, rng = 8, np.random.default_rng(seed)
    _, f, g = quadratic(n, 100.0, seed)
    oracle = oracle_of(f, g, np.zeros(n))
    points = [oracle(rng.normal(size=n)) for _ in range(7)]
    dense, limited = BFGS(), LBFGS(memory=n)
    states = [method.init(points[0]) for method in (dense, limited)]
    pairs = []
    for last, point in pairwise(points):
        pairs.append((point.x - last.x, point.g - last.g))
        s, y = pairs[-1]
        h = np.eye(n) * (s @ y) / (y @ y)
        for s, y in pairs:
            v = np.eye(n) - np.outer(y, s) / (s @ y)
            h = v.T @ h @ v + np.outer(s, s) / (s @ y)
        for i, method in enumerate((dense, limited)):
            direction, states[i] = method.update(point, states[i])
            np.testing.assert_allclose(direction, -h @ point.g, rtol=1e-9, atol=1e-9)


def test_sandwich_is_the_product():
    rng = np.random.default_rng(0)
    s, y, m = rng.normal(size=4), rng.normal(size=4), rng.normal(size=(4, 4))
    m, v = m + m.T, np.eye(4) - np.outer(y, s) / (s @ y)
    np.testing.assert_allclose(sandwiched(m, Pair(s, y, s @ y)), v.T @ m @ v, atol=1e-13 * abs(m).max() / (s @ y) ** 2)


@EVERY
@pytest.mark.parametrize(("of_x", "of_f"), [(2.0**20, 1.0), (2.0**-20, 1.0), (1.0, 2.0**33), (1.0, 2.0**-33)])
def test_units_do_not_matter(method, of_x, of_f):
    """x times 1e6 or 1e-6, f times 1e10 or 1e-10: the same run (powers of 2, so that rounding is the same)."""
    x0 = np.array([-1.2, 1.0])
    here = walk(method, oracle_of(rosenbrock, rosenbrock_gradient, x0), x0, 25)
    there = walk(
        method,
        oracle_of(lambda x: of_f * rosenbrock(x / of_x), lambda x: of_f / of_x * rosenbrock_gradient(x / of_x), x0),
        of_x * x0,
        25,
    )
    np.testing.assert_allclose([p.f for p, _, _ in there], [of_f * p.f for p, _, _ in here], rtol=1e-6)


@EVERY
def test_units_of_single_coordinates_do_not_matter_when_curvatures_are_known(method):
    units = np.array([2.0**20, 2.0**-20])
    x0, curvatures = np.array([-1.2, 1.0]), np.array([1330.0, 200.0])
    here = walk(method, oracle_of(rosenbrock, rosenbrock_gradient, x0, curvatures=curvatures), x0, 15)
    oracle = oracle_of(lambda x: rosenbrock(x / units), lambda x: rosenbrock_gradient(x / units) / units, x0,
                       curvatures=curvatures / units**2)  # fmt: skip
    there = walk(method, oracle, units * x0, 15)
    np.testing.assert_allclose([p.f for p, _, _ in there], [p.f for p, _, _ in here], rtol=1e-6)


@EVERY
def test_where_second_derivatives_are_all_of_the_hessian_one_step_does(method):
    curvatures, x0 = np.geomspace(1, 1e4, 10), np.full(10, 0.1)
    told = oracle_of(lambda x: curvatures @ x**2 / 2, lambda x: curvatures * x, x0, curvatures=curvatures)
    path = walk(method, told, x0, 1)
    assert path[0][0].f < 1e-25
    assert told.nfev == 2  # the start and the first trial


@pytest.mark.parametrize("curvatures", [[2.0, 0.0], [math.nan, 4.0], [math.inf, -4.0]])
@EVERY
def test_curvatures_of_any_value_are_survived(method, curvatures):
    x0 = np.array([3.0, -2.0])
    f, g = (lambda x: x[0] ** 2 + 2 * x[1] ** 2), (lambda x: np.array([2 * x[0], 4 * x[1]]))
    path = walk(method, oracle_of(f, g, x0, curvatures=np.array(curvatures)), x0, 30)
    assert path[-1][0].f < 1e-10 * f(x0)


@pytest.mark.parametrize("kind", [BFGS, LBFGS])
@pytest.mark.parametrize("sigma", [1e-6, 1e-4])
def test_under_noise_it_ends_within_a_few_sigma(kind, sigma):
    """Gradients are as uncertain as central differences of such values are at best, and their bounds are told."""
    gaps = []
    for seed in range(7):
        rng = np.random.default_rng(seed)
        x0, curvatures = np.array([-1.2, 1.0]), np.array([1330.0, 200.0])

        def error(x):
            return 1.04 * np.cbrt(sigma**2 * np.array([2400 * abs(x[0]) + 1, 100.0]))

        oracle = oracle_of(
            lambda x, rng=rng: rosenbrock(x) + sigma * rng.normal(),
            lambda x, rng=rng: rosenbrock_gradient(x) + error(x) * rng.uniform(-1, 1, 2),
            x0, curvatures=curvatures, sigma=sigma, error=error,
        )  # fmt: skip
        path = walk(kind(), oracle, x0, 100)
        assert oracle.nfev < 600
        gaps.append(rosenbrock(path[-1][0].x) / sigma)
    assert np.median(gaps) < 3


def test_a_pair_within_the_noise_of_the_gradients_is_not_learned():
    s, y = np.array([1e-3, 0.0]), np.array([1e-3, 0.5])
    error = np.array([2e-4, 9.0])  # the second coordinate did not move: its error says nothing about s'y

    def points(error):
        return Point(s, 0.0, y, error), Point(np.zeros(2), 0.0, np.zeros(2), error)

    assert pair(*points(None)).sy == 1e-6
    assert pair(*points(error)).sy == 1e-6
    assert pair(*points(2 * error)) is None
    new, last = points(None)
    assert pair(last, Point(new.x, 0.0, -new.g)) is None  # curvature below zero


@EVERY
def test_a_wrong_gradient_is_refreshed(method):
    x0 = np.array([-1.2, 1.0])
    oracle = oracle_of(rosenbrock, lambda x: -rosenbrock_gradient(x), x0, right=rosenbrock_gradient)
    path = walk(method, oracle, x0, 300)
    assert oracle.derivative.refreshed >= 1
    assert min(point.f for point, _, _ in path) < 1e-10


@EVERY
def test_where_no_search_succeeds_it_stays_and_says_so(method):
    x0 = np.array([-1.2, 1.0])
    oracle = oracle_of(rosenbrock, lambda x: -rosenbrock_gradient(x), x0)
    ((point, _, lr),) = walk(method, oracle, x0, 10)
    assert lr == 0.0
    assert (point.x == x0).all()
    assert oracle.derivative.refreshed == 2
    assert oracle.nfev <= 1 + 2 * 20 + 1  # two searches, and one value that tells whether this is a kink


@EVERY
def test_at_a_zero_gradient_nothing_is_asked(method):
    oracle = oracle_of(lambda x: x @ x, lambda x: 2 * x, np.zeros(2))
    ((_, _, lr),) = walk(method, oracle, [0.0, 0.0], 10)
    assert lr == 0.0
    assert oracle.nfev == 1
    assert oracle.derivative.refreshed == 0


@EVERY
@pytest.mark.parametrize("height", [1e-300, 1e-160, 1e150, 1e300])
def test_heights_near_the_ends_of_the_floats_do_no_harm(method, height):
    """Where products overflow or vanish nothing is learned, but nothing breaks and nothing gets worse."""
    x0 = np.array([-1.2, 1.0])
    oracle = oracle_of(lambda x: height * rosenbrock(x), lambda x: height * rosenbrock_gradient(x), x0)
    path = walk(method, oracle, x0, 50)
    assert path[-1][0].f <= height * rosenbrock(x0)
    assert np.isfinite(path[-1][0].x).all()


@EVERY
@pytest.mark.parametrize("beyond", [math.nan, math.inf])
def test_steps_back_from_outside_the_domain(method, beyond):
    def f(x):
        return float(np.sum(x - np.log(x))) if (x > 0).all() else beyond

    def g(x):
        return 1 - 1 / x if (x > 0).all() else np.full(2, np.nan)

    path = walk(method, oracle_of(f, g, np.ones(2)), [20.0, 1e-3], 60)
    np.testing.assert_allclose(min((p for p, _, _ in path), key=lambda p: p.f).x, 1.0, atol=1e-5)


@EVERY
def test_within_bounds(method):
    """The oracle projects points and gradients; at x0 <= 0.5 the least of Rosenbrock's function is at (0.5, 0.25)."""
    x0 = np.array([-1.2, 1.0])
    low, high = np.array([-2.0, -2.0]), np.array([0.5, 2.0])
    oracle = Box(Objective(rosenbrock, Parameters(x0)), Told(rosenbrock_gradient), low, high)
    path = walk(method, oracle, x0, 100)
    np.testing.assert_allclose(path[-1][0].x, [0.5, 0.25], atol=1e-6)


@EVERY
def test_a_step_has_no_memory_but_its_memory(method):
    """The same point and memory give the same step again, so a run can be continued from any of its iterates."""
    x0 = np.array([-1.2, 1.0])
    oracle = oracle_of(rosenbrock, rosenbrock_gradient, x0)
    path = walk(method, oracle, x0, 12)
    point, memory, _ = path[5]
    for expected, _, lr in path[6:]:
        point, memory, again = method.step(point, memory, 1.0, oracle)
        assert (point.x == expected.x).all()
        assert again == lr


@EVERY
def test_float32_stays_float32(method):
    x0 = np.array([-1.2, 1.0], np.float32)
    oracle = oracle_of(rosenbrock, rosenbrock_gradient, x0)
    point = oracle(x0)
    memory = method.init(point)
    for t in range(1, 40):
        point, memory, _ = method.step(point, memory, float(t), oracle)
        assert point.x.dtype == np.float32
    assert point.f < 1e-3


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: BFGS(c2=1.0), "BFGS: c2=1.0; expected a number between 0.0001 and 1"),
        (lambda: LBFGS(memory=0), "LBFGS: memory=0; expected a whole number"),
        (lambda: ConjugateGradient(c2=math.nan), "c2=nan"),
        (lambda: HagerZhang(c2="tight"), "c2='tight'"),
    ],
)
def test_errors_name_the_argument(make, words):
    with pytest.raises(ArgumentError) as caught:
        make()
    assert words in str(caught.value)
