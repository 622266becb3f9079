"""A smooth function through a table of values, so that measured data can be minimised like a formula."""

from __future__ import annotations

from typing import Any

import numpy as np

from .errors import ArgumentError, MissingExtraError
from .objective.params import floats


class SampledFunction:
    """A spline through a table of values; made by `from_samples`.

    Attributes
    ----------
    bounds : list of (low, high)
        The range of the table along each axis, as `minimize` takes it.
    """

    def __init__(self, spline: Any, bounds: list[tuple[float, float]]):
        self._spline, self.bounds = spline, bounds

    def __call__(self, x: Any) -> Any:
        """The value at `x`, shape (n,), or the values at its columns, shape (n, runs) -> (runs,).

        NaN outside `bounds`: a table knows nothing there. A table with one axis takes a plain number, too.

        Raises
        ------
        ArgumentError
            When `x` does not have n coordinates.
        """
        return self._spline(self._columns(x).T).T[()]

    def gradient(self, x: Any) -> np.ndarray:
        """The exact gradient of the spline at `x`, of x's shape; NaN outside `bounds`.

        Raises
        ------
        ArgumentError
            When `x` does not have n coordinates.
        """
        columns = self._columns(x)
        orders = np.eye(len(self.bounds), dtype=np.int64)
        return np.array([self._spline(columns.T, nu=order).T for order in orders]).reshape(np.shape(x))

    def _columns(self, x: Any) -> np.ndarray:
        n, x = len(self.bounds), floats(x, "x")
        if n == 1 and x.ndim == 0:
            x = x[None]
        if x.shape[:1] != (n,):
            raise ArgumentError(f"x has shape {x.shape}: a table with {n} axes takes shape ({n},), or ({n}, runs).")
        return x

    def __repr__(self) -> str:
        return f"SampledFunction(bounds={self.bounds})"


def from_samples(values: Any, spacing: Any = 1.0, origin: Any = 0.0) -> SampledFunction:
    """A function that passes through every value of a table, twice continuously differentiable.

    The interpolant is the tensor-product cubic spline with not-a-knot ends (de Boor 1978, chapters 4 and 17):
    it repeats polynomials up to degree 3 exactly, and its minimum may lie between the samples. A monotone
    interpolant (PCHIP; Fritsch & Carlson 1980) never undershoots, but pays for it with a slope of zero at
    every lowest sample: its minimum is always a sample, and there is nothing left to find. What a spline
    costs instead: beside a jump in the table it rings. With 2 or 3 samples along an axis it is a straight
    line or a parabola there.

    Parameters
    ----------
    values : array_like, shape (m0,) or (m0, m1, ...)
        The table, an axis for each coordinate, at least 2 samples along each.
    spacing : float, or array_like
        The distance between samples, along all axes; or a sequence with a distance or the coordinates for
        each axis. With one axis also the coordinates themselves, shape (m0,).
    origin : float, or one for each axis
        The coordinate of the first sample; it is added to coordinates.

    Returns
    -------
    SampledFunction
        ``f(x)``, ``f.gradient(x)``, and ``f.bounds``, which keep a descent within the table.

    Raises
    ------
    ArgumentError
        When there are too few samples, NaN or infinite ones, or coordinates that do not increase.
    MissingExtraError
        When SciPy is missing.

    Examples
    --------
    >>> from steepest.samples import from_samples
    >>> f = from_samples([5, 2, 1, 2, 5], spacing=0.5, origin=-1)  # 1 + (2 x)^2
    >>> round(float(f(0.25)), 12), f.bounds
    (1.25, [(-1.0, 1.0)])
    >>> f.gradient([0.25]).round(12), float(f(1.5))
    (array([2.]), nan)
    """
    try:
        from scipy.interpolate import NdBSpline, make_interp_spline
    except ImportError as error:
        raise MissingExtraError(package="scipy", extra="samples", purpose="a function of samples") from error
    table = _table(values)
    coordinates = _coordinates(table.shape, spacing, origin)
    knots, degrees = [], []
    for axis, points in enumerate(coordinates):
        degree = min(3, points.size - 1)
        spline = make_interp_spline(points, table, degree, axis=axis)
        table = np.moveaxis(spline.c, 0, axis)
        knots.append(spline.t)
        degrees.append(degree)
    bounds = [(float(points[0]), float(points[-1])) for points in coordinates]
    return SampledFunction(NdBSpline(tuple(knots), table, tuple(degrees), extrapolate=False), bounds)


def _table(values: Any) -> np.ndarray:
    table = floats(values, "values").astype(float)
    if table.ndim == 0 or min(table.shape) < 2:
        raise ArgumentError(f"values of shape {table.shape}: expected at least 2 samples along each axis.")
    for index in np.argwhere(~np.isfinite(table))[:1]:
        where = ", ".join(map(str, index))
        raise ArgumentError(
            f"values[{where}]={table[tuple(index)]}: expected finite numbers. Fill the gap, or leave it out."
        )
    return table


def _coordinates(shape: tuple[int, ...], spacing: Any, origin: Any) -> list[np.ndarray]:
    """The coordinates of the samples along each axis."""
    axes = len(shape)
    steps = list(spacing) if np.iterable(spacing) else [spacing] * axes
    if axes == 1 and len(steps) == shape[0]:
        steps = [steps]  # not a distance for each axis but the coordinates along the only one
    origins = floats(origin, "origin")
    if len(steps) != axes or origins.shape not in ((), (axes,)):
        given = f"spacing={spacing!r}, origin={origin!r}"
        raise ArgumentError(f"{given}: expected a number, or one for each of the {axes} axes of values.")
    coordinates = []
    for axis, (step, first) in enumerate(zip(steps, np.broadcast_to(origins, axes), strict=True)):
        name = f"spacing[{axis}]" if axes > 1 else "spacing"
        array = floats(step, name)
        points = first + (array * np.arange(shape[axis]) if array.ndim == 0 else array)
        if points.shape != (shape[axis],):
            raise ArgumentError(
                f"{name} has shape {array.shape}: expected ({shape[axis]},), as values along that axis."
            )
        if not np.isfinite(points).all() or not (np.diff(points) > 0).all():
            raise ArgumentError(f"{name}={step!r}: expected a positive distance, or coordinates that increase.")
        coordinates.append(points.astype(float))
    return coordinates
