"""Stepper: a rule for those who have a loop of their own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from ..engine.kernels import kernel, plain_kernel
from ..errors import ArgumentError, MissingExtraError
from .lift import Rule

# Below so many elements a second thread costs more than it gives (performance.md, the hazard of threads).
SERIAL = 300_000
# Threads take so many elements by turns: some 30 us of work, ten times what it costs to take them.
PIECE = 1 << 16


class Stepper:
    """A rule in a loop of your own: it changes x in place, at the speed of memory.

    Parameters
    ----------
    method : Rule
        Such as ``Adam(lr=0.01)``; no length policy, since a stepper sees no function.
    x : ndarray of float32 or float64, C-contiguous, writable
        Changed by every step.
    threads : int
        How many share the steps of more than 300 000 elements.

    Attributes
    ----------
    t : int
        Steps made.
    slots : tuple of ndarray
        What the rule carries, each shaped like x.
    engine : str
        What computes: "kernel", or "NumPy" where llvmlite (it comes with Numba) is not installed.

    Raises
    ------
    ArgumentError
        When an argument is not of that kind.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest import Adam
    >>> x = np.array([3.0, 2.0])
    >>> stepper = Stepper(Adam(lr=0.1), x)
    >>> for _ in range(200):
    ...     stepper.step(2 * x)
    >>> x.round(2) + 0.0
    array([0., 0.])
    """

    def __init__(self, method: Rule, x: np.ndarray, threads: int = 1):
        if not isinstance(method, Rule) or hasattr(method.hyper.get("lr"), "advance"):
            raise ArgumentError(f"method={method!r}: expected a rule whose lr is a number or a schedule.")
        if any(np.ndim(value) for value in method.hyper.values()):
            raise ArgumentError(f"method={method!r}: expected numbers, not arrays of them.")
        if not isinstance(x, np.ndarray) or x.dtype not in (np.float32, np.float64):
            raise ArgumentError(f"x={x!r}: expected an array of float32 or float64, which is changed in place.")
        if not x.size or not x.flags.c_contiguous or not x.flags.writeable or not x.flags.aligned:
            raise ArgumentError(
                f"x, of shape {x.shape}, is changed in place: expected it writable, not empty, and its "
                "numbers side by side (numpy.ascontiguousarray makes a copy that is)."
            )
        if not isinstance(threads, int | np.integer) or threads < 1:
            raise ArgumentError(f"threads={threads!r}: expected a whole number, at least 1.")
        self.method, self.x, self.t = method, x, 0
        self.slots = tuple(np.zeros_like(x) for _ in method.slots)
        try:
            self._kernel, self.engine = kernel(type(method), x.dtype), "kernel"
        except MissingExtraError:
            self._kernel, self.engine = plain_kernel(type(method)), "NumPy"
        self._owner = x if x.base is None else x.base
        self._shape, self._dtype = x.shape, x.dtype
        self._x, *self._slots = (array.reshape(-1) for array in (x, *self.slots))
        self._pool = ThreadPoolExecutor(threads - 1) if threads > 1 and x.size >= SERIAL else None
        self._hyper = None if method.schedules else np.array([*method.at(1.0).values()])

    def step(self, g: np.ndarray) -> None:
        """Move x by one step along the gradient `g`, an array like x.

        Raises
        ------
        ArgumentError
            When `g` has not the shape and type of x.
        """
        plain = type(g) is np.ndarray and g.shape == self._shape and g.dtype is self._dtype and g.base is None
        if not plain or g is self._owner or not g.flags.c_contiguous:
            g = self._checked(g)
        self.t += 1
        t = float(self.t)
        hyper = np.array([*self.method.at(t).values()]) if self._hyper is None else self._hyper
        if self._pool is None:
            self._kernel(t, t, hyper, self._x, g, *self._slots)
        else:
            self._share(self._pool, t, hyper, g.reshape(-1))

    def _checked(self, g: np.ndarray) -> np.ndarray:
        """`g` if it is like x, its numbers side by side, and nowhere where x is: the kernel relies on it."""
        x = self.x
        if not isinstance(g, np.ndarray) or g.shape != x.shape or g.dtype != x.dtype:
            raise ArgumentError(f"g is {_described(g)}: expected {_described(x)}, like x.")
        return g.copy() if np.may_share_memory(g, x) else np.ascontiguousarray(g)

    def _share(self, pool: ThreadPoolExecutor, t: float, hyper: np.ndarray, g: np.ndarray) -> None:
        """All threads take pieces by turns, this one too: it never waits for one that has not begun."""
        starts = iter(range(0, g.size, PIECE))  # next() is atomic

        def work() -> None:
            for start in starts:
                piece = slice(start, start + PIECE)
                self._kernel(t, t, hyper, self._x[piece], g[piece], *[slot[piece] for slot in self._slots])

        tasks = [pool.submit(work) for _ in range(pool._max_workers)]
        work()
        for task in tasks:
            if not task.cancel():
                task.result()


def _described(array: Any) -> str:
    return f"an array of {array.dtype} of shape {array.shape}" if isinstance(array, np.ndarray) else repr(array)
