"""How a gradient is obtained, and proved.

The caller's own gradient comes first, then automatic differentiation (autograd on plain NumPy code), then
finite differences. The first two are proved before they are trusted: at the start, and again when a search
along them fails, the slope that they claim is compared with directional differences of the function at two
places, with steps, noise and kinks minded so that a right gradient is not accused (`prove`). One that
disagrees is replaced by adaptive differences (`Finite`), and the report of the derivative says so, with the
numbers. For people, `gradient`, `derivative`, `hessian` and `hessian_vector_product` take the most exact way
that there is and tell the error, `noise` measures how uncertain the values of a function are, and
`check_gradient` names what is wrong with a gradient written by hand.
"""

from __future__ import annotations

from .adaptive import Finite
from .choice import AUTOMATIC, DIFFERENCES, choose
from .complexstep import ComplexStep
from .directional import Directional, directional
from .finite import ThreePoint, TwoPoint
from .gradientcheck import GradientCheck, check_gradient
from .hessian import hessian, hessian_vector_product
from .ladder import Accurate
from .noise import Noise, estimate_noise, noise
from .own import OWN, USER, Paired
from .people import Estimate, derivative, gradient
from .proved import Proved

__all__ = [
    "AUTOMATIC",
    "DIFFERENCES",
    "OWN",
    "USER",
    "Accurate",
    "ComplexStep",
    "Directional",
    "Estimate",
    "Finite",
    "GradientCheck",
    "Noise",
    "Paired",
    "Proved",
    "ThreePoint",
    "TwoPoint",
    "check_gradient",
    "choose",
    "derivative",
    "directional",
    "estimate_noise",
    "gradient",
    "hessian",
    "hessian_vector_product",
    "noise",
]
