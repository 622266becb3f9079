"""Noisy values and gradients, 1000 calls: `minimize(..., stochastic=True)` beside peers that need no tuning either.

``python benchmarks/stochastic.py`` prints, for the tasks that it was not developed on, how many each method solves
(noise-free gap at its end <= 1e-2 of that at the start), the mean decade of the gap (cut at 1e-8 and 1e2), and how
often it ends above the start. ``--set tuning`` shows those that it was developed on. The peers are Adam (Kingma & Ba
2015, rate 0.1) and Prodigy (Mishchenko & Defazio 2024), both with cosine decay; Mechanic (Cutkosky, Defazio & Mehta
2023, Algorithm 1 with the authors' clipping) around Adam with cosine decay; COCOB (Orabona & Tommasi 2017,
Algorithm 2). They return their last place.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

import steepest as st

CALLS = 1000
SOLVED = 1e-2

Function = Callable[[np.ndarray], tuple[float, np.ndarray]]
Oracle = Callable[[np.ndarray], tuple[float, np.ndarray]]


class Shape(NamedTuple):
    """A function with its gradient, a start, and its lowest value (or the nearest valley's)."""

    name: str
    both: Function
    x0: np.ndarray
    lowest: float = 0.0


# --- shapes ---------------------------------------------------------------------------------------------------


def rotation(n: int, seed: int) -> np.ndarray:
    """An orthogonal matrix."""
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(n, n)))[0]


def quadratic(n: int, condition: float, seed: int = 0, rotated: bool = True) -> Function:
    """Curvatures from 1 to `condition`."""
    q = rotation(n, seed) if rotated else np.eye(n)
    a = q @ np.diag(np.logspace(0, math.log10(condition), n)) @ q.T
    return lambda x: (0.5 * float(x @ a @ x), a @ x)


def rosenbrock(x: np.ndarray) -> tuple[float, np.ndarray]:
    """The curved valley."""
    a, b = x
    f = (1 - a) ** 2 + 100 * (b - a * a) ** 2
    return float(f), np.array([-2 * (1 - a) - 400 * a * (b - a * a), 200 * (b - a * a)])


def ridge(sharp: float, along: np.ndarray) -> Function:
    """A sharp fold across a flat bowl."""
    u = along / np.linalg.norm(along)

    def both(x: np.ndarray) -> tuple[float, np.ndarray]:
        p = float(u @ x)
        root = math.sqrt(p * p + 1e-4)
        return sharp * (root - 1e-2) + 0.05 * float(x @ x), sharp * p / root * u + 0.1 * x

    return both


def bump(x: np.ndarray) -> tuple[float, np.ndarray]:
    """A plateau with a hole."""
    e = math.exp(-0.5 * float(x @ x))
    return 1 - e, e * x


def sigmoid_plateau(x: np.ndarray) -> tuple[float, np.ndarray]:
    """Flat far away, as squared errors of a sigmoid are."""
    s = x * x / (1 + x * x)
    return float(s.sum()), 2 * x / (1 + x * x) ** 2


def cauchy(x: np.ndarray) -> tuple[float, np.ndarray]:
    """log(1 + x'x): ever flatter outwards."""
    r = 1 + float(x @ x)
    return math.log(r), 2 * x / r


def wall(x: np.ndarray) -> tuple[float, np.ndarray]:
    """A bowl with a wall a hundred times as steep."""
    over = np.maximum(np.abs(x) - 2, 0)
    return float((0.5 * x * x + 50 * over**2).sum()), x + 100 * over * np.sign(x)


def exponential(x: np.ndarray) -> tuple[float, np.ndarray]:
    """exp(x) - x - 1: a cliff on one side, a slope on the other."""
    e = np.exp(np.minimum(x, 50.0))
    return float((e - x - 1).sum()), e - 1


def quartic(x: np.ndarray) -> tuple[float, np.ndarray]:
    """x^4 + x^2/2."""
    return float((x**4 + 0.5 * x * x).sum()), 4 * x**3 + x


def absolute(weights: np.ndarray) -> Function:
    """The weighted sum of |x|."""
    return lambda x: (float(weights @ np.abs(x)), weights * np.sign(x))


def cone(x: np.ndarray) -> tuple[float, np.ndarray]:
    """|x|, the norm."""
    r = float(np.linalg.norm(x))
    return r, x / r if r else x


def double_well(x: np.ndarray) -> tuple[float, np.ndarray]:
    """Two valleys in each coordinate."""
    return float((0.25 * (x * x - 1) ** 2).sum()), x * (x * x - 1)


def saddle(turn: np.ndarray) -> Function:
    """u^2/2 - v^2/2 + v^4/4, turned."""

    def both(x: np.ndarray) -> tuple[float, np.ndarray]:
        u, v = turn @ x
        return 0.5 * u * u - 0.5 * v * v + 0.25 * v**4, turn.T @ np.array([u, v**3 - v])

    return both


