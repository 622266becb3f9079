"""Verdicts on trial: generated failures of every cause and healthy runs; named right, false alarms, advice that works.

Run it as ``python benchmarks/verdicts.py [tune|judge|fresh] [--seed 1] [--repeats 6] [--healthy 15] [cause ...]``.
Thresholds were set, and faults found, on family "tune"; "judge" has other functions (see `trials`), of which some were
looked at later. "fresh" has other functions, methods and causes, all written before the first run of it.
"""

from __future__ import annotations

import argparse
import itertools
import warnings
import zlib
from collections import Counter
from collections.abc import Iterator

import numpy as np

import steepest as st
from trials import Trial, fresh, healthy, places, rough, steps

FAILURES = [*steps.CAUSES, *places.CAUSES, *rough.CAUSES]


def minimized(trial: Trial) -> st.Result:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return st.minimize(trial.fun, trial.x0, **trial.call)


def advised(trial: Trial, result: st.Result) -> tuple[bool, st.Result | str]:
    """Whether the advice solves it, and the result or what went wrong."""
    if result.advice is None or not result.advice.changes:
        return False, "no call is advised"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            again = result.retry()
        except Exception as error:
            return False, f"{type(error).__name__}: {error}"
    return trial.solved(again.x), again


def _name(jac) -> str:
    return "own" if callable(jac) else str(jac)


def trials(family: str, generators, repeats: int, seed: int) -> Iterator[tuple[str, Trial]]:
    """Each generator's trials; another seed gives others."""
    for generate in generators:
        for repeat in range(repeats):
            rng = np.random.default_rng([family == "judge", seed, repeat, zlib.crc32(generate.__name__.encode())])
            yield generate.__name__, generate(rng, family)


def tried(trial: Trial) -> tuple[Counter, list[str]]:
    """One trial: what is counted, and what was not as it should be."""
    row, faults = Counter(), []
    result = minimized(trial)
    solved = trial.solved(result.x)
    # a run that is solved and says so is no failure: there is nothing to name
    fine = any(code.startswith("converged") and code != "converged.local" for code in trial.codes)
    if solved and result.success and not fine:
        return Counter(missed=1), []
    n = np.size(trial.x0)
    row["runs"] = 1
    row["over"] = max(result.diagnosis_nfev - 10 - 2 * n, 0)
    if trial.healthy and not solved:  # the method failed: an alarm is no false one, but success would be
        row["unsolved"], row["right"] = 1, not result.success
    else:
        row["right"] = trial.named(result)
    asked = trial.fixable or trial.healthy or solved
    if result.success and not solved and asked and result.code != "converged.local":  # which says what it is
        row["lies"] = 1
    where = f"n = {n}, {'' if solved else 'not '}solved; {result.method}, jac {_name(trial.call.get('jac', 'auto'))}"
    if not row["right"] or row["lies"]:
        faults.append(f"{result.code} for {', '.join(trial.codes)} {trial.words} ({where})\n    {result.why}")
    if trial.fixable and not trial.healthy and not solved:
        row["fixable"] = 1
        row["fixed"], again = advised(trial, result)
        if not row["fixed"]:
            said = again if isinstance(again, str) else f"{again.code}: {again.why}"
            faults.append(f"advice failed: {result.code} -> {result.advice} ({where})\n    {result.why}\n    {said}")
            row["lies"] += isinstance(again, st.Result) and again.success and again.code != "converged.local"
    return row, faults


def table(family: str, generators, repeats: int, seed: int, tell: bool) -> Counter:
    """Run the trials of the generators; print a row for each of them, and what went wrong if `tell`."""
    total: Counter = Counter()
    print(f"{'':36}{'runs':>5}{'right':>6}{'fixed':>8}{'lies':>5}")
    for name, group in itertools.groupby(trials(family, generators, repeats, seed), lambda pair: pair[0]):
        row: Counter = Counter()
        for _, trial in group:
            counts, faults = tried(trial)
            row += counts
            for fault in faults if tell else ():
                print(f"  {name}: {fault}")
        fixed = f"{row['fixed']}/{row['fixable']}" if row["fixable"] else "-"
        notes = [f"{row[what]} {what}" for what in ("missed", "unsolved", "over") if row[what]]
        print(
            f"{name:36}{row['runs']:>5}{row['right']:>6}{fixed:>8}{row['lies']:>5}  {', '.join(notes)}",
            flush=True,
        )
        total += row
    return total


def judge(
    family: str = "judge",
    repeats: int = 6,
    healthy_repeats: int = 15,
    seed: int = 1,
    only=(),
    tell: bool = True,
) -> tuple[Counter, Counter]:
    """Run everything (or only what is named); returns the counts of the failures and of the healthy runs."""
    groups = (fresh.FAILURES, fresh.HEALTHY) if family == "fresh" else (FAILURES, healthy.HEALTHY)
    wanted = [[g for g in group if not only or g.__name__ in only] for group in groups]
    failed = table(family, wanted[0], repeats, seed, tell) if wanted[0] else Counter()
    fine = table(family, wanted[1], healthy_repeats, seed, tell) if wanted[1] else Counter()
    print(f"\nfamily {family}, seed {seed}")
    if failed["runs"]:
        print(
            f"failures: {failed['runs']} runs, named right {failed['right']} = {failed['right'] / failed['runs']:.1%}"
        )
    if failed["fixable"]:
        share = failed["fixed"] / failed["fixable"]
        print(f"advice that solves it at once: {failed['fixed']} of {failed['fixable']} = {share:.1%}")
    if fine["runs"]:
        alarms = fine["runs"] - fine["right"]
        print(f"healthy: {fine['runs']} runs, false alarms {alarms} = {alarms / fine['runs']:.1%}")
    print(f"success at a point that is not solved: {failed['lies'] + fine['lies']}")
    return failed, fine


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("family", nargs="?", choices=("tune", "judge", "fresh"), default="judge")
    parser.add_argument("only", nargs="*", help="generators, such as kink")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=6, help="failures of each cause")
    parser.add_argument("--healthy", type=int, default=15, help="runs of each kind of healthy ones")
    parser.add_argument("--quick", action="store_true", help="one of each")
    parser.add_argument("--quiet", action="store_true", help="the table alone")
    given = parser.parse_args()
    few = (1, 1) if given.quick else (given.repeats, given.healthy)
    judge(given.family, *few, given.seed, tuple(given.only), not given.quiet)
