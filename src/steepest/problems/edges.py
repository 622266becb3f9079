"""Saddles, kinks, plateaus and steps: where the gradient misleads, jumps or vanishes."""

from __future__ import annotations

from numpy import abs, array, exp, floor, maximum, minimum, resize, sign, sqrt, where, zeros, zeros_like

from .registry import Problem, entry


@entry
def saddle():
    """Descent first runs to the saddle, where the gradient nearly vanishes, then falls without limit."""

    def f(p):
        x, y = p
        return x**2 - y**2

    def g(p):
        x, y = p
        return array([2 * x, -2 * y])

    return Problem(
        f,
        g,
        formula="x^2 - y^2",
        start=[1, 0.001],
        bounds=[(-2, 2)] * 2,
        minima=[],
        minimum=None,
        source="classical",
        tags=("non-convex", "quadratic", "saddle", "no minimum"),
    )


@entry
def nesterov_saddle():
    """The start lies on the ridge: exact gradient descent converges to the saddle between the two minima, and
    no gradient ever shows the way down."""

    def f(p):
        x, y = p
        return x**2 / 2 + y**4 / 4 - y**2 / 2

    def g(p):
        x, y = p
        return array([x, y**3 - y])

    return Problem(
        f,
        g,
        formula="x^2/2 + y^4/4 - y^2/2",
        start=[1, 0],
        bounds=[(-2, 2)] * 2,
        minima=[[0, -1], [0, 1]],
        minimum=-0.25,
        source="Nesterov (2004), section 1.2.3",
        tags=("non-convex", "multimodal", "saddle"),
    )


@entry
def monkey_saddle():
    """At the saddle the gradient and the whole Hessian are zero: curvature does not show the way down."""

    def f(p):
        x, y = p
        return x**3 - 3 * x * y**2

    def g(p):
        x, y = p
        return array([3 * (x**2 - y**2), -6 * x * y])

    return Problem(
        f,
        g,
        formula="x^3 - 3 x y^2",
        start=[1, 0],
        bounds=[(-2, 2)] * 2,
        minima=[],
        minimum=None,
        source="Hilbert & Cohn-Vossen (1932)",
        tags=("non-convex", "saddle", "no minimum"),
    )


@entry
def absolute(n: int = 2):
    """The gradient has the same length everywhere and jumps at the minimum: with a constant step, descent
    never comes to rest."""

    def f(x):
        return abs(x).sum(0)

    def g(x):
        return sign(x)

    return Problem(
        f,
        g,
        formula="sum of |x[i]|",
        start=resize([3, 2], n),
        bounds=[(-5, 5)] * n,
        minima=[zeros(n)],
        minimum=0,
        source="classical",
        tags=("convex", "kink"),
    )


@entry
def demyanov_malozemov():
    """The largest of three functions: steepest descent gets stuck on the crease where two of them meet."""

    def f(p):
        x, y = p
        return maximum(abs(5 * x) + y, x**2 + y**2 + 4 * y)

    def g(p):
        x, y = p
        smooth = x**2 + y**2 + 4 * y > abs(5 * x) + y
        return where(smooth, array([2 * x, 2 * y + 4]), array([5 * sign(x), 1 + 0 * y]))

    return Problem(
        f,
        g,
        formula="max(5 x + y, -5 x + y, x^2 + y^2 + 4 y)",
        start=[2, 1],
        bounds=[(-5, 5)] * 2,
        minima=[[0, -3]],
        minimum=-3,
        source="Demyanov & Malozemov (1974)",
        tags=("convex", "kink"),
    )


@entry
def wolfe():
    """Steepest descent with exact line search converges to the origin, where the slope towards the minimum is
    9: a kink stops it, not a minimum."""

    def f(p):
        x, y = p
        fan = 5 * sqrt(9 * x**2 + 16 * y**2)
        wedge = 9 * x + 16 * abs(y) - minimum(x, 0) ** 9
        return wedge + (x > abs(y)) * (fan - wedge)

    def g(p):
        x, y = p
        fan = 5 / sqrt(where(x > abs(y), 9 * x**2 + 16 * y**2, 1)) * array([9 * x, 16 * y])
        wedge = array([9 - 9 * minimum(x, 0) ** 8, 16 * sign(y)])
        return where(x > abs(y), fan, wedge)

    return Problem(
        f,
        g,
        formula="5 sqrt(9 x^2 + 16 y^2) where x > |y|, else 9 x + 16 |y| - min(x, 0)^9",
        start=[5, 4],
        bounds=[(-2, 6), (-5, 5)],
        minima=[[-1, 0]],
        minimum=-8,
        source="after Wolfe (1975); the term of degree 9 bounds it below",
        tags=("convex", "kink"),
    )


@entry
def steps(n: int = 2):
    """The gradient is zero wherever it exists: gradients say nothing, only values do."""

    def f(x):
        return (floor(x + 0.5) ** 2).sum(0)

    def g(x):
        return zeros_like(x)

    return Problem(
        f,
        g,
        formula="sum of floor(x[i] + 1/2)^2",
        start=resize([3.2, -2.3], n),
        bounds=[(-5, 5)] * n,
        minima=[zeros(n)],
        minimum=0,
        source="Bäck & Schwefel (1993)",
        tags=("non-convex", "least squares", "plateau", "singular", "discontinuous"),
    )


@entry
def plateau(n: int = 2):
    """A hole in a plain: from the start the gradient is a millionth, and a test of its length alone would
    call that a minimum."""

    def f(x):
        return 1 - exp(-(x**2).sum(0) / 2)

    def g(x):
        return x * exp(-(x**2).sum(0) / 2)

    return Problem(
        f,
        g,
        formula="1 - exp(-sum of x[i]^2 / 2)",
        start=sqrt(32 / n) * resize([1, -1], n),
        bounds=[(-6, 6)] * n,
        minima=[zeros(n)],
        minimum=0,
        source="classical",
        tags=("non-convex", "plateau"),
    )
