"""A training run kept in a file, so that it goes on bit by bit where it was stopped, also within an epoch."""

from __future__ import annotations

import time
from typing import Any

from ..checkpoint import Journal
from ..history import History
from ..loops import state
from ..stop import Reason
from .recipe import Recipe
from .training import Training

LASTING = "t", "epoch", "batch", "lr", "step", "table", "best", "first", "stale", "spent"  # of a run
# Of its parts, what belongs to the batch that is held.
PASSING = "args", "_kept", "held"


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
        saved, run, oracle, plan = self.saved, training.run, training.oracle, training.plan
        if plan.steady:
            oracle.hold(next(plan.batches(0)))
        state.put_back(saved, oracle, run.parameters.start)
        for name, value in saved["state"].items():
            setattr(training, name, value)
        vars(training.sums).update(saved["sums"])
        places = state.points(saved["places"], oracle)
        training.point, training.memory = state.filled((saved["point"], saved["memory"]), places)
        if len(saved["history"]["t"]):
            run.history = History.from_arrays(saved["history"])
        run.began = time.perf_counter() - saved["seconds"]

    def see(self, training: Training, always: bool = False) -> None:
        """Write the state, if it is time to."""
        if not (always or self.due):
            return
        places = state.Places()
        tree = {
            "state": {name: getattr(training, name) for name in LASTING},
            "sums": vars(training.sums),
            "point": places.put(training.point),
            "memory": places.put(training.memory),
            "places": places.kept,
            **state.parts(training.oracle, PASSING),
            "history": training.run.history.to_arrays(),
            "seconds": time.perf_counter() - training.run.began,
            "chosen": training.choice,
        }
        self.put(tree)


def problem(recipe: Recipe) -> dict[str, Any]:
    """What a run can't be another one in; its budget may grow only where no schedule hangs on it."""
    task, said = recipe.task, {name: value for name, value in vars(recipe.plan).items() if name != "source"}
    plan = {name: -1.0 if value is None else value for name, value in said.items()}
    return {**plan, "params": task.start, "rows": task.source.rows or 0, "method": repr(recipe.wrapped(recipe.said))}
