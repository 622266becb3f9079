"""What does minimize cost beside the calls of fun and its gradient? f = x0^2 + x1^2, 1000 steps, contenders in turn.

Goal: <= 2 us a step above the bare calls, with stop tests and history on.
Run: python benchmarks/overhead.py [--quick]
"""

from __future__ import annotations

import statistics
import sys

import numpy as np

import steepest as st
from timing import interleave

STEPS = 1000
X0 = np.array([3.0, 2.0])
LR = 1e-6  # so small that no test for convergence stops the run


def f(x):
    return x[0] ** 2 + x[1] ** 2


def gradient(x):
    return 2 * x


def bare():
    for _ in range(STEPS):
        f(X0)
        gradient(X0)


def tutorial_gd():
    x = X0.copy()
    for _ in range(STEPS):
        f(x)
        x = x - LR * gradient(x)
        if np.linalg.norm(gradient(x)) < 1e-12:
            break


def tutorial_adam():
    x, m, v = X0.copy(), np.zeros(2), np.zeros(2)
    for t in range(1, STEPS + 1):
        f(x)
        g = gradient(x)
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g**2
        x = x - LR * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)


def ours(method):
    return lambda: st.minimize(f, X0, method=method, jac=gradient, maxiter=STEPS)


CONTENDERS = {
    "bare calls of f and gradient": bare,
    "tutorial loop, GD with a gradient test": tutorial_gd,
    "tutorial loop, Adam": tutorial_adam,
    "steepest GD": ours(st.GD(lr=LR)),
    "steepest Momentum": ours(st.Momentum(lr=LR)),
    "steepest Adam": ours(st.Adam(lr=LR)),
}


def main() -> None:
    seconds = interleave(CONTENDERS, rounds=2 if "--quick" in sys.argv else 31)
    base = seconds["bare calls of f and gradient"]
    print(f"{'us a step':>10} {'above bare':>11}")
    for name, runs in seconds.items():
        extra = statistics.median(a - b for a, b in zip(runs, base, strict=True))
        print(f"{statistics.median(runs) / STEPS * 1e6:10.2f} {extra / STEPS * 1e6:11.2f}  {name}")


if __name__ == "__main__":
    main()
