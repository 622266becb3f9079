"""The zoo: functions to minimise, each with its gradient, a start, its minima, and what is hard about it.

A function is one entry in one file: a recipe decorated with `entry`, whose docstring is the sentence on what
is hard. Formulas, starts and minima are those of Moré, Garbow & Hillstrom (1981, ACM TOMS 7), Jamil & Yang
(2013, Int. J. Math. Modelling Numer. Optim. 4) and Surjanovic & Bingham (2013, Virtual Library of Simulation
Experiments); minima without a closed form are refined to all digits of a float.

Examples
--------
>>> from steepest import problems
>>> p = problems.get("rosenbrock", n=4)
>>> p.start, p.minimum
(array([-1.2,  1. , -1.2,  1. ]), 0.0)
>>> [p.name for p in problems.catalogue() if "domain edge" in p.tags]
['log_barrier']
"""

from __future__ import annotations

from . import bowls, edges, forests, hills, lines, valleys  # noqa: F401  to be registered
from .registry import TAGS, Problem, catalogue, entry, get

__all__ = ["TAGS", "Problem", "catalogue", "entry", "get"]
