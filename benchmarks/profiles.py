"""Data and performance profiles of steepest and its peers over the collections of Andrei (2008) and of Moré,
Garbow & Hillstrom (1981).

    python benchmarks/profiles.py                                # everybody, from the cache where it is there
    python benchmarks/profiles.py --half tune --fresh steepest   # one solver anew, after a change of it
    python benchmarks/profiles.py --collection more              # the 1981 set, on which nothing was tuned
    python benchmarks/profiles.py --quick                        # seconds, no cache: proves that it starts

What is counted. Every call costs 1; but in mode "gradient" the value and the exact gradient (by autograd) at
the same point cost 1 together, as if they came from one call, whichever way a solver asks for them. In mode
"differences" there are values only. A run ends at 400 (n + 1).

What is solved. f - f* <= tau (f0 - f*) at the best point so far (Moré & Wild 2009, "Benchmarking
derivative-free optimization algorithms", SIAM J. Optim. 20). f* is the least value known: of the closed form
where there is one, of a long descent, and of all runs in the cache. So a higher local minimum is unsolved,
for all alike.

Data profile: share of problems solved within k (n + 1). Performance profile: share of problems solved at a
cost of at most r times that of the best solver in the table (Dolan & Moré 2002, Math. Program. 91).

Claims. Premature: says success, but from the point returned BFGS (scipy, exact gradients) goes down by more
than 1e-6 (f0 - f*). False alarm: says failure, at a point where f - f* <= 1e-6 (f0 - f*). A run that its
budget ended claims nothing.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import more
from andrei import PROBLEMS, Problem, half
from peers import MODES, PEERS, descend_long, run

SIZES = (2, 10, 50)
TOLERANCES = (1e-3, 1e-6, 1e-8)
BUDGETS = (10, 25, 50, 100, 200, 400)
RATIOS = (1, 2, 4, 8, 16)
SIGNIFICANT = 1e-6  # of f0 - f*: what makes a success premature and a failure a false alarm
RESULTS = Path(__file__).parent / "results"
SLOW = {("COBYLA", 50), ("COBYQA", 50), ("adam", 50)}  # 1, 2 and 0.2 minutes a problem: a run needs --fresh


class Cache:
    """Results on disk: a JSON file for each (solver, mode, n), with an entry for each problem.

    Parameters
    ----------
    folder : Path or None
        None: nothing is read or written.
    """

    def __init__(self, folder: Path | None):
        self.folder = folder
        self.tables: dict[str, dict[str, Any]] = {}

    def table(self, name: str) -> dict[str, Any]:
        """The entries of one file."""
        if name not in self.tables:
            path = self.folder and self.folder / f"{name}.json"
            self.tables[name] = json.loads(path.read_text()) if path and path.exists() else {}
        return self.tables[name]

    def fill(self, name: str, problems: list[Problem], fresh: bool, compute: Callable[[Problem], Any]) -> None:
        """Compute the entries that are missing, or all of them."""
        table, begun = self.table(name), time.perf_counter()
        missing = [problem for problem in problems if fresh or problem.name not in table]
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # solvers wander to where exp overflows
            table.update({problem.name: compute(problem) for problem in missing})
        if missing:
            print(
                f"{name}: {len(missing)} runs, {time.perf_counter() - begun:.1f} s",
                file=sys.stderr,
                flush=True,
            )
            if self.folder:
                self.folder.mkdir(exist_ok=True)
                (self.folder / f"{name}.json").write_text(json.dumps(table))


def file_name(solver: str, mode: str, n: int) -> str:
    """Under which name the results of a solver are kept; n = 1 stands for the sizes of the 1981 set."""
    return f"{solver}-{mode}-{n}"


def collect(
    cache: Cache,
    solvers: list[str],
    modes: list[str],
    sizes: list[int],
    problems: list[Problem],
    fresh: list[str],
) -> None:
    """Run what is not in the cache."""
    for n in sizes:
        for mode in modes:
            for solver in solvers:

                def compute(problem: Problem, peer=PEERS[solver], mode=mode, n=n) -> dict[str, Any]:
                    return run(peer, problem, n, mode, max(BUDGETS) * (problem.size(n) + 1))

                if mode in PEERS[solver].modes and ((solver, n) not in SLOW or solver in fresh):
                    cache.fill(file_name(solver, mode, n), problems, solver in fresh, compute)
        cache.fill(f"long-{n}", problems, False, lambda problem, n=n: descend_long(problem, n))


@dataclass(frozen=True)
class Case:
    """A problem of one size, the value at its start, the least value known, and what every solver did."""

    start: float
    least: float
    size: int
    runs: dict[tuple[str, str], dict[str, Any]]  # by (solver, mode)

    def solved(self, f: float, tau: float) -> bool:
        """Moré & Wild (2009), eq. 2.2."""
        return f - self.least <= tau * (self.start - self.least)

    def cost(self, solver: str, mode: str, tau: float) -> float:
        """Evaluations until it was solved, in units of n + 1; infinite if it was not."""
        trace = self.runs.get((solver, mode), {"evaluations": [], "values": []})
        steps = zip(trace["evaluations"], trace["values"], strict=True)
        return next((count for count, f in steps if self.solved(f, tau)), math.inf) / (self.size + 1)


def gather(cache: Cache, sizes: list[int], problems: list[Problem]) -> list[Case]:
    """All cases, from the cache."""

    def case(problem: Problem, n: int) -> Case:
        tables = {(s, mode): cache.table(file_name(s, mode, n)) for s in PEERS for mode in MODES}
        runs = {key: table[problem.name] for key, table in tables.items() if problem.name in table}
        known = [
            cache.table(f"long-{n}")[problem.name],
            *(min(r["values"], default=math.inf) for r in runs.values()),
        ]
        if (closed := problem.least(n)) is not None:
            known.append(closed)
        return Case(float(problem.fun(problem.x0(n))), min(known), problem.size(n), runs)

    return [case(problem, n) for n in sizes for problem in problems]


def markdown(title: str, columns: list[str], rows: dict[str, list[str]]) -> str:
    """A table."""
    lines = [f"| {title} | {' | '.join(columns)} |", "|---" + "|--:" * len(columns) + "|"]
    return "\n".join(lines + [f"| {name} | {' | '.join(row)} |" for name, row in rows.items()]) + "\n"


def profiles(cases: list[Case], solvers: list[str], mode: str, tau: float) -> Iterator[str]:
    """The data profile and the performance profile, best solver first."""
    costs = {s: np.array([case.cost(s, mode, tau) for case in cases]) for s in solvers}
    best = np.min(list(costs.values()), axis=0)
    ranked = sorted(solvers, key=lambda s: -sum(np.mean(costs[s] <= k) for k in BUDGETS))

    def shares(limits: list[np.ndarray]) -> dict[str, list[str]]:
        return {
            s: [f"{100 * np.mean((costs[s] <= limit) & np.isfinite(costs[s])):.1f}" for limit in limits] for s in ranked
        }

    yield markdown(f"% solved to {tau:g} within", [f"{k}(n+1)" for k in BUDGETS], shares(list(BUDGETS)))
    yield markdown(
        f"% solved to {tau:g} at most at", [f"{r}x best" for r in RATIOS], shares([r * best for r in RATIOS])
    )


def claims(cases: list[Case], solvers: list[str], mode: str) -> str:
    """How often each solver says success, how often too soon, and how often it cries wolf."""

    def count(solver: str) -> list[str]:
        runs = [(case, case.runs[solver, mode]) for case in cases if (solver, mode) in case.runs]
        successes = [(case, r) for case, r in runs if r["success"]]
        failures = [(case, r) for case, r in runs if r["success"] is False]
        premature = [1 for case, r in successes if not r["below"] <= SIGNIFICANT * (case.start - case.least)]
        alarms = [1 for case, r in failures if case.solved(r["claimed"], SIGNIFICANT)]
        crashes = [1 for _, r in runs if r["crash"]]
        return [str(len(group)) for group in (runs, successes, premature, failures, alarms, crashes)]

    columns = ["runs", "success", "premature", "failure", "false alarm", "crash"]
    return markdown("claims", columns, {solver: count(solver) for solver in solvers})


def main() -> None:
    """Read the command line, run, print."""
    installed = [name for name, peer in PEERS.items() if peer.installed]
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--collection", choices=["andrei", "more"], default="andrei")
    parser.add_argument("--half", choices=["tune", "report", "all"], default="report")
    parser.add_argument("--mode", choices=MODES, nargs="+", default=MODES)
    parser.add_argument("--n", type=int, choices=SIZES, nargs="+", default=SIZES)
    parser.add_argument("--solvers", choices=installed, nargs="+", default=installed)
    parser.add_argument("--fresh", choices=installed, nargs="+", default=[], help="run these again")
    parser.add_argument("--quick", action="store_true", help="eight problems at n = 2, few solvers, no cache")
    chosen = parser.parse_args()
    cache, solvers, sizes = Cache(RESULTS), chosen.solvers, chosen.n
    problems, title = PROBLEMS if chosen.half == "all" else half(chosen.half), f"half {chosen.half!r}"
    if chosen.collection == "more":
        # each has its own size
        problems, title, sizes = (
            more.PROBLEMS,
            "Moré, Garbow & Hillstrom (1981)",
            [1],
        )
    if chosen.quick:
        cache, problems, sizes = Cache(None), problems[::5], sizes[:1]
        solvers = [s for s in ("steepest", "BFGS", "L-BFGS-B", "Nelder-Mead", "MIGRAD") if s in solvers]
    collect(cache, solvers, chosen.mode, sizes, problems, chosen.fresh)
    cases = gather(cache, sizes, problems)
    for mode in chosen.mode:
        present = [s for s in solvers if mode in PEERS[s].modes]
        dimensions = ", ".join(map(str, sorted({case.size for case in cases})))
        print(f"## {mode}: {title}, {len(cases)} problems, n = {dimensions}\n")
        for tau in TOLERANCES:
            print(*profiles(cases, present, mode, tau), sep="\n")
        print(claims(cases, present, mode))
        absent = {s: sum((s, mode) not in case.runs for case in cases) for s in present}
        for name in filter(absent.get, present):
            print(f"{name} was not run on {absent[name]} problems, which count as unsolved.\n")
        crashes = {
            s: {case.runs[s, mode]["crash"] for case in cases if (s, mode) in case.runs} - {None} for s in present
        }
        for name in filter(crashes.get, present):
            print(f"{name} crashed:", "; ".join(sorted(crashes[name])), file=sys.stderr)


if __name__ == "__main__":
    main()
