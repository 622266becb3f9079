"""Diagnosis: why a run ended as it did, in one sentence with its numbers, and what to call next.

- ``judge``: asks the causes of ``registry`` in turn; each is a function from a ``Case`` to a ``Verdict`` or None.
- ``case``: all that is known of a run: ``call``, as it was asked for; ``trail``, its last steps; ``judged``, the point;
  ``probes``, further evaluations within a budget.
- Causes outside the mathematics: ``broken``; of functions: ``rough``, ``ripples``, ``jumps``, ``kinks`` (with
  ``crossings``, ``halving``); of gradients: ``faults``, ``blind``; of rates: ``rates`` (with ``rate``); of ends:
  ``stationary``, ``symmetry``, ``precision``, ``looks``, ``flat``, ``levelling``; ``elsewhere`` says where f is lower.
- Curvature: ``curvature`` for users; ``spectrum`` is what it returns, ``measure`` how it is measured, from ``product``,
  ``lanczos``; ``bends`` and ``newton``: free of units; ``hessians``: at many points at once.
- ``training`` judges training runs: ``trained`` is their case, ``batches`` what their batches say.
- ``again``, ``explain``: runs that ended before, and single steps; ``verdict``, ``words``: how it is said.
"""

from __future__ import annotations

from .again import diagnose as diagnose
from .again import explain_step as explain_step
from .curvature import curvature as curvature
from .judge import judge as judge
from .spectrum import Curvature as Curvature
from .verdict import Advice as Advice
from .verdict import Verdict as Verdict
