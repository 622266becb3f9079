"""steepest and its peers on `strangers`: problems that it was not made with.

    python benchmarks/unmet.py                        # the half that only reports: 73 problems, in minutes
    python benchmarks/unmet.py --half tune            # the half on which faults were looked for
    python benchmarks/unmet.py --kinds kinks bounds   # some of them

A call costs 1; with exact gradients value and gradient at one point cost 1 together; a run ends at 400 (n + 1), see
`peers.Meter`. Solved: f - f* <= 1e-6 (f0 - f*), f* the least value known, of the papers and of all runs; below -1e10 a
run has left for where f has no lower bound, which is no solution. Ratio: evaluations of steepest over those of a peer,
the median of what both solve. Premature: says success, but BFGS with exact gradients (L-BFGS-B with bounds) goes on
from there by more than 1e-6 (f0 - f*). False alarm: says failure where it is solved.
"""

from __future__ import annotations

import argparse
import math
import warnings
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from peers import MODES, BudgetError, Claim, Meter
from strangers import STRANGERS, Stranger, half

SIGNIFICANT = 1e-6
ENDLESS = -1e10
TIGHT = {"L-BFGS-B": {"ftol": 0.0, "gtol": 1e-12}, "BFGS": {"gtol": 1e-12}, "SLSQP": {"ftol": 1e-15},
         "TNC": {}, "Nelder-Mead": {"xatol": 1e-10, "fatol": 1e-12}}  # fmt: skip
LIMITS = {"L-BFGS-B": "maxiter maxfun", "BFGS": "maxiter", "SLSQP": "maxiter", "TNC": "maxfun",
          "Nelder-Mead": "maxiter maxfev"}  # fmt: skip


def steepest(fun: Any, x0: np.ndarray, grad: Any, bounds: Any, budget: int) -> Claim:
    """This library, without any tuning."""
    import steepest as st

    result = st.minimize(lambda x: fun(x), x0, jac=grad, bounds=bounds, maxfun=budget)
    return Claim(result.x, None if result.nfev >= budget else bool(result.success))


def scipy(method: str, fun: Any, x0: np.ndarray, grad: Any, bounds: Any, budget: int) -> Claim:
    """A method of scipy, with tolerances near rounding and without limits."""
    from scipy.optimize import minimize

    options = TIGHT[method] | {limit: 10 * budget for limit in LIMITS[method].split()}
    result = minimize(fun, x0, jac=grad, method=method, bounds=bounds, options=options)
    return Claim(result.x, bool(result.success))


def peers(stranger: Stranger, mode: str) -> list[str]:
    """The methods of scipy that suit a problem."""
    by_kind = {"bounds": ["L-BFGS-B", "SLSQP", "TNC"], "kinks": ["BFGS", "L-BFGS-B", "SLSQP", "Nelder-Mead"]}
    names = by_kind.get(stranger.kind, ["BFGS", "L-BFGS-B", "SLSQP"])
    return [name for name in names if mode == "differences" or name != "Nelder-Mead"]


@dataclass
class Outcome:
    """What one run did: at which count it came to which value, and what it claims of its last point."""

    counts: list[int]
    values: list[float]
    success: bool | None
    claimed: float
    below: float
    crash: str

    def cost(self, level: float) -> float:
        """Evaluations until f was at most `level`."""
        return next((k for k, f in zip(self.counts, self.values, strict=True) if f <= level), math.inf)


def run(name: str, stranger: Stranger, mode: str) -> Outcome:
    """One solver on one problem."""
    budget, crash, success = 400 * (stranger.start.size + 1), "", None
    meter, box = Meter(stranger, budget), stranger.box()
    start = np.clip(stranger.start, *stranger.bounds) if stranger.bounds else stranger.start.copy()
    solve = steepest if name == "steepest" else lambda *a: scipy(name, *a)
    x = start
    try:
        claim = solve(meter, start, meter.gradient if mode == "gradient" else None, box, budget)
        x, success = np.array(claim.x, float), claim.success
    except Exception as error:  # at the end of the budget it is ours
        crash = "" if meter.count >= budget else repr(error)
    further = Meter(stranger, 20_000)
    claimed = further(x)
    if success:
        with suppress(BudgetError):
            scipy("L-BFGS-B" if box else "BFGS", further, x, further.gradient, box, 20_000)
    below = claimed - min(further.values, default=claimed)
    return Outcome(meter.evaluations, meter.values, success, claimed, below, crash)


def rows(strangers: list[Stranger], mode: str) -> tuple[dict[str, list[str]], list[str]]:
    """For each solver what stands in its row, and what is remarkable of steepest."""
    names = ["steepest", *dict.fromkeys(name for s in strangers for name in peers(s, mode))]
    tallies: dict[str, dict[str, float]] = {name: dict.fromkeys(COLUMNS, 0) for name in names}
    ratios: dict[str, list[float]] = {name: [] for name in names}
    remarks = []
    for stranger in strangers:
        runs = {name: run(name, stranger, mode) for name in ["steepest", *peers(stranger, mode)]}
        start = float(stranger.fun(np.clip(stranger.start, *(stranger.bounds or (-math.inf, math.inf)))))
        known = [f for r in runs.values() for f in r.values if f > ENDLESS]
        least = min(known + ([] if stranger.least is None else [stranger.least]))
        level = least + SIGNIFICANT * (start - least)
        costs = {name: r.cost(level) for name, r in runs.items()}
        for name, r in runs.items():
            solved = math.isfinite(costs[name])
            premature = bool(r.success) and r.below > SIGNIFICANT * (start - least) and r.claimed - r.below > ENDLESS
            alarm = r.success is False and r.claimed <= level
            row = (1, solved, bool(r.success), premature, alarm, bool(r.crash))
            for column, count in zip(COLUMNS, row, strict=True):
                tallies[name][column] += count
            if solved and math.isfinite(costs["steepest"]):
                ratios[name].append(costs["steepest"] / costs[name])
            if name == "steepest" and (
                premature or alarm or r.crash or (not solved and min(costs.values()) < math.inf)
            ):
                what = "another minimum" if r.success else "unsolved"
                what = "premature" if premature else "false alarm" if alarm else r.crash or what
                remarks.append(f"{stranger.name}: {what}")
    table = {n: [*(f"{v:g}" for v in tallies[n].values()), f"{np.median(ratios[n] or [math.nan]):.2f}"] for n in names}
    return table, remarks


COLUMNS = ("runs", "solved", "success", "premature", "false alarm", "crash")


def main() -> None:
    """Read the command line, run, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--half", choices=["tune", "report"], default="report")
    parser.add_argument("--mode", choices=MODES, nargs="+", default=MODES)
    kinds = list(dict.fromkeys(s.kind for s in STRANGERS))
    parser.add_argument("--kinds", choices=kinds, nargs="+", default=kinds)
    parser.add_argument("--quick", action="store_true", help="three of each kind")
    chosen = parser.parse_args()
    for mode in chosen.mode:
        for kind in chosen.kinds:
            strangers = [s for s in half(chosen.half) if s.kind == kind and (mode == "gradient" or s.start.size <= 100)]
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")  # solvers wander to where exp overflows
                table, remarks = rows(strangers[:3] if chosen.quick else strangers, mode)
            print(f"| {kind}, {mode} | {' | '.join(COLUMNS)} | ratio |\n|---" + "|--:" * 7 + "|")
            print(*(f"| {name} | {' | '.join(row)} |" for name, row in table.items()), sep="\n")
            print(*remarks, sep="; ", end="\n\n", flush=True)


if __name__ == "__main__":
    main()
