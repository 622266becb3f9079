"""Diagnosis: why a run ended as it did, in one sentence with its numbers, and what to call next."""

from __future__ import annotations

from .again import diagnose as diagnose
from .again import explain_step as explain_step
from .curvature import curvature as curvature
from .judge import judge as judge
from .spectrum import Curvature as Curvature
from .verdict import Advice as Advice
from .verdict import Verdict as Verdict
