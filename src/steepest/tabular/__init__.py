"""Tables in, models out: columns of any kind become numbers, a linear model or a formula is fitted, saved, applied."""

from .columns import Column, read_table
from .fitting import fit_table
from .models import FormulaModel, LinearModel, load, save

__all__ = ["Column", "FormulaModel", "LinearModel", "fit_table", "load", "read_table", "save"]