def logistic(n: int, seed: int) -> Shape:
    """Regularised logistic regression on columns of different scales."""
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(100, n)) * np.logspace(0, 1, n)
    a *= np.sign(a @ (rng.normal(size=n) / np.logspace(0, 1, n)) + 0.5 * rng.normal(size=100))[:, None]

    def both(x: np.ndarray) -> tuple[float, np.ndarray]:
        z = a @ x
        return float(np.logaddexp(0, -z).mean() + 0.005 * x @ x), -a.T @ (0.5 - 0.5 * np.tanh(z / 2)) / 100 + 0.01 * x

    run = st.minimize(both, np.zeros(n), jac=True, gtol=1e-10, diagnose=False)
    return Shape("logistic", both, np.zeros(n), float(run.fun))


def moved(shape: Shape, far: float = 1.0, unit: float = 1.0, scale: float = 1.0, name: str = "") -> Shape:
    """The start `far` times as far from the minimum at 0, x in units of `unit`, f times `scale`."""

    def both(x: np.ndarray) -> tuple[float, np.ndarray]:
        f, g = shape.both(x / unit)
        return f * scale, g * (scale / unit)

    return Shape(name or shape.name, both, shape.x0 * far * unit, shape.lowest * scale)


def shifted(shape: Shape, by: np.ndarray, level: float = 0.0) -> Shape:
    """The minimum elsewhere than at 0, the lowest value at a `level` of its own."""

    def both(x: np.ndarray) -> tuple[float, np.ndarray]:
        f, g = shape.both(x - by)
        return f + level, g

    return Shape(shape.name, both, shape.x0 + by, shape.lowest + level)


def tuning() -> list[Shape]:
    """What the default was developed on."""
    rng = np.random.default_rng(1)
    q = Shape("quadratic", quadratic(5, 10, 3), rng.normal(size=5))
    return [
        Shape("quadratic", quadratic(1, 1), np.array([3.0])),
        Shape("quadratic", quadratic(10, 10, 2), rng.normal(size=10)),
        shifted(Shape("quadratic", quadratic(3, 100, 2), rng.normal(size=3)), np.array([5.0, -20, 3]), 10.0),
        Shape("ridge", rosenbrock, np.array([-1.2, 1.0])),
        Shape("ridge", ridge(3.0, np.array([1.0, 0.5])), np.array([3.0, -4.0])),
        Shape("plateau", bump, np.array([1.5, -1.5])),
        Shape("plateau", sigmoid_plateau, np.array([4.0, -3.0, 2.0])),
        Shape("cliff", wall, np.array([5.0, -3.0])),
        Shape("cliff", exponential, np.array([5.0])),
        Shape("|x|", absolute(np.ones(1)), np.array([2.0])),
        Shape("|x|", absolute(np.ones(5)), rng.normal(size=5)),
        Shape("saddle", double_well, np.array([0.05, -0.1, 0.02]), 0.0),
        Shape("saddle", saddle(np.eye(2)), np.array([1.0, 1e-2]), -0.25),
        Shape("badly scaled", quadratic(5, 1e4, 2, rotated=False), np.array([10.0, -10, 3, -1, 0.3])),
        Shape("badly scaled", quadratic(4, 1e3, 5), rng.normal(size=4)),
        moved(q, far=1e3, name="far"),
        moved(q, far=1e-3, name="near"),
        moved(q, unit=1e6, name="unit"),
        moved(q, unit=1e-6, name="unit"),
        moved(q, scale=1e6, name="f scaled"),
        moved(q, scale=1e-6, name="f scaled"),
    ]


