"""Tasks of training held back: written before the rate of a run was chosen in another way, and run once to judge it."""

from __future__ import annotations

import autograd.numpy as anp
import numpy as np
from autograd import value_and_grad

from steepest import losses
from tasks.later import softmax, with_one
from tasks.unseen import layers, logit, rows_of, square, stack, standard


def odd(rng):
    """Odd digits from even ones, by their pixels and a small penalty."""
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return losses.Logistic(l2=1e-3), (X / 16, (y % 2).astype(float))


def patches(rng):
    """Patches of a photograph through 8 numbers by a layer of tanh and back."""
    from sklearn.datasets import load_sample_image

    grey = load_sample_image("china.jpg").mean(axis=2) / 255
    i, j = rng.integers(grey.shape[0] - 6, size=3000), rng.integers(grey.shape[1] - 6, size=3000)
    X = np.stack([grey[a : a + 6, b : b + 6].ravel() for a, b in zip(i, j, strict=True)])
    X = X - X.mean(1, keepdims=True)
    X /= X.std()

    def loss(p, X):
        H = np.tanh(X @ p["W"] + p["b"])
        r = H @ p["V"] + p["c"] - X
        d = 2 * r / r.size
        D = (d @ p["V"].T) * (1 - H**2)
        return np.mean(r**2), {"W": X.T @ D, "b": D.sum(0), "V": H.T @ d, "c": d.sum(0)}

    start = {"W": rng.normal(size=(36, 8)) / 6, "b": np.zeros(8), "V": rng.normal(size=(8, 36)) / 3, "c": np.zeros(36)}
    return loss, (X,), start


def biopsies(rng):
    """Breast cancer by a rectified layer of 10, with a small penalty."""
    from sklearn.datasets import load_breast_cancer

    X, y = load_breast_cancer(return_X_y=True)

    def loss(p, X, y):
        z, back = layers(p, X)
        f, d = logit(z[:, 0], y)
        g = back(d[:, None] / len(y))
        return np.mean(f) + 1e-3 * sum((v**2).sum() for v in p.values()), {k: g[k] + 2e-3 * p[k] for k in p}

    return loss, (standard(X), y.astype(float)), stack(rng, 30, 10, 1)


def lower_quarter(rng):
    """The lower quarter of diabetes by hand, linear in the squares of the columns as well."""
    from sklearn.datasets import load_diabetes

    X, y = load_diabetes(return_X_y=True)
    X = standard(X)
    wide = with_one(np.hstack([X, standard(X**2)]))
    return rows_of(wide, (y - y.mean()) / y.std(), lambda z, y: (np.maximum(0.25 * (y - z), 0.75 * (z - y)),
                                                                 np.where(z > y, 0.75, -0.25)))  # fmt: skip


def stages(rng):
    """Diabetes in six stages in order, by one network of 8 and five thresholds."""
    from sklearn.datasets import load_diabetes

    X, y = load_diabetes(return_X_y=True)
    y = np.digitize(y, np.quantile(y, [0.2, 0.4, 0.6, 0.8, 0.95]))

    def loss(p, X, y):
        z = anp.dot(anp.tanh(anp.dot(X, p["W"]) + p["b"]), p["v"])
        edges = p["e"] + anp.concatenate([anp.zeros(1), anp.cumsum(anp.exp(p["d"]))])
        below = anp.concatenate([anp.zeros((len(y), 1)), 0.5 + 0.5 * anp.tanh((edges - z[:, None]) / 2),
                                 anp.ones((len(y), 1))], axis=1)  # fmt: skip
        rows = np.arange(len(y))
        return -anp.mean(anp.log(below[rows, y + 1] - below[rows, y] + 1e-12))

    start = {"W": rng.normal(size=(10, 8)) / 3, "b": np.zeros(8), "v": rng.normal(size=8) / 3, "e": np.array([-1.5]),
             "d": np.full(4, -0.5)}  # fmt: skip
    return value_and_grad(loss), (standard(X), y), start


