"""Names for what is wrong with a gradient: forgotten factors, missing terms, exchanged components."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

FACTORS = {
    "2": 2.0,
    "pi": math.pi,
    "2 pi": 2 * math.pi,
    "e": math.e,
    "ln 10": math.log(10),
    "180/pi": 180 / math.pi,
}
NEAR = 1e-4  # relative distance of a ratio from a constant that it is taken for


def name_factor(ratio: float, n: int = 0) -> str:
    """A ratio with the name of the constant that it is, up to sign and inverse, if it is one.

    Parameters
    ----------
    ratio : float
    n : int
        The dimension: sums are taken for means.

    Examples
    --------
    >>> name_factor(-1.0), name_factor(0.31830989), name_factor(0.5), name_factor(1.234)
    ('-1', '1/pi (0.3183)', '1/2 (0.5)', '1.234')
    """
    size, sign = abs(ratio), "-" if ratio < 0 else ""
    if abs(size - 1) <= NEAR:
        return f"{sign}1"
    for name, factor in (FACTORS | ({"n": float(n)} if n > 2 else {})).items():
        if abs(size / factor - 1) <= NEAR:
            return f"{sign}{name}" if name.isdigit() else f"{sign}{name} ({ratio:.4g})"
        if abs(size * factor - 1) <= NEAR:
            inverse = f"1/({name})" if " " in name or "/" in name else f"1/{name}"
            return f"{sign}{inverse} ({ratio:.4g})"
    if size > 1.5 and abs(size - round(size)) <= NEAR * size:
        return f"{sign}{round(size)}"
    return f"{ratio:.4g}"


@dataclass(frozen=True)
class Evidence:
    """Claimed and measured components of a gradient, at several places; arrays of shape (rows,).

    Attributes
    ----------
    yours, measured, error : ndarray
        The claimed component, the measured one, and the bound on its error.
    x, f : ndarray
        The coordinate that the component belongs to, and the value there.
    """

    yours: np.ndarray
    measured: np.ndarray
    error: np.ndarray
    x: np.ndarray
    f: np.ndarray

    def fit(self, *basis: np.ndarray) -> np.ndarray | None:
        """The constants c with which yours = sum c_k basis_k in all rows, or None.

        With at least three rows more than constants an accidental fit is as good as excluded.
        """
        table = np.stack(basis, axis=1)
        fine = np.isfinite(table).all(axis=1) & np.isfinite(self.yours)
        if fine.sum() < len(basis) + 3:
            return None
        table, yours = table[fine], self.yours[fine]
        weight = 1 / (10 * self.error[fine] + 1e-6 * np.abs(yours).max() + 1e-300)
        constants, _, rank, _ = np.linalg.lstsq(table * weight[:, None], yours * weight)
        rest = np.abs(table @ constants - yours) * weight
        return constants if rank == len(basis) and rest.max() <= 1 else None


def explain(evidence: Evidence, n: int) -> str:
    """The simplest relation between yours and the measured gradient that holds at all places, or ""."""
    g, x, f = evidence.measured, evidence.x, evidence.f
    with np.errstate(all="ignore"):
        over, per = g / x, f / x
    if (c := evidence.fit(g)) is not None:
        advice = ": the sign is wrong" if abs(c[0] + 1) < NEAR else ""
        return f"yours is {name_factor(c[0], n)} times the gradient everywhere{advice}"
    if (c := evidence.fit(x * g)) is not None:
        return f"yours / measured is {name_factor(c[0], n)} x: a factor x stands where none belongs"
    if (c := evidence.fit(over)) is not None:
        return f"yours / measured is {name_factor(c[0], n)} / x: a factor x is missing"
    for name, basis in (("x", x), ("", np.ones_like(x)), ("sign(x)", np.sign(x)), ("f", f)):
        if (c := evidence.fit(g, basis)) is not None and abs(c[0] - 1) < NEAR:
            return f"yours is the gradient {c[1]:+.4g} {name}".rstrip() + ": a term too many, or one missing in fun"
    if (c := evidence.fit(per, g - per)) is not None:
        # f = x u(x) has the derivative u + x u' = f/x + (f' - f/x): which of the two lacks a factor?
        for term, good, bad in (("second", c[0], c[1]), ("first", c[1], c[0])):
            if abs(good - 1) < NEAR and bad:
                return (
                    f"the {term} term of the product rule is {name_factor(bad, n)} times what it should be: "
                    f"multiply it by {name_factor(1 / bad, n)}"
                )
    if (c := evidence.fit(x * g, x)) is not None:
        return "yours / x is the gradient, scaled and shifted: a factor x stands where another belongs"
    return ""
