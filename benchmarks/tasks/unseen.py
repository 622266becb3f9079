"""Tasks of training that the race was not made for: written, and then run once to judge it."""

from __future__ import annotations

import itertools
import math

import numpy as np

from steepest import losses

ROWS = 2000


def rows_of(X, y, task):
    """`task` on rows of X and y: a loss of one array of weights, shape (columns,), from its value and slope in X w."""

    def loss(w, X, y):
        f, slope = task(X @ w, y)
        return np.mean(f), X.T @ slope / len(y)

    return loss, (X, y), np.zeros(X.shape[1])


def square(z, y):
    return (z - y) ** 2, 2 * (z - y)


def logit(z, y):
    return np.logaddexp(0, z) - y * z, 1 / (1 + np.exp(-z)) - y


def standard(X):
    return (X - X.mean(0)) / np.maximum(X.std(0), 1e-12)


def diabetes(rng):
    """442 real rows: a run of 672 steps."""
    from sklearn.datasets import load_diabetes

    X, y = load_diabetes(return_X_y=True)
    return rows_of(np.column_stack([standard(X), np.ones(len(y))]), (y - y.mean()) / y.std(), square)


def cancer(rng):
    """569 real rows of 30 columns that tell nearly the same."""
    from sklearn.datasets import load_breast_cancer

    X, y = load_breast_cancer(return_X_y=True)
    loss, data, start = rows_of(np.column_stack([standard(X), np.ones(len(y))]), y, logit)

    def decayed(w, X, y):
        f, g = loss(w, X, y)
        return f + 5e-4 * w @ w, g + 1e-3 * w

    return decayed, data, start


def powers(rng):
    """A polynomial by its coefficients: a condition of 1e5."""
    x = rng.uniform(-1, 1, ROWS)
    return rows_of(x[:, None] ** np.arange(9), np.exp(x) * np.sin(4 * x) + 0.1 * rng.normal(size=ROWS), square)


def words(rng):
    """300 words, each in its share of the texts, from often to hardly ever."""
    X = (rng.random((ROWS, 300)) < 0.5 / np.arange(1, 301)).astype(float)
    y = (rng.random(ROWS) < 1 / (1 + np.exp(-X @ rng.normal(size=300)))).astype(float)
    loss, data, start = rows_of(X, y, logit)

    def decayed(w, X, y):
        f, g = loss(w, X, y)
        return f + 5e-4 * w @ w, g + 1e-3 * w

    return decayed, data, start


def pixels(rng):
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return losses.Softmax(l2=1e-4), (X / 16, y)


def hurdles(rng):
    """Huber's loss, correlated columns with a condition of 1e3, errors of infinite variance."""
    turn = np.linalg.qr(rng.normal(size=(12, 12)))[0]
    X = rng.normal(size=(ROWS, 12)) @ (turn * np.geomspace(1, 1000**-0.5, 12)) @ turn.T
    return losses.Huber(), (X, X @ rng.normal(size=12) * 5 + rng.standard_t(1.5, ROWS))


def counts(rng):
    """Poisson's loss of what is counted, by hand."""
    X = np.column_stack([0.3 * (rng.normal(size=(ROWS, 12)) + rng.normal(size=(ROWS, 1))), np.ones(ROWS)])
    y = rng.poisson(np.exp(X @ rng.normal(size=13))).astype(float)
    return rows_of(X, y, lambda z, y: (np.exp(z) - y * z, np.exp(z) - y))


def spread(rng):
    """The mean and the logarithm of the deviation, each linear in the columns."""
    X = np.column_stack([rng.normal(size=(ROWS, 6)), np.ones(ROWS)])
    y = X @ rng.normal(size=7) + np.exp(0.4 * X @ rng.normal(size=7)) * rng.normal(size=ROWS)

    def loss(p, X, y):
        s = X @ p["s"]
        r = (y - X @ p["m"]) * np.exp(-s)
        return np.mean(s + r**2 / 2), {"m": -X.T @ (r * np.exp(-s)) / len(y), "s": X.T @ (1 - r**2) / len(y)}

    return loss, (X, y), {"m": np.zeros(7), "s": np.zeros(7)}


