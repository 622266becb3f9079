"""More tasks of training, of short and long budgets: written before the race was changed once more, run to judge it."""

from __future__ import annotations

import math

import numpy as np

from steepest import losses
from tasks.unseen import layers, logit, rows_of, square, stack, standard


def softmax(z, y):
    """The mean loss of classes y, and its derivative by z, shape (rows, classes)."""
    z = z - z.max(1, keepdims=True)
    e, rows = np.exp(z), np.arange(len(y))
    d = e / e.sum(1, keepdims=True)
    f = np.mean(np.log(e.sum(1)) - z[rows, y])
    d[rows, y] -= 1
    return f, d / len(y)


def with_one(X):
    return np.column_stack([X, np.ones(len(X))])


def iris(rng):
    """150 real rows, a rectified layer of 12."""
    from sklearn.datasets import load_iris

    X, y = load_iris(return_X_y=True)

    def loss(p, X, y):
        z, back = layers(p, X)
        f, d = softmax(z, y)
        return f, back(d)

    return loss, (standard(X), y), stack(rng, 4, 12, 3)


def sugar(rng):
    """442 real rows, a rectified layer of 16, the loss of Student's t with 4 degrees of freedom."""
    from sklearn.datasets import load_diabetes

    X, y = load_diabetes(return_X_y=True)

    def loss(p, X, y):
        z, back = layers(p, X)
        r = z[:, 0] - y
        return np.mean(2.5 * np.log1p(r**2 / 4)), back((5 * r / (4 + r**2) / len(y))[:, None])

    return loss, (standard(X), (y - y.mean()) / y.std()), stack(rng, 10, 16, 1)


def filters(rng):
    """Digits by 8 filters of 3 x 3 pixels, rectified, and a linear layer."""
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    patches = np.lib.stride_tricks.sliding_window_view(X.reshape(-1, 8, 8) / 16, (3, 3), axis=(1, 2))

    def loss(p, P, y):
        z = P @ p["K"] + p["b"]
        H = np.maximum(z, 0).reshape(len(y), -1)
        f, d = softmax(H @ p["W"] + p["c"], y)
        D = (d @ p["W"].T).reshape(z.shape) * (z > 0)
        return f, {"K": np.einsum("rpi,rpk->ik", P, D), "b": D.sum((0, 1)), "W": H.T @ d, "c": d.sum(0)}

    start = {"K": rng.normal(size=(9, 8)) / 3, "b": np.zeros(8), "W": rng.normal(size=(288, 10)) / 17,
             "c": np.zeros(10)}  # fmt: skip
    return loss, (patches.reshape(-1, 36, 9), y), start


def flower(rng):
    """The colours of 4000 places of a photograph, by waves of random length and two layers."""
    from sklearn.datasets import load_sample_image

    picture = load_sample_image("flower.jpg") / 255
    i, j = rng.integers(picture.shape[0], size=4000), rng.integers(picture.shape[1], size=4000)
    places = np.column_stack([i / picture.shape[0], j / picture.shape[1]]) @ rng.normal(size=(2, 16)) * 6
    X = np.hstack([np.sin(places), np.cos(places)])

    def loss(p, X, y):
        z, back = layers(p, X)
        r = z - y
        return np.mean(r**2), back(2 * r / r.size)

    return loss, (X, picture[i, j]), stack(rng, 32, 48, 24, 3)


def adding(rng):
    """The sum of the marked two of 10 numbers, by a recurrent network of 16."""
    marks = np.argsort(rng.random((2000, 10)), axis=1) < 2
    X = np.stack([rng.random((2000, 10)), marks], axis=2)
    y = (X[:, :, 0] * marks).sum(1)

    def loss(p, X, y):
        H = [np.zeros((len(y), 16))]
        for k in range(X.shape[1]):
            H.append(np.tanh(X[:, k] @ p["U"] + H[-1] @ p["R"] + p["b"]))
        r = H[-1] @ p["v"] + p["c"] - y
        g = {name: np.zeros_like(value) for name, value in p.items()}
        d = 2 * r / len(y)
        g["v"], g["c"], d = H[-1].T @ d, d.sum(), np.outer(d, p["v"])
        for k in reversed(range(X.shape[1])):
            d = d * (1 - H[k + 1] ** 2)
            g["U"] += X[:, k].T @ d
            g["R"] += H[k].T @ d
            g["b"] += d.sum(0)
            d = d @ p["R"].T
        return np.mean(r**2), g

    start = {"U": rng.normal(size=(2, 16)), "R": np.linalg.qr(rng.normal(size=(16, 16)))[0], "b": np.zeros(16),
             "v": rng.normal(size=16) / 4, "c": np.zeros(())}  # fmt: skip
    return loss, (X, y), start


