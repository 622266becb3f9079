"""Curved valleys and badly scaled fits: least squares that keep good methods busy."""

from __future__ import annotations

from numpy import arange, arctan2, array, exp, hypot, ones, pi, resize, zeros_like

from ..errors import ArgumentError
from .registry import Problem, entry


@entry
def rosenbrock(n: int = 2):
    """A curved valley with a nearly flat floor: finding it is easy, following it is not; from n = 4 on there
    is a second minimum near (-1, 1, ..., 1)."""
    if n < 2:
        raise ArgumentError(f"n={n}: rosenbrock couples neighbours, it needs n >= 2.")

    def f(x):
        a, b = x[:-1], x[1:]
        return (100 * (b - a**2) ** 2 + (1 - a) ** 2).sum(0)

    def g(x):
        a, b = x[:-1], x[1:]
        g = zeros_like(x)
        g[:-1] = -400 * a * (b - a**2) - 2 * (1 - a)
        g[1:] += 200 * (b - a**2)
        return g

    return Problem(
        f,
        g,
        formula="sum of 100 (x[i+1] - x[i]^2)^2 + (1 - x[i])^2",
        start=resize([-1.2, 1], n),
        bounds=[(-5, 10)] * n,
        minima=[ones(n)],
        minimum=0,
        source="Rosenbrock (1960)",
        tags=("non-convex", "least squares", "ill-conditioned"),
    )


@entry
def beale():
    """Flat valleys run outwards along y = 1, steep corners stand beside them: no one step size fits both."""

    def f(p):
        x, y = p
        return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2

    def g(p):
        x, y = p
        a, b, c = 1.5 - x + x * y, 2.25 - x + x * y**2, 2.625 - x + x * y**3
        return array([
            2 * (a * (y - 1) + b * (y**2 - 1) + c * (y**3 - 1)),
            2 * x * (a + 2 * b * y + 3 * c * y**2),
        ])  # fmt: skip

    return Problem(
        f,
        g,
        formula="(1.5 - x + x y)^2 + (2.25 - x + x y^2)^2 + (2.625 - x + x y^3)^2",
        start=[1, 1],
        bounds=[(-4.5, 4.5)] * 2,
        minima=[[3, 0.5]],
        minimum=0,
        source="Beale (1958)",
        tags=("non-convex", "least squares", "plateau", "saddle"),
    )


@entry
def freudenstein_roth():
    """From the usual start nearly every method ends in the local minimum 48.98, far from the root."""

    def residuals(p):
        x, y = p
        return -13 + x + ((5 - y) * y - 2) * y, -29 + x + ((y + 1) * y - 14) * y

    def f(p):
        a, b = residuals(p)
        return a**2 + b**2

    def g(p):
        _, y = p
        a, b = residuals(p)
        return array([2 * (a + b), 2 * a * (10 * y - 3 * y**2 - 2) + 2 * b * (3 * y**2 + 2 * y - 14)])

    return Problem(
        f,
        g,
        formula="(-13 + x + ((5 - y) y - 2) y)^2 + (-29 + x + ((y + 1) y - 14) y)^2",
        start=[0.5, -2],
        bounds=[(-20, 20), (-10, 10)],
        minima=[[5, 4]],
        minimum=0,
        traps=[[11.412778986902094, -0.8968052532744766]],
        source="Freudenstein & Roth (1963)",
        tags=("non-convex", "least squares", "multimodal", "ill-conditioned"),
    )


@entry
def powell_badly_scaled():
    """The solution is (0.00001098, 9.106): one coordinate in units of a hundred-thousandth, and f is nearly
    flat along x y = 0.0001."""

    def f(p):
        x, y = p
        return (1e4 * x * y - 1) ** 2 + (exp(-x) + exp(-y) - 1.0001) ** 2

    def g(p):
        x, y = p
        a, b = 1e4 * x * y - 1, exp(-x) + exp(-y) - 1.0001
        return array([2e4 * a * y - 2 * b * exp(-x), 2e4 * a * x - 2 * b * exp(-y)])

    return Problem(
        f,
        g,
        formula="(10^4 x y - 1)^2 + (exp(-x) + exp(-y) - 1.0001)^2",
        start=[0, 1],
        bounds=[(-10, 10)] * 2,
        minima=[[1.0981593296998175e-5, 9.106146739866524], [9.106146739866524, 1.0981593296998175e-5]],
        minimum=0,
        source="Powell (1970)",
        tags=("non-convex", "least squares", "multimodal", "ill-conditioned", "plateau"),
    )


@entry
def brown_badly_scaled():
    """The solution is (1000000, 0.000002): no single tolerance on x or on the gradient has a meaning."""

    def f(p):
        x, y = p
        return (x - 1e6) ** 2 + (y - 2e-6) ** 2 + (x * y - 2) ** 2

    def g(p):
        x, y = p
        return array([2 * (x - 1e6) + 2 * (x * y - 2) * y, 2 * (y - 2e-6) + 2 * (x * y - 2) * x])

    return Problem(
        f,
        g,
        formula="(x - 10^6)^2 + (y - 2/10^6)^2 + (x y - 2)^2",
        start=[1, 1],
        bounds=[(0, 2e6), (-1, 3)],
        minima=[[1e6, 2e-6]],
        minimum=0,
        source="Moré, Garbow & Hillstrom (1981), after Brown",
        tags=("non-convex", "least squares", "ill-conditioned"),
    )


