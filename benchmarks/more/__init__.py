"""J. J. Moré, B. S. Garbow & K. E. Hillstrom (1981), "Testing unconstrained optimization software", ACM Trans. Math.
Softw. 7(1), 17-41: sums of squares with their starts and least values.

Held out: without noise, nothing in the library was tuned on these. 33 of the 35 problems, some in two sizes; the
extended functions of Rosenbrock (21) and Powell (22) are in Andrei's collection. In problem 11 the paper prints
"y_i m i x_2" for y_i - x_2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import autograd.numpy as np

from andrei.collection import Problem

PROBLEMS: list[Problem] = []
LEAST: dict[str, float] = {}  # as the paper gives them, to six digits; the lowest where it gives several


def numbers(text: str) -> np.ndarray:
    """The numbers in `text`."""
    return np.array(text.split(), float)


def problem(number: int, name: str, start: Sequence[float], least: float) -> Callable[[Any], Any]:
    """Put the sum of squares of the decorated residuals into the table; it can be used for several sizes."""

    def register(residuals: Any) -> Any:
        def fun(x: Any) -> Any:
            r = residuals(x)
            return np.sum(r * r)

        exact = 0.0 if least == 0 else None  # the others are rounded
        PROBLEMS.append(Problem(number, name, fun, list(start), smallest=len(start), minimum=exact))
        LEAST[name] = least
        return residuals

    return register


def joined(*parts: Any) -> Any:
    """Numbers and vectors as one vector; autograd follows this."""
    return np.concatenate([part * np.ones(1) if np.ndim(part) == 0 else part for part in parts])


@problem(1, "Rosenbrock", [-1.2, 1], 0)
def rosenbrock(x):
    return np.array([10 * (x[1] - x[0] ** 2), 1 - x[0]])


@problem(2, "Freudenstein and Roth", [0.5, -2], 0)
def freudenstein(x):
    a, b = x
    return np.array([-13 + a + ((5 - b) * b - 2) * b, -29 + a + ((b + 1) * b - 14) * b])


@problem(3, "Powell badly scaled", [0, 1], 0)
def powell_badly_scaled(x):
    return np.array([1e4 * x[0] * x[1] - 1, np.exp(-x[0]) + np.exp(-x[1]) - 1.0001])


@problem(4, "Brown badly scaled", [1, 1], 0)
def brown_badly_scaled(x):
    return np.array([x[0] - 1e6, x[1] - 2e-6, x[0] * x[1] - 2])


@problem(5, "Beale", [1, 1], 0)
def beale(x):
    return np.array([1.5, 2.25, 2.625]) - x[0] * (1 - x[1] ** np.arange(1, 4))


@problem(6, "Jennrich and Sampson", [0.3, 0.4], 124.362)
def jennrich(x):
    i = np.arange(1.0, 11)
    return 2 + 2 * i - (np.exp(i * x[0]) + np.exp(i * x[1]))


@problem(7, "helical valley", [-1, 0, 0], 0)
def helical(x):
    turn = np.arctan(x[1] / x[0]) / (2 * np.pi) + (0.5 if x[0] < 0 else 0.0)
    return np.array([10 * (x[2] - 10 * turn), 10 * (np.sqrt(x[0] ** 2 + x[1] ** 2) - 1), x[2]])


@problem(8, "Bard", [1, 1, 1], 8.21487e-3)
def bard(x):
    y = numbers(".14 .18 .22 .25 .29 .32 .35 .39 .37 .58 .73 .96 1.34 2.10 4.39")
    u = np.arange(1.0, 16)
    v, w = 16 - u, np.minimum(u, 16 - u)
    return y - (x[0] + u / (v * x[1] + w * x[2]))


@problem(9, "Gaussian", [0.4, 1, 0], 1.12793e-8)
def gaussian(x):
    left = numbers(".0009 .0044 .0175 .0540 .1295 .2420 .3521")
    t = (8 - np.arange(1.0, 16)) / 2
    return x[0] * np.exp(-x[1] * (t - x[2]) ** 2 / 2) - np.concatenate([left, [0.3989], left[::-1]])


@problem(10, "Meyer", [0.02, 4000, 250], 87.9458)
def meyer(x):
    y = numbers("34780 28610 23650 19630 16370 13720 11540 9744 8261 7030 6005 5147 4427 3820 3307 2872")
    return x[0] * np.exp(x[1] / (45 + 5 * np.arange(1.0, 17) + x[2])) - y


@problem(11, "Gulf research and development", [5, 2.5, 0.15], 0)
def gulf(x):
    t = np.arange(1.0, 100) / 100
    y = 25 + (-50 * np.log(t)) ** (2 / 3)
    return np.exp(-(np.abs(y - x[1]) ** x[2]) / x[0]) - t


@problem(12, "Box three-dimensional", [0, 10, 20], 0)
def box(x):
    t = np.arange(1.0, 11) / 10
    return np.exp(-t * x[0]) - np.exp(-t * x[1]) - x[2] * (np.exp(-t) - np.exp(-10 * t))


@problem(13, "Powell singular", [3, -1, 0, 1], 0)
def powell_singular(x):
    a, b, c, d = x
    return np.array([a + 10 * b, np.sqrt(5.0) * (c - d), (b - 2 * c) ** 2, np.sqrt(10.0) * (a - d) ** 2])


@problem(14, "Wood", [-3, -1, -3, -1], 0)
def wood(x):
    a, b, c, d = x
    valleys = [10 * (b - a**2), 1 - a, np.sqrt(90.0) * (d - c**2), 1 - c]
    return np.array([*valleys, np.sqrt(10.0) * (b + d - 2), (b - d) / np.sqrt(10.0)])


@problem(15, "Kowalik and Osborne", [0.25, 0.39, 0.415, 0.39], 3.07505e-4)
def kowalik(x):
    y = numbers(".1957 .1947 .1735 .1600 .0844 .0627 .0456 .0342 .0323 .0235 .0246")
    u = numbers("4 2 1 .5 .25 .167 .125 .1 .0833 .0714 .0625")
    return y - x[0] * (u**2 + u * x[1]) / (u**2 + u * x[2] + x[3])


@problem(16, "Brown and Dennis", [25, 5, -5, -1], 85822.2)
def brown_dennis(x):
    t = np.arange(1.0, 21) / 5
    return (x[0] + t * x[1] - np.exp(t)) ** 2 + (x[2] + x[3] * np.sin(t) - np.cos(t)) ** 2


@problem(17, "Osborne 1", [0.5, 1.5, -1, 0.01, 0.02], 5.46489e-5)
def osborne1(x):
    y = numbers(
        ".844 .908 .932 .936 .925 .908 .881 .850 .818 .784 .751 .718 .685 .658 .628 .603 .580 .558 .538 .522 .506 "
        ".490 .478 .467 .457 .448 .438 .431 .424 .420 .414 .411 .406"
    )
    t = 10 * np.arange(33.0)
    return y - (x[0] + x[1] * np.exp(-t * x[3]) + x[2] * np.exp(-t * x[4]))


@problem(18, "Biggs EXP6", [1, 2, 1, 1, 1, 1], 0)
def biggs(x):
    t = np.arange(1.0, 14) / 10
    y = np.exp(-t) - 5 * np.exp(-10 * t) + 3 * np.exp(-4 * t)
    return x[2] * np.exp(-t * x[0]) - x[3] * np.exp(-t * x[1]) + x[5] * np.exp(-t * x[4]) - y


@problem(19, "Osborne 2", [1.3, 0.65, 0.65, 0.7, 0.6, 3, 5, 7, 2, 4.5, 5.5], 4.01377e-2)
def osborne2(x):
    y = numbers(
        "1.366 1.191 1.112 1.013 .991 .885 .831 .847 .786 .725 .746 .679 .608 .655 .616 .606 .602 .626 .651 .724 "
        ".649 .649 .694 .644 .624 .661 .612 .558 .533 .495 .500 .423 .395 .375 .372 .391 .396 .405 .428 .429 .523 "
        ".562 .607 .653 .672 .708 .633 .668 .645 .632 .591 .559 .597 .625 .739 .710 .729 .720 .636 .581 .428 .292 "
        ".162 .098 .054"
    )
    t = np.arange(65.0) / 10
    peaks = [x[k] * np.exp(-x[k + 4] * (t - x[k + 7]) ** 2) for k in (1, 2, 3)]
    return y - (x[0] * np.exp(-t * x[4]) + peaks[0] + peaks[1] + peaks[2])


@problem(20, "Watson 6", [0] * 6, 2.28767e-3)
@problem(20, "Watson 9", [0] * 9, 1.39976e-6)
@problem(20, "Watson 12", [0] * 12, 4.72238e-10)
def watson(x):
    t, j = np.arange(1.0, 30)[:, None] / 29, np.arange(x.size)
    slope = (j[1:] * t ** (j[1:] - 1)) @ x[1:]
    return joined(slope - ((t**j) @ x) ** 2 - 1, x[0], x[1] - x[0] ** 2 - 1)


@problem(23, "penalty I 4", range(1, 5), 2.24997e-5)
@problem(23, "penalty I 10", range(1, 11), 7.08765e-5)
def penalty1(x):
    return joined(np.sqrt(1e-5) * (x - 1), np.sum(x**2) - 0.25)


@problem(24, "penalty II 4", [0.5] * 4, 9.37629e-6)
@problem(24, "penalty II 10", [0.5] * 10, 2.93660e-4)
def penalty2(x):
    n, a = x.size, np.sqrt(1e-5)
    i = np.arange(2.0, n + 1)
    steps = np.exp(x[1:] / 10) + np.exp(x[:-1] / 10) - (np.exp(i / 10) + np.exp((i - 1) / 10))
    weighed = np.sum((n - np.arange(n)) * x**2) - 1
    return joined(x[0] - 0.2, a * steps, a * (np.exp(x[1:] / 10) - np.exp(-0.1)), weighed)


@problem(25, "variably dimensioned", 1 - np.arange(1.0, 11) / 10, 0)
def variably(x):
    s = np.sum(np.arange(1.0, x.size + 1) * (x - 1))
    return joined(x - 1, s, s**2)


@problem(26, "trigonometric", [0.1] * 10, 0)
def trigonometric(x):
    i = np.arange(1.0, x.size + 1)
    return x.size - np.sum(np.cos(x)) + i * (1 - np.cos(x)) - np.sin(x)


@problem(27, "Brown almost-linear", [0.5] * 10, 0)
def brown_linear(x):
    return joined(x[:-1] + np.sum(x) - (x.size + 1), np.prod(x) - 1)


def _mesh(n: int) -> np.ndarray:
    return np.arange(1.0, n + 1) / (n + 1)


@problem(28, "discrete boundary value", _mesh(10) * (_mesh(10) - 1), 0)
def boundary(x):
    h, t = 1 / (x.size + 1), _mesh(x.size)
    z = joined(0.0, x, 0.0)
    return 2 * x - z[:-2] - z[2:] + h**2 * (x + t + 1) ** 3 / 2


@problem(29, "discrete integral equation", _mesh(10) * (_mesh(10) - 1), 0)
def integral(x):
    h, t = 1 / (x.size + 1), _mesh(x.size)
    cube, upper = (x + t + 1) ** 3, np.triu(np.ones((x.size, x.size)), 1)
    return x + h * ((1 - t) * ((1 - upper).T * t @ cube) + t * (upper * (1 - t) @ cube)) / 2


@problem(30, "Broyden tridiagonal", [-1] * 10, 0)
def tridiagonal(x):
    z = joined(0.0, x, 0.0)
    return (3 - 2 * x) * x - z[:-2] - 2 * z[2:] + 1


@problem(31, "Broyden banded", [-1] * 10, 0)
def banded(x):
    n = x.size
    near = np.tri(n, k=1) * np.tri(n, k=5).T * (1 - np.eye(n))
    return x * (2 + 5 * x**2) + 1 - near @ (x * (1 + x))


@problem(32, "linear, full rank", [1] * 10, 10)
def linear(x):
    m = 2 * x.size
    return joined(x - 2 / m * np.sum(x) - 1, (-2 / m * np.sum(x) - 1) * np.ones(m - x.size))


@problem(33, "linear, rank 1", [1] * 10, 20 * 19 / (2 * 41))
def linear_rank1(x):
    return np.arange(1.0, 21) * np.sum(np.arange(1.0, x.size + 1) * x) - 1


@problem(34, "linear, rank 1, with zero columns and rows", [1] * 10, (20**2 + 3 * 20 - 6) / (2 * 37))
def linear_zero(x):
    weighed = np.sum(np.arange(2.0, x.size) * x[1:-1])
    return joined(-1.0, np.arange(1.0, 19) * weighed - 1, -1.0)


@problem(35, "Chebyquad 8", _mesh(8), 3.51687e-3)
@problem(35, "Chebyquad 10", _mesh(10), 6.50395e-3)
def chebyquad(x):
    older, last, means = 1.0 + 0 * x, 2 * x - 1, []
    for k in range(1, x.size + 1):
        means.append(np.mean(last) + (1 / (k * k - 1) if k % 2 == 0 else 0.0))
        older, last = last, 2 * (2 * x - 1) * last - older
    return np.array(means)