def judging() -> list[Shape]:
    """What it is judged by: other functions, starts, turns and units, made before it was run on any."""
    rng = np.random.default_rng(77)
    turn = rotation(2, 9)
    soft = lambda x: (float(np.log(np.cosh(x)).sum()), np.tanh(x))
    return [
        Shape("quadratic", quadratic(2, 30, 11), np.array([-4.0, 7.0])),
        Shape("quadratic", quadratic(7, 5, 12), 2 * rng.normal(size=7)),
        shifted(
            Shape("quadratic", quadratic(10, 50, 13), 10 * rng.normal(size=10)),
            100 * rng.normal(size=10),
            -3.0,
        ),
        Shape("ridge", rosenbrock, np.array([2.0, -1.0])),
        Shape("ridge", ridge(20.0, np.array([1.0, -2.0, 0.5])), np.array([6.0, 1.0, -2.0])),
        Shape("plateau", cauchy, np.array([8.0, -6.0, 3.0, 1.0])),
        Shape("plateau", soft, np.array([15.0, -7.0])),
        moved(Shape("plateau", bump, np.array([2.4])), unit=30.0),
        Shape("cliff", quartic, np.array([6.0, -2.0, 1.0, 0.5])),
        Shape("cliff", exponential, np.array([-9.0, 6.0])),
        Shape("|x|", absolute(np.array([1.0, 3.0, 10.0])), np.array([7.0, -2.0, 0.6])),
        Shape("|x|", cone, 5 * rng.normal(size=8)),
        Shape("saddle", saddle(turn), turn.T @ np.array([-2.0, 3e-2]), -0.25),
        moved(Shape("saddle", double_well, np.array([-0.02, 0.03])), unit=50.0),
        Shape("badly scaled", quadratic(8, 1e5, 14, rotated=False), rng.normal(size=8) / np.logspace(0, 2.5, 8)),
        Shape("badly scaled", quadratic(3, 3e3, 15), np.array([1.0, 2.0, -2.0])),
        logistic(6, 4),
        moved(Shape("far", quartic, np.array([1.0, -1.0])), far=1e3),
        moved(Shape("near", quadratic(3, 20, 16), np.array([1.0, 1.0, -2.0])), far=1e-3),
        moved(Shape("unit", cauchy, np.array([3.0, 4.0])), unit=1e6),
        moved(Shape("unit", absolute(np.ones(3)), np.array([1.0, -5.0, 2.0])), unit=1e-6),
        moved(Shape("f scaled", exponential, np.array([4.0, 1.0])), scale=1e6),
        moved(Shape("f scaled", soft, np.array([5.0, -3.0, 2.0])), scale=1e-6),
    ]


# --- noises: what is added to the gradient; its size is that of the gradient at the start ----------------------

Noise = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]

NOISES: dict[str, Noise] = {
    "none": lambda g, size, rng: g,
    "additive": lambda g, size, rng: g + 0.5 * size * rng.normal(size=g.size),
    "multiplicative": lambda g, size, rng: g * (1 + rng.normal(size=g.size)),
    "heavy-tailed": lambda g, size, rng: g + 0.3 * size * rng.standard_t(1.5, size=g.size),
    "outliers": lambda g, size, rng: g + size * np.where(rng.random() < 0.05, 100.0, 0.1) * rng.normal(size=g.size),
    "strong": lambda g, size, rng: g + 3 * size * rng.normal(size=g.size),
    "sparse": lambda g, size, rng: g * (rng.random(g.size) < 0.3) / 0.3,
}  # fmt: skip


class Task(NamedTuple):
    """A shape under a noise of its gradients and one of its values (a share of the gap at the start)."""

    shape: Shape
    noise: str
    of_values: float
    seed: int

    def oracle(self) -> tuple[Oracle, list[int]]:
        """The noisy function, and the count of its calls."""
        rng = np.random.default_rng([self.seed, len(self.shape.x0)])
        both, x0, lowest = self.shape.both, self.shape.x0, self.shape.lowest
        f0, g0 = both(x0)
        size = float(np.sqrt(np.mean(g0**2)))
        noise, scatter, calls = NOISES[self.noise], self.of_values * (f0 - lowest), [0]

        def oracle(x: np.ndarray) -> tuple[float, np.ndarray]:
            calls[0] += 1
            f, g = both(np.asarray(x, float))
            return f + scatter * rng.normal(), noise(g, size, rng)

        return oracle, calls

    def gap(self, x: np.ndarray) -> float:
        """What is left of the gap, without noise."""
        f0, f = self.shape.both(self.shape.x0)[0], self.shape.both(x)[0]
        gap = (f - self.shape.lowest) / (f0 - self.shape.lowest)
        return gap if math.isfinite(gap) else math.inf


def tasks(shapes: list[Shape], seeds: int, first: int = 0) -> Iterator[Task]:
    """Every shape under every noise, with exact values and noisy ones in turn."""
    for i, shape in enumerate(shapes):
        for j, noise in enumerate(NOISES):
            for seed in range(first, first + seeds):
                yield Task(shape, noise, (0.0, 0.1, 1.0)[(i + j + seed) % 3], seed)


# --- peers ----------------------------------------------------------------------------------------------------


def cosine(t: int) -> float:
    """From 1 to 0 over the budget."""
    return 0.5 * (1 + math.cos(math.pi * t / CALLS))


def adam(oracle: Oracle, x: np.ndarray) -> np.ndarray:
    """Adam, rate 0.1, cosine decay."""
    m = v = np.zeros_like(x)
    for t in range(CALLS):
        g = oracle(x)[1]
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        x = x - 0.1 * cosine(t) * m / (1 - 0.9 ** (t + 1)) / (np.sqrt(v / (1 - 0.999 ** (t + 1))) + 1e-8)
    return x