@entry
def helical_valley():
    """The valley winds round the axis like a stair; the value jumps where the angle does, at x = 0, y < 0."""

    def polar(x, y):
        # The angle in turns from -1/4 to 3/4, as in the source: its jump is not where the start lies.
        return 0.25 + arctan2(-x, y) / (2 * pi), hypot(x, y)

    def f(p):
        x, y, z = p
        angle, radius = polar(x, y)
        return 100 * ((z - 10 * angle) ** 2 + (radius - 1) ** 2) + z**2

    def g(p):
        x, y, z = p
        angle, radius = polar(x, y)
        turn = -1000 * (z - 10 * angle) / (pi * radius**2)
        pull = 200 * (radius - 1) / radius
        return array([pull * x - turn * y, pull * y + turn * x, 200 * (z - 10 * angle) + 2 * z])

    return Problem(
        f,
        g,
        formula="100 ((z - 10 a)^2 + (r - 1)^2) + z^2, with x = r cos(2 pi a), y = r sin(2 pi a)",
        start=[-1, 0, 0],
        bounds=[(-2, 2), (-2, 2), (-2, 10)],
        minima=[[1, 0, 0]],
        minimum=0,
        source="Fletcher & Powell (1963)",
        tags=("non-convex", "least squares", "discontinuous"),
    )


@entry
def powell_singular():
    """The Hessian at the minimum is singular: Newton's method loses its speed, gradient descent crawls."""

    def f(p):
        a, b, c, d = p
        return (a + 10 * b) ** 2 + 5 * (c - d) ** 2 + (b - 2 * c) ** 4 + 10 * (a - d) ** 4

    def g(p):
        a, b, c, d = p
        return array([
            2 * (a + 10 * b) + 40 * (a - d) ** 3,
            20 * (a + 10 * b) + 4 * (b - 2 * c) ** 3,
            10 * (c - d) - 8 * (b - 2 * c) ** 3,
            -10 * (c - d) - 40 * (a - d) ** 3,
        ])  # fmt: skip

    return Problem(
        f,
        g,
        formula="(a + 10 b)^2 + 5 (c - d)^2 + (b - 2 c)^4 + 10 (a - d)^4",
        start=[3, -1, 0, 1],
        bounds=[(-4, 5)] * 4,
        minima=[[0, 0, 0, 0]],
        minimum=0,
        source="Powell (1962)",
        tags=("convex", "least squares", "ill-conditioned", "singular"),
    )


@entry
def wood():
    """Near (-1, 1, -1, 1) the gradient almost vanishes at f = 7.88, at a saddle: many runs stop there."""

    def f(p):
        a, b, c, d = p
        first = 100 * (b - a**2) ** 2 + (1 - a) ** 2
        second = 90 * (d - c**2) ** 2 + (1 - c) ** 2
        return first + second + 10.1 * ((b - 1) ** 2 + (d - 1) ** 2) + 19.8 * (b - 1) * (d - 1)

    def g(p):
        a, b, c, d = p
        return array([
            -400 * a * (b - a**2) - 2 * (1 - a),
            200 * (b - a**2) + 20.2 * (b - 1) + 19.8 * (d - 1),
            -360 * c * (d - c**2) - 2 * (1 - c),
            180 * (d - c**2) + 20.2 * (d - 1) + 19.8 * (b - 1),
        ])  # fmt: skip

    return Problem(
        f,
        g,
        formula="100 (b - a^2)^2 + (1 - a)^2 + 90 (d - c^2)^2 + (1 - c)^2"
        " + 10.1 ((b - 1)^2 + (d - 1)^2) + 19.8 (b - 1) (d - 1)",
        start=[-3, -1, -3, -1],
        bounds=[(-10, 10)] * 4,
        minima=[[1, 1, 1, 1]],
        minimum=0,
        source="Colville (1968)",
        tags=("non-convex", "least squares", "ill-conditioned", "saddle"),
    )


@entry
def dixon_price(n: int = 2):
    """A chain of valleys, each curved by the one before; the last coordinate may have either sign."""
    i = arange(2, n + 1)

    def f(x):
        return (x[0] - 1) ** 2 + (i * (2 * x[1:] ** 2 - x[:-1]).T ** 2).T.sum(0)

    def g(x):
        slope = (2 * i * (2 * x[1:] ** 2 - x[:-1]).T).T
        g = zeros_like(x)
        g[0] = 2 * (x[0] - 1)
        g[:-1] -= slope
        g[1:] += 4 * x[1:] * slope
        return g

    lowest = 2.0 ** (2.0 ** (1 - arange(1, n + 1)) - 1)
    mirrored = lowest.copy()
    mirrored[-1] *= -1
    return Problem(
        f,
        g,
        formula="(x[1] - 1)^2 + sum of i (2 x[i]^2 - x[i-1])^2, i = 2, ..., n",
        start=resize([-4, 3], n),
        bounds=[(-10, 10)] * n,
        minima=[lowest, mirrored] if n > 1 else [lowest],
        minimum=0,
        source="Dixon & Price (1989)",
        tags=("non-convex", "least squares", "multimodal", "saddle"),
    )
