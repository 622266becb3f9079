"""minimize and maximize: what most people call; descend for those who want the loop in their own hands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, cast

from . import log
from .diagnose.explain import explain
from .errors import ArgumentError
from .hints import spelled
from .limits import Limits
from .loops.driver import Driver
from .loops.loop import Iterate, descend
from .loops.resume import Keeper, problem
from .methods.method import Method
from .methods.proximal import Proximal, SpaRSA
from .methods.registry import find
from .methods.stochastic import DoGAdam
from .objective.landscape import Landscape
from .objective.negative import Negative, function
from .objective.oracle import Oracle
from .objective.point import Point
from .posed import Posed
from .result import Result
from .run import Run
from .sets import term
from .stochastic import Spending, Stochastic
from .stop import Criterion


@spelled
def minimize(
    fun: Callable[..., Any],
    x0: Any,
    args: tuple[Any, ...] = (),
    method: str | Method | type[Method] | None = None,
    jac: Any = None,
    bounds: Any = None,
    tol: float | None = None,
    callback: Callable[..., Any] | None = None,
    options: dict[str, Any] | None = None,
    *,
    lr: Any = None,
    stop: Criterion | None = None,
    maxiter: float | None = None,
    maxfun: float | None = None,
    maxtime: float | None = None,
    gtol: float | None = None,
    xtol: float | None = None,
    ftol: float | None = None,
    target: float | None = None,
    on_error: str = "raise",
    vectorized: bool = False,
    workers: Any = None,
    project: Any = None,
    prox: Any = None,
    diagnose: bool = True,
    checkpoint: str | Path | None = None,
    rng: Any = None,
    stochastic: bool = False,
) -> Result:
    """Minimise a function of any parameters.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args) -> float``; x comes in the shape of `x0`, as a copy.
    x0 : float, array_like, or dict / list / tuple of arrays
        Where to start; never changed. Integers become float64; float32 stays float32.
    args : tuple
        Further arguments of `fun` and `jac` (a single one may stand without its tuple).
    method : Method, name, or None
        ``Adam(lr=0.01)``, ``"adam"``, ...; see `methods`. None: BFGS up to 200 numbers, L-BFGS above.
    jac : callable, True, str, or None
        ``jac(x, *args)``, shaped like x; True: `fun` returns (value, gradient). ``"2-point"``, ``"3-point"``,
        ``"cs"``, ``"accurate"`` and ``"fd"`` are differences. None or ``"auto"``: the best that can be had,
        ``fun.gradient`` first. Whatever is used is proved against `fun`.
    bounds : (low, high), sequence of these, dict of these, or scipy.optimize.Bounds
        One pair for each number in x0, or for all of them; None for no bound. Of a dict x0 by name, where names left
        out are free. Nothing is evaluated outside; x0 is moved inside.
    tol : float
        The same as `gtol`.
    callback : callable
        ``callback(x)``, or ``callback(intermediate_result)`` with exactly that name, after every step;
        `StopIteration` or returning True stops the run.
    options : dict
        scipy's place for maxiter, maxfun (maxfev), maxtime, gtol, xtol, ftol, target.
    lr : float, schedule, length policy, or "auto"
        Replaces the learning rate of `method`.
    stop : Criterion
        Replaces the method's own test for convergence; guards and budget remain.
    maxiter, maxfun, maxtime : float
        At most so many steps (10 000), calls of `fun` (never exceeded), seconds.
    gtol, xtol, ftol, target : float
        Enough is a gradient norm (units of f / x), a step length (units of x), a change of f in a step (relative), a
        value of f.
    on_error : {"raise", "stop", "skip"}
        When `fun` raises: raise the same exception, with the partial result as its attribute ``result``; or
        stop and return that; or go on without a value there, as where `fun` gives nan. The cost says how many.
    vectorized : bool
        Whether `fun` takes many points at once, x of shape (n, k) -> (k,): differences then cost few calls.
    workers : None, int, concurrent.futures.Executor, or map-like
        Who evaluates the points of a difference gradient: that many processes, an executor, or a callable like
        `map`. The numbers are those of a serial run.
    project : set, or callable
        A set that x must stay in, such as ``Ball(1.0)`` or ``Simplex()`` of `steepest.sets`, or a function
        x -> nearest point, for flat x. x0 is moved inside; differences may look just outside. Every method can;
        None is `SpaRSA`. Textbook projected gradient descent is `ISTA`.
    prox : penalty
        What is added to `fun`, such as ``L1(0.1)``; `fun` of the result is the sum. For the methods of
        `steepest.proximal` alone: others scale or accumulate gradients, and end elsewhere. None is `SpaRSA`.
    diagnose : bool
        Whether the end is diagnosed: at most 10 + 2n more evaluations, counted apart as `diagnosis_nfev`.
    checkpoint : path
        A file in which the run is kept, every 10 seconds and at its end. The same call finds it there and goes
        on, bit by bit as if it had not been stopped, also after ``kill -9``; limits, tests and callback may be
        others, and count from the first start. A generator of random numbers goes on if it is in `args`.
    rng : int or numpy.random.Generator
        For the directions in which gradients are proved (SPEC 7); by default a fixed seed, so that a run repeats.
    stochastic : bool
        Whether value and gradient are drawn anew in every call, as of a simulation. `jac` must be True or a
        function; maxiter (or maxfun) is the budget of calls, all of which are made. No single value is believed:
        the gradient is not proved, nothing but the budget (or `stop`) ends the run, and its last point is returned
        with the mean of repeated calls, or x0 where that is better. None is `DoGAdam`.

    Returns
    -------
    Result
        The best finite point seen, why the run stopped, the history.

    Raises
    ------
    ArgumentError
        When an argument can't be right.
    ObjectiveError
        When `fun` or `jac` gives back something that is no number of the right shape.

    Examples
    --------
    >>> import steepest as st
    >>> r = st.minimize(lambda x: (x[0] - 1) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2, [-1.2, 1.0])
    >>> r.x.round(6), r.success
    (array([1., 1.]), True)
    >>> float(st.minimize(lambda x: (x - 3) ** 2, 0.0, method="gd", lr=0.1).x.round(6))
    3.0
    """
    given = {name: value for name, value in locals().items() if value is not None}  # for a second try,
    given.pop("checkpoint", None)  # which is another run
    limits = Limits.of(tol, options, {"maxiter": maxiter, "maxfun": maxfun, "maxtime": maxtime, "gtol": gtol,
                                      "xtol": xtol, "ftol": ftol, "target": target})  # fmt: skip
    _check(on_error, callback, stop)
    posed = Posed.of(fun, x0, args, jac, bounds, term(project, prox), rng=rng, stochastic=stochastic)
    spending = Spending.of(limits, jac) if stochastic else None
    caller = posed.parameters, posed.sign
    run = Stochastic(*caller, spending) if spending else Run(*caller, limits)
    if method is None and lr is None:
        method = DoGAdam(budget=spending.steps) if spending else SpaRSA if posed.term is not None else None
    chosen = find(method, posed.start.size, lr)
    if prox is not None and not isinstance(chosen, Proximal):
        raise ArgumentError(f"method={chosen!r} can't do proximal steps: with prox= take SpaRSA, FISTA or ISTA.")
    keeper = None if checkpoint is None else Keeper(checkpoint, problem(x0, posed, chosen))
    objective = posed.objective(run.limits.maxfun, run.deadline, vectorized, workers, on_error == "skip")
    driver, oracle = Driver(chosen, posed.start), None
    try:
        first: Point | Iterate
        if keeper is not None and keeper.saved is not None:
            oracle, first = posed.resumed(objective, run, keeper)
        else:
            oracle, first = posed.first(objective)
        point = first.point if isinstance(first, Iterate) else first
        criterion = run.criterion(stop, chosen.convergence(point.x.dtype))
        log.begun(chosen, point.x, run.history.shown(point.f), oracle)
        see = log.stepwise(partial(keeper.see, oracle) if keeper else None)
        watched = callback is not None or see is not None
        if type(oracle) is Oracle and not (watched or stochastic or on_error == "skip"):
            driver.leave_the_loop(fun, jac, run.parameters, oracle, run.history, criterion, run.began)
        reason = run.follow(driver.iterates(oracle, first), oracle, criterion, callback, see)
    except (Exception, KeyboardInterrupt) as error:
        reason = run.mishap(error, objective.nfev)
    if keeper is not None:
        keeper.write()
    engine, told = driver.arrive(run.history), run.limits.given | ({} if stop is None else {"stop": repr(stop)})
    asked = given if diagnose else None
    result = run.ended(reason, oracle, objective, chosen, asked, engine=engine, limits=told)
    result.remember(
        again=lambda changes: minimize(**{k: v for k, v in {**given, **changes}.items() if v is not None}),
        explain=lambda k: explain(chosen, run.history, lambda t, x, f: cast(Oracle, oracle).gradient(x, f)[0], k),
        landscape=Landscape(posed.objective(), run.sign, posed.term, posed.box),
    )
    log.ended(result)
    if run.error is not None and on_error != "stop":
        raise run.carry(result)
    return result


def _check(on_error: Any, callback: Any, stop: Any) -> None:
    """Arguments that are handed on as they are."""
    if on_error not in ("raise", "stop", "skip"):
        raise ArgumentError(f"on_error={on_error!r}: expected 'raise', 'stop' or 'skip'.")
    if callback is not None:
        function(callback, "callback")
    if stop is not None and not isinstance(stop, Criterion):
        raise ArgumentError(f"stop={stop!r}: expected a criterion, such as GradientNorm(1e-6) | Steps(1000).")


def maximize(
    fun: Callable[..., Any],
    x0: Any,
    args: tuple[Any, ...] = (),
    method: str | Method | type[Method] | None = None,
    jac: Any = None,
    *more: Any,
    **keywords: Any,
) -> Result:
    """Maximise a function: gradient ascent.

    Takes what `minimize` takes and gives back the same; `fun`, `jac` and the history of the result are those
    of `fun` itself, and `target` is a value to reach from below.

    Examples
    --------
    >>> import steepest as st
    >>> st.maximize(lambda x: 5 - (x[0] - 2) ** 2, [0.0]).fun
    5.0
    """
    ascent = Negative(jac, "jac") if callable(jac) else jac
    return minimize(Negative(fun, "fun"), x0, args, method, ascent, *more, **keywords)


def descend_from(
    fun: Callable[..., Any],
    x0: Any,
    method: str | Method | type[Method] | None = None,
    args: tuple[Any, ...] = (),
    jac: Any = None,
    bounds: Any = None,
    *,
    lr: Any = None,
    rng: Any = None,
) -> Iterator[Iterate]:
    """The loop in your own hands: yield where `method` goes, for ever; see `minimize` for the arguments.

    Yields
    ------
    Iterate
        ``t``, ``point`` (with ``x`` flat, ``f``, ``g``), ``memory``, ``lr``.

    Examples
    --------
    >>> import steepest as st
    >>> for now in st.descend(lambda x: x[0] ** 2, [8.0], st.GD(lr=0.25)):
    ...     print(now.t, now.point.x, now.point.f)
    ...     if now.t == 3:
    ...         break
    0 [8.] 64.0
    1 [4.] 16.0
    2 [2.] 4.0
    3 [1.] 1.0
    """
    posed = Posed.of(fun, x0, args, jac, bounds, rng=rng)
    oracle, first = posed.first(posed.objective())
    return descend(oracle, first, find(method, posed.start.size, lr))


def minimize_for_scipy(
    method: Method,
    fun: Callable[..., Any],
    x0: Any,
    args: tuple[Any, ...],
    jac: Any,
    bounds: Any,
    callback: Callable[..., Any] | None,
    unused: dict[str, Any],
    options: dict[str, Any],
) -> Result:
    """What `scipy.optimize.minimize` calls when `method` is one of ours."""
    for name, value in unused.items():
        if value is not None and value != ():
            raise ArgumentError(f"{name} is given, but {method.name} does not use it: leave it out.")
    if callback is not None and hasattr(callback, "stop_iteration"):
        # scipy has wrapped the caller's callback: the wrapper takes the intermediate result by position
        callback = lambda intermediate_result, wrapped=callback: wrapped(intermediate_result)  # noqa: E731
    return minimize(fun, x0, args, method, jac, bounds, callback=callback, options=options)
