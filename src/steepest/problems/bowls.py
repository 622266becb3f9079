"""One minimum and no kink: what is hard is the scaling alone."""

from __future__ import annotations

from numpy import arange, array, cos, errstate, eye, full, log, logspace, ones, outer, pi, resize, sqrt, zeros

from .registry import Problem, entry


@entry
def bowl(n: int = 2):
    """Nothing is hard: what fails here is wrong. Gradient descent with lr = 1 jumps to and fro for ever."""

    def f(x):
        return (x**2).sum(0)

    def g(x):
        return 2 * x

    return Problem(
        f,
        g,
        formula="sum of x[i]^2",
        start=resize([3, 2], n),
        bounds=[(-5, 5)] * n,
        minima=[zeros(n)],
        minimum=0,
        source="De Jong (1975), his sphere",
        tags=("convex", "quadratic", "least squares"),
    )


@entry
def ellipsoid(n: int = 2):
    """Each coordinate has its own scale, up to a million apart: a learning rate for each one cures it."""
    curvature = logspace(0, 6, n)

    def f(x):
        return (x.T**2 @ curvature).T

    def g(x):
        return (2 * curvature * x.T).T

    return Problem(
        f,
        g,
        formula="sum of 10^(6 i/(n-1)) x[i]^2, i = 0, ..., n-1",
        start=resize([3, 2], n),
        bounds=[(-5, 5)] * n,
        minima=[zeros(n)],
        minimum=0,
        source="Hansen et al. (2009)",
        tags=("convex", "quadratic", "least squares", "ill-conditioned"),
    )


@entry
def ravine(n: int = 2):
    """A valley a thousand times steeper across than along, and oblique: descent zigzags, and no learning rate
    for each coordinate helps."""
    curvature = logspace(0, 3, n)
    # The rotation: the orthonormal discrete cosine transform, for n = 2 by 45 degrees.
    axes = sqrt(2 / n) * cos(pi * outer(arange(n) + 0.5, arange(n)) / n)
    axes[:, 0] = 1 / sqrt(n)

    def f(x):
        return ((x.T @ axes) ** 2 @ curvature).T

    def g(x):
        return (2 * curvature * (x.T @ axes) @ axes.T).T

    return Problem(
        f,
        g,
        formula="sum of 10^(3 i/(n-1)) z[i]^2, z = x rotated, i = 0, ..., n-1",
        start=resize([4, 1], n),
        bounds=[(-5, 5)] * n,
        minima=[zeros(n)],
        minimum=0,
        source="Hansen et al. (2009)",
        tags=("convex", "quadratic", "least squares", "ill-conditioned"),
    )


@entry
def booth():
    """A mild oblique valley: the first step towards the ravine."""

    def f(p):
        x, y = p
        return (x + 2 * y - 7) ** 2 + (2 * x + y - 5) ** 2

    def g(p):
        x, y = p
        return array([10 * x + 8 * y - 34, 8 * x + 10 * y - 38])

    return Problem(
        f,
        g,
        formula="(x + 2 y - 7)^2 + (2 x + y - 5)^2",
        start=[-5, -5],
        bounds=[(-10, 10)] * 2,
        minima=[[1, 3]],
        minimum=0,
        source="Jamil & Yang (2013)",
        tags=("convex", "quadratic", "least squares"),
    )


@entry
def matyas():
    """Nearly flat along the diagonal: small steps in f look like convergence long before it."""

    def f(p):
        x, y = p
        return 0.26 * (x**2 + y**2) - 0.48 * x * y

    def g(p):
        x, y = p
        return array([0.52 * x - 0.48 * y, 0.52 * y - 0.48 * x])

    return Problem(
        f,
        g,
        formula="0.26 (x^2 + y^2) - 0.48 x y",
        start=[8, -6],
        bounds=[(-10, 10)] * 2,
        minima=[[0, 0]],
        minimum=0,
        source="Matyas (1965)",
        tags=("convex", "quadratic"),
    )


@entry
def trid(n: int = 2):
    """Neighbours pull at each other: the condition grows as n^2, and the minimum lies far from the start."""
    matrix = 2 * eye(n) - eye(n, k=1) - eye(n, k=-1)

    def f(x):
        return ((x - 1) ** 2).sum(0) - (x[1:] * x[:-1]).sum(0)

    def g(x):
        return (x.T @ matrix).T - 2

    i = arange(1, n + 1)
    return Problem(
        f,
        g,
        formula="sum of (x[i] - 1)^2, minus sum of x[i] x[i-1]",
        start=zeros(n),
        bounds=[(-(n**2), n**2)] * n,
        minima=[i * (n + 1 - i)],
        minimum=-n * (n + 4) * (n - 1) / 6,
        source="Neumaier (2002)",
        tags=("convex", "quadratic"),
    )


@entry
def zakharov(n: int = 2):
    """A bowl with walls of degree 4 in one oblique direction: the curvature, and so the best step, changes
    nearly a thousandfold on the way."""
    weight = 0.5 * arange(1, n + 1)

    def f(x):
        s = (x.T @ weight).T
        return (x**2).sum(0) + s**2 + s**4

    def g(x):
        s = (x.T @ weight)[..., None]
        return 2 * x + ((2 * s + 4 * s**3) * weight).T

    return Problem(
        f,
        g,
        formula="sum of x[i]^2, plus s^2 + s^4, s = sum of i x[i] / 2",
        start=resize([8, -3], n),
        bounds=[(-5, 10)] * n,
        minima=[zeros(n)],
        minimum=0,
        source="Zakharov (1975)",
        tags=("convex", "least squares", "ill-conditioned"),
    )


@entry
def quartic(n: int = 2):
    """A flat bottom: the curvature vanishes with the gradient, so that a small gradient says little about the
    distance left."""

    def f(x):
        return (x**4).sum(0)

    def g(x):
        return 4 * x**3

    return Problem(
        f,
        g,
        formula="sum of x[i]^4",
        start=resize([1, -0.8], n),
        bounds=[(-1.28, 1.28)] * n,
        minima=[zeros(n)],
        minimum=0,
        source="De Jong (1975), without his weights and noise",
        tags=("convex", "least squares", "plateau", "singular"),
    )


@entry
def log_barrier(n: int = 2):
    """Undefined where a coordinate is negative, and so steep at that edge that one step leaps far away."""

    def f(x):
        with errstate(invalid="ignore", divide="ignore"):  # NaN beyond the edge, infinite on it: meant so
            return (x - log(x)).sum(0)

    def g(x):
        with errstate(divide="ignore"):
            return 1 - 1 / x

    return Problem(
        f,
        g,
        formula="sum of x[i] - log(x[i])",
        start=full(n, 0.01),
        bounds=[(0, 10)] * n,
        minima=[ones(n)],
        minimum=n,
        source="Frisch (1955), his barrier",
        tags=("convex", "ill-conditioned", "domain edge"),
    )
