"""scikit-learn estimators: linear models of any loss, trained by `fit`."""

from __future__ import annotations

from ..errors import MissingExtraError

try:
    import sklearn.callback  # noqa: F401
except ImportError as error:
    raise MissingExtraError("scikit-learn >= 1.9", "sklearn", "an estimator") from error

from .classifier import DescentClassifier
from .regressor import DescentRegressor

__all__ = ["DescentClassifier", "DescentRegressor"]
