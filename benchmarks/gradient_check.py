"""How many planted errors the proof of a gradient finds, how often it accuses a right one, what it costs.

    python benchmarks/gradient_check.py              # 1000 right gradients and 1000 of each error: a minute
    python benchmarks/gradient_check.py --count 50   # seconds

Random functions of 1..60 numbers, none of which the thresholds were tuned on: neural networks, mixtures,
likelihoods, chains, rational and trigonometric sums, half of them in mixed units (factors 1e-6..1e6 per
coordinate), a third with zeros in x. "Open" means that nothing was claimed either way. The noisy ones are the
same functions with a random error of 1e-8..1e-2 of their value added; there a wrong component is hidden when
its share of the slope is below the noise, so only false alarms count.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable

import autograd.numpy as anp
import numpy as np
from autograd import grad

from steepest.derivatives.check import prove
from steepest.objective.oracle import Objective
from steepest.objective.params import Parameters

Function = Callable[[np.ndarray], float]
Gradient = Callable[[np.ndarray], np.ndarray]


def network(rng: np.random.Generator, n: int) -> Function:
    inputs, targets = rng.standard_normal((20, n)), rng.standard_normal(20)
    hidden = rng.standard_normal((n, 3)) / np.sqrt(n)
    return lambda x: anp.mean((anp.tanh(inputs @ (x[:, None] * hidden)).sum(axis=1) - targets) ** 2)


def mixture(rng: np.random.Generator, n: int) -> Function:
    centres = rng.standard_normal((5, n))
    return lambda x: -anp.log(anp.sum(anp.exp(-anp.sum((x - centres) ** 2, axis=1) / (2 * n))))


def poisson(rng: np.random.Generator, n: int) -> Function:
    design, counts = rng.uniform(-1, 1, (40, n)) / np.sqrt(n), rng.integers(0, 9, 40)
    return lambda x: anp.sum(anp.exp(design @ x) - counts * (design @ x))


def chain(rng: np.random.Generator, n: int) -> Function:
    stiffness = rng.uniform(0.5, 20, n)
    return lambda x: anp.sum(stiffness * (x**2 - 1) ** 2) + anp.sum((x[1:] - x[:-1] * x[1:]) ** 2)


def rational(rng: np.random.Generator, n: int) -> Function:
    weights, shifts = rng.uniform(0.1, 2, n), rng.standard_normal(n)
    return lambda x: anp.sum(weights * x / (1 + (x - shifts) ** 2)) + anp.prod(1 + 0.1 * anp.sin(x) / n)


def trigonometric(rng: np.random.Generator, n: int) -> Function:
    matrix, phases = rng.uniform(-2, 2, (n, n)) / np.sqrt(n), rng.uniform(0, 6, n)
    return lambda x: anp.sum(anp.cos(matrix @ x + phases) ** 2) + 0.05 * anp.sum(x**2)


FUNCTIONS = [network, mixture, poisson, chain, rational, trigonometric]


def sign(g: Gradient, rng: np.random.Generator, i: int) -> Gradient:
    return lambda x: -g(x)


def factor(g: Gradient, rng: np.random.Generator, i: int) -> Gradient:
    c = rng.choice([0.5, 2, np.pi, 1 / np.pi, 1.1])
    return lambda x: c * g(x)


def one_percent(g: Gradient, rng: np.random.Generator, i: int) -> Gradient:
    return lambda x: np.where(np.arange(x.size) == i, 1.01, 1.0) * g(x)


def missing(g: Gradient, rng: np.random.Generator, i: int) -> Gradient:
    return lambda x: np.where(np.arange(x.size) == i, 0.0, 1.0) * g(x)


def right(g: Gradient, rng: np.random.Generator, i: int) -> Gradient:
    return g


def trial(plant: Callable[..., Gradient], seed: int, noisy: bool) -> tuple[bool | None, int]:
    """One random function, its gradient with one planted error: what the proof says, and what it cost."""
    rng = np.random.default_rng(seed)
    n = int(rng.choice([1, 2, 3, 5, 8, 15, 30, 60]))
    inner = FUNCTIONS[seed % len(FUNCTIONS)](rng, n)
    exact = grad(inner)
    units = 10.0 ** rng.uniform(-6, 6, n) if rng.random() < 0.5 else np.ones(n)
    x = rng.standard_normal(n)
    if rng.random() < 1 / 3:
        x[rng.random(n) < 0.3] = 0.0
    x = x / units
    size = 10.0 ** rng.uniform(-8, -2) * abs(inner(x * units)) if noisy else 0.0
    dice = np.random.default_rng(seed + 1)
    objective = Objective(lambda x: float(inner(x * units)) + size * dice.standard_normal(), Parameters(x))
    g = plant(lambda x: exact(x * units) * units, rng, int(rng.integers(n)))
    proof = prove(g, objective, x, objective(x), rng=rng)
    return proof.agrees, objective.nfev


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--quick", action="store_const", const=10, dest="count", help="10 functions a row")
    options = parser.parse_args()
    print(f"{'planted':>16} {'found':>7} {'passed':>7} {'open':>6} {'evaluations':>12}")
    for name, plant, noisy in (
        ("nothing", right, False),
        ("nothing, noisy f", right, True),
        ("sign", sign, False),
        ("factor", factor, False),
        ("1 % in one", one_percent, False),
        ("one missing", missing, False),
    ):
        seeds = range(options.seed * 10_000, options.seed * 10_000 + options.count)
        outcomes = [trial(plant, seed, noisy) for seed in seeds]
        said = Counter(agrees for agrees, _ in outcomes)
        share = {outcome: said[outcome] / options.count for outcome in (False, True, None)}
        cost = np.mean([nfev for _, nfev in outcomes])
        print(f"{name:>16} {share[False]:>7.1%} {share[True]:>7.1%} {share[None]:>6.1%} {cost:>12.0f}")


if __name__ == "__main__":
    main()
