"""Minima whose number grows with the dimension: no descent finds the lowest but by luck."""

from __future__ import annotations

from numpy import abs, arange, cos, e, exp, full, pi, resize, sin, sqrt, tan, where, zeros, zeros_like

from .registry import Problem, entry


@entry
def rastrigin(n: int = 2):
    """A regular grid of about 10^n minima; the bowl below them is invisible to the gradient."""

    def f(x):
        return (10 + x**2 - 10 * cos(2 * pi * x)).sum(0)

    def g(x):
        return 2 * x + 20 * pi * sin(2 * pi * x)

    return Problem(
        f,
        g,
        formula="10 n + sum of x[i]^2 - 10 cos(2 pi x[i])",
        start=resize([3.3, -2.2], n),
        bounds=[(-5.12, 5.12)] * n,
        minima=[zeros(n)],
        minimum=0,
        source="Rastrigin (1974)",
        tags=("non-convex", "multimodal"),
    )


@entry
def ackley(n: int = 2):
    """A rippled plain around a funnel whose tip is a kink."""

    def f(x):
        return -20 * exp(-0.2 * sqrt((x**2).mean(0))) - exp(cos(2 * pi * x).mean(0)) + 20 + e

    def g(x):
        radius = sqrt((x**2).mean(0))
        funnel = 4 * exp(-0.2 * radius) / where(radius == 0, 1, radius)
        return (funnel * x + 2 * pi * sin(2 * pi * x) * exp(cos(2 * pi * x).mean(0))) / len(x)

    return Problem(
        f,
        g,
        formula="20 + e - 20 exp(-0.2 sqrt(mean of x[i]^2)) - exp(mean of cos(2 pi x[i]))",
        start=resize([12.3, -7.7], n),
        bounds=[(-32.768, 32.768)] * n,
        minima=[zeros(n)],
        minimum=0,
        source="Ackley (1987)",
        tags=("non-convex", "multimodal", "kink"),
    )


@entry
def griewank(n: int = 2):
    """Thousands of regular ripples on a wide bowl, coupled by a product; with more coordinates they fade."""
    root = sqrt(arange(1, n + 1))

    def f(x):
        return 1 + (x**2).sum(0) / 4000 - cos(x.T / root).T.prod(0)

    def g(x):
        z = x.T / root
        return x / 2000 + cos(z).T.prod(0) * (tan(z) / root).T  # no float is pi/2, so that tan is finite

    return Problem(
        f,
        g,
        formula="1 + sum of x[i]^2/4000 - product of cos(x[i]/sqrt(i)), i = 1, ..., n",
        start=resize([50, -30], n),
        bounds=[(-600, 600)] * n,
        minima=[zeros(n)],
        minimum=0,
        source="Griewank (1981)",
        tags=("non-convex", "multimodal"),
    )


@entry
def schwefel(n: int = 2):
    """The lowest minimum lies in a far corner, away from the next best ones: the overall trend misleads."""

    def f(x):
        return (418.98288727243371 - x * sin(sqrt(abs(x)))).sum(0)

    def g(x):
        root = sqrt(abs(x))
        return -sin(root) - root * cos(root) / 2

    return Problem(
        f,
        g,
        formula="418.98288727243371 n - sum of x[i] sin(sqrt(|x[i]|))",
        start=resize([-200, 150], n),
        bounds=[(-500, 500)] * n,
        minima=[full(n, 420.96874635998203)],
        minimum=0,
        source="Schwefel (1981)",
        tags=("non-convex", "multimodal", "needs bounds"),
    )


@entry
def levy(n: int = 2):
    """Ripples that are steep across and shallow along one coordinate, on a slanting floor."""

    def f(x):
        w = 1 + (x - 1) / 4
        a, z = w[:-1], w[-1]
        middle = ((a - 1) ** 2 * (1 + 10 * sin(pi * a + 1) ** 2)).sum(0)
        return sin(pi * w[0]) ** 2 + middle + (z - 1) ** 2 * (1 + sin(2 * pi * z) ** 2)

    def g(x):
        w = 1 + (x - 1) / 4
        a, z = w[:-1], w[-1]
        g = zeros_like(x)
        g[:-1] = 2 * (a - 1) * (1 + 10 * sin(pi * a + 1) ** 2) + 10 * pi * (a - 1) ** 2 * sin(2 * pi * a + 2)
        g[-1] = 2 * (z - 1) * (1 + sin(2 * pi * z) ** 2) + 2 * pi * (z - 1) ** 2 * sin(4 * pi * z)
        g[0] += pi * sin(2 * pi * w[0])
        return g / 4

    return Problem(
        f,
        g,
        formula="sin(pi w[1])^2 + sum of (w[i] - 1)^2 (1 + 10 sin(pi w[i] + 1)^2), i < n,"
        " + (w[n] - 1)^2 (1 + sin(2 pi w[n])^2), w = 1 + (x - 1)/4",
        start=resize([-7, 6], n),
        bounds=[(-10, 10)] * n,
        minima=[full(n, 1)],
        minimum=0,
        source="Levy & Montalvo (1985)",
        tags=("non-convex", "least squares", "multimodal"),
    )


@entry
def styblinski_tang(n: int = 2):
    """Two wells along each coordinate, 2^n minima in all, and only one of them the lowest."""

    def f(x):
        return (x**4 - 16 * x**2 + 5 * x).sum(0) / 2

    def g(x):
        return 2 * x**3 - 16 * x + 2.5

    return Problem(
        f,
        g,
        formula="sum of (x[i]^4 - 16 x[i]^2 + 5 x[i]) / 2",
        start=resize([4, -4], n),
        bounds=[(-5, 5)] * n,
        minima=[full(n, -2.9035340277711771)],
        minimum=-39.166165703771415 * n,
        traps=[full(n, 2.746802770990837)],
        source="Styblinski & Tang (1990)",
        tags=("non-convex", "multimodal"),
    )
