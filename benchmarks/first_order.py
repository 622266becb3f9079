"""Methods that need no rate, side by side: gradients until the gap is 1e-4 of that at the start.

``python benchmarks/first_order.py`` prints a table; problems are rotated, since on axis-aligned ones with equal
starting values Adam and its kin need as many steps for every condition. "find_lr" is gradient descent with the
rate of `steepest.findlr`, the cost of finding it in brackets; "best rate" the best of 25 on a grid, its cost not
counted; "-" means never within the budget, "!" that a run ended above its start.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import islice
from typing import NamedTuple

import numpy as np

import steepest as st
from steepest.findlr import find_lr
from steepest.methods.method import Method
from steepest.methods.parameterfree import DAdaptAdam, DAdaptGD, DoG, DoWG, Prodigy
from steepest.methods.proximal import FISTA, SpaRSA

BUDGET = 3000
GAP = 1e-4


class Task(NamedTuple):
    """A function, its gradient, where to start and its lowest value."""

    f: Callable[[np.ndarray], float]
    g: Callable[[np.ndarray], np.ndarray]
    x0: np.ndarray
    lowest: float = 0.0


def quadratic(n: int, condition: float, unit: float = 1.0) -> Task:
    """Rotated, from a random start."""
    rng = np.random.default_rng(n)
    q = np.linalg.qr(rng.normal(size=(n, n)))[0]
    a = unit * q @ np.diag(np.logspace(-math.log10(condition), 0, n)) @ q.T
    return Task(lambda x: 0.5 * x @ a @ x, lambda x: a @ x, rng.normal(size=n))


def logistic(scales: float) -> Task:
    """Regularised logistic regression whose columns differ by `scales`."""
    rng = np.random.default_rng(1)
    data = rng.normal(size=(200, 8)) * np.logspace(0, math.log10(scales), 8)
    data *= np.sign(data @ (rng.normal(size=8) / np.abs(data).max(0)) + 0.3 * rng.normal(size=200))[:, None]
    f = lambda x: np.logaddexp(0, -data @ x).mean() + 5e-4 * x @ x
    g = lambda x: -(data * np.exp(-np.logaddexp(0, data @ x))[:, None]).mean(0) + 1e-3 * x
    return Task(f, g, np.zeros(8), st.minimize(f, np.zeros(8), jac=g, maxiter=5000).fun)


def rosenbrock() -> Task:
    """From the usual start."""
    f = lambda x: (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
    g = lambda x: np.array([-2 * (1 - x[0]) - 400 * x[0] * (x[1] - x[0] ** 2), 200 * (x[1] - x[0] ** 2)])
    return Task(f, g, np.array([-1.2, 1.0]))


TASKS = {
    "k=1e2": quadratic(10, 1e2),
    "1e4": quadratic(10, 1e4),
    "1e6": quadratic(10, 1e6),
    "f*1e6": quadratic(10, 1e2, 1e6),
    "f*1e-6": quadratic(10, 1e2, 1e-6),
    "Rosenbrock": rosenbrock(),
    "logistic": logistic(1.0),
    "unscaled": logistic(100.0),
}

METHODS: dict[str, Method] = {
    "GD 0.1": st.GD(lr=0.1),
    "Adam 0.1": st.Adam(lr=0.1),
    "DoG": DoG(),
    "DoWG": DoWG(),
    "DAdaptGD": DAdaptGD(),
    "DAdaptAdam": DAdaptAdam(),
    "Prodigy": Prodigy(),
    "FISTA": FISTA(),
    "SpaRSA": SpaRSA(),
}


def cost(task: Task, method: Method) -> tuple[float, bool]:
    """Gradients until the gap is closed (infinite if never), and whether the run ended above its start."""
    goal = task.lowest + GAP * (task.f(task.x0) - task.lowest)
    run = st.descend(task.f, task.x0, method, jac=task.g)
    with np.errstate(all="ignore"):
        for now in islice(run, BUDGET + 1):
            asked = now.point.oracle.njev
            if now.point.f <= goal:
                return asked, False
            if not math.isfinite(now.point.f):
                return math.inf, True
    return math.inf, now.point.f > task.f(task.x0)


def shown(found: tuple[float, bool]) -> str:
    """A number, "-", or "!"."""
    return "!" if found[1] else "-" if math.isinf(found[0]) else f"{found[0]:.0f}"


def main() -> None:
    """Print the table."""
    print("method".ljust(12) + "".join(name.rjust(12) for name in TASKS))
    rows = {name: [shown(cost(task, method)) for task in TASKS.values()] for name, method in METHODS.items()}
    rates = {name: find_lr(task.f, task.x0, jac=task.g) for name, task in TASKS.items()}
    rows["find_lr"] = [
        f"{shown(cost(task, st.GD(lr=float(rates[name]))))} ({rates[name].njev})" for name, task in TASKS.items()
    ]
    rows["best rate"] = [
        shown(min(cost(task, st.GD(lr=2 / rates[name].curvature * 10**p)) for p in np.linspace(-2, 0.5, 25)))
        for name, task in TASKS.items()
    ]
    for name, cells in rows.items():
        print(name.ljust(12) + "".join(cell.rjust(12) for cell in cells))


if __name__ == "__main__":
    main()
