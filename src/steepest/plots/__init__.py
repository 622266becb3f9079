"""Pictures of runs, by matplotlib: each function takes axes and gives them back; nothing is shown or saved."""

from __future__ import annotations

from .choose import run
from .convergence import convergence
from .palette import look
from .paper import save
from .paths import path
from .thinning import thinned

__all__ = ["convergence", "look", "path", "run", "save", "thinned"]
