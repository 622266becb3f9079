"""Several minima in the plane: where a descent ends is decided by where it starts."""

from __future__ import annotations

from numpy import array, cos, exp, pi, sin, sinc, sqrt

from .registry import Problem, entry


@entry
def himmelblau():
    """Four minima of the same value: which one is found depends on start and step."""

    def f(p):
        x, y = p
        return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2

    def g(p):
        x, y = p
        a, b = x**2 + y - 11, x + y**2 - 7
        return array([4 * a * x + 2 * b, 2 * a + 4 * b * y])

    return Problem(
        f,
        g,
        formula="(x^2 + y - 11)^2 + (x + y^2 - 7)^2",
        start=[0, 0],
        bounds=[(-5, 5)] * 2,
        minima=[
            [3, 2],
            [-2.8051180869527449, 3.1313125182505730],
            [-3.7793102533777469, -3.2831859912861694],
            [3.5844283403304917, -1.8481265269644036],
        ],
        minimum=0,
        source="Himmelblau (1972)",
        tags=("non-convex", "least squares", "multimodal", "saddle"),
    )


@entry
def goldstein_price():
    """Values from 3 to a million, and four minima: a step that fits the slopes is too small for the floor."""

    def parts(x, y):
        s, t = x + y + 1, 2 * x - 3 * y
        a = 19 - 14 * x + 3 * x**2 - 14 * y + 6 * x * y + 3 * y**2
        b = 18 - 32 * x + 12 * x**2 + 48 * y - 36 * x * y + 27 * y**2
        return s, t, a, b

    def f(p):
        s, t, a, b = parts(*p)
        return (1 + s**2 * a) * (30 + t**2 * b)

    def g(p):
        x, y = p
        s, t, a, b = parts(x, y)
        left, right = 1 + s**2 * a, 30 + t**2 * b
        slope = 2 * s * a + s**2 * (6 * x + 6 * y - 14)  # of left, the same along x and y
        along_x = 4 * t * b + t**2 * (24 * x - 36 * y - 32)
        along_y = -6 * t * b + t**2 * (54 * y - 36 * x + 48)
        return array([slope * right + left * along_x, slope * right + left * along_y])

    return Problem(
        f,
        g,
        formula="(1 + (x + y + 1)^2 (19 - 14 x + 3 x^2 - 14 y + 6 x y + 3 y^2))"
        " (30 + (2 x - 3 y)^2 (18 - 32 x + 12 x^2 + 48 y - 36 x y + 27 y^2))",
        start=[-1, 1],
        bounds=[(-2, 2)] * 2,
        minima=[[0, -1]],
        minimum=3,
        traps=[[-0.6, -0.4], [1.8, 0.2], [1.2, 0.8]],
        source="Goldstein & Price (1971)",
        tags=("non-convex", "multimodal", "ill-conditioned"),
    )


@entry
def branin():
    """Three minima of the same value in one long curved trough."""
    b, c, s, t = 5.1 / (4 * pi**2), 5 / pi, 10, 1 / (8 * pi)

    def f(p):
        x, y = p
        return (y - b * x**2 + c * x - 6) ** 2 + s * (1 - t) * cos(x) + s

    def g(p):
        x, y = p
        a = y - b * x**2 + c * x - 6
        return array([2 * a * (c - 2 * b * x) - s * (1 - t) * sin(x), 2 * a])

    return Problem(
        f,
        g,
        formula="(y - 5.1 x^2/(4 pi^2) + 5 x/pi - 6)^2 + 10 (1 - 1/(8 pi)) cos(x) + 10",
        start=[2.5, 7.5],
        bounds=[(-5, 10), (0, 15)],
        minima=[[x, b * x**2 - c * x + 6] for x in (-pi, pi, 3 * pi)],
        minimum=s * t,
        source="Branin (1972)",
        tags=("non-convex", "multimodal"),
    )


@entry
def six_hump_camel():
    """Six minima in three pairs, two of them the lowest."""

    def f(p):
        x, y = p
        return (4 - 2.1 * x**2 + x**4 / 3) * x**2 + x * y + (4 * y**2 - 4) * y**2

    def g(p):
        x, y = p
        return array([8 * x - 8.4 * x**3 + 2 * x**5 + y, x - 8 * y + 16 * y**3])

    return Problem(
        f,
        g,
        formula="(4 - 2.1 x^2 + x^4/3) x^2 + x y + (4 y^2 - 4) y^2",
        start=[-1.5, 0.2],
        bounds=[(-3, 3), (-2, 2)],
        minima=[[0.08984201310031806, -0.71265640302073963], [-0.08984201310031806, 0.71265640302073963]],
        minimum=-1.0316284534898774,
        traps=[
            [-1.7036067149699809, 0.7960835686726251],
            [1.7036067149699809, -0.7960835686726251],
            [1.6071047529201974, 0.5686514548841314],
            [-1.6071047529201974, -0.5686514548841314],
        ],
        source="Dixon & Szegö (1978)",
        tags=("non-convex", "multimodal", "saddle"),
    )


