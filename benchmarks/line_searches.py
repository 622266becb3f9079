"""How many evaluations does a strong Wolfe search need, against SciPy's two, on the same functions from the same
first length 1?

Moré & Thuente (1994) give functions 1-3, Yanai, Ozawa & Kaneko (1981) functions 4-6 (there eq. 5.4); the others
are what lines through problems look like. Each is scaled in phi by 10^-3 .. 10^3 and in length by 10^-2 .. 10^2.
DCSRCH is the search inside SciPy's L-BFGS-B, wolfe2 `scipy.optimize.line_search`. "values" and "slopes" count what
is asked; a gradient that comes with its value costs max(values, slopes), differences cost values + n slopes.

Run: python benchmarks/line_searches.py [--quick]
"""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import line_search
from scipy.optimize._dcsrch import DCSRCH  # not public; there is no other way to it

from steepest.methods.searches import Search, strong_wolfe

C1 = 1e-4


@dataclass
class Line:
    """A function of one length with its derivative, which counts what is asked."""

    f: Callable[[float], float]
    df: Callable[[float], float]
    unit: float  # of length
    height: float  # of phi
    values: int = 0
    slopes: int = 0

    def phi(self, a: float) -> float:
        self.values += 1
        return self.height * self.f(a / self.unit)

    def slope(self, a: float) -> float:
        self.slopes += 1
        return self.height / self.unit * self.df(a / self.unit)

    def ends(self, a: float | None, c2: float) -> bool:
        """Whether `a` obeys the strong Wolfe conditions."""
        if not a:
            return False
        phi0, slope0 = self.phi(0.0), self.slope(0.0)
        return self.phi(a) <= phi0 + C1 * a * slope0 and abs(self.slope(a)) <= -c2 * slope0


@dataclass
class Trial:
    """What our searches are sent: the slope is asked for when it is read."""

    line: Line
    a: float

    @property
    def phi(self) -> float:
        return self.line.phi(self.a)

    @property
    def slope(self) -> float:
        return self.line.slope(self.a)


def drive(search: Search, line: Line) -> float:
    """The length that a search accepts."""
    a = next(search)
    try:
        while True:
            a = search.send(Trial(line, a))
    except StopIteration as end:
        return end.value


def ours(line: Line, phi0: float, slope0: float, c2: float) -> float | None:
    return drive(strong_wolfe(phi0, slope0, c1=C1, c2=c2), line)


def dcsrch(line: Line, phi0: float, slope0: float, c2: float) -> float | None:
    search = DCSRCH(line.phi, line.slope, C1, c2, 1e-14, 1e-100, 1e100)
    return search(1.0, phi0=phi0, derphi0=slope0, maxiter=100)[0]


def wolfe2(line: Line, phi0: float, slope0: float, c2: float) -> float | None:
    x, p = np.zeros(1), np.ones(1)
    fun, jac = (lambda x: line.phi(float(x[0]))), (lambda x: np.array([line.slope(float(x[0]))]))
    return line_search(fun, jac, x, p, np.array([slope0]), phi0, c1=C1, c2=c2, maxiter=100)[0]


def yanai(b1: float, b2: float) -> tuple[Callable[[float], float], Callable[[float], float]]:
    k1, k2 = math.hypot(1, b1) - b1, math.hypot(1, b2) - b2
    return (
        lambda a: k1 * math.hypot(1 - a, b2) + k2 * math.hypot(a, b1),
        lambda a: k1 * (a - 1) / math.hypot(1 - a, b2) + k2 * a / math.hypot(a, b1),
    )


def bumpy(a: float, b: float = 0.01, n: int = 39) -> float:
    """Moré & Thuente's third function: a corner rounded over b, with waves on it."""
    s = n * math.pi / 2
    corner = 1 - a if a <= 1 - b else a - 1 if a >= 1 + b else (a - 1) ** 2 / (2 * b) + b / 2
    return corner + 2 * (1 - b) / (n * math.pi) * math.sin(s * a)