def parts(rng):
    """Digits as sums of 6 parts, both nonnegative by softplus, Poisson's loss of the pixels: 11 000 parameters."""
    from sklearn.datasets import load_digits

    X = load_digits().data
    rows = np.arange(len(X))

    def soft(z):
        return np.logaddexp(0, z), 1 / (1 + np.exp(-z))

    def loss(p, i, X):
        (a, da), (b, db) = soft(p["A"][i]), soft(p["B"])
        mean = a @ b + 1e-2
        d = (1 - X / mean) / X.size
        g = {"A": np.zeros_like(p["A"]), "B": (a.T @ d) * db}
        np.add.at(g["A"], i, (d @ b.T) * da)
        return np.mean(mean - X * np.log(mean)), g

    return loss, (rows, X), {"A": rng.normal(size=(len(X), 6)), "B": rng.normal(size=(6, 64))}


def pairs(rng):
    """Words of 120 that stand together, told from those that do not, by two vectors of 8 for each."""
    topic = rng.normal(size=(120, 4))
    i, j = rng.integers(120, size=(2, 6000))
    near = (rng.random(6000) < 1 / (1 + np.exp(1 - (topic[i] * topic[j]).sum(1)))).astype(float)

    def loss(p, i, j, y):
        a, b = p["A"][i], p["B"][j]
        f, d = logit((a * b).sum(1) + p["c"], y)
        d = d[:, None] / len(y)
        g = {name: 2e-4 * value for name, value in p.items()}
        np.add.at(g["A"], i, d * b)
        np.add.at(g["B"], j, d * a)
        g["c"] = g["c"] + d.sum()
        return np.mean(f) + 1e-4 * sum((v**2).sum() for v in p.values()), g

    start = {"A": 0.3 * rng.normal(size=(120, 8)), "B": 0.3 * rng.normal(size=(120, 8)), "c": np.zeros(())}
    return loss, (i, j, near), start


def attention(rng):
    """The number that stands beside the one marked symbol of 8: attention of one head, in 10 dimensions."""
    symbols, numbers = rng.integers(6, size=(1600, 8)), rng.normal(size=(1600, 8))
    where = rng.integers(8, size=1600)
    symbols[np.arange(1600), where] = 6
    X = np.concatenate([np.eye(7)[symbols], numbers[:, :, None]], axis=2)
    y = numbers[np.arange(1600), where]

    def loss(p, X, y):
        H = anp.dot(X, p["E"])
        weights = anp.exp(anp.tanh(anp.dot(H, p["q"])) * p["t"])
        weights = weights / anp.sum(weights, axis=1, keepdims=True)
        seen = anp.einsum("rk,rki->ri", weights, H)
        return anp.mean((anp.dot(anp.tanh(seen), p["v"]) - y) ** 2)

    start = {"E": rng.normal(size=(8, 10)) / 3, "q": rng.normal(size=10) / 3, "t": np.ones(()),
             "v": rng.normal(size=10) / 3}  # fmt: skip
    return value_and_grad(loss), (X, y), start


def crash(rng):
    """A curve and its scatter, which differs from place to place, by one layer of 20 with two outputs."""
    x = rng.uniform(-1, 1, size=(800, 1))
    y = np.sin(4 * x[:, 0]) * (x[:, 0] > -0.4) + (0.05 + 0.3 * (x[:, 0] > 0)) * rng.normal(size=800)

    def loss(p, x, y):
        H = np.tanh(x @ p["W"] + p["b"])
        z = H @ p["V"] + p["c"]
        e = np.exp(-2 * z[:, 1])
        r = z[:, 0] - y
        d = np.column_stack([r * e, 1 - r**2 * e]) / len(y)
        D = (d @ p["V"].T) * (1 - H**2)
        return np.mean(z[:, 1] + r**2 * e / 2), {"W": x.T @ D, "b": D.sum(0), "V": H.T @ d, "c": d.sum(0)}

    start = {"W": 3 * rng.normal(size=(1, 20)), "b": rng.normal(size=20), "V": rng.normal(size=(20, 2)) / 5,
             "c": np.zeros(2)}  # fmt: skip
    return loss, (x, y), start