@entry
def three_hump_camel():
    """From the start, descent ends in a local minimum beside the lowest one."""

    def f(p):
        x, y = p
        return 2 * x**2 - 1.05 * x**4 + x**6 / 6 + x * y + y**2

    def g(p):
        x, y = p
        return array([4 * x - 4.2 * x**3 + x**5 + y, x + 2 * y])

    return Problem(
        f,
        g,
        formula="2 x^2 - 1.05 x^4 + x^6/6 + x y + y^2",
        start=[2, -1],
        bounds=[(-5, 5)] * 2,
        minima=[[0, 0]],
        minimum=0,
        traps=[[1.747552345830289, -0.8737761729151445], [-1.747552345830289, 0.8737761729151445]],
        source="Branin (1972)",
        tags=("non-convex", "multimodal", "saddle"),
    )


@entry
def mccormick():
    """A washboard on a slope: outside the bounds the next minimum is always lower."""

    def f(p):
        x, y = p
        return sin(x + y) + (x - y) ** 2 - 1.5 * x + 2.5 * y + 1

    def g(p):
        x, y = p
        return array([cos(x + y) + 2 * (x - y) - 1.5, cos(x + y) - 2 * (x - y) + 2.5])

    return Problem(
        f,
        g,
        formula="sin(x + y) + (x - y)^2 - 1.5 x + 2.5 y + 1",
        start=[0, 0],
        bounds=[(-1.5, 4), (-3, 4)],
        minima=[[0.5 - pi / 3, -0.5 - pi / 3]],
        minimum=-sqrt(3) / 2 - pi / 3,
        traps=[[0.5 + 2 * pi / 3, -0.5 + 2 * pi / 3]],
        source="Adjiman, Dallwig, Floudas & Neumaier (1998), after McCormick",
        tags=("non-convex", "multimodal", "needs bounds"),
    )


@entry
def easom():
    """A needle's eye in a plain: away from (pi, pi) there is no gradient to follow."""

    def f(p):
        x, y = p
        return -cos(x) * cos(y) * exp(-((x - pi) ** 2) - (y - pi) ** 2)

    def g(p):
        x, y = p
        bell = exp(-((x - pi) ** 2) - (y - pi) ** 2)
        return array([
            bell * cos(y) * (sin(x) + 2 * (x - pi) * cos(x)),
            bell * cos(x) * (sin(y) + 2 * (y - pi) * cos(y)),
        ])  # fmt: skip

    return Problem(
        f,
        g,
        formula="-cos(x) cos(y) exp(-(x - pi)^2 - (y - pi)^2)",
        start=[0, 0],
        bounds=[(-10, 10)] * 2,
        minima=[[pi, pi]],
        minimum=-1,
        source="Easom (1990)",
        tags=("non-convex", "multimodal", "plateau"),
    )


@entry
def bohachevsky():
    """Ripples on a bowl: near the centre they decide, far out the bowl does."""

    def f(p):
        x, y = p
        return x**2 + 2 * y**2 - 0.3 * cos(3 * pi * x) - 0.4 * cos(4 * pi * y) + 0.7

    def g(p):
        x, y = p
        return array([2 * x + 0.9 * pi * sin(3 * pi * x), 4 * y + 1.6 * pi * sin(4 * pi * y)])

    return Problem(
        f,
        g,
        formula="x^2 + 2 y^2 - 0.3 cos(3 pi x) - 0.4 cos(4 pi y) + 0.7",
        start=[1.5, -1],
        bounds=[(-2, 2)] * 2,
        minima=[[0, 0]],
        minimum=0,
        source="Bohachevsky, Johnson & Stein (1986)",
        tags=("non-convex", "multimodal"),
    )


@entry
def drop_wave():
    """Rings around the lowest point, as from a drop in water: every descent stops in the nearest ring."""

    def f(p):
        x, y = p
        square = x**2 + y**2
        return -(1 + cos(12 * sqrt(square))) / (0.5 * square + 2)

    def g(p):
        x, y = p
        square = x**2 + y**2
        radius, below = sqrt(square), 0.5 * square + 2
        # sin(12 r)/r is 12 sinc(12 r/pi), which is 12 at the centre
        slope = 144 * sinc(12 * radius / pi) / below + (1 + cos(12 * radius)) / below**2
        return slope * p

    return Problem(
        f,
        g,
        formula="-(1 + cos(12 r)) / (r^2/2 + 2), r^2 = x^2 + y^2",
        start=[1, 0.5],
        bounds=[(-5.12, 5.12)] * 2,
        minima=[[0, 0]],
        minimum=-1,
        source="Surjanovic & Bingham (2013)",
        tags=("non-convex", "multimodal"),
    )


@entry
def michalewicz():
    """Narrow gorges in a plain: the gradient is nearly zero everywhere else."""
    i = array([1, 2])

    def f(x):
        return -(sin(x.T) * sin(i * x.T**2 / pi) ** 20).T.sum(0)

    def g(x):
        inner = i * x.T**2 / pi
        steep = 40 * i / pi * x.T * sin(x.T) * cos(inner) * sin(inner) ** 19
        return -(cos(x.T) * sin(inner) ** 20 + steep).T

    return Problem(
        f,
        g,
        formula="-sin(x) sin(x^2/pi)^20 - sin(y) sin(2 y^2/pi)^20",
        start=[1, 1],
        bounds=[(0, pi)] * 2,
        minima=[[2.2029055201726093, pi / 2]],
        minimum=-1.8013034100985525,
        source="Michalewicz (1992), of two coordinates",
        tags=("non-convex", "multimodal", "plateau", "needs bounds"),
    )
