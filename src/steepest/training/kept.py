"""A training run kept in a file, so that it goes on bit by bit where it was stopped, also within an epoch."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np

from ..checkpoint import Journal
from ..history import History
from ..objective.point import Point
from ..stop import Reason
from .minibatch import MiniBatch, Place
from .recipe import Recipe
from .sparse import Whole
from .training import Training


class Kept(NamedTuple):
    """In the file, a point."""

    x: np.ndarray
    f: float | None
    g: np.ndarray | None


class Keeper(Journal):
    """Keeps a training run in a file, and finds it there again."""

    kind = "training"

    @property
    def choice(self) -> Any:
        """What a race has chosen for the saved run, if there is one."""
        return self.saved and self.saved["chosen"]

    def follow(self, training: Training) -> Reason:
        """Train, from where the saved run was, to the end; what is known then, or at Ctrl-C, is kept."""
        if self.saved:
            self.put_back(training)
        try:
            reason = training.follow(self.see)
        except KeyboardInterrupt:
            self.see(training, always=True)
            raise
        self.see(training, always=True)
        return reason

    def put_back(self, training: Training) -> None:
        """Let a fresh run be where the saved one was."""
        saved, run = self.saved, training.run
        for name, value in saved["state"].items():
            setattr(training, name, value)
        vars(training.sums).update(saved["sums"])
        training.point = _points(saved["point"], training.oracle)
        training.memory = _points(saved["memory"], training.oracle)
        if len(saved["history"]["t"]):
            run.history = History.from_arrays(saved["history"])
        training.oracle.objective.nfev, training.oracle.njev = saved["calls"]
        run.began = time.perf_counter() - saved["seconds"]

    def see(self, training: Training, always: bool = False) -> None:
        """Write the state, if it is time to."""
        if not (always or self.due):
            return
        names = ("t", "epoch", "batch", "lr", "step", "table", "best", "first", "stale", "spent")
        tree = {
            "state": {name: getattr(training, name) for name in names},
            "sums": vars(training.sums),
            "point": _kept(training.point),
            "memory": _kept(training.memory),
            "history": training.run.history.to_arrays(),
            "seconds": time.perf_counter() - training.run.began,
            "calls": (training.oracle.objective.nfev, training.oracle.njev),
            "chosen": training.choice,
        }
        self.put(tree)


def problem(recipe: Recipe) -> dict[str, Any]:
    """What a run can't be another one in; its budget may grow only where no schedule hangs on it."""
    task = recipe.task
    plan = {name: -1.0 if value is None else value for name, value in asdict(recipe.plan).items()}
    return {**plan, "params": task.start, "rows": task.source.rows or 0, "method": repr(recipe.wrapped(recipe.said))}


def _kept(tree: Any) -> Any:
    if isinstance(tree, Point):
        known = tree.known_g
        return Kept(tree.x, tree.f if known is not None else None, known)
    if type(tree) in (tuple, list):
        return type(tree)(map(_kept, tree))
    if isinstance(tree, tuple) and hasattr(tree, "_make"):
        return type(tree)._make(map(_kept, tree))
    return tree


def _points(tree: Any, oracle: MiniBatch | Whole) -> Any:
    if isinstance(tree, Kept):
        place = oracle(tree.x)
        if isinstance(place, Place):
            place._f, place._g = tree.f, tree.g
        return place
    if type(tree) in (tuple, list):
        return type(tree)(_points(part, oracle) for part in tree)
    if isinstance(tree, tuple) and hasattr(tree, "_make"):
        return type(tree)._make(_points(part, oracle) for part in tree)
    return tree
