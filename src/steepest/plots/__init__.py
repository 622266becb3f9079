"""Pictures of runs, by matplotlib: each function takes axes and gives them back; nothing is shown or saved.

Without matplotlib each raises `MissingExtraError`, with the line that installs it.
"""

from __future__ import annotations

from .choose import run
from .comparing import comparison
from .convergence import convergence
from .grids import sweep
from .motion import animate
from .palette import look
from .paper import save
from .paths import path
from .rates import difference_error, learning_rate
from .residuals import residuals
from .slices import lines, plane
from .surfaces import surface
from .thinning import thinned
from .training import against, training

__all__ = [
    "against",
    "animate",
    "comparison",
    "convergence",
    "difference_error",
    "learning_rate",
    "lines",
    "look",
    "path",
    "plane",
    "residuals",
    "run",
    "save",
    "surface",
    "sweep",
    "thinned",
    "training",
]