def claims(rng):
    """Sizes of claims: a gamma distribution of known shape, its mean by its logarithm."""
    X = with_one(rng.normal(size=(3000, 10)))
    y = rng.gamma(2.0, np.exp(X @ rng.normal(size=11) / 2) / 2)
    return rows_of(X, y, lambda z, y: (z + y * np.exp(-z), 1 - y * np.exp(-z)))


def survival(rng):
    """Weibull's times of 1000 lives, a third of them seen in part: the shape and the scale by its columns."""
    X = with_one(rng.normal(size=(1000, 6)))
    t = rng.weibull(2.0, 1000) * np.exp(X @ rng.normal(size=7) / 2)
    until = rng.exponential(2 * t.mean(), 1000)
    died, t = (t < until).astype(float), np.minimum(t, until)

    def loss(p, X, t, died):
        k, u = np.exp(p["k"]), np.log(t) - X @ p["w"]
        h = np.exp(k * u)
        dk = h * u - died * (1 / k + u)
        f = h - died * (p["k"] + k * u)
        du = k * (h - died)
        return np.mean(f), {"k": np.mean(dk) * k, "w": -X.T @ du / len(t)}

    return loss, (X, t, died), {"k": np.zeros(()), "w": np.zeros(7)}


def clouds(rng):
    """A mixture of 5 normal distributions in the plane."""
    centres, widths = 3 * rng.normal(size=(5, 2)), rng.uniform(0.2, 1, 5)
    k = rng.integers(5, size=1500)
    X = centres[k] + widths[k, None] * rng.normal(size=(1500, 2))

    def loss(p, X):
        away = X[:, None] - p["m"]
        square, precision = (away**2).sum(2), np.exp(-2 * p["s"])
        share = np.exp(p["a"] - p["a"].max())
        share /= share.sum()
        z = np.log(share) - 2 * p["s"] - square * precision / 2
        top = z.max(1, keepdims=True)
        e = np.exp(z - top)
        d = e / e.sum(1, keepdims=True) / len(X)
        g = {"m": -precision[:, None] * np.einsum("rk,rki->ki", d, away), "a": share - d.sum(0),
             "s": (d * (2 - square * precision)).sum(0)}  # fmt: skip
        return np.mean(-top[:, 0] - np.log(e.sum(1))), g

    return loss, (X,), {"m": X[:5].copy(), "s": np.zeros(5), "a": np.zeros(5)}


def clicks(rng):
    """20 000 rows of 50 columns, large batches, two epochs."""
    X = rng.normal(size=(20_000, 50))
    y = (rng.random(20_000) < 1 / (1 + np.exp(2 - X @ rng.normal(size=50) / 2))).astype(float)
    return rows_of(with_one(X), y, logit)


def waves(rng):
    """A surface by 200 random waves and a small penalty: many directions of hardly any curvature."""
    X = rng.uniform(-1, 1, size=(2000, 3))
    W = np.cos(X @ rng.normal(size=(3, 200)) * 3 + rng.uniform(0, 2 * math.pi, 200)) / 10
    loss, data, start = rows_of(W, np.sin(3 * X[:, 0]) + X[:, 1] * X[:, 2] + 0.05 * rng.normal(size=2000), square)

    def decayed(w, X, y):
        f, g = loss(w, X, y)
        return f + 5e-5 * w @ w, g + 1e-4 * w

    return decayed, data, start


