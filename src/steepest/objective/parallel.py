"""One function evaluated at many points by many workers: the same numbers, in the same order."""

from __future__ import annotations

import functools
import multiprocessing
import os
import pickle
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from itertools import islice
from typing import Any

from ..errors import ArgumentError

CHUNKS = 4  # chunks per process: few round trips (0.1 to 0.2 ms each), yet slow points don't hold up the rest
GRACE = 1.0  # seconds after Ctrl-C for what is under way: processes that had it, too, end at once


def evaluate(fun: Callable[[Any], Any], points: Sequence[Any], workers: Any = None) -> list[Any]:
    """The values of a function at many points, in the order of the points.

    Parameters
    ----------
    fun : callable
        ``fun(point) -> value``; an exception that it raises is raised here.
    points : sequence
        Where.
    workers : None, int, concurrent.futures.Executor, callable, or object with ``.map``
        None or 1: one by one, here. An int: that many processes, -1 for one per processor; `fun` must pickle.
        An executor (threads, processes, MPI, Dask's ``client.get_executor()``), a pool with ``.map`` or a
        callable like `map`: does the work.

    Raises
    ------
    ArgumentError
        When `workers` is none of these, or `fun` can't be sent to another process.

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> evaluate(abs, [-1.5, 2.0], workers=ThreadPoolExecutor(2))
    [1.5, 2.0]
    """
    if workers is None or len(points) == 0:
        return [fun(point) for point in points]
    team = employed(workers)
    try:
        values = list(_mapped(fun, points, team))
    except BaseException:  # Ctrl-C ends idle processes, too: what comes next begins with new ones
        if isinstance(team, Processes):
            team.end()
        raise
    if team is not workers:
        team.end()
    return values


def until_interrupted(
    fun: Callable[[Any], Any], points: Sequence[Any], workers: Any, last: Callable[[Any], bool]
) -> list[Any]:
    """As `evaluate`, but Ctrl-C, or a value that is the `last`, ends it: None where there is no value."""
    values: list[Any] = [None] * len(points)
    team = employed(workers)
    pool, room = (workers, len(points)) if isinstance(workers, Executor) else (None, 0)
    if isinstance(team, Processes) and team.count > 1:
        # none waits in a process that Ctrl-C leaves alive
        pool, room = team.pool_for(fun), team.count
    busy: dict[Future[Any], int] = {}
    left = iter(enumerate(points))
    try:
        if pool is None:
            for k, value in enumerate(_mapped(fun, points, team or map)):
                values[k] = value
                if last(value):
                    break
            return values
        while True:
            busy |= {pool.submit(fun, point): k for k, point in islice(left, room - len(busy))}
            if not busy:
                return values
            for future in wait(busy, return_when=FIRST_COMPLETED).done:
                values[busy.pop(future)] = value = future.result()
                if last(value):
                    raise KeyboardInterrupt
    except KeyboardInterrupt:
        wait([future for future in busy if not future.cancel()], GRACE)
        for future, k in busy.items():
            if future.done() and not future.cancelled() and future.exception() is None:
                values[k] = future.result()
    finally:
        if team is not workers:
            team.end()
    return values


def _mapped(fun: Callable[[Any], Any], points: Sequence[Any], workers: Any) -> Iterable[Any]:
    over = getattr(workers, "map", workers)
    if not callable(over):
        raise ArgumentError(
            f"workers={workers!r}: expected None, a number of processes (-1 for all processors), "
            "an executor, an object with .map, or a callable like map."
        )
    return over(fun, points)


def employed(workers: Any) -> Any:
    """`workers` as something with ``.map``: `Processes` where it is their number, else itself."""
    return Processes(workers) if isinstance(workers, int) and not isinstance(workers, bool) else workers


class Processes:
    """So many processes, -1 for one per processor, begun when they are first needed. They know a function, and what
    it uses, as these were then: so they are for one run and end with it."""

    def __init__(self, workers: int):
        if workers == 0 or workers < -1:
            raise ArgumentError(
                f"workers={workers}: expected a positive number of processes, or -1 for all processors."
            )
        self.count = os.cpu_count() or 1 if workers == -1 else workers
        self._pool: Executor | None = None

    def map(self, fun: Callable[[Any], Any], points: Sequence[Any]) -> Iterable[Any]:
        """The values of a function at many points, in their order; by this process where the count is 1."""
        if self.count == 1:
            return map(fun, points)
        return self.pool_for(fun).map(fun, points, chunksize=-(-len(points) // (CHUNKS * self.count)))

    def pool_for(self, fun: Callable[[Any], Any]) -> Executor:
        """The pool, to which the function can go."""
        try:
            pickle.dumps(fun)
        except Exception as error:  # PicklingError, AttributeError or TypeError, as the object likes
            theirs = fun.args[0] if isinstance(fun, functools.partial) else fun
            raise ArgumentError(
                f"workers={self.count}: {theirs!r} can't go to other processes, it does not pickle ({error}). Define "
                "it with `def` at the top of a module, or pass workers=ThreadPoolExecutor(...) to use threads."
            ) from error
        if self._pool is None:
            # JAX has threads, whose locks a fork would copy in whatever state they are
            context = multiprocessing.get_context("spawn") if "jax" in sys.modules else None
            self._pool = ProcessPoolExecutor(self.count, context)
        return self._pool

    def end(self) -> None:
        """End them, without waiting for what is under way."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None
