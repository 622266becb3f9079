"""A formula in words of mathematics -> a function with its exact gradient."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from .errors import ArgumentError
from .expression import Expression, Program, differentiate, latex, parse, symbol
from .objective.params import floats


def formula(text: str, variables: Sequence[str] | None = None) -> Formula:
    """Read a formula: a function to minimise, with its exact gradient.

    Numbers, ``+ - * /``, powers as ``**``, ``^`` or ``²``, brackets, ``|x|``, ``pi``, ``e``, and the calls
    listed in `steepest.expression.FUNCTIONS`, as in ``where(x > 0, sin(x), x)``. It is never run as code.

    Parameters
    ----------
    text : str
        At most 500 characters and 200 nodes.
    variables : sequence of str, optional
        The names of the coordinates, in order. Default: those of ``x, y, z, t, u, v, w`` that occur, in this
        order; or ``x0, x1, ...`` (``x[0]`` is the same) up to the highest index that occurs, whether or not
        those below it occur: ``x2**2`` is a function of three coordinates.

    Returns
    -------
    Formula
        ``f(x)``, ``f.gradient(x)``, ``f.value_and_gradient(x)``.

    Raises
    ------
    FormulaError
        When the text is no such formula; with the position of the fault.
    ArgumentError
        When `variables` are no names.

    Examples
    --------
    >>> f = formula("(1 - x)² + 100·(y - x²)²")
    >>> f([1.0, 2.0]), f.gradient([1.0, 2.0])
    (100.0, array([-400.,  200.]))
    >>> formula("a*exp(-b*x)", variables=("a", "b", "x"))([2.0, 0.0, 5.0])
    2.0
    >>> formula("2 + sine(x)")
    Traceback (most recent call last):
    steepest.errors.FormulaError: unknown function 'sine': did you mean 'sin'?
        2 + sine(x)
            ^
    """
    return Formula(text, *parse(text, variables))


class Formula:
    """A formula as a function of a vector, with its exact gradient; made by `formula`.

    Computed in double precision by the rules of IEEE 754: where it is not defined it is inf or nan, and no
    number raises.

    Attributes
    ----------
    text : str
        As it was given.
    expression : Expression
        What it means.
    variables : tuple of str
        The names of the coordinates, in order.
    n : int
        Their number.

    Examples
    --------
    >>> f = formula("x*cos(pi*x)")
    >>> f(1.0), f.gradient(0.0)
    (-1.0, 1.0)
    >>> f([[0.0, 1.0, 2.0]])
    array([ 0., -1.,  2.])
    >>> print(f.latex)
    x \\cos\\left(\\pi x\\right)
    """

    def __init__(self, text: str, expression: Expression, variables: tuple[str, ...]):
        self.text, self.expression, self.variables = text, expression, variables
        self.n = len(variables)
        self.__name__ = text
        self._symbols = [symbol(name) for name in variables]
        self._value = Program(self._symbols, [expression])

    @cached_property
    def _value_and_gradient(self) -> Program:
        gradient = [differentiate(self.expression, by) for by in self._symbols]
        return Program(self._symbols, [self.expression, *gradient])

    @property
    def latex(self) -> str:
        """The formula in LaTeX."""
        return latex(self.expression)

    def __call__(self, x: Any) -> Any:
        """The value at `x`: a float at shape (n,), or at a number if n = 1; shape (runs,) at shape (n, runs).

        Raises
        ------
        ArgumentError
            When `x` is of another shape, or not made of real numbers.
        """
        x = self._coordinates(x)
        return _shaped(self._run(self._value, x)[0], x)

    def value_and_gradient(self, x: Any) -> tuple[Any, Any]:
        """The value as by calling, and the exact gradient in the shape of `x`."""
        x = self._coordinates(x)
        value, *partials = self._run(self._value_and_gradient, x)
        gradient = np.empty(x.shape or 1)
        for i, partial in enumerate(partials):
            gradient[i] = partial
        return _shaped(value, x), gradient if x.ndim else float(gradient[0])

    def gradient(self, x: Any) -> Any:
        """The exact gradient at `x`, in the shape of `x`."""
        return self.value_and_gradient(x)[1]

    def _coordinates(self, x: Any) -> np.ndarray:
        array = floats(x, "x").astype(np.float64, copy=False)
        if (array.shape or (1,))[0] != self.n:
            names = ", ".join(self.variables if self.n <= 8 else [*self.variables[:7], "..."])
            raise ArgumentError(
                f"x has shape {array.shape}: {self!r} needs ({self.n},) for ({names}), or ({self.n}, runs)."
            )
        return array

    def _run(self, program: Program, x: np.ndarray) -> list[Any]:
        return program.floats(x.reshape(-1).tolist()) if x.ndim < 2 else program.arrays(x)

    def __repr__(self) -> str:
        return f"formula({self.text!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return formula, (self.text, self.variables)


def _shaped(value: Any, x: np.ndarray) -> Any:
    """One value for each column of `x`, in memory of its own, also where the formula is a constant."""
    return value if x.ndim < 2 else np.array(np.broadcast_to(value, x.shape[1:]))
