"""How close is the compiled loop to one written by hand with numba.njit? Rosenbrock in 2-D, Adam and GD, 100 000 steps.

Both keep f, the gradient's norm, the step's length and x of every step and test the gradient's norm; ours is
`minimize` from start to end, with its proof of the gradient, guards, history and result. Goal: <= 1.2 times the time.
Run: python benchmarks/loops.py [--quick]
"""

from __future__ import annotations

import math
import statistics
import sys
import time

import numba
import numpy as np

import steepest as st
from timing import interleave, median_ratio

STEPS = 100_000
X0 = np.array([-1.2, 1.0])
RATES = {"GD": 1e-4, "Adam": 1e-5}  # so small that no run ends before its steps are used up


@numba.njit
def f(x):
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


@numba.njit
def gradient(x):
    inner = x[1] - x[0] ** 2
    return np.array([-2 * (1 - x[0]) - 400 * x[0] * inner, 200 * inner])


@numba.njit
def by_hand(x0, steps, lr, adam):
    x, m, v = x0.copy(), np.zeros_like(x0), np.zeros_like(x0)
    rows, places = np.empty((steps + 1, 3)), np.empty((steps + 1, x0.size))
    g = gradient(x)
    rows[0, 0], rows[0, 1], rows[0, 2] = f(x), math.sqrt((g**2).sum()), math.nan
    places[0] = x
    first = rows[0, 1]
    for t in range(1, steps + 1):
        moved = 0.0
        for i in range(x.size):
            if adam:
                m[i] = 0.9 * m[i] + (1 - 0.9) * g[i]
                v[i] = 0.999 * v[i] + (1 - 0.999) * g[i] ** 2
                step = -lr * (m[i] / (1 - 0.9 ** float(t))) / (math.sqrt(v[i] / (1 - 0.999 ** float(t))) + 1e-8)
            else:
                step = -lr * g[i]
            x[i] += step
            moved += step**2
        g = gradient(x)
        rows[t, 0], rows[t, 1], rows[t, 2] = f(x), math.sqrt((g**2).sum()), math.sqrt(moved)
        places[t] = x
        if rows[t, 1] <= 1.5e-8 * first:
            break
    return x, rows, places


FORMULA = st.formula("(1 - x)**2 + 100*(y - x**2)**2")


def contenders(name):
    rate = RATES[name]
    given = {"method": getattr(st, name)(lr=rate), "maxiter": STEPS, "diagnose": False}
    return {
        "by hand, njit": lambda: by_hand(X0, STEPS, rate, name == "Adam"),
        "minimize, njit functions": lambda: st.minimize(f, X0, jac=gradient, **given),
        "minimize, formula": lambda: st.minimize(FORMULA, X0, **given),
    }


def main() -> None:
    rounds = 3 if "--quick" in sys.argv else 21
    for name in RATES:
        runs = contenders(name)
        for key in list(runs)[1:]:
            runs[key]()  # compiles on the way
            assert runs[key]().engine == "compiled loop"
        np.testing.assert_allclose(runs["minimize, formula"]().x, runs["by hand, njit"]()[0], rtol=1e-6)
        seconds = interleave(runs, rounds, time.process_time)
        for key, each in seconds.items():
            ratio = median_ratio(each, seconds["by hand, njit"])
            print(f"{name:5} {key:26} {statistics.median(each) / STEPS * 1e9:8.1f} ns a step   {ratio:5.2f}x by hand")


if __name__ == "__main__":
    main()
