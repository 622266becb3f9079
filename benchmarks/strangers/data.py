"""Losses and likelihoods on the real tables of scikit-learn, and models of physics fitted to simulated data."""

from __future__ import annotations

from functools import cache

import autograd.numpy as np
import numpy
from autograd.scipy.special import gammaln
from sklearn import datasets

from .collection import problem

RNG = numpy.random.default_rng(2003)
LOADERS = {name: getattr(datasets, f"load_{name}") for name in ("diabetes", "iris", "wine", "breast_cancer", "digits")}


@cache
def table(name, standard=True):
    """Columns and a first one of 1, and the answer; standardised or in the units that they were measured in."""
    options = {"scaled": False} if name == "diabetes" else {}
    X, y = LOADERS[name](return_X_y=True, **options)
    if standard:
        X = (X - X.mean(0)) / numpy.maximum(X.std(0), 1e-12)
    return numpy.column_stack([numpy.ones(len(X)), X]), y


def linear(name, loss, standard=True):
    """The mean of a loss of y - Xw."""

    def fun(w):
        X, y = table(name, standard)
        return np.mean(loss(y - X @ w))

    return fun


def huber(r):
    return np.where(np.abs(r) < 50, r**2 / 2, 50 * np.abs(r) - 1250)


problem("data", "diabetes, Huber", numpy.zeros(11))(linear("diabetes", huber))
problem("data", "diabetes, Huber, raw units", numpy.zeros(11))(linear("diabetes", huber, False))
problem("data", "diabetes, Cauchy", numpy.zeros(11))(linear("diabetes", lambda r: np.log(1 + (r / 50) ** 2)))
problem("data", "diabetes, squares, raw units", numpy.zeros(11))(linear("diabetes", lambda r: r**2, False))
problem("data", "diabetes, smooth quantile 0.9", numpy.zeros(11))(
    linear("diabetes", lambda r: 0.9 * r + 5 * np.logaddexp(0, -r / 5))
)


def logistic(standard, decay):
    def fun(w):
        X, y = table("breast_cancer", standard)
        return np.mean(np.logaddexp(0, (1 - 2 * y) * (X @ w))) + decay / 2 * np.sum(w**2)

    return fun


problem("data", "breast cancer, logistic", numpy.zeros(31))(logistic(True, 1e-3))
problem("data", "breast cancer, logistic, raw units", numpy.zeros(31))(logistic(False, 1e-3))


def softmax(name, classes, decay, standard=True):
    def fun(w):
        X, y = table(name, standard)
        z = X @ np.reshape(w, (X.shape[1], classes))
        top = np.max(z, axis=1)
        total = top + np.log(np.sum(np.exp(z - top[:, None]), axis=1))
        return np.mean(total - z[numpy.arange(len(y)), y]) + decay / 2 * np.sum(w**2)

    return fun


problem("data", "iris, softmax", numpy.zeros(15))(softmax("iris", 3, 1e-3))
problem("data", "wine, softmax, raw units", numpy.zeros(42))(softmax("wine", 3, 1e-2, False))
problem("data", "digits, softmax", numpy.zeros(650))(softmax("digits", 10, 1e-3))


@problem("data", "iris, network 4-5-3", RNG.normal(0, 0.5, 5 * 5 + 6 * 3))
def network(w):
    X, y = table("iris")
    hidden = np.tanh(X @ np.reshape(w[:25], (5, 5)))
    z = np.concatenate([np.ones((len(y), 1)), hidden], axis=1) @ np.reshape(w[25:], (6, 3))
    total = np.log(np.sum(np.exp(z), axis=1))
    return np.mean(total - z[numpy.arange(len(y)), y]) + 1e-3 * np.sum(w**2)


@problem("data", "XOR, network 2-3-1", RNG.normal(0, 1, 13))
def xor(w):
    X, y = numpy.array([[0, 0], [0, 1], [1, 0], [1, 1.0]]), numpy.array([0, 1, 1, 0.0])
    hidden = np.tanh(X @ np.reshape(w[:6], (2, 3)) + w[6:9])
    return np.sum((hidden @ w[9:12] + w[12] - y) ** 2)


@problem("data", "iris petals, mixture of two normals", [2, 5, 0, 0, 0])
def mixture(p):
    x = LOADERS["iris"](return_X_y=True)[0][:, 2]
    first = -(((x - p[0]) / np.exp(p[2])) ** 2) / 2 - p[2] - np.logaddexp(0, -p[4])
    second = -(((x - p[1]) / np.exp(p[3])) ** 2) / 2 - p[3] - np.logaddexp(0, p[4])
    return -np.sum(np.logaddexp(first, second))


