"""What does minimize cost beside the calls of fun and its gradient? f = x0^2 + x1^2, contenders in turn.

Goal: <= 2 us a step above the bare calls, with stop tests and history on. A step is the difference between runs of
5000 and of 1000 steps; what a run costs besides (proof of the gradient, diagnosis, result) is told for itself. "In
Python" are runs before machine code makes the steps, which is after 15 000 of all runs together, or where llvmlite is
missing. All in processor time, since nothing here waits or uses two threads.
Run: python benchmarks/overhead.py [--quick]
"""

from __future__ import annotations

import math
import statistics
import sys
import time

import numpy as np

import steepest as st
from steepest.loops import compiled as compiledloop
from timing import interleave

SHORT, LONG = 1000, 5000
X0 = np.array([3.0, 2.0])
LR = 1e-6  # so small that no test for convergence stops the run


def f(x):
    return x[0] ** 2 + x[1] ** 2


def gradient(x):
    return 2 * x


def bare(steps):
    for _ in range(steps):
        f(X0)
        gradient(X0)


def tutorial_gd(steps):
    x = X0.copy()
    for _ in range(steps):
        f(x)
        x = x - LR * gradient(x)
        if np.linalg.norm(gradient(x)) < 1e-12:
            break


def tutorial_adam(steps):
    x, m, v = X0.copy(), np.zeros(2), np.zeros(2)
    for t in range(1, steps + 1):
        f(x)
        g = gradient(x)
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g**2
        x = x - LR * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)


def ours(method, worthwhile):
    loops = {}

    def run(steps):
        compiledloop.WORTHWHILE, compiledloop._loops = worthwhile, loops
        return st.minimize(f, X0, method=method, jac=gradient, maxiter=steps)

    assert ("compiled" in run(10).engine) == (worthwhile == 0)
    return run


METHODS = [st.GD(lr=LR), st.Momentum(lr=LR), st.Adam(lr=LR)]


def main() -> None:
    contenders = {
        "bare calls of f and gradient": bare,
        "tutorial loop, GD with a gradient test": tutorial_gd,
        "tutorial loop, Adam": tutorial_adam,
        **{f"steepest {method.name}": ours(method, 0) for method in METHODS},
        **{f"steepest {method.name}, in Python": ours(method, math.inf) for method in METHODS},
    }
    runs = {
        (name, steps): lambda run=run, steps=steps: run(steps)
        for name, run in contenders.items()
        for steps in (SHORT, LONG)
    }
    seconds = interleave(runs, 2 if "--quick" in sys.argv else 21, time.process_time)
    each = {
        name: [(b - a) / (LONG - SHORT) * 1e6 for a, b in zip(seconds[name, SHORT], seconds[name, LONG], strict=True)]
        for name in contenders
    }
    print(f"{'us a step':>10} {'above bare':>11} {'ms a run':>9}")
    for name, steps in each.items():
        extra = statistics.median(a - b for a, b in zip(steps, each["bare calls of f and gradient"], strict=True))
        rest = statistics.median(a * 1e3 - SHORT * b / 1e3 for a, b in zip(seconds[name, SHORT], steps, strict=True))
        print(f"{statistics.median(steps):10.2f} {extra:11.2f} {rest:9.2f}  {name}")


if __name__ == "__main__":
    main()
