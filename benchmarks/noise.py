"""How near do noisy values let the default come? The true gap to the minimum in units of the noise, medians.

    python benchmarks/noise.py           # the tables of docs/profiles.md: a minute
    python benchmarks/noise.py --quick   # seconds

Differences only, within 200 (n + 1) evaluations. Noise is added to f, multiplies f + 1, or is the rounding of f + 1 to
float32. In brackets without the parabolas that are fitted at the end, for up to ten numbers. The last table counts runs
that end within 1 deviation of the minimum of convex functions, and within 3 of Rosenbrock's.
"""

from __future__ import annotations

import argparse
import importlib
import logging
from collections.abc import Callable

import numpy as np

import more
import steepest as st
from profiles import markdown

descent = importlib.import_module("steepest.methods.descent")

Function = Callable[[np.ndarray], float]
Noisy = Callable[[Function, np.random.Generator], Function]


def added(size: float) -> tuple[str, float, Noisy]:
    return f"{size:.0e} added", size, lambda f, rng: lambda x: f(x) + size * rng.standard_normal()


def times(size: float) -> tuple[str, float, Noisy]:
    return f"times 1 + {size:.0e}", size, lambda f, rng: lambda x: (f(x) + 1) * (1 + size * rng.standard_normal())


def single() -> tuple[str, float, Noisy]:
    return "float32", 2.0**-24, lambda f, rng: lambda x: float(np.float32(f(x.astype(np.float32)) + np.float32(1)))


def gap(f: Function, x0: np.ndarray, least: float, size: float, noisy: Noisy, seeds: range) -> str:
    """The median gap, in units of the noise."""
    budget = 200 * (x0.size + 1)
    ends = [
        st.minimize(noisy(f, np.random.default_rng(seed)), x0, jac="fd", maxfun=budget, diagnose=False).x
        for seed in seeds
    ]
    return f"{np.median([(f(x) - least) / size for x in ends]):.1g}"


def without(run: Callable[[], str]) -> str:
    """What `run` gives where no parabolas are fitted."""
    kept, descent.suits = descent.suits, lambda point, oracle: False
    try:
        return run()
    finally:
        descent.suits = kept


def convex(n: int, seed: int) -> tuple[list[Function], np.ndarray]:
    """Four convex functions with least value 0, their axes and minimum drawn, and a start."""
    rng = np.random.default_rng(1000 + seed)
    axes, stiff, least = np.linalg.qr(rng.normal(size=(n, n)))[0], 10 ** rng.uniform(0, 2, n), rng.normal(size=n)
    rows = rng.normal(size=(3 * n, n))
    functions: list[Function] = [
        lambda x: float(stiff @ (axes @ (x - least)) ** 2 / 2),
        lambda x: float(np.log(np.cosh(rows @ (x - least))).sum() / 3),
        lambda x: float(np.sqrt(stiff) @ (np.exp(axes @ (x - least)) - axes @ (x - least) - 1)),
        lambda x: float(stiff @ (axes @ (x - least)) ** 2 / 2 + np.sum((axes @ (x - least)) ** 4)),
    ]
    return functions, least + 3 * rng.normal(size=n) / np.sqrt(n)


def shares(n: int, size: float, noisy: Noisy, seeds: range, valley: bool) -> str:
    """How many runs in a hundred end within the noise, and how many end higher than they began."""
    met, worse, runs = 0, 0, 0
    for seed in seeds:
        functions, x0 = ([rosenbrock], np.resize([-1.2, 1.0], n)) if valley else convex(n, seed)
        for f in functions:
            x = st.minimize(noisy(f, np.random.default_rng(seed)), x0, jac="fd", maxfun=200 * (n + 1), diagnose=False).x
            met, worse, runs = met + (f(x) <= (3 if valley else 1) * size), worse + (f(x) > f(x0)), runs + 1
    return f"{100 * met / runs:.0f}" + f" ({worse} worse)" * bool(worse)


def rosenbrock(x: np.ndarray) -> float:
    return float(np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2))


def main() -> None:
    """Read the command line, run, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one problem, one size, two seeds")
    quick = parser.parse_args().quick
    logging.disable(logging.CRITICAL)
    named = {problem.name: problem for problem in more.PROBLEMS}
    kinds, table = [added(1e-2), added(1e-5), times(1e-3), single()], {}
    for name in ["Beale", "helical valley", "Box three-dimensional", "Bard", "Wood"][: 1 if quick else None]:
        problem, x0 = named[name], named[name].x0(1)
        f = lambda x, problem=problem: float(problem.fun(x))
        least = min(st.minimize(f, x0, jac=problem.gradient, method=method).fun for method in ("bfgs", "lbfgs"))
        runs = [
            lambda s=size, k=noisy, f=f, x0=x0, least=least: gap(f, x0, least, s, k, range(2 if quick else 4))
            for _, size, noisy in kinds
        ]
        table[f"{name}, {x0.size}"] = [f"{run()} ({without(run)})" for run in runs]
    print(markdown("problem, n", [name for name, *_ in kinds], table))
    kinds = [*map(added, (1e-2, 1e-4, 1e-6)), *map(times, (1e-2, 1e-4, 1e-6))]
    seeds = range(100, 102 if quick else 115)
    table = {
        f"Rosenbrock, {n}": [
            gap(rosenbrock, np.resize([-1.2, 1.0], n), 0.0, size, noisy, seeds) for _, size, noisy in kinds
        ]
        for n in range(2, 3 if quick else 6)
    }
    print(markdown("problem, n", [name for name, *_ in kinds], table))
    exponents = (1e-2, 1e-4, 1e-6, 1e-8)
    kinds = [*map(added, exponents), *map(times, exponents), single()]
    table = {}
    for name, sizes, seeds, valley in [
        ("convex", (2, 5, 10, 20), range(200, 205), False),
        ("Rosenbrock", (2, 3, 4, 5), range(200, 220), True),
    ]:
        for n in sizes[: 1 if quick else None]:
            cells = [shares(n, size, noisy, seeds[: 1 if quick else None], valley) for _, size, noisy in kinds]
            table[f"{name}, {n}"] = cells
    print(markdown("% of runs, n", [name for name, *_ in kinds], table))


if __name__ == "__main__":
    main()
