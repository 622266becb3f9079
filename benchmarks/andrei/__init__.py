"""N. Andrei (2008), "An unconstrained optimization test functions collection", Advanced Modeling and
Optimization 10(1), 147-161: functions of n coordinates and their standard starts, in plain NumPy.

80 functions of 77 of the paper's entries (DIXMAAN is one entry with twelve members; A, E, I and L are here).

Left out, each for a reason:

- without a least value, so that "solved" means nothing: 39 Extended Tridiagonal 2, 63 INDEF, 65 EXPLIN1,
  66 EXPLIN2, 68 BDEXP, 69 HARKERP2, 71 MCCORMCK, 85 Diagonal 7, 86 Diagonal 8, 87 Full Hessian FH3,
  91 HIMMELH (some of them have bounds in CUTE, which the paper leaves away);
- the same function and start as another entry, but for a constant: 75 Diagonal 6 (Raydan 2), 79 LIARWHD (58),
  88 SINCOS (24).

Departures: where a formula in circulation differs from the CUTE definition that the paper names (Bongartz,
Conn, Gould & Toint 1995), the docstring of the function says which one is here.
"""

from . import chains, cute, pairwise, sums
from .collection import PROBLEMS, Problem, half

__all__ = ["PROBLEMS", "Problem", "chains", "cute", "half", "pairwise", "sums"]
