"""One function evaluated at many points by many workers: the same numbers, in the same order."""

from __future__ import annotations

import atexit
import functools
import os
import pickle
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from typing import Any

from .errors import ArgumentError

CHUNKS = 4  # chunks per process: few round trips (0.1 to 0.2 ms each), yet slow points don't hold up the rest


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
    if isinstance(workers, int) and not isinstance(workers, bool):
        return _by_processes(fun, points, workers)
    over = getattr(workers, "map", workers)
    if not callable(over):
        raise ArgumentError(
            f"workers={workers!r}: expected None, a number of processes (-1 for all processors), "
            "an executor, an object with .map, or a callable like map."
        )
    return list(over(fun, points))


def _by_processes(fun: Callable[[Any], Any], points: Sequence[Any], workers: int) -> list[Any]:
    if workers == 0 or workers < -1:
        raise ArgumentError(
            f"workers={workers}: expected a positive number of processes, or -1 for all processors."
        )
    count = os.cpu_count() or 1 if workers == -1 else workers
    if count == 1:
        return [fun(point) for point in points]
    try:
        pickle.dumps(fun)
    except (
        Exception
    ) as error:  # pickle raises PicklingError, AttributeError or TypeError, as the object likes
        raise ArgumentError(
            f"workers={workers}: {fun!r} can't go to other processes, it does not pickle ({error}). Define "
            "it with `def` at the top of a module, or pass workers=ThreadPoolExecutor(...) to use threads."
        ) from error
    size = -(-len(points) // (CHUNKS * count))
    return list(_pool(count).map(fun, points, chunksize=size))


@functools.cache
def _pool(count: int) -> Executor:
    """The pool of that many processes, started at first use, then kept: a start outlasts a gradient."""
    pool = ProcessPoolExecutor(count)
    atexit.register(pool.shutdown, cancel_futures=True)
    return pool
