"""fit: minimise the mean of a loss over data, batch by batch."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .. import log
from ..data import SHUFFLES, split
from ..derivatives import OWN, USER, Paired, choose
from ..errors import ArgumentError
from ..hints import spelled
from ..losses import Linear
from ..methods.lift import Rule
from ..methods.method import Method
from ..methods.orthant import Orthant
from ..methods.proximal import FISTA, Proximal
from ..methods.registry import find
from ..methods.wrappers import Averaged, ClipNorm
from ..objective.landscape import Landscape
from ..objective.negative import function
from ..objective.oracle import Objective
from ..objective.params import Parameters
from ..result import Result
from ..run import Run
from ..sets import L1
from .epoch import Epoch
from .kept import Keeper, problem
from .linear import Model
from .means import mean_loss
from .minibatch import MiniBatch
from .plan import PASSES, Plan
from .race import race
from .sparse import Whole
from .trainable import delivery, entrants, innermost, suited
from .trained import explained, listener, summary
from .training import Training

EPOCHS = 20  # where nothing is said


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
        columns of the table of epochs (see `training.Epoch`); ``history``, a record for each step: the loss of its
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
    if shuffle not in SHUFFLES:
        raise ArgumentError(f"shuffle={shuffle!r}: expected 'full', 'block' or None.")
    seed = int(rng.integers(2**62)) if isinstance(rng, np.random.Generator) else int(rng or 0)
    train, held = split(data, weights, validation, seed)
    out: Callable[[Any], Any] = lambda params: params  # noqa: E731
    model, given_loss, given_train = None, loss, train
    if isinstance(loss, Linear):
        model = Model(loss, params, train)
        loss, params, jac, out = model.value_and_gradient, model.start, True, model.outer
        train, held = model.source(train), held and model.source(held)
    run = Run(Parameters(params, "params"))
    start = run.parameters.start
    if not np.isfinite(start).all():
        raise ArgumentError(f"params holds {start[~np.isfinite(start)][0]}: expected finite numbers to start from.")
    if epochs is maxiter is maxtime is None:
        whole = train.rows is not None and (batch_size is None or batch_size >= train.rows)
        epochs = PASSES if whole else EPOCHS if train.again else 1  # a generator is read once
    plan = Plan.of(train, batch_size, shuffle, seed, epochs=epochs, maxiter=maxiter, maxtime=maxtime,
                   accumulate=accumulate, patience=patience)  # fmt: skip
    rules = entrants(method, lr, start.size, plan, train)
    l1 = None if model is None or not model.loss.l1 else model.penalties[0]
    if l1 is not None and plan.steady(train) and method is None and lr is None and clip is None:
        method = FISTA()
    chosen = rules[0] if rules else suited(find(method, start.size, lr), plan.steady(train), l1 is not None)
    composed = l1 is not None and plan.steady(train) and isinstance(chosen, Proximal)
    if composed:
        assert model is not None
        loss = model.smooth().value_and_gradient

    def wrap(inner: Method) -> Method:
        inner = inner if clip is None else ClipNorm(inner, clip)
        if l1 is not None and not composed:
            inner = Orthant(inner, l1, 1 / train.steps(plan.size))
        return inner if average is None else Averaged(inner, average)

    fun = weighted(function(loss, "loss")) if weights is not None else function(loss, "loss")
    objective = (Paired if jac is True else Objective)(fun, run.parameters)
    listen = None if callback is None else listener(callback, run, out)
    extra = L1(l1).value if composed else lambda x: 0.0
    validate = None if held is None else lambda x: mean_loss(objective, held, x) + extra(x)

    def renew(training: Training) -> None:
        training.chosen = training.chosen.lowered(training.t)
        training.method = wrap(training.chosen.method(rules, plan.steps(train)))
        training.deliver = delivery(training.method)
        training.engine = Epoch.of(training.method, model, plan, train)

    training: Training | None = None
    found: Any = None
    try:
        objective.args = next(plan.batches(train, 0))[0]
        f0 = objective(start)
        source = OWN if model else USER
        derivative = choose(objective, run.parameters, start, f0, jac, batches=True, source=source)
        oracle: Any = MiniBatch(objective, derivative)
        if composed:
            oracle = Whole(objective, derivative, l1)  # type: ignore[arg-type]  # composed where there is an l1
        keeper = None
        if checkpoint is not None:
            keeper = Keeper(checkpoint, problem(plan, start, train.rows, repr(wrap(chosen))))
            found = keeper.chosen
        if rules:
            # asked before the race, which may read a stream to its end: its rows are known then
            steps = plan.steps(train)
            found = found or race(rules, oracle, train, plan, start, wrap, delivery, model is not None)
            chosen = found.method(rules, steps)
        chosen = wrap(chosen)
        log.begun(chosen, start, f"{f0:.6g} (of the first batch)", oracle)
        engine = Epoch.of(chosen, model, plan, train)
        if engine is None and isinstance(rule := innermost(chosen), Rule):
            rule.prepare(start, plan.steps(train))
        training = Training(run, oracle, chosen, train, plan, start, validate, listen, delivery(chosen), engine)
        if found is not None:
            training.chosen = found
            training.renew = renew if train.again else None
        reason = training.follow() if keeper is None else keeper.follow(training)
    except (Exception, KeyboardInterrupt) as error:
        reason = run.mishap(error, objective.nfev)
        if isinstance(error, ArgumentError):
            raise
    # a history of linear models is in the units of the data, and so is what is drawn below it
    picture = objective
    if model is not None:
        picture = Objective(given_loss, run.parameters, getattr(given_train, "arrays", ()))
    evidence = {}
    if found is not None:
        found, chosen = (training.chosen, training.method) if training else (found, chosen)
        evidence = found._asdict() | {"rule": rules[found.rule].name}
    result = summary(run, training, reason, objective, chosen, evidence, model, diagnose)
    result.remember(
        again=lambda changes: fit(**{k: v for k, v in {**given, **changes}.items() if v is not None}),
        explain=lambda k: explained(training, model, k) if training else "",
        landscape=Landscape(picture, run.sign, None, None) if plan.steady(train) else None,
    )
    log.ended(result)
    if run.error is not None and on_error == "raise":
        raise run.carry(result)
    return result


def weighted(loss: Callable[..., Any]) -> Callable[..., Any]:
    """The loss of a batch whose last array is its weights."""
    try:
        names = list(inspect.signature(loss).parameters.values())
    except (TypeError, ValueError):
        names = []
    if names and not any(p.name == "weights" or p.kind is p.VAR_KEYWORD for p in names):
        raise ArgumentError(
            "weights are given, but loss takes none: write it as loss(params, X, y, weights), which returns "
            "numpy.mean(weights * losses)."
        )
    return lambda params, *batch: loss(params, *batch[:-1], weights=batch[-1])
