"""A formula fitted to data by least squares, with standard errors."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from .errors import ArgumentError, counted
from .expression import Program, differentiate, names, parse, symbol
from .methods.leastsquares import LeastSquares, LevenbergMarquardt
from .minimize import minimize
from .objective.params import floats
from .result import Result


def fit_formula(
    text: str,
    data: Any,
    y: str,
    start: Mapping[str, float] | None = None,
    weights: Any = None,
    sigma: Any = None,
    **keywords: Any,
) -> Result:
    """Fit the parameters of a formula to data by least squares.

    Parameters
    ----------
    text : str
        A formula of columns and parameters, such as ``"a*exp(-b*x) + c"`` (see `formula`). Every name in it
        that is no column of `data` is a parameter. It may begin with ``"y = "``.
    data : mapping of str to array_like of shape (m,), or pandas.DataFrame
        The columns.
    y : str
        The column that the formula should give.
    start : mapping of str to float, optional
        Where parameters start; 1.0 for those left out. A bad start may end in another local minimum.
    weights : array_like of shape (m,), optional
        One for each row, where the observations are not equally certain: 1/variance up to a common factor,
        which is estimated.
    sigma : float or array_like of shape (m,), optional
        The standard deviations of the observations, in the units of `y`, where they are known: the standard errors
        follow from them alone, and `fun` is chi².
    **keywords
        As for `minimize`; the method is `LevenbergMarquardt` unless another is asked for.

    Returns
    -------
    Result
        What `minimize` returns, with `x` and `standard_errors` as dicts by parameter, the `formula`, its
        `columns`, `covariance` (n, n), `fitted` (m,), `residuals` (m,) (y minus fitted), `dof` (m - n) and
        `sigma`, the (weighted) residual standard deviation; `fun` is the (weighted) residual sum of squares. A
        standard error is infinite where the data leave a parameter undetermined: those are listed in
        `undetermined`. A fit on which a parameter has no effect at all is no success. The errors are those of the
        linear approximation at the minimum, with the variance estimated from the residuals unless `sigma` tells
        it (Seber & Wild 1989, section 2.1).

    Raises
    ------
    FormulaError
        When `text` is no formula.
    ArgumentError
        When a column is missing, is not made of finite numbers, or there are fewer rows than parameters.

    Examples
    --------
    >>> import numpy as np
    >>> import steepest as st
    >>> t = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    >>> r = st.fit_formula("a*exp(-b*t)", {"t": t, "y": [8.1, 4.9, 3.05, 1.8, 1.15]}, "y")
    >>> {name: round(float(value), 3) for name, value in r.x.items()}
    {'a': 8.089, 'b': 0.494}
    >>> {name: round(error, 3) for name, error in r.standard_errors.items()}
    {'a': 0.039, 'b': 0.005}
    """
    if isinstance(text, str) and "=" in text and text.partition("=")[0].strip() == y:
        text = text.partition("=")[2]
    columns, parameters = _columns(text, data, y)
    target, rows = columns[y], len(columns[y])
    if not isinstance(start, Mapping | None):
        raise ArgumentError(f"start={start!r}: expected a dict with numbers for {', '.join(parameters)}.")
    start = dict(start or {})
    if unknown := [name for name in start if name not in parameters]:
        raise ArgumentError(f"start[{unknown[0]!r}]: {text!r} has the parameters {', '.join(parameters)}.")
    if rows < len(parameters):
        raise ArgumentError(f"data has {counted(rows, 'row')}: {len(parameters)} parameters need at least as many.")
    root = np.sqrt(_weights(weights, sigma, rows))
    model = _Model(text, {name: columns[name] for name in names(text) if name in columns}, parameters, rows)
    squares = LeastSquares(lambda x: root * (model(x) - target), lambda x: root[:, None] * model.partials(x))
    x0 = {name: float(start.get(name, 1.0)) for name in parameters}
    first = model(x0)
    for i in np.flatnonzero(np.isfinite(list(x0.values())).all() & ~np.isfinite(first))[:1]:
        row = ", ".join(f"{name} = {column[i]:g}" for name, column in model.columns.items())
        raise ArgumentError(
            f"{text!r} is {first[i]} in row {i} ({row}) at start={x0}: begin elsewhere, or leave such rows out."
        )
    result = minimize(squares, x0, **{"method": LevenbergMarquardt(), **keywords})
    fitted, J = model(result.x), squares.linear(result.x)[1]
    result.update(formula=text, columns=model.columns, fitted=fitted, residuals=target - fitted)
    return _judged(result, J, parameters, None if sigma is None else 1.0)


class _Model:
    """A formula over the rows of its columns: values, and derivatives by the parameters."""

    def __init__(self, text: str, columns: dict[str, np.ndarray], parameters: list[str], rows: int):
        self.columns, self.rows = columns, rows
        expression, order = parse(text, (*parameters, *columns))
        symbols = [symbol(name) for name in order]
        self._value = Program(symbols, [expression])
        self._partials = Program(symbols, [differentiate(expression, s) for s in symbols[: len(parameters)]])

    def __call__(self, x: Mapping[str, Any]) -> np.ndarray:
        """The values, shape (rows,)."""
        return np.array(np.broadcast_to(self._run(self._value, x)[0], self.rows))

    def partials(self, x: Mapping[str, Any]) -> np.ndarray:
        """The derivatives, shape (rows, parameters)."""
        return np.column_stack([np.broadcast_to(each, self.rows) for each in self._run(self._partials, x)])

    def _run(self, program: Program, x: Mapping[str, Any]) -> Any:
        return program.arrays([*map(float, x.values()), *self.columns.values()])


def _judged(result: Result, J: np.ndarray, parameters: list[str], known: float | None) -> Result:
    """The result with its standard errors; no success where a parameter has no effect. `known` is the variance of
    the weighted residuals, where it is not to be estimated from them."""
    inverse, lost = _inverse(J)
    dof = len(J) - len(parameters)
    residual = result.fun / dof if dof else math.nan
    variance = residual if known is None else known
    errors = np.where(lost, math.inf, np.sqrt(variance * np.diag(inverse)))
    result.update(
        standard_errors=dict(zip(parameters, errors.tolist(), strict=True)),
        undetermined=[name for name, gone in zip(parameters, lost, strict=True) if gone],
        covariance=variance * inverse,
        dof=dof,
        sigma=math.sqrt(residual),
    )
    if idle := [name for name, column in zip(parameters, J.T, strict=True) if not column.any()]:
        where = f"{', '.join(idle)} {'has' if len(idle) == 1 else 'have'} no effect on the fit there"
        again = f"begin elsewhere, such as start={{{idle[0]!r}: ...}}."
        result.update(success=False, status=3, code="stalled.plateau", message=f"{result.why} But {where}: {again}")
    return result


def at(result: Result, columns: Mapping[str, Any]) -> np.ndarray:
    """A fitted formula at other rows, its parameters being those of `result`."""
    expression, order = parse(result.formula, (*result.x, *columns))
    known = {**{name: float(value) for name, value in result.x.items()}, **columns}
    return Program([symbol(name) for name in order], [expression]).arrays([known[name] for name in order])[0]


def _columns(text: str, data: Any, y: str) -> tuple[dict[str, np.ndarray], list[str]]:
    """The columns that are used, checked, and the names of the parameters."""
    if not isinstance(text, str):
        raise ArgumentError(f"text={text!r}: expected a formula as str, such as 'a*exp(-b*x) + c'.")
    if not hasattr(data, "keys"):
        raise ArgumentError(f"data={type(data).__name__}: expected columns by name, a dict or a data frame.")
    present = list(data.keys())
    if not isinstance(y, str) or y not in present:
        raise ArgumentError(f"y={y!r}: expected the name of a column; data has {', '.join(map(str, present))}.")
    used = names(text)
    if y in used:
        raise ArgumentError(f"text={text!r} contains {y!r}, the column that it should give.")
    parameters = [name for name in used if name not in present]
    if not parameters:
        raise ArgumentError(f"text={text!r} has no parameter: all its names are columns of data.")
    columns = {name: floats(data[name], f"data[{name!r}]").astype(float) for name in [y, *used] if name in present}
    for name, column in columns.items():
        if column.shape != columns[y].shape or column.ndim != 1:
            raise ArgumentError(f"data[{name!r}] has shape {column.shape}, data[{y!r}] {columns[y].shape}.")
        if bad := np.flatnonzero(~np.isfinite(column)).tolist():
            raise ArgumentError(
                f"data[{name!r}] is not finite in {len(bad)} of {len(column)} rows, the first is row {bad[0]}: "
                "leave such rows out."
            )
    return columns, parameters


def _weights(weights: Any, sigma: Any, rows: int) -> np.ndarray:
    """The weights, one for each row."""
    if sigma is None:
        return np.ones(rows) if weights is None else _each(weights, "weights", rows)
    if weights is not None:
        raise ArgumentError("weights and sigma are given: expected one of them.")
    deviations = _each(sigma, "sigma", rows)
    if not deviations.all():
        raise ArgumentError("sigma holds 0: expected positive standard deviations; leave exact rows out.")
    return deviations**-2.0


def _each(value: Any, name: str, rows: int) -> np.ndarray:
    """One number, at least 0, for each row."""
    column = floats(value, name).astype(float)
    column = np.full(rows, column) if column.ndim == 0 else column
    if column.shape != (rows,) or not (np.isfinite(column) & (column >= 0)).all():
        raise ArgumentError(f"{name}: expected {rows} finite numbers >= 0, one for each row of data.")
    return column


def _inverse(J: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(J'J)^-1 on what the rows of J determine, and which parameters they leave undetermined.

    The columns are scaled to norm 1 first: what can be told apart must not depend on units.
    """
    scale = np.linalg.norm(J, axis=0)
    scale[scale == 0] = 1.0
    _, s, V = np.linalg.svd(J / scale, full_matrices=False)
    seen = s > max(J.shape) * np.finfo(float).eps * s[0]
    half = V[seen].T / s[seen] / scale[:, None]
    lost = (np.abs(V[~seen]) > 1e-6).any(axis=0) if not seen.all() else np.zeros(len(scale), dtype=bool)
    return half @ half.T, lost