def bumpy_slope(a: float, b: float = 0.01, n: int = 39) -> float:
    corner = -1.0 if a <= 1 - b else 1.0 if a >= 1 + b else (a - 1) / b
    return corner + (1 - b) * math.cos(n * math.pi / 2 * a)


FAMILIES = {
    "Moré-Thuente 1": (lambda a: -a / (a * a + 2), lambda a: (a * a - 2) / (a * a + 2) ** 2),
    "Moré-Thuente 2": (
        lambda a: (a + 0.004) ** 5 - 2 * (a + 0.004) ** 4,
        lambda a: 5 * (a + 0.004) ** 4 - 8 * (a + 0.004) ** 3,
    ),
    "Moré-Thuente 3": (bumpy, bumpy_slope),
    "Yanai 4": yanai(0.001, 0.001),
    "Yanai 5": yanai(0.01, 0.001),
    "Yanai 6": yanai(0.001, 0.01),
    "parabola": (lambda a: (a - 1) ** 2, lambda a: 2 * (a - 1)),
    "power 1.5": (
        lambda a: abs(a - 1) ** 1.5,
        lambda a: math.copysign(1.5 * abs(a - 1) ** 0.5, a - 1),
    ),
    "power 4": (lambda a: (a - 1) ** 4, lambda a: 4 * (a - 1) ** 3),
    "exponential": (lambda a: math.exp(min(a, 700.0)) - 3 * a, lambda a: math.exp(min(a, 700.0)) - 3),
    "quartic valley": (
        lambda a: 100 * (a * a - a) ** 2 + (1 - a) ** 2,
        lambda a: 200 * (a * a - a) * (2 * a - 1) - 2 * (1 - a),
    ),
    "waves": (lambda a: 0.1 * a * a - math.sin(2 * a), lambda a: 0.2 * a - 2 * math.cos(2 * a)),
}
SEARCHES = {"steepest": ours, "DCSRCH": dcsrch, "wolfe2": wolfe2}


def compare(family: str, c2: float, scales: int, seed: int) -> dict[str, tuple[float, float, float, int]]:
    """For each search the mean number of values, of slopes, of the larger of both, and how often it failed."""
    rng, (f, df) = np.random.default_rng(seed), FAMILIES[family]
    lines = [(10 ** rng.uniform(-2, 2), 10 ** rng.uniform(-3, 3)) for _ in range(scales)]
    table = {}
    for name, search in SEARCHES.items():
        counts, failures = [], 0
        for unit, height in lines:
            line = Line(f, df, unit, height)
            phi0, slope0 = line.phi(0.0), line.slope(0.0)
            line.values = line.slopes = 0
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # SciPy's says when it fails; it is counted here
                a = search(line, phi0, slope0, c2)
            counts.append((line.values, line.slopes, max(line.values, line.slopes)))
            failures += not line.ends(a, c2)
        table[name] = (*np.mean(counts, axis=0), failures)
    return table


def main(quick: bool) -> None:
    scales = 10 if quick else 500
    for c2 in (0.9, 0.1):
        print(f"c2 = {c2}: values / slopes (failures of {scales})")
        print(f"{'':16}" + "".join(f"{name:>24}" for name in SEARCHES))
        logs = {name: [] for name in SEARCHES}
        for family in FAMILIES:
            table = compare(family, c2, scales, seed=1)
            cells = [f"{v:.2f} / {s:.2f} ({failed})" for v, s, _, failed in table.values()]
            print(f"{family:16}" + "".join(f"{cell:>24}" for cell in cells))
            for name, row in table.items():
                logs[name].append(math.log(row[2]))
        means = {name: math.exp(np.mean(values)) for name, values in logs.items()}
        print(f"{'geometric mean':16}" + "".join(f"{mean:>24.2f}" for mean in means.values()) + "\n")


if __name__ == "__main__":
    main("--quick" in sys.argv)
