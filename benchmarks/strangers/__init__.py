"""Published and everyday problems that the library was not made with: chained and small smooth functions, losses on
real tables, functions with kinks, functions with bounds."""

from . import chained, small, data, kinks, bounded  # noqa: F401, I001
from .collection import STRANGERS, Stranger, half

__all__ = ["STRANGERS", "Stranger", "half"]
