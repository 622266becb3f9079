"""Losses of linear models with their exact gradients, and penalties on the coefficients.

Each scalar loss is its formula in z, what the model predicts before any link, and y, the target: the value and
the slope in z. The same formulas run on arrays and, compiled, row by row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from .errors import ArgumentError
from .expression import OPERATIONS
from .schedules import nonnegative, positive, validate

absolute, exp, log, log1p = (OPERATIONS[name] for name in ("abs", "exp", "log", "log1p"))
maximum, sign, where = OPERATIONS["maximum"], OPERATIONS["sign"], OPERATIONS["where"]

Params = dict[str, Any]


def price(c: Any, l1: Any, l2: Any) -> Any:
    """The penalty of a coefficient."""
    return l1 * absolute(c) + l2 / 2 * (c * c)


def pull(c: Any, l1: Any, l2: Any) -> Any:
    """Its derivative, with the subgradient 0 of ``|c|`` at 0."""
    return l1 * sign(c) + l2 * c


@dataclass(frozen=True, kw_only=True)
class Linear:
    """A loss of z = X coef + intercept, plus l1 |coef|_1 + l2/2 |coef|^2; the intercept is not penalised.

    Pass it to `fit` as the loss, with data (X, y). Parameters are ``{"coef": shape (d,), "intercept": ()}``;
    None in their place begins at zero.

    Parameters
    ----------
    l1, l2 : float
        Weights of the penalties: lasso, ridge, and with both the elastic net (Zou & Hastie 2005). Under `l1`
        coefficients become exactly zero: in mini-batches by steps that end at zero (see `orthant`), with all
        rows in a batch by proximal steps (`FISTA` where no method is named).
    """

    l1: float = 0.0
    l2: float = 0.0

    labels: ClassVar[str] = "any"  # what y may be

    def __post_init__(self) -> None:
        nonnegative(self, "l1", "l2")

    def __call__(self, params: Params, X: Any, y: np.ndarray, weights: Any = None) -> float:
        """The mean loss of the rows, and the penalty."""
        z = scores(params, X)
        with np.errstate(over="ignore"):
            each = self.value(z, y)
        mean = float((each if weights is None else weights * each).mean())
        return mean + self.penalty(params["coef"])

    def value_and_gradient(self, params: Params, X: Any, y: np.ndarray, weights: Any = None) -> tuple[float, Params]:
        """The mean loss and its gradient, shaped like params."""
        coef = params["coef"]
        z = scores(params, X)
        with np.errstate(over="ignore", invalid="ignore"):  # a run that diverges is told by its loss
            each, slope = self.both(z, y)
            if weights is not None:
                each, slope = weights * each, (weights * slope.T).T
            rows = len(each)
            slope /= rows
            g = {"coef": X.T @ slope, "intercept": slope.sum(axis=0)}
        if self.l1 or self.l2:
            g["coef"] = g["coef"] + pull(coef, self.l1, self.l2)
        return float(each.sum()) / rows + self.penalty(coef), g

    def both(self, z: Any, y: Any) -> tuple[Any, Any]:
        """The loss of each row, and its derivative by z."""
        return self.value(z, y), self.slope(z, y)

    def value(self, z: Any, y: Any) -> Any:
        """The loss of a row."""
        raise NotImplementedError

    def slope(self, z: Any, y: Any) -> Any:
        """Its derivative by z."""
        raise NotImplementedError

    def penalty(self, coef: np.ndarray) -> float:
        """The penalty alone."""
        if not (self.l1 or self.l2):
            return 0.0
        return float(price(coef, self.l1, self.l2).sum())

    def start(self, X: Any, y: np.ndarray) -> Params:
        """Zeros to begin with."""
        dtype = X.dtype if X.dtype.kind == "f" else np.dtype(float)
        return {"coef": np.zeros(X.shape[1], dtype), "intercept": np.zeros((), dtype)}

    def check(self, y: Any) -> None:
        """Raise an ArgumentError where the targets are none of this loss."""
        if y.ndim != 1:
            raise ArgumentError(f"y has shape {y.shape}: expected one number for each row.")
        allowed = LABELS[self.labels]
        wrong = y[~allowed[0](y)]
        if wrong.size:
            raise ArgumentError(f"y holds {wrong[0]:g}: {type(self).__name__} expects {allowed[1]}.")


def scores(params: Params, X: Any) -> np.ndarray:
    """X coef + intercept, shape (rows,) or (rows, classes)."""
    return X @ params["coef"] + params["intercept"]


LABELS = {
    "any": (lambda y: np.ones(y.shape, bool), "numbers"),
    "binary": (lambda y: (y == 0) | (y == 1), "the labels 0 and 1"),
    "count": (lambda y: y >= 0, "counts, at least 0"),
    "class": (lambda y: (y >= 0) & (y == np.floor(y)), "whole numbers 0, 1, ..., one for each class"),
}


@dataclass(frozen=True, kw_only=True)
class Squared(Linear):
    """(z - y)^2: Legendre (1805), Gauss (1809); its mean is the mean squared error.

    Examples
    --------
    >>> import numpy as np, steepest as st
    >>> X = np.random.default_rng(0).normal(size=(500, 2))
    >>> r = st.fit(st.losses.Squared(), None, (X, X @ [2.0, -1.0] + 5), rng=0)
    >>> r.x["coef"].round(3), round(float(r.x["intercept"]), 3)
    (array([ 2., -1.]), 5.0)
    """

    def value(self, z, y):
        return (z - y) ** 2

    def slope(self, z, y):
        return 2 * (z - y)


@dataclass(frozen=True, kw_only=True)
class Absolute(Linear):
    """|z - y|: Boscovich (1757); z becomes the median."""

    def value(self, z, y):
        return absolute(z - y)

    def slope(self, z, y):
        return sign(z - y)


@dataclass(frozen=True, kw_only=True)
class Huber(Linear):
    """r^2/2 for r = |z - y| up to delta, delta (r - delta/2) beyond: Huber (1964), eq. 2.

    Parameters
    ----------
    delta : float
        In units of y.
    """

    delta: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        positive(self, "delta")

    def value(self, z, y):
        r = absolute(z - y)
        return where(r <= self.delta, r**2 / 2, self.delta * (r - self.delta / 2))

    def slope(self, z, y):
        return where(absolute(z - y) <= self.delta, z - y, self.delta * sign(z - y))


@dataclass(frozen=True, kw_only=True)
class Pinball(Linear):
    """q (y - z) where y > z, (1 - q)(z - y) elsewhere: Koenker & Bassett (1978); z becomes the quantile q.

    Parameters
    ----------
    quantile : float
        Between 0 and 1.
    """

    quantile: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        validate(self, "a number between 0 and 1", lambda q: 0 < q < 1, "quantile")

    def value(self, z, y):
        return maximum(self.quantile * (y - z), (1 - self.quantile) * (z - y))

    def slope(self, z, y):
        return where(y > z, -self.quantile, where(y < z, 1 - self.quantile, 0.0))


@dataclass(frozen=True, kw_only=True)
class Logistic(Linear):
    """log(1 + e^z) - y z for y in {0, 1}: Cox (1958); 1/(1 + e^-z) becomes the probability of y = 1."""

    labels: ClassVar[str] = "binary"

    def both(self, z, y):
        e = exp(-absolute(z))  # serves both, and can't overflow
        return maximum(z, 0) - y * z + log1p(e), where(z >= 0, 1, e) / (1 + e) - y

    def value(self, z, y):
        return self.both(z, y)[0]

    def slope(self, z, y):
        return self.both(z, y)[1]


@dataclass(frozen=True, kw_only=True)
class Poisson(Linear):
    """e^z - y z for counts y: Nelder & Wedderburn (1972), the deviance up to what does not depend on z."""

    labels: ClassVar[str] = "count"

    def value(self, z, y):
        return exp(z) - y * z

    def slope(self, z, y):
        return exp(z) - y


@dataclass(frozen=True, kw_only=True)
class Hinge(Linear):
    """max(0, 1 - s z), s = 2y - 1, for y in {0, 1}: Cortes & Vapnik (1995); with `l2` a linear SVM."""

    labels: ClassVar[str] = "binary"

    def value(self, z, y):
        return maximum(1 - (2 * y - 1) * z, 0)

    def slope(self, z, y):
        return where((2 * y - 1) * z < 1, 1 - 2 * y, 0.0)


@dataclass(frozen=True, kw_only=True)
class Softmax(Linear):
    """log(sum_k e^z_k) - z_y for classes y = 0, 1, ..., k - 1: Bridle (1990); coef has a column for each."""

    labels: ClassVar[str] = "class"

    def both(self, z, y):
        rows, y = np.arange(len(y)), y.astype(np.intp)
        top = z.max(axis=1, keepdims=True)
        e = self.weight(z, top)
        total = e.sum(axis=1, keepdims=True)
        each = self.loss(z[rows, y], top[:, 0], total[:, 0])
        return each, self.slope_of(e, total, y[:, None] == np.arange(z.shape[1]))

    # The formulas of one class, of its score and of the largest, `top`: the sums over classes are around them.
    weight = staticmethod(lambda z, top: exp(z - top))
    loss = staticmethod(lambda z, top, total: log(total) - (z - top))
    slope_of = staticmethod(lambda e, total, mine: e / total - mine)

    def value(self, z, y):
        return self.both(z, y)[0]

    def start(self, X, y):
        zeros = super().start(X, y)
        classes = int(y.max()) + 1
        return {"coef": np.zeros((X.shape[1], classes), zeros["coef"].dtype),
                "intercept": np.zeros(classes, zeros["coef"].dtype)}  # fmt: skip


LOSSES: dict[str, type[Linear]] = {
    kind.__name__.lower(): kind for kind in (Squared, Absolute, Huber, Pinball, Logistic, Softmax, Poisson, Hinge)
}
