"""How many gradients does each length policy need along -g, against the best constant rate of a grid?

Twelve deterministic problems; solved when f - f* <= 1e-4 (f0 - f*) within 3000 gradients ("-" if not). f* is the
closed form, or what long runs of SciPy find. Quadratics are rotated: axis-aligned ones flatter everybody. The
grid has four rates a decade from 1e-9 to 1e9; it is charged only the gradients of its best rate, not its search.

Run: python benchmarks/lengths.py [--quick] [--seed 7]    (another seed: other data in the random ones)
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from steepest.methods.lengths import AdGD, Armijo, Length, Polyak, Wolfe
from steepest.methods.spectral import BarzilaiBorwein
from steepest.objective.oracle import Objective, Oracle
from steepest.objective.params import Parameters

BUDGET, GAP = 3000, 1e-4
RATES = 10.0 ** np.arange(-9, 9.01, 0.25)


@dataclass(frozen=True)
class Problem:
    """A function, its gradient, where to start, and the least value."""

    f: Callable[[np.ndarray], float]
    g: Callable[[np.ndarray], np.ndarray]
    start: np.ndarray
    least: float

    @property
    def goal(self) -> float:
        """The value that counts as solved."""
        return self.least + GAP * (self.f(self.start) - self.least)


class Exact:
    """The derivative that a problem brings."""

    name = report = "exact"

    def __init__(self, g: Callable[[np.ndarray], np.ndarray]):
        self.g = g

    def gradient(self, x: np.ndarray, f: float) -> tuple[np.ndarray, None]:
        return self.g(x), None

    def noise(self, f: float) -> float:
        return 4 * np.finfo(float).eps * abs(f)

    def diagonal(self) -> None:
        return None

    def refresh(self, x: np.ndarray, f: float) -> bool:
        return False


def known_by_descent(f, g, start) -> Problem:
    """A problem whose least value has no closed form."""
    x = start
    for method in ("L-BFGS-B", "BFGS", "L-BFGS-B", "BFGS"):
        x = minimize(f, x, jac=g, method=method, options={"maxiter": 20_000}).x
    return Problem(f, g, start, float(f(x)))


def quadratic(condition: float, rng: np.random.Generator, height: float = 1.0, n: int = 10) -> Problem:
    q = np.linalg.qr(rng.normal(size=(n, n)))[0]
    a = q @ np.diag(np.geomspace(1, condition, n)) @ q.T
    return Problem(lambda x: height * x @ a @ x / 2, lambda x: height * a @ x, rng.normal(size=n), 0.0)


def rosenbrock() -> Problem:
    def g(x):
        return np.array([-2 * (1 - x[0]) - 400 * x[0] * (x[1] - x[0] ** 2), 200 * (x[1] - x[0] ** 2)])

    return Problem(lambda x: (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2, g, np.array([-1.2, 1.0]), 0.0)


def logistic(scales: np.ndarray, rng: np.random.Generator, samples: int = 200) -> Problem:
    """Logistic regression on features of these scales."""
    features = rng.normal(size=(samples, scales.size)) * scales
    truth = rng.normal(size=scales.size) / scales
    signs = np.where(rng.random(samples) < 1 / (1 + np.exp(-features @ truth)), 1.0, -1.0)

    def g(w):
        return -features.T @ (signs * (1 - np.tanh(signs * (features @ w) / 2)) / 2) / samples

    return known_by_descent(lambda w: np.mean(np.logaddexp(0, -signs * (features @ w))), g, np.zeros(scales.size))


def network(rng: np.random.Generator) -> Problem:
    """The fit of z = y sin x by 2-8-1 tanh units: 33 weights."""
    inputs = rng.uniform(-2, 2, size=(100, 2))
    target = np.sin(inputs[:, 0]) * inputs[:, 1]

    def forward(p):
        hidden = np.tanh(inputs @ p[:16].reshape(2, 8) + p[16:24])
        return hidden, hidden @ p[24:32] + p[32] - target

    def g(p):
        hidden, residual = forward(p)
        back = 2 * residual / target.size
        inner = np.outer(back, p[24:32]) * (1 - hidden**2)
        return np.concatenate([(inputs.T @ inner).ravel(), inner.sum(0), hidden.T @ back, [back.sum()]])

    return known_by_descent(lambda p: np.mean(forward(p)[1] ** 2), g, rng.normal(size=33) / 2)


def twelve(seed: int = 0) -> dict[str, Problem]:
    """The problems, with data drawn from `seed`."""

    def rng(k: int) -> np.random.Generator:
        return np.random.default_rng([seed, k])

    return {
        "bowl": Problem(lambda x: x @ x, lambda x: 2 * x, np.array([3.0, 2.0]), 0.0),
        "k=1e2": quadratic(1e2, rng(0)),
        "k=1e4": quadratic(1e4, rng(1)),
        "k=1e6": quadratic(1e6, rng(2)),
        "f*1e6": quadratic(1e2, rng(0), 1e6),
        "f*1e-6": quadratic(1e2, rng(0), 1e-6),
        "rosenbrock": rosenbrock(),
        "logistic": logistic(np.ones(10), rng(3)),
        "unscaled": logistic(np.geomspace(1, 100, 10), rng(3)),
        "x cos pi x": known_by_descent(
            lambda x: float(x[0] * np.cos(np.pi * x[0])),
            lambda x: np.cos(np.pi * x) - np.pi * x * np.sin(np.pi * x),
            np.array([-0.9]),
        ),
        "saddle": Problem(
            lambda x: x[0] ** 2 + (x[1] ** 2 - 1) ** 2 / 4,
            lambda x: np.array([2 * x[0], x[1] * (x[1] ** 2 - 1)]),
            np.array([1.0, 1e-3]),
            0.0,
        ),
        "network": network(rng(4)),
    }


def gradients(problem: Problem, policy: Length) -> tuple[float, int]:
    """How many gradients a policy takes to solve a problem (inf: it does not), and how many values."""
    oracle = Oracle(Objective(problem.f, Parameters(problem.start)), Exact(problem.g))
    point, goal = oracle(problem.start), problem.goal
    state, t = policy.init(point, oracle), 0.0
    while oracle.njev < BUDGET:
        t += 1
        point, lr, state = policy.advance(point, -point.g, state, t, oracle)
        if point.f <= goal:
            return oracle.njev, oracle.nfev
        if lr == 0:
            break
    return math.inf, oracle.nfev


def best_constant(problem: Problem, rates: np.ndarray) -> float:
    """The fewest gradients of any constant rate."""
    best, goal = math.inf, problem.goal
    with np.errstate(all="ignore"):  # most rates are far too large
        for rate in rates:
            x, k = problem.start, 0
            while k < min(best - 1, BUDGET) and np.isfinite(x).all():
                x, k = x - rate * problem.g(x), k + 1
                if problem.f(x) <= goal:
                    best = k
                    break
    return best


POLICIES = {
    "auto": BarzilaiBorwein(),
    "Barzilai-Borwein 1988": BarzilaiBorwein(short=0.0),
    "AdGD": AdGD(),
    "Armijo": Armijo(),
    "Wolfe": Wolfe(),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="few rates and problems: proves that it starts")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    problems, rates = twelve(chosen.seed), RATES
    if chosen.quick:
        problems, rates = {name: problems[name] for name in ("bowl", "k=1e2", "saddle")}, RATES[::8]
    print(f"{'gradients (values)':22}" + "".join(f"{name:>12}" for name in problems))
    for name in [*POLICIES, "Polyak, f* given"]:
        cells = []
        for problem in problems.values():
            count, values = gradients(problem, POLICIES.get(name) or Polyak(problem.least))
            cells.append(f"{count:.0f} ({values})" if count < math.inf else "-")
        print(f"{name:22}" + "".join(f"{cell:>12}" for cell in cells), flush=True)
    constant = {name: best_constant(problem, rates) for name, problem in problems.items()}
    cells = [f"{count:.0f}" if count < math.inf else "-" for count in constant.values()]
    print(f"{'best constant rate':22}" + "".join(f"{cell:>12}" for cell in cells))
    auto = {name: gradients(problem, POLICIES["auto"])[0] for name, problem in problems.items()}
    both = [name for name in problems if constant[name] < math.inf and auto[name] < math.inf]
    for label, names in (("solved by both", both), ("all, unsolved = 3000", list(problems))):
        logs = [math.log(min(constant[name], BUDGET) / min(auto[name], BUDGET)) for name in names]
        print(f"auto is {math.exp(np.mean(logs)):.2f} times as fast as the best constant rate ({label})")


if __name__ == "__main__":
    main()