@problem("data", "diabetes, Gaussian process", [0, 0, 0])
def gaussian_process(p):
    X, y = table("diabetes")
    X, y = X[:60, 1:], (y[:60] - 150) / 75
    far = np.sum((X[:, None] - X) ** 2, axis=2)
    K = np.exp(p[0]) * np.exp(-far / 2 * np.exp(-2 * p[1])) + np.exp(p[2]) * np.eye(60)
    return y @ np.linalg.solve(K, y) / 2 + np.linalg.slogdet(K)[1] / 2


SEEN = RNG.standard_t(3, 200) * 2 + 5


@problem("data", "Student t", [0, 0, 1])
def student(p):
    nu, s = np.exp(p[2]), np.exp(p[1])
    each = gammaln((nu + 1) / 2) - gammaln(nu / 2) - np.log(nu * np.pi) / 2 - p[1]
    return -np.sum(each - (nu + 1) / 2 * np.log(1 + ((SEEN - p[0]) / s) ** 2 / nu))


COVARIATES = RNG.normal(size=(150, 4))
TIMES = RNG.exponential(1, 150) * numpy.exp(-COVARIATES @ numpy.array([1, -0.5, 0, 0.3]))
KNOWN = RNG.random(150) < 0.8
AT_RISK = TIMES[:, None] <= TIMES


@problem("data", "Cox", numpy.zeros(4))
def cox(b):
    z = COVARIATES @ b
    return -np.sum(KNOWN * (z - np.log(AT_RISK @ np.exp(z)))) / 150


@problem("data", "Weibull, censored", numpy.zeros(2))
def weibull(p):
    k = np.exp(p[0])
    log_t = numpy.log(TIMES) - p[1]
    return -np.sum(KNOWN * (p[0] - p[1] + (k - 1) * log_t) - np.exp(k * log_t))


RATES = RNG.poisson(numpy.exp(COVARIATES @ numpy.array([0.5, 0.2, -1, 0]) + 1))


@problem("data", "Poisson, log link", numpy.zeros(5))
def poisson(b):
    z = b[0] + COVARIATES @ b[1:]
    return np.sum(np.exp(z) - RATES * z)


@problem("data", "negative binomial", numpy.zeros(6))
def negative_binomial(b):
    z, r = b[0] + COVARIATES @ b[1:5], np.exp(b[5])
    each = gammaln(RATES + r) - gammaln(r) + r * b[5] + RATES * z - (RATES + r) * np.logaddexp(b[5], z)
    return -np.sum(each)


RETURNS = RNG.standard_t(5, 300) * (1 + 0.8 * numpy.sin(numpy.arange(300) / 20))


@problem("data", "GARCH(1,1)", [0, -1, 1])
def garch(p):
    w, a, b = np.exp(p[0]), 1 / (1 + np.exp(-p[1])), 1 / (1 + np.exp(-p[2]))
    h, total = 1.0, 0.0
    for r in RETURNS[:120]:
        total = total + np.log(h) + r**2 / h
        h = w + a * (1 - b) * r**2 + b * h
    return total / 2


def runge_kutta(slope, y, t):
    """The classical method, one step between neighbours of t."""
    path = [y]
    for h in numpy.diff(t):
        a = slope(y)
        b = slope(y + h / 2 * a)
        c = slope(y + h / 2 * b)
        y = y + h / 6 * (a + 2 * b + 2 * c + slope(y + h * c))
        path.append(y)
    return np.array(path)


def lotka(p):
    return runge_kutta(
        lambda y: np.array([p[0] * y[0] - p[1] * y[0] * y[1], p[2] * y[0] * y[1] - p[3] * y[1]]),
        np.array([10.0, 5.0]),
        numpy.linspace(0, 10, 60),
    )


HARES = lotka(numpy.array([1.1, 0.1, 0.05, 0.6])) * RNG.normal(1, 0.05, (60, 2))


@problem("data", "Lotka-Volterra", [0.9, 0.08, 0.04, 0.8])
def lotka_fit(p):
    return np.sum((lotka(p) - HARES) ** 2)


def epidemic(p):
    b, c = np.exp(p[0]), np.exp(p[1])
    return runge_kutta(
        lambda y: np.array([-b * y[0] * y[1] / 763, b * y[0] * y[1] / 763 - c * y[1]]),
        np.array([762.0, 1.0]),
        numpy.linspace(0, 13, 40),
    )[::3, 1]


FLU = numpy.array([3, 8, 28, 75, 221, 291, 255, 235, 190, 125, 70, 28, 12, 5.0])  # the boarding school of 1978


@problem("data", "influenza, SIR", [0, -1])
def influenza(p):
    return np.sum((epidemic(p) - FLU) ** 2)