def cocob(oracle: Oracle, x: np.ndarray) -> np.ndarray:
    """COCOB-Backprop, alpha = 100: Algorithm 2."""
    x0, alpha = x, 100.0
    scale = np.full_like(x, 1e-8)
    total = reward = theta = np.zeros_like(x)
    for _ in range(CALLS):
        g = oracle(x)[1]
        scale, total = np.maximum(scale, np.abs(g)), total + np.abs(g)
        reward, theta = np.maximum(reward - (x - x0) * g, 0), theta - g
        x = x0 + theta / (scale * np.maximum(total + scale, alpha * scale)) * (scale + reward)
    return x


def prodigy(oracle: Oracle, x: np.ndarray) -> np.ndarray:
    """Prodigy, d0 = 1e-6, cosine decay, with Adam's bias correction, as the authors' code can."""
    x0, d0 = x, 1e-6
    d, r = d0, 0.0
    s = m = v = np.zeros_like(x)
    beta3 = math.sqrt(0.999)
    for t in range(CALLS):
        g = oracle(x)[1]
        lr = d * cosine(t) * math.sqrt(1 - 0.999 ** (t + 1)) / (1 - 0.9 ** (t + 1))
        r, s = beta3 * r + d / d0 * lr * float(g @ (x0 - x)), beta3 * s + lr * d / d0 * g
        m, v = 0.9 * m + 0.1 * d * g, 0.999 * v + 0.001 * (d * g) ** 2
        x = x - lr * m / (np.sqrt(v) + d * 1e-8)
        size = float(np.abs(s).sum())
        d = max(d, r / size) if size > 0 else d
    return x


def mechanic(oracle: Oracle, x: np.ndarray) -> np.ndarray:
    """Mechanic around Adam with cosine decay, s_init = 1e-6, decay 1e-2."""
    x0, eps, betas = x, 1e-8, 1 - 0.1 ** np.arange(1.0, 7.0)
    s, r, v, high = np.full(6, 1e-6), np.zeros(6), np.zeros(6), np.zeros(6)
    m1 = m2 = np.zeros_like(x)
    for t in range(CALLS):
        g = oracle(x)[1]
        m1, m2 = 0.9 * m1 + 0.1 * g, 0.999 * m2 + 0.001 * g * g
        update = -cosine(t) * m1 / (1 - 0.9 ** (t + 1)) / (np.sqrt(m2 / (1 - 0.999 ** (t + 1))) + 1e-8)
        decayed = g + 1e-2 * s.sum() * float(np.linalg.norm(g)) / (float(np.linalg.norm(x)) + eps) * x
        delta = (x0 - x) / (s.sum() + eps)
        h = float(decayed @ delta)
        clipped = np.clip(h, -high, high)
        high = np.maximum(betas * high, abs(h) + eps)
        v, r = betas**2 * v + h * h, betas * r + clipped * s
        s = (1e-6 / 6 * high + np.maximum(r, 0)) / (np.sqrt(v) + eps)
        x = x0 - s.sum() * (delta - update)
    return x


def ours(oracle: Oracle, x: np.ndarray) -> np.ndarray:
    """The default."""
    return st.minimize(oracle, x, jac=True, stochastic=True, maxiter=CALLS, diagnose=False).x


METHODS = {"Adam 0.1": adam, "Mechanic": mechanic, "COCOB": cocob, "Prodigy": prodigy, "steepest": ours}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--set", choices=("judging", "tuning"), default="judging")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="a few tasks: proves that it starts")
    chosen = parser.parse_args()
    shapes = (judging if chosen.set == "judging" else tuning)()
    everything = list(tasks(shapes, chosen.seeds, chosen.first_seed))[:: 50 if chosen.quick else 1]
    kinds = list(dict.fromkeys(shape.name for shape in shapes))
    columns = [*NOISES, *kinds]
    print(f"{len(everything)} tasks, {CALLS} calls each: solved, mean decade, worse than the start; solved of a kind")
    print(f"{'':10}{'solved':>8}{'decade':>8}{'worse':>7} " + "".join(f"{name[:7]:>8}" for name in columns))
    for name, method in METHODS.items():
        gaps = []
        for task in everything:
            oracle, calls = task.oracle()
            with np.errstate(all="ignore"):
                gaps.append(task.gap(method(oracle, task.shape.x0.copy())))
            assert calls[0] <= CALLS, f"{name} made {calls[0]} calls"
        gap = np.array(gaps)
        parts = [gap[[column in (t.noise, t.shape.name) for t in everything]] for column in columns]
        print(
            f"{name:10}{np.mean(gap <= SOLVED):8.3f}{np.log10(gap.clip(1e-8, 1e2)).mean():8.2f}"
            f"{np.mean(gap > 1 + 1e-9):7.3f} "
            + "".join(f"{np.mean(part <= SOLVED) if len(part) else math.nan:8.2f}" for part in parts),
            flush=True,
        )


if __name__ == "__main__":
    main()
