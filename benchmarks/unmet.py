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

import numpy as np

from peers import MODES, PEERS, BudgetError, Meter, scipy
from profiles import SIGNIFICANT, markdown
from strangers import STRANGERS, Stranger, half

ENDLESS = -1e10
# With tolerances near rounding, so that nobody is behind for stopping early; steepest without any tuning.
SOLVERS = {
    "steepest": PEERS["steepest"].solve,
    **{name: PEERS[f"{name}-tight"].solve for name in ("BFGS", "L-BFGS-B", "SLSQP")},
    "TNC": PEERS["TNC"].solve,
    "Nelder-Mead": scipy("Nelder-Mead", "maxiter maxfev", xatol=1e-10, fatol=1e-12),
}
COLUMNS = ("runs", "solved", "success", "premature", "false alarm", "crash")


def peers(stranger: Stranger, mode: str) -> list[str]:
    """The methods of scipy that suit a problem."""
    by_kind = {"bounds": ["L-BFGS-B", "SLSQP", "TNC"], "kinks": ["BFGS", "L-BFGS-B", "SLSQP", "Nelder-Mead"]}
    names = by_kind.get(stranger.kind, ["BFGS", "L-BFGS-B", "SLSQP"])
    return [name for name in names if mode == "differences" or name != "Nelder-Mead"]


@dataclass
class Outcome:
    """What one run did: at which count it came to which value, what it claims of its last point, and by how much f is
    lower where BFGS goes on from there."""

    counts: list[int]
    values: list[float]
    success: bool | None
    claimed: float
    below: float
    crash: str

    def cost(self, level: float) -> float:
        """Evaluations until f was at most `level`."""
        return next((k for k, f in zip(self.counts, self.values, strict=True) if f <= level), math.inf)

    def row(self, level: float, significant: float) -> tuple[bool, ...]:
        """1 or 0 for each of COLUMNS; solved is f <= `level`, a fall of f by `significant` is no small matter."""
        solved = math.isfinite(self.cost(level))
        premature = bool(self.success) and self.below > significant and self.claimed - self.below > ENDLESS
        alarm = self.success is False and self.claimed <= level
        return True, solved, bool(self.success), premature, alarm, bool(self.crash)


def run(name: str, stranger: Stranger, mode: str) -> Outcome:
    """One solver on one problem."""
    budget, crash, success = 400 * (stranger.start.size + 1), "", None
    meter, box, x = Meter(stranger, budget), stranger.box(), stranger.inside()
    try:
        claim = SOLVERS[name](meter, x, meter.gradient if mode == "gradient" else None, budget, bounds=box)
        x, success = np.array(claim.x, float), claim.success
    except Exception as error:  # at the end of the budget it is ours
        crash = "" if meter.count >= budget else repr(error)
    further = Meter(stranger, 20_000)
    claimed = further(x)
    if success:
        with suppress(BudgetError):
            SOLVERS["L-BFGS-B" if box else "BFGS"](further, x, further.gradient, 20_000, bounds=box)
    below = claimed - min(further.values, default=claimed)
    return Outcome(meter.evaluations, meter.values, success, claimed, below, crash)


def table(strangers: list[Stranger], mode: str) -> tuple[dict[str, list[str]], list[str]]:
    """For each solver its row: COLUMNS and the ratio; and what is remarkable of steepest."""
    names = ["steepest", *dict.fromkeys(name for s in strangers for name in peers(s, mode))]
    tallies = {name: np.zeros(len(COLUMNS), int) for name in names}
    ratios: dict[str, list[float]] = {name: [] for name in names}
    remarks = []
    for stranger in strangers:
        runs = {name: run(name, stranger, mode) for name in ["steepest", *peers(stranger, mode)]}
        start = float(stranger.fun(stranger.inside()))
        known = [f for r in runs.values() for f in r.values if f > ENDLESS]
        least = min(known + ([] if stranger.least is None else [stranger.least]))
        significant = SIGNIFICANT * (start - least)
        level = least + significant
        costs = {name: r.cost(level) for name, r in runs.items()}
        for name, r in runs.items():
            tallies[name] += r.row(level, significant)
            if math.isfinite(costs[name]) and math.isfinite(costs["steepest"]):
                ratios[name].append(costs["steepest"] / costs[name])
        if fault := remark(runs["steepest"], level, significant, min(costs.values())):
            remarks.append(f"{stranger.name}: {fault}")
    return {n: [*map(str, tallies[n]), f"{np.median(ratios[n] or [math.nan]):.2f}"] for n in names}, remarks


def remark(own: Outcome, level: float, significant: float, least_cost: float) -> str:
    """What went wrong in a run of steepest, of a problem that somebody solved at `least_cost`; or nothing."""
    _, solved, success, premature, alarm, _ = own.row(level, significant)
    if premature or alarm:
        return "premature" if premature else "false alarm"
    if own.crash:
        return own.crash
    if solved or least_cost == math.inf:
        return ""
    return "another minimum" if success else "unsolved"


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
                rows, remarks = table(strangers[:3] if chosen.quick else strangers, mode)
            print(markdown(f"{kind}, {mode}", [*COLUMNS, "ratio"], rows), end="")
            print(*remarks, sep="; ", end="\n\n", flush=True)


if __name__ == "__main__":
    main()