def grades(rng):
    """Five grades in order: one slope, four thresholds, each by the logarithm of its distance from the last."""
    X = rng.normal(size=(1500, 8))
    y = np.digitize(X @ rng.normal(size=8) + rng.logistic(size=1500), [-2, -0.5, 0.5, 2])

    def loss(p, X, y):
        z, steps = X @ p["w"], np.exp(p["d"])
        edges = np.concatenate([[-np.inf], p["e"] + np.concatenate([[0.0], np.cumsum(steps)]), [np.inf]])
        below, above = (1 / (1 + np.exp(z - edges[k])) for k in (y, y + 1))
        share = np.maximum(above - below, 1e-300)
        low, high = below * (1 - below) / share / len(y), above * (1 - above) / share / len(y)
        by_edge = np.bincount(y, low, 6)[1:5] - np.bincount(y + 1, high, 6)[1:5]
        later = np.cumsum(by_edge[::-1])[::-1]
        return np.mean(-np.log(share)), {"w": X.T @ (high - low), "e": by_edge.sum(), "d": later[1:] * steps}

    return loss, (X, y), {"w": np.zeros(8), "e": np.array(-1.0), "d": np.zeros(3)}


def deep(rng):
    """Friedman's second function, four rectified layers of 16."""
    X = rng.random((2500, 4))
    R, omega, L, C = 100 * X[:, 0], math.pi * (40 + 520 * X[:, 1]), X[:, 2], 1 + 10 * X[:, 3]
    y = np.sqrt(R**2 + (omega * L - 1 / (omega * C)) ** 2)
    y = (y - y.mean()) / y.std() + 0.05 * rng.normal(size=2500)

    def loss(p, X, y):
        z, back = layers(p, X)
        r = z[:, 0] - y
        return np.mean(r**2), back(2 * r[:, None] / len(y))

    return loss, (2 * X - 1, y), stack(rng, 4, 16, 16, 16, 16, 1)


def quantile(rng):
    """The upper tenth, by the library's loss."""
    X = rng.normal(size=(4000, 6))
    return losses.Pinball(quantile=0.9), (X, X @ rng.normal(size=6) + np.exp(X[:, 0] / 2) * rng.standard_normal(4000))


LATER = {  # what, epochs, rows in a batch
    "iris, network of 12": (iris, 30, 16),
    "diabetes, t, network of 16": (sugar, 10, 32),
    "digits, 8 filters": (filters, 5, 32),
    "flower, waves and 48-24": (flower, 100, 64),
    "adding, recurrent": (adding, 40, 32),
    "claims, gamma": (claims, 6, 32),
    "survival, Weibull": (survival, 30, 20),
    "five clouds": (clouds, 40, 50),
    "20 000 clicks, logistic": (clicks, 2, 256),
    "200 waves, ridge": (waves, 200, 32),
    "five grades": (grades, 15, 50),
    "Friedman 2, 16-16-16-16": (deep, 60, 50),
    "upper tenth": (quantile, 8, 64),
}


def raw(X, y, loss):
    """A loss by hand on columns as they are, with an intercept, and on standardised ones."""
    return [rows_of(with_one(columns), y, loss) for columns in (X, standard(X))]


def raw_cancer(rng):
    from sklearn.datasets import load_breast_cancer

    X, y = load_breast_cancer(return_X_y=True)
    return raw(X, y.astype(float), logit)


def raw_wine(rng):
    from sklearn.datasets import load_wine

    X, y = load_wine(return_X_y=True)
    return raw(X, (y == 1).astype(float), logit)


def raw_diabetes(rng):
    from sklearn.datasets import load_diabetes

    X, y = load_diabetes(return_X_y=True, scaled=False)
    return raw(X, y / 100, square)


def raw_units(rng):
    """Deviations from 1e-3 to 1e3, means near 0."""
    X = rng.normal(size=(2000, 8))
    y = (rng.random(2000) < 1 / (1 + np.exp(-2 * X @ rng.normal(size=8)))).astype(float)
    return raw(X * np.geomspace(1e-3, 1e3, 8), y, logit)


def raw_means(rng):
    """Years, pressures, temperatures: means of 3 to 30 deviations."""
    X = rng.normal(size=(2000, 5))
    y = X @ rng.normal(size=5) + 0.5 * rng.normal(size=2000)
    return raw((X + np.array([3, -5, 10, 20, -30])) * [1, 0.1, 10, 3, 100], y, square)


RAW = {
    "breast cancer": raw_cancer,
    "wine, one of three": raw_wine,
    "diabetes": raw_diabetes,
    "units of 1e-3 to 1e3": raw_units,
    "means of 3 to 30 deviations": raw_means,
}
