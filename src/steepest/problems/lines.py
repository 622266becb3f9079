"""Functions of one number: everything that goes wrong can be seen in a drawing."""

from __future__ import annotations

from numpy import cos, exp, pi, sin

from .registry import Problem, entry


@entry
def wave():
    """From the start, descent ends in the shallowest of three minima; the lowest value lies at a bound, where
    the gradient is not zero."""

    def f(p):
        (x,) = p
        return x * cos(pi * x)

    def g(p):
        return cos(pi * p) - pi * p * sin(pi * p)

    return Problem(
        f,
        g,
        formula="x cos(pi x)",
        start=[-0.9],
        bounds=[(-2, 2)],
        minima=[[-2]],
        minimum=-2,
        traps=[[1.0904082219467212], [-0.2738526868008509]],
        source="a tutorial's example",
        tags=("non-convex", "multimodal", "needs bounds"),
    )


@entry
def double_well():
    """The start is the top of the hill between two wells: its gradient is zero, and it is no minimum."""

    def f(p):
        (x,) = p
        return (x**2 - 1) ** 2

    def g(p):
        return 4 * p * (p**2 - 1)

    return Problem(
        f,
        g,
        formula="(x^2 - 1)^2",
        start=[0],
        bounds=[(-2, 2)],
        minima=[[-1], [1]],
        minimum=0,
        source="Duffing (1918), the potential of his oscillator",
        tags=("non-convex", "multimodal", "saddle", "least squares"),
    )


@entry
def tilted_well():
    """The well nearer to the start is the higher one; enough momentum carries over the hill."""

    def f(p):
        (x,) = p
        return x**4 - 2 * x**2 + x / 2

    def g(p):
        return 4 * p**3 - 4 * p + 0.5

    return Problem(
        f,
        g,
        formula="x^4 - 2 x^2 + x/2",
        start=[2],
        bounds=[(-2, 2)],
        minima=[[-1.0574537707383779]],
        minimum=-1.5147536412757056,
        traps=[[0.9304029265558517]],
        source="classical",
        tags=("non-convex", "multimodal"),
    )


@entry
def gramacy_lee():
    """Ten ripples on a bowl: every start has a minimum of its own."""

    def f(p):
        (x,) = p
        return sin(10 * pi * x) / (2 * x) + (x - 1) ** 4

    def g(p):
        return 5 * pi * cos(10 * pi * p) / p - sin(10 * pi * p) / (2 * p**2) + 4 * (p - 1) ** 3

    return Problem(
        f,
        g,
        formula="sin(10 pi x) / (2 x) + (x - 1)^4",
        start=[1.5],
        bounds=[(0.5, 2.5)],
        minima=[[0.5485634445276052]],
        minimum=-0.86901113498949971,
        traps=[
            [0.7487437781430086],
            [0.9489336866904862],
            [1.1490876188021966],
            [1.348785167362593],
            [1.5472883271844392],
        ],
        source="Gramacy & Lee (2012)",
        tags=("non-convex", "multimodal", "needs bounds"),
    )


@entry
def forrester():
    """A shallow dip near the start hides the deep one."""

    def f(p):
        (x,) = p
        return (6 * x - 2) ** 2 * sin(12 * x - 4)

    def g(p):
        a = 6 * p - 2
        return 12 * a * sin(2 * a) + 12 * a**2 * cos(2 * a)

    return Problem(
        f,
        g,
        formula="(6 x - 2)^2 sin(12 x - 4)",
        start=[0.2],
        bounds=[(0, 1)],
        minima=[[0.7572487578418559]],
        minimum=-6.0207400557670828,
        traps=[[0.1425891893247163]],
        source="Forrester, Sobester & Keane (2008)",
        tags=("non-convex", "multimodal", "needs bounds"),
    )


@entry
def exponential_decay():
    """Falls towards 0 and never gets there: the gradient becomes ever smaller, with no minimum near."""

    def f(p):
        (x,) = p
        return exp(-x)

    def g(p):
        return -exp(-p)

    return Problem(
        f,
        g,
        formula="exp(-x)",
        start=[0],
        bounds=[(-2, 20)],
        minima=[],
        minimum=None,
        source="classical",
        tags=("convex", "plateau", "no minimum"),
    )


@entry
def exponential_fall():
    """Falls without limit, faster and faster: values overflow after a few steps."""

    def f(p):
        (x,) = p
        return x - exp(x)

    def g(p):
        return 1 - exp(p)

    return Problem(
        f,
        g,
        formula="x - exp(x)",
        start=[0.5],
        bounds=[(-5, 5)],
        minima=[],
        minimum=None,
        source="classical",
        tags=("non-convex", "no minimum"),
    )
