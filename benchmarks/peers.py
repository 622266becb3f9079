"""The solvers that are compared: each one small function ``solve(fun, x0, grad, budget) -> Claim``.

`grad` is None where only values may be used. Every solver runs with its own defaults, but for limits on
iterations, which are lifted: the meter around `fun` ends the run. The "-tight" ones are given tolerances near
rounding, so that nobody is behind for stopping early. A peer that is not installed is left out.

Not here: optimistix and optax's L-BFGS, because their loops are traced by jax and so take jax functions only;
scipy's trust-exact, trust-krylov, trust-ncg and dogleg, because they need a Hessian; differential evolution
and other global methods, because the profiles are of local ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from andrei import Problem

MODES = ("gradient", "differences")

Values = Callable[[np.ndarray], float]
Gradients = Callable[[np.ndarray], np.ndarray] | None


@dataclass(frozen=True)
class Claim:
    """Where a solver stopped of its own accord, and whether it says that this is a minimum.

    Attributes
    ----------
    x : ndarray, shape (n,)
    success : bool or None
        None: it says neither, because its budget ended.
    """

    x: np.ndarray
    success: bool | None


Solve = Callable[[Values, np.ndarray, Gradients, int], Claim]


@dataclass(frozen=True)
class Peer:
    """A solver and the modes in which it can run; `needs` is the package that it comes from."""

    solve: Solve
    needs: str
    modes: tuple[str, ...] = MODES

    @property
    def installed(self) -> bool:
        """Whether the package is there."""
        return find_spec(self.needs) is not None


def steepest(fun: Values, x0: np.ndarray, grad: Gradients, budget: int, bounds: Any = None) -> Claim:
    """This library, without any tuning."""
    import steepest as st

    # A function of its own: a meter has an attribute `gradient`, which minimize would take as an offer.
    result = st.minimize(lambda x: fun(x), x0, jac=grad, bounds=bounds, options={"maxfun": budget})
    return Claim(result.x, None if result.nfev >= budget else bool(result.success))


def scipy(method: str, lifted: str, **options: Any) -> Solve:
    """A method of scipy.optimize.minimize; `lifted` are the names of its limits, separated by blanks."""

    def solve(fun: Values, x0: np.ndarray, grad: Gradients, budget: int, bounds: Any = None) -> Claim:
        from scipy.optimize import minimize

        limits = {name: 10 * budget for name in lifted.split()}
        result = minimize(fun, x0, method=method, jac=grad, bounds=bounds, options={**limits, **options})
        return Claim(result.x, bool(result.success))

    return solve


def migrad(**settings: Any) -> Solve:
    """MIGRAD of iminuit (James & Roos 1975); by default strategy 1 and tol 0.1."""

    def solve(fun: Values, x0: np.ndarray, grad: Gradients, budget: int) -> Claim:
        from iminuit import Minuit

        minuit = Minuit(fun, x0, grad=grad)
        for name, value in settings.items():
            setattr(minuit, name, value)
        minuit.migrad(ncall=10 * budget)
        return Claim(np.array(minuit.values), minuit.valid)

    return solve


def nlopt(algorithm: str) -> Solve:
    """An algorithm of NLopt, which has no default tolerances: here near rounding."""

    def solve(fun: Values, x0: np.ndarray, grad: Gradients, budget: int) -> Claim:
        import nlopt

        def objective(x: np.ndarray, g: np.ndarray) -> float:
            if g.size:
                g[:] = grad(x)
            return fun(x.copy())

        optimizer = nlopt.opt(getattr(nlopt, algorithm), x0.size)
        optimizer.set_min_objective(objective)
        optimizer.set_xtol_rel(1e-10)
        optimizer.set_ftol_rel(1e-15)
        try:
            return Claim(optimizer.optimize(x0), optimizer.last_optimize_result() > 0)
        except (nlopt.RoundoffLimited, nlopt.runtime_error):  # "no more can be had", or "failed"
            return Claim(fun.best, False)

    return solve


def adam(fun: Values, x0: np.ndarray, grad: Gradients, budget: int) -> Claim:
    """Adam of optax with lr=0.1; it has no test for convergence, so it runs until its budget ends."""
    import jax
    import optax

    jax.config.update("jax_enable_x64", True)
    rule = optax.adam(0.1)
    update = jax.jit(rule.update)
    x, memory = x0, rule.init(x0)
    while True:
        fun(x)
        step, memory = update(grad(x), memory)
        x = x + np.asarray(step)


ONLY_GRADIENT = ("gradient",)
ONLY_VALUES = ("differences",)

PEERS: dict[str, Peer] = {
    "steepest": Peer(steepest, "steepest"),
    "BFGS": Peer(scipy("BFGS", "maxiter"), "scipy"),
    "BFGS-tight": Peer(scipy("BFGS", "maxiter", gtol=1e-12), "scipy"),
    "L-BFGS-B": Peer(scipy("L-BFGS-B", "maxiter maxfun"), "scipy"),
    "L-BFGS-B-tight": Peer(scipy("L-BFGS-B", "maxiter maxfun", ftol=0.0, gtol=1e-12), "scipy"),
    "CG": Peer(scipy("CG", "maxiter"), "scipy"),
    "CG-tight": Peer(scipy("CG", "maxiter", gtol=1e-12), "scipy"),
    "Newton-CG": Peer(scipy("Newton-CG", "maxiter"), "scipy", ONLY_GRADIENT),
    "TNC": Peer(scipy("TNC", "maxfun"), "scipy"),
    "SLSQP": Peer(scipy("SLSQP", "maxiter"), "scipy"),
    "SLSQP-tight": Peer(scipy("SLSQP", "maxiter", ftol=1e-15), "scipy"),
    "trust-constr": Peer(scipy("trust-constr", "maxiter"), "scipy"),
    "Powell": Peer(scipy("Powell", "maxiter maxfev"), "scipy", ONLY_VALUES),
    "Nelder-Mead": Peer(scipy("Nelder-Mead", "maxiter maxfev"), "scipy", ONLY_VALUES),
    "COBYLA": Peer(scipy("COBYLA", "maxiter"), "scipy", ONLY_VALUES),
    "COBYQA": Peer(scipy("COBYQA", "maxiter maxfev"), "scipy", ONLY_VALUES),
    "MIGRAD": Peer(migrad(), "iminuit"),
    "MIGRAD-tight": Peer(migrad(tol=1e-6), "iminuit"),
    "NEWUOA": Peer(nlopt("LN_NEWUOA"), "nlopt", ONLY_VALUES),
    "BOBYQA": Peer(nlopt("LN_BOBYQA"), "nlopt", ONLY_VALUES),
    "LD_LBFGS": Peer(nlopt("LD_LBFGS"), "nlopt", ONLY_GRADIENT),
    "adam": Peer(adam, "optax", ONLY_GRADIENT),
}


class BudgetError(Exception):
    """The budget is used up."""


class Meter:
    """A problem's function as a solver sees it: real numbers only, counted, traced, ended at its budget.

    A call costs 1, but for the gradient where the value was told, or the value where the gradient was: the
    first of each at one point cost 1 together.

    Parameters
    ----------
    problem : Problem
    budget : float
        What calls may cost before `BudgetError` is raised.

    Attributes
    ----------
    count : int
        What the calls so far cost.
    evaluations, values : list
        At which count the best value so far became which value.
    best : ndarray, shape (n,)
        Where the best value is.
    """

    def __init__(self, problem: Problem, budget: float):
        self.problem, self.budget = problem, budget
        self.count = 0
        self.valued: set[bytes] = set()
        self.sloped: set[bytes] = set()
        self.evaluations: list[int] = []
        self.values: list[float] = []
        self.best: np.ndarray | None = None

    def pay(self, x: Any, told: set[bytes], twin: set[bytes]) -> None:
        """Count a call at `x`, and refuse what is no array of real numbers: nobody sees through a meter."""
        real = isinstance(x, np.ndarray) and x.ndim == 1 and x.dtype.kind == "f"
        place = x.tobytes() if real else b""
        if place in told or place not in twin:
            if self.count >= self.budget:
                raise BudgetError
            self.count += 1
        told.add(place)
        if not real:
            raise TypeError(f"x={x!r}: expected a flat array of real numbers")

    def __call__(self, x: np.ndarray) -> float:
        self.pay(x, self.valued, self.sloped)
        f = float(self.problem.fun(x))
        if f < (self.values[-1] if self.values else math.inf):
            self.evaluations.append(self.count)
            self.values.append(f)
            self.best = x.copy()
        return f

    def gradient(self, x: np.ndarray) -> np.ndarray:
        """The exact gradient at `x`."""
        self.pay(x, self.sloped, self.valued)
        return self.problem.gradient(x)


def run(
    peer: Peer, problem: Problem, n: int, mode: str, budget: int, judge: tuple[Problem, Any] | None = None
) -> dict[str, Any]:
    """One solver on one problem: its trace, what it claims, and how much further down it would go.

    `judge`, the problem in other words and the place there of a place here, is where the last is asked.
    """
    meter = Meter(problem, budget)
    claim, crash = None, None
    try:
        claim = peer.solve(meter, problem.x0(n), meter.gradient if mode == "gradient" else None, budget)
    except Exception as error:  # whatever a peer throws is its result; at the end of the budget it is ours
        crash = None if meter.count >= budget else repr(error)
    trace = {"evaluations": meter.evaluations, "values": meter.values, "count": meter.count, "crash": crash}
    if claim is None or claim.success is None or meter.count >= budget:
        return {**trace, "success": None}
    plain, place = judge or (problem, lambda x: x)
    f, below = further(plain, place(np.array(claim.x, dtype=float)), budget)
    return {**trace, "success": claim.success, "claimed": f, "below": below}


def further(problem: Problem, x: np.ndarray, budget: int) -> tuple[float, float]:
    """The value at `x`, and how far below it BFGS gets from there.

    BFGS, because the first point that it tries is x - g: from a minimum it does not jump into another valley.
    """
    meter = Meter(problem, budget)
    f = meter(x)
    with suppress(BudgetError):
        PEERS["BFGS-tight"].solve(meter, x, meter.gradient, budget)
    return f, f - min(meter.values, default=f)


def descend_long(problem: Problem, n: int) -> float:
    """The least value that L-BFGS-B and BFGS find in up to 4000 (n + 1) evaluations each, ten times anew
    from where they stopped."""
    least = math.inf
    for name in ("L-BFGS-B-tight", "BFGS-tight"):
        x = problem.x0(n)
        meter = Meter(problem, 4000 * (x.size + 1))
        with suppress(BudgetError):
            for _ in range(10):
                PEERS[name].solve(meter, x, meter.gradient, meter.budget)
                x = meter.best
        least = min(least, meter.values[-1])
    return least