def moons(rng):
    """Two moons, the squared hinge on 60 bumps at rows of their own."""
    from sklearn.datasets import make_moons

    X, y = make_moons(1200, noise=0.2, random_state=int(rng.integers(2**31)))
    bumps = np.exp(-4 * ((X[:, None] - X[:60]) ** 2).sum(2))
    loss, data, start = rows_of(with_one(bumps), 2.0 * y - 1, lambda z, y: (
        np.maximum(1 - y * z, 0) ** 2, -2 * y * np.maximum(1 - y * z, 0)))  # fmt: skip

    def decayed(w, X, y):
        f, g = loss(w, X, y)
        return f + 1e-3 * w @ w, g + 2e-3 * w

    return decayed, data, start


def visits(rng):
    """Counts that scatter more than Poisson's: negative binomial of known spread, its mean by its logarithm."""
    X = with_one(rng.normal(size=(2500, 7)) @ np.diag(np.geomspace(1, 0.2, 7)))
    mean = np.exp(X @ rng.normal(size=8) * 0.7 + 1)
    y = rng.negative_binomial(1.5, 1.5 / (1.5 + mean)).astype(float)

    def task(z, y):
        m = np.exp(z)
        return (y + 1.5) * np.log1p(m / 1.5) - y * z, (m - y) * 1.5 / (1.5 + m)

    return rows_of(X, y, task)


def growth(rng):
    """Heights of 15 plants: the end, the speed and the middle of each curve, in units that differ."""
    i, t = rng.integers(15, size=600), rng.uniform(0, 100, 600)
    K, speed, middle = rng.uniform(50, 150, 15), rng.uniform(0.05, 0.2, 15), rng.uniform(30, 60, 15)
    y = K[i] / (1 + np.exp(-speed[i] * (t - middle[i]))) + 3 * rng.normal(size=600)

    def loss(p, i, t, y):
        s, m, k = np.exp(p["speed"][i]), p["middle"][i], p["K"][i]
        h = 1 / (1 + np.exp(-s * (t - m)))
        r = k * h - y
        d = 2 * r / len(y)
        inner = d * k * h * (1 - h)
        g = {name: np.zeros_like(value) for name, value in p.items()}
        np.add.at(g["K"], i, d * h)
        np.add.at(g["speed"], i, inner * s * (t - m))
        np.add.at(g["middle"], i, -inner * s)
        return np.mean(r**2), g

    return loss, (i, t, y), {"K": np.full(15, 100.0), "speed": np.full(15, -2.0), "middle": np.full(15, 50.0)}


def petals(rng):
    """Iris by its four columns and their products, linear, three classes."""
    from sklearn.datasets import load_iris

    X, y = load_iris(return_X_y=True)
    X = standard(X)
    products = [X[:, a] * X[:, b] for a in range(4) for b in range(a, 4)]
    X = with_one(np.column_stack([X, standard(np.column_stack(products))]))

    def loss(w, X, y):
        f, d = softmax(X @ w, y)
        return f + 1e-3 * (w**2).sum(), X.T @ d + 2e-3 * w

    return loss, (X, y), np.zeros((15, 3))


def trend(rng):
    """A long run of least squares on correlated columns: 12 lags of a slow series."""
    noise = rng.normal(size=3200)
    series = np.zeros(3200)
    for k in range(2, 3200):
        series[k] = 1.2 * series[k - 1] - 0.3 * series[k - 2] + noise[k]
    X = np.stack([series[100 + k : 3100 + k] for k in range(12)], axis=1)
    y = series[112:3112] + 0.2 * np.sign(np.sin(np.arange(3000) / 20))
    loss, data, start = rows_of(with_one(X), y, square)
    return loss, data, start


HELD = {  # what, epochs, rows in a batch
    "odd digits, logistic": (odd, 12, 64),
    "patches through 8 numbers": (patches, 10, 50),
    "biopsies, network of 10": (biopsies, 30, 32),
    "lower quarter by hand": (lower_quarter, 20, 16),
    "six stages, network of 8": (stages, 15, 20),
    "digits as 6 parts": (parts, 20, 32),
    "pairs of words": (pairs, 15, 128),
    "attention to the mark": (attention, 25, 40),
    "curve and its scatter": (crash, 60, 20),
    "moons, squared hinge": (moons, 8, 24),
    "visits, negative binomial": (visits, 6, 50),
    "growth of 15 plants": (growth, 40, 10),
    "iris and products": (petals, 20, 15),
    "12 lags": (trend, 32, 32),
}