PUMPED = numpy.array([[0.02, 76], [0.02, 47], [0.06, 97], [0.06, 107], [0.11, 123], [0.11, 139], [0.22, 159],
                      [0.22, 152], [0.56, 191], [0.56, 201], [1.1, 207], [1.1, 200]])  # fmt: skip


@problem("data", "puromycin, Michaelis-Menten", [100, 1], 1195.4488)
def puromycin(p):
    """Bates & Watts (1988), data A1.3, treated."""
    return np.sum((PUMPED[:, 1] - p[0] * PUMPED[:, 0] / (p[1] + PUMPED[:, 0])) ** 2)


def atoms(x):
    """Lennard-Jones."""
    X = np.reshape(x, (-1, 3))
    i, j = numpy.triu_indices(len(x) // 3, 1)
    r6 = np.sum((X[i] - X[j]) ** 2, axis=1) ** -3
    return np.sum(4 * (r6**2 - r6))


SQUARES = numpy.array([[i, j, k] for i in range(2) for j in range(2) for k in range(3)], float).ravel()
problem("data", "Lennard-Jones, 4 atoms", [0, 0, 0, 1.3, 0, 0, 0.2, 1.2, 0, 0.4, 0.3, 1.4], -6.0)(atoms)
problem("data", "Lennard-Jones, 12 atoms", 1.2 * SQUARES + 0.05 * numpy.sin(9 * numpy.arange(36)))(atoms)


@problem("data", "charges on a sphere", RNG.normal(size=24))
def thomson(x):
    """Thomson's problem, 8 electrons."""
    X = np.reshape(x, (-1, 3))
    X = X / np.sqrt(np.sum(X**2, axis=1, keepdims=True))
    i, j = numpy.triu_indices(8, 1)
    return np.sum(1 / np.sqrt(np.sum((X[i] - X[j]) ** 2, axis=1)))


SHOWN = RNG.normal(size=(15, 2)) @ RNG.normal(size=(2, 10)) + 0.1 * RNG.normal(size=(15, 10))


@problem("data", "matrix of rank 2", RNG.normal(0, 1, 50))
def factors(x):
    return np.sum((np.reshape(x[:30], (15, 2)) @ np.reshape(x[30:], (2, 10)) - SHOWN) ** 2)


TOWNS = RNG.uniform(0, 1000, (9, 2))
MILES = numpy.sqrt(((TOWNS[:, None] - TOWNS) ** 2).sum(2))[numpy.triu_indices(9, 1)]


@problem("data", "map from distances", RNG.normal(0, 100, 18))
def distances(x):
    X = np.reshape(x, (9, 2))
    i, j = numpy.triu_indices(9, 1)
    return np.sum((np.sqrt(np.sum((X[i] - X[j]) ** 2, axis=1)) - MILES) ** 2)


@problem("data", "circle through points", [0, 0, 1])
def circle(p):
    """Gander, Golub & Strebel (1994)."""
    x, y = numpy.array([1, 2, 5, 7, 9, 3.0]), numpy.array([7, 6, 8, 7, 5, 7.0])
    return np.sum((np.sqrt((x - p[0]) ** 2 + (y - p[1]) ** 2) - p[2]) ** 2)


VOLTS = numpy.linspace(0, 4, 40)
DECAYS = 3 * numpy.exp(-0.5 * VOLTS) + 2 * numpy.exp(-3 * VOLTS) + RNG.normal(0, 0.01, 40)


@problem("data", "two decays", [1, 1, 1, 2])
def decays(p):
    return np.sum((p[0] * np.exp(-p[1] * VOLTS) + p[2] * np.exp(-p[3] * VOLTS) - DECAYS) ** 2)


CURRENT = numpy.sin(2.2 * VOLTS + 0.4) * numpy.exp(-0.3 * VOLTS) * 5 + RNG.normal(0, 0.2, 40)


@problem("data", "damped oscillation", [1, 0, 2, 0])
def oscillation(p):
    return np.mean((p[0] * np.exp(-p[1] * VOLTS) * np.sin(p[2] * VOLTS + p[3]) - CURRENT) ** 2)


COUNTRIES = RNG.normal(0, 1, (60, 6)) @ RNG.normal(0, 1, (6, 6)) / 100
SPREAD, MEAN = numpy.cov(COUNTRIES.T), COUNTRIES.mean(0) + 0.005


@problem("data", "portfolio, weights by softmax", numpy.zeros(6))
def portfolio(z):
    w = np.exp(z) / np.sum(np.exp(z))
    return 20 * w @ SPREAD @ w - MEAN @ w
