"""The functions that Andrei (2008) took from CUTE (Bongartz, Conn, Gould & Toint 1995)."""

from __future__ import annotations

import numpy as np

from .collection import counted, problem


@problem(40, "FLETCBV3", lambda i: i / (i.size + 1))
def fletcbv3(x):
    p, h = 1e-8, 1 / (x.size + 1)
    ends = x[0] ** 2 + x[-1] ** 2
    inside = np.sum((x[:-1] - x[1:]) ** 2)
    return p / 2 * (ends + inside) - p / h**2 * np.sum((h**2 + 2) * x + np.cos(x))


@problem(41, "FLETCHCR", [0.0], minimum=0.0)
def fletchcr(x):
    return 100 * np.sum((x[1:] - x[:-1] + 1 - x[:-1] ** 2) ** 2)


@problem(42, "BDQRTIC", [1.0], smallest=5)
def bdqrtic(x):
    y = x**2
    return np.sum((3 - 4 * x[:-4]) ** 2 + (y[:-4] + 2 * y[1:-3] + 3 * y[2:-2] + 4 * y[3:-1] + 5 * y[-1]) ** 2)


@problem(43, "TRIDIA", [1.0], minimum=0.0)
def tridia(x):
    return (x[0] - 1) ** 2 + np.sum(counted(x)[1:] * (2 * x[1:] - x[:-1]) ** 2)


@problem(44, "ARGLINB", [1.0], minimum=lambda i: i.size * (i.size - 1) / (2 * (2 * i.size + 1)))
def arglinb(x):
    """With m = n."""
    i = counted(x)
    return np.sum((i * np.sum(i * x) - 1) ** 2)


@problem(45, "ARWHEAD", [1.0], minimum=0.0)
def arwhead(x):
    return np.sum(3 - 4 * x[:-1] + (x[:-1] ** 2 + x[-1] ** 2) ** 2)


@problem(46, "NONDIA", [-1.0], smallest=3, minimum=0.0)
def nondia(x):
    """With 100 (x_1 - x_{i-1}^2)^2 as in CUTE, so that f does not depend on x_n."""
    return (x[0] - 1) ** 2 + 100 * np.sum((x[0] - x[:-1] ** 2) ** 2)


@problem(47, "NONDQUAR", [1.0, -1.0], smallest=3, minimum=0.0)
def nondquar(x):
    return (x[0] - x[1]) ** 2 + np.sum((x[:-2] + x[1:-1] + x[-1]) ** 4) + (x[-2] + x[-1]) ** 2


@problem(48, "DQDRTIC", [3.0], smallest=3, minimum=0.0)
def dqdrtic(x):
    return np.sum(x[:-2] ** 2 + 100 * x[1:-1] ** 2 + 100 * x[2:] ** 2)


@problem(49, "EG2", [1.0], minimum=lambda i: 0.5 - i.size)
def eg2(x):
    return np.sum(np.sin(x[0] + x[:-1] ** 2 - 1)) + np.sin(x[-1] ** 2) / 2


@problem(50, "CURLY20", lambda i: 0 * i + 0.001 / (i.size + 1))
def curly20(x):
    n = x.size
    q = np.triu(np.tri(n, k=20)) @ x  # q_i = x_i + ... + x_min(i+20, n)
    return np.sum(q**4 - 20 * q**2 - 0.1 * q)


def dixmaan(alpha, beta, gamma, delta, k1, k2, k3, k4):
    """One member of the family of Dixon & Maany (1988)."""

    def fun(x):
        n, m = x.size, x.size // 3
        r, y = counted(x) / n, x**2
        return (
            1
            + alpha * np.sum(y * r**k1)
            + beta * np.sum(y[:-1] * (x[1:] + y[1:]) ** 2 * r[:-1] ** k2)
            + gamma * np.sum(y[: 2 * m] * x[m:] ** 4 * r[: 2 * m] ** k3)
            + delta * np.sum(x[:m] * x[2 * m :] * r[:m] ** k4)
        )

    return fun


for member, constants in {
    "A": (1, 0, 0.125, 0.125, 0, 0, 0, 0),
    "E": (1, 0, 0.125, 0.125, 1, 0, 0, 1),
    "I": (1, 0, 0.125, 0.125, 2, 0, 0, 2),
    "L": (1, 0.26, 0.26, 0.26, 2, 0, 0, 2),
}.items():
    problem(51, f"DIXMAAN{member}", [2.0], smallest=3, block=3, minimum=1.0)(dixmaan(*constants))


