"""A rule as one fused loop: its formula traced, split into what is computed once a step and what is computed for
every element, printed as source, and compiled by Numba."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np

from .errors import ArgumentError, MissingExtraError
from .expression import OPERATIONS, invariants, source, symbol
from .expression.graph import ATOM
from .lift import Rule, speak

# Numba's fastmath as a set: fused multiply-add, division by multiplication, no signed zeros. The full set would break
# tests for NaN, and is no faster (performance.md Q2: 10 % in float32, nothing in float64).
FASTMATH = "{'contract', 'arcp', 'nsz'}"

# How an operation is spelled where Numba compiles it; the rest goes by Python's operators and by NumPy's names.
SPELLING = {"where": "({1} if {0} else {2})"}
FUNCTIONS = {o.name for o in OPERATIONS.values() if o.text.level == ATOM and o.name != "where"}

# Below this many elements a second thread costs more than it gives (performance.md, the hazard of threads).
SERIAL = 300_000


def kernel_source(rule: type[Rule], dtype: np.dtype) -> str:
    """The source of a module with the rule's kernel, ``kernel(x, g, slots, t, hyper)``.

    All that touches no array stands before the loop, in float64, and is then cast to the arrays' precision: a double
    among floats would make the whole loop double, and a power in it would keep it from being vectorised (37 times
    slower, performance.md Q2).

    Parameters
    ----------
    rule : type
    dtype : dtype
        float32 or float64.

    Returns
    -------
    str
        Where x and g have shape (n,), slots has shape (number of slots, n), hyper holds the hyperparameters in order;
        x and slots are changed in place. (A separate output would be one array too many for LLVM to prove that they
        don't overlap, and cost the vectorisation: 10 times slower.)
    """
    arrays = {"x", "g", *rule.slots}
    given = [symbol(name) for name in (*(["x"] if rule.takes_x else []), "g", *rule.slots)]
    host = [symbol(name) for name in (*(["t"] if rule.takes_t else []), *rule.defaults)]
    traced = speak(rule.formula, OPERATIONS)(*given, *host)
    step, *slots = traced if rule.slots else (traced,)
    outputs = [symbol("x") + step, *slots]
    hoisted = invariants(outputs, arrays)
    once, names = source(hoisted, spelling=SPELLING, prefix="a")
    each, results = source(outputs, {node: f"h{k}" for k, node in enumerate(hoisted)}, SPELLING)
    lines = [
        "import numpy as np",
        "from numba import njit",
        f"from numpy import {', '.join(sorted(FUNCTIONS))}",
        "",
        "",
        f"@njit(cache=True, nogil=True, error_model='numpy', fastmath={FASTMATH})",
        "def kernel(x_, g_, slots_, t, hyper_):",
        *(f"    {name} = hyper_[{k}]" for k, name in enumerate(rule.defaults)),
        *(f"    {line}" for line in once),
        *(f"    h{k} = np.{dtype.name}({name})" for k, name in enumerate(names)),
        *(f"    {slot}_ = slots_[{k}]" for k, slot in enumerate(rule.slots)),
        "    for i in range(x_.size):",
        *(f"        {name} = {name}_[i]" for name in ("x", "g", *rule.slots)),
        *(f"        {line}" for line in each),
        *(f"        {slot}_[i] = {result}" for slot, result in zip(rule.slots, results[1:], strict=True)),
        f"        x_[i] = {results[0]}",
        "",
    ]
    return "\n".join(lines)


@cache
def compiled(rule: type[Rule], dtype: np.dtype) -> Callable[..., None]:
    """The rule's kernel for this precision, from the cache on disk where it was compiled before.

    Raises
    ------
    MissingExtraError
        When Numba is not installed.
    """
    if importlib.util.find_spec("numba") is None:
        raise MissingExtraError("numba", "fast", "a compiled rule")
    text = kernel_source(rule, dtype)
    name = f"{rule.__name__}_{dtype.name}_{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    path = _written(name, text)
    spec = importlib.util.spec_from_file_location(f"steepest_kernels.{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # Numba's cache finds the module by its name when it loads a compiled function
    spec.loader.exec_module(module)
    return module.kernel


def _written(name: str, text: str) -> Path:
    """A file of this content, in the cache folder, or in a temporary one where that can't be written.

    Numba keeps its compiled code beside it, keyed by its own version and the processor; both are put in place by one
    renaming, so that two processes at once do no harm.
    """
    for folder in (cache_folder(), Path(tempfile.gettempdir()) / f"steepest-{os.getuid()}", Path(tempfile.mkdtemp())):
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = folder / f"{name}.py"
            if not path.exists() or path.read_text() != text:
                with tempfile.NamedTemporaryFile("w", dir=folder, delete=False) as file:
                    file.write(text)
                os.replace(file.name, path)
            elif not os.access(folder, os.W_OK):
                continue
            return path
        except OSError:
            continue
    raise ArgumentError("no folder can be written for compiled rules: set STEEPEST_CACHE_DIR to one that can.")


def cache_folder() -> Path:
    """Where compiled rules are kept: $STEEPEST_CACHE_DIR, else the user's cache folder."""
    if folder := os.environ.get("STEEPEST_CACHE_DIR"):
        return Path(folder)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "steepest"


class Stepper:
    """A rule in a loop of your own: it changes x in place, at the speed of memory.

    Parameters
    ----------
    method : Rule
        Such as ``Adam(lr=0.01)``; no length policy, since a stepper sees no function.
    x : ndarray of float32 or float64, C-contiguous
        Changed by every step.
    threads : int
        How many share a step of more than 300 000 elements.

    Examples
    --------
    >>> import numpy as np, steepest as st
    >>> x = np.array([3.0, 2.0])
    >>> stepper = st.Stepper(st.Adam(lr=0.1), x)
    >>> for _ in range(200):
    ...     stepper.step(2 * x)
    >>> x.round(2) + 0.0
    array([0., 0.])
    """

    def __init__(self, method: Rule, x: np.ndarray, threads: int = 1):
        if not isinstance(method, Rule) or hasattr(method.hyper.get("lr"), "advance"):
            raise ArgumentError(f"method={method!r}: expected a rule whose lr is a number or a schedule.")
        if not isinstance(x, np.ndarray) or x.dtype not in (np.float32, np.float64) or not x.flags.c_contiguous:
            raise ArgumentError("x: expected a C-contiguous array of float32 or float64, which is changed in place.")
        self.method, self.x, self.t = method, x, 0
        self._kernel = compiled(type(method), x.dtype)
        share = threads if x.size >= SERIAL else 1
        # each thread has slots of its own, in one block: the kernel wants its rows side by side
        self._parts = [(part, np.zeros((len(method.slots), part.size), x.dtype))
                       for part in np.array_split(x.reshape(-1), share)]  # fmt: skip
        self._edges = np.cumsum([part.size for part, _ in self._parts])[:-1]
        self._pool = ThreadPoolExecutor(share - 1) if share > 1 else None
        self._constant = None if method.schedules else np.array([*method.at(1.0).values()])

    def step(self, g: np.ndarray) -> None:
        """Move x by one step along the gradient `g`, an array like x."""
        self.t += 1
        if g.shape != self.x.shape or g.dtype != self.x.dtype:
            raise ArgumentError(f"g has shape {g.shape} and type {g.dtype}: expected those of x, "
                                f"{self.x.shape} and {self.x.dtype}.")  # fmt: skip
        t = float(self.t)
        hyper = np.array([*self.method.at(t).values()]) if self._constant is None else self._constant
        if self._pool is None:
            x, slots = self._parts[0]
            self._kernel(x, g.reshape(-1), slots, t, hyper)
            return
        pieces = [(x, g, slots, t, hyper) for (x, slots), g in zip(self._parts, np.split(g.reshape(-1), self._edges), strict=True)]
        tasks = [self._pool.submit(self._kernel, *piece) for piece in pieces[1:]]
        self._kernel(*pieces[0])
        for task in tasks:
            task.result()