def layers(p, X):
    """Outputs of a network of rectified layers, and the way back."""
    seen = [X]
    for k in range(len(p) // 2):
        z = seen[-1] @ p[f"W{k}"] + p[f"b{k}"]
        seen.append(np.maximum(z, 0) if k < len(p) // 2 - 1 else z)

    def back(d):
        g = {}
        for k in reversed(range(len(p) // 2)):
            g[f"W{k}"], g[f"b{k}"] = seen[k].T @ d, d.sum(0)
            d = (d @ p[f"W{k}"].T) * (seen[k] > 0)
        return {name: g[name] for name in p}

    return seen[-1], back


def stack(rng, *widths):
    p = {}
    for k, (before, after) in enumerate(itertools.pairwise(widths)):
        p |= {f"W{k}": rng.normal(size=(before, after)) * math.sqrt(2 / before), f"b{k}": np.zeros(after)}
    return p


def friedman(rng):
    """Friedman's first surface, two rectified layers."""
    X = rng.random((ROWS, 10))
    y = 10 * np.sin(math.pi * X[:, 0] * X[:, 1]) + 20 * (X[:, 2] - 0.5) ** 2 + 10 * X[:, 3] + 5 * X[:, 4]
    y = (y - y.mean()) / y.std() + 0.1 * rng.normal(size=ROWS)

    def loss(p, X, y):
        z, back = layers(p, X)
        r = z[:, 0] - y
        return np.mean(r**2), back(2 * r[:, None] / len(y))

    return loss, (X - 0.5, y), stack(rng, 10, 32, 16, 1)


def pictures(rng):
    """Pictures through ten numbers and back again."""
    from sklearn.datasets import load_digits

    X = load_digits().data / 16

    def loss(p, X):
        z, back = layers(p, X)
        r = z - X
        return np.sum(r**2) / len(X), back(2 * r / len(X))

    return loss, (X,), stack(rng, 64, 32, 10, 32, 64)


def ratings(rng):
    """100 people, 80 films: what each likes, in rank 4, beside what everybody likes."""
    U, V, c = rng.normal(size=(100, 4)), rng.normal(size=(80, 4)), rng.normal(size=80)
    i, j = rng.integers(100, size=ROWS), rng.integers(80, size=ROWS)

    def loss(p, i, j, y):
        a, b = p["U"][i], p["V"][j]
        r = (a * b).sum(1) + p["c"][j] - y
        g = {name: 2e-2 / len(value) * value for name, value in p.items()}
        np.add.at(g["U"], i, 2 / len(y) * r[:, None] * b)
        np.add.at(g["V"], j, 2 / len(y) * r[:, None] * a)
        np.add.at(g["c"], j, 2 / len(y) * r)
        return np.mean(r**2) + sum(1e-2 / len(v) * np.sum(v**2) for v in p.values()), g

    start = {"U": 0.3 * rng.normal(size=(100, 4)), "V": 0.3 * rng.normal(size=(80, 4)), "c": np.zeros(80)}
    return loss, (i, j, (U[i] * V[j]).sum(1) / 2 + c[j] + 0.3 * rng.normal(size=ROWS)), start


def neighbours(rng):
    """Which word follows which: 40 words in 6 dimensions, a softmax over all."""
    i = rng.integers(40, size=ROWS)
    true = rng.normal(size=(40, 3)) @ rng.normal(size=(3, 40))
    j = (true[i] + rng.gumbel(size=(ROWS, 40))).argmax(1)

    def loss(p, i, j):
        z = p["A"][i] @ p["B"] + p["c"]
        z -= z.max(1, keepdims=True)
        e = np.exp(z)
        total, rows = e.sum(1), np.arange(len(i))
        d = e / total[:, None]
        d[rows, j] -= 1
        d /= len(i)
        g = {"A": np.zeros_like(p["A"]), "B": p["A"][i].T @ d, "c": d.sum(0)}
        np.add.at(g["A"], i, d @ p["B"].T)
        return np.mean(np.log(total) - z[rows, j]), g

    return (
        loss,
        (i, j),
        {"A": 0.1 * rng.normal(size=(40, 6)), "B": 0.1 * rng.normal(size=(6, 40)), "c": np.zeros(40)},
    )


UNSEEN = {
    "diabetes, least squares": diabetes,
    "breast cancer, logistic": cancer,
    "polynomial of degree 8": powers,
    "300 rare words, logistic": words,
    "digits, softmax": pixels,
    "Huber, condition 1e3": hurdles,
    "Poisson by hand": counts,
    "mean and deviation": spread,
    "Friedman, rectified 32-16": friedman,
    "pictures through 10 numbers": pictures,
    "ratings, rank 4": ratings,
    "which word follows": neighbours,
}