@problem(58, "LIARWHD", [4.0], minimum=0.0)
def liarwhd(x):
    return np.sum(4 * (x**2 - x[0]) ** 2 + (x - 1) ** 2)


@problem(59, "POWER", [1.0], minimum=0.0)
def power(x):
    return np.sum((counted(x) * x) ** 2)


@problem(60, "ENGVAL1", [2.0])
def engval1(x):
    return np.sum((x[:-1] ** 2 + x[1:] ** 2) ** 2 + 3 - 4 * x[:-1])


@problem(61, "CRAGGLVY", lambda i: np.where(i == 1, 1.0, 2.0), smallest=4, block=2)
def cragglvy(x):
    """With (exp(x_{2i-1}) - x_{2i})^4 and 100 (x_{2i} - x_{2i+1})^6 as in CUTE."""
    a, b, c, d = x[0:-2:2], x[1:-2:2], x[2::2], x[3::2]
    return np.sum((np.exp(a) - b) ** 4 + 100 * (b - c) ** 6 + (np.tan(c - d) + c - d) ** 4 + a**8 + (d - 1) ** 2)


@problem(62, "EDENSCH", [0.0])
def edensch(x):
    a, b = x[:-1], x[1:]
    return 16 + np.sum((a - 2) ** 4 + (a * b - 2 * b) ** 2 + (b + 1) ** 2)


@problem(64, "CUBE", [-1.2, 1.0], smallest=3, minimum=0.0)
def cube(x):
    """With two coordinates the Extended White & Holst function, hence three at least."""
    return (x[0] - 1) ** 2 + 100 * np.sum((x[1:] - x[:-1] ** 3) ** 2)


def _arglinc_least(i):
    m = i.size - 2
    return 2 + m * (m - 1) / (2 * (2 * m + 1))


@problem(67, "ARGLINC", [1.0], smallest=4, minimum=_arglinc_least)
def arglinc(x):
    """With m = n; with three coordinates it is a parabola in one of them, hence four at least."""
    i = counted(x)
    return 2 + np.sum((i[:-2] * np.sum((i * x)[1:-1]) - 1) ** 2)


@problem(70, "GENHUMPS", lambda i: np.where(i == 1, -506.0, 506.2), minimum=0.0)
def genhumps(x):
    a, b = x[:-1], x[1:]
    return np.sum((np.sin(2 * a) * np.sin(2 * b)) ** 2 + 0.05 * (a**2 + b**2))


@problem(72, "NONSCOMP", [3.0], minimum=0.0)
def nonscomp(x):
    return (x[0] - 1) ** 2 + 4 * np.sum((x[1:] - x[:-1] ** 2) ** 2)


@problem(73, "VARDIM", lambda i: 1 - i / i.size, minimum=0.0)
def vardim(x):
    i = counted(x)
    s = np.sum(i * x) - np.sum(i)
    return np.sum((x - 1) ** 2) + s**2 + s**4


@problem(74, "QUARTC", [2.0], minimum=0.0)
def quartc(x):
    """With (x_i - 1)^4 as the paper prints it; CUTE has (x_i - i)^4."""
    return np.sum((x - 1) ** 4)


@problem(76, "SINQUAD", [0.1], smallest=3, minimum=0.0)
def sinquad(x):
    a, b, c = x[0], x[1:-1], x[-1]
    return (a - 1) ** 4 + np.sum((np.sin(b - c) - a**2 + b**2) ** 2) + (c**2 - a**2) ** 2


@problem(80, "DIXON3DQ", [-1.0], minimum=0.0)
def dixon3dq(x):
    """With (x_1 - 1)^2 as the paper prints it; Andrei's own program has (x_1 - 2)^2."""
    return (x[0] - 1) ** 2 + np.sum((x[:-1] - x[1:]) ** 2) + (x[-1] - 1) ** 2


@problem(81, "COSINE", [1.0], minimum=lambda i: 1 - i.size)
def cosine(x):
    return np.sum(np.cos(x[:-1] ** 2 - x[1:] / 2))


@problem(82, "SINE", [1.0], minimum=lambda i: 1 - i.size)
def sine(x):
    return np.sum(np.sin(x[:-1] ** 2 - x[1:] / 2))


@problem(83, "BIGGSB1", [0.0], minimum=0.0)
def biggsb1(x):
    return (x[0] - 1) ** 2 + np.sum((x[1:] - x[:-1]) ** 2) + (1 - x[-1]) ** 2
