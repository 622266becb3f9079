"""fit: minimise the mean of a loss over data, batch by batch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .. import log
from ..errors import ArgumentError
from ..hints import spelled
from ..methods.method import Method
from ..objective.landscape import Landscape
from ..result import Result
from ..run import Run
from .plan import Plan
from .recipe import Recipe
from .task import Task
from .trained import Fit, explained, listener


@spelled
def fit(
    loss: Callable[..., Any],
    params: Any,
    data: Any,
    *,
    method: str | Method | type[Method] | None = None,
    lr: Any = None,
    batch_size: int | None = 32,
    epochs: float | None = None,
    maxiter: float | None = None,
    maxtime: float | None = None,
    shuffle: str | None = "full",
    rng: Any = None,
    weights: Any = None,
    jac: Any = None,
    validation: Any = None,
    patience: float | None = None,
    clip: float | None = None,
    accumulate: int = 1,
    average: float | None = None,
    callback: Callable[..., Any] | None = None,
    checkpoint: str | Path | None = None,
    on_error: str = "raise",
    diagnose: bool = True,
) -> Result:
    """Train parameters on data: minimise the mean of a loss over its rows, batch by batch.

    Parameters
    ----------
    loss : callable
        ``loss(params, *batch) -> float``: the **mean** loss of a batch, such as
        ``lambda w, X, y: np.mean((X @ w - y) ** 2)``; or one of `losses`, such as ``st.losses.Logistic()``.
    params : float, array_like, or dict / list / tuple of arrays
        Where to start; never changed. For `losses` a dict of coef and intercept, or None for zeros.
    data : array, tuple of arrays in step, Source, or stream
        One row for each sample. A function that makes an iterator of chunks (tuples of arrays), or such an
        iterator, is a stream, which may be larger than memory.
    method : Method, name, or None
        ``st.Adam(lr=0.01)`` stays as it is. A name alone, or None: the rate (and the rule) are chosen by a race
        on the first batches. With all rows in a batch None is BFGS or L-BFGS.
    lr : float, schedule, or "auto"
        Replaces the learning rate of `method`; a number stays as it is.
    batch_size : int or None
        Rows in a batch: 1 is classical stochastic gradient descent, None all of them. The last batch of an epoch
        has what is left.
    epochs, maxiter, maxtime : float
        The budget: passes over the data, steps, seconds; whichever ends first. 20 epochs by
        default; one where the data can be read once; 1000, unless it converges before, with all rows in a batch.
    shuffle : {"full", "block", None}
        All rows in a new order each epoch; blocks of 64 neighbours together, which is faster on large data; or
        as they come.
    rng : int or numpy.random.Generator
        For the order of the rows (SPEC 7). The same seed gives the same run, bit for bit; left out, it is 0.
    weights : array_like, shape (rows,)
        The loss is then called with ``weights=``, those of the batch (scaled to mean 1 over the data): it should
        return ``mean(weights * losses)``.
    jac : callable, True, str, or None
        ``jac(params, *batch)`` like params; True: `loss` returns (value, gradient); else as in `minimize`. The
        gradient is proved on the first batch.
    validation : tuple of arrays, Source, or float
        Data (or a share of the rows, drawn at random and held out) whose loss is measured after each epoch; the
        parameters with the lowest are returned.
    patience : float
        Stop after so many epochs without a better loss (of the validation data, where there are any).
    clip : float
        No gradient longer than this (Euclidean norm).
    accumulate : int
        Batches whose gradients are averaged for one step: large batches in little memory.
    average : float in [0, 1)
        Return (and validate) an exponential average of the parameters with this decay, such as 0.99.
    callback : callable
        ``callback(params)``, or ``callback(intermediate_result)`` with exactly that name, after each epoch: with x,
        fun (the epoch's loss), validation, lr, epoch, nit, seconds, samples_per_second, seconds_left;
        `StopIteration` or returning True stops.
    checkpoint : path
        A file that the run is kept in, about every ten seconds and after each epoch: the same call goes on from it,
        also within an epoch, and ends as if it had not been stopped, bit by bit.
    on_error : {"raise", "stop"}
        When `loss` raises: raise the same exception, with the partial result as its attribute ``result``; or
        stop and return that.
    diagnose : bool
        Whether the end is diagnosed: at most 30 gradients of a batch and, where the loss seems to have settled, ten
        steps on up to 8191 rows; counted apart as `diagnosis_nfev`.

    Returns
    -------
    Result
        ``x``, the best parameters; ``fun``, their mean loss over the training data; ``jac``, its gradient, with
        batches only where the loss gives it with the value (`losses`, ``jac=True``), else NaN; ``epochs``, the
        columns of the table of epochs (see `training.table.Row`); ``history``, a record for each step: the loss of its
        batch where the step begins. For `losses` all are in the units of the data, but for the norms of gradients
        and steps in the history, which are those of the columns as they were scaled.

    Raises
    ------
    ArgumentError
        When an argument can't be right: lengths that differ, NaN in the data, text for numbers, ....
    ObjectiveError
        When `loss` gives back something that is no number.

    Examples
    --------
    >>> import numpy as np, steepest as st
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(1000, 3))
    >>> y = X @ [1.0, -2.0, 0.5] + 3
    >>> r = st.fit(lambda p, X, y: np.mean((X @ p["w"] + p["b"] - y) ** 2),
    ...            {"w": np.zeros(3), "b": 0.0}, (X, y), method=st.GD(lr=0.1), epochs=10)
    >>> r.x["w"].round(3), round(float(r.x["b"]), 3), r.nit
    (array([ 1. , -2. ,  0.5]), 3.0, 320)
    """
    given = {name: value for name, value in locals().items() if value is not None}
    given.pop("checkpoint", None)  # which is another run
    if on_error not in ("raise", "stop"):
        raise ArgumentError(f"on_error={on_error!r}: expected 'raise' or 'stop'.")
    if not isinstance(rng, int | np.integer | np.random.Generator | None) or (
        isinstance(rng, int | np.integer) and rng < 0
    ):
        raise ArgumentError(f"rng={rng!r}: expected a whole number, at least 0, or a Generator.")
    seed = int(rng.integers(2**62)) if isinstance(rng, np.random.Generator) else int(rng or 0)
    task = Task.of(loss, params, data, weights, validation, jac, seed)
    plan = Plan.of(task.source, batch_size, shuffle, seed, accumulate, patience,
                   epochs=epochs, maxiter=maxiter, maxtime=maxtime)  # fmt: skip
    recipe = Recipe.of(method, lr, clip, average, task, plan)
    run, objective = Run(task.parameters), task.objective(recipe.proximal)
    call, listen = Fit(recipe, run, objective), None if callback is None else listener(callback)
    try:
        reason = call.train(listen, checkpoint)
    except (Exception, KeyboardInterrupt) as error:
        reason = run.mishap(error, objective.nfev)
        if isinstance(error, ArgumentError):
            raise
    result = call.result(reason, diagnose)
    result.remember(
        again=lambda changes: fit(**{k: v for k, v in {**given, **changes}.items() if v is not None}),
        explain=lambda k: explained(call.training, k) if call.training else "",
        landscape=Landscape(task.picture(objective), run.sign, None, None) if plan.steady else None,
    )
    log.ended(result)
    if run.error is not None and on_error == "raise":
        raise run.carry(result)
    return result
