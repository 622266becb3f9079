"""Parameters of any shape or nesting become one flat float vector at the border, and come back in their own shape."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentError, counted
from .foreign import Library, library_of

Build = Callable[[Any], Any]


class Parameters:
    """The caller's x0 as one flat vector, and the way back.

    Parameters
    ----------
    x0 : float, sequence of floats, ndarray, or dict / list / tuple of these, nested at will
        Never changed. Integers and booleans become float64; float32 stays float32.
    name : str
        The argument's name, for error messages.

    Attributes
    ----------
    start : ndarray, shape (n,)
        A flat copy of `x0`.
    library : Library or None
        Whose arrays `x0` is made of, where that is not NumPy.
    restore, fresh : callable
        A flat vector in the shape of `x0`; a copy of it in that shape, which the caller may change.

    Examples
    --------
    >>> p = Parameters({"w": [[1, 2], [3, 4]], "b": 5})
    >>> p.start
    array([1., 2., 3., 4., 5.])
    >>> p.restore(p.start * 10)["w"]
    array([[10., 20.],
           [30., 40.]])
    """

    def __init__(self, x0: Any, name: str = "x0"):
        self._name = name
        leaves: list[np.ndarray] = []
        libraries = (library_of(part) for part in _parts(x0))
        self.library: Library | None = next((library for library in libraries if library), None)
        self.restore: Build = _collect(x0, name, leaves, 0)[0]
        if not sum(leaf.size for leaf in leaves):
            raise ArgumentError(f"{name} is empty: there is nothing to minimise over.")
        self.start: np.ndarray = np.concatenate([leaf.ravel() for leaf in leaves])
        self._shape = leaves[0].shape if len(leaves) == 1 else None
        self._shapes = _shapes(x0)
        self._dtype = self.start.dtype
        restore, vector = self.restore, self._shape == self.start.shape and not self.library
        self.fresh: Build = np.ndarray.copy if vector else lambda x: restore(x.copy())

    @property
    def single(self) -> bool:
        """Whether x0 is one array or number, not a nesting of several."""
        return self._shape is not None

    def ravel(self, tree: Any, name: str) -> np.ndarray:
        """Flatten something built like x0 (a gradient, say) into a vector of shape (n,)."""
        if type(tree) is np.ndarray and tree.shape == self._shape and tree.dtype is self._dtype:
            return tree.flatten()  # the usual cases, quickly; a copy, since the caller may use the array again
        parts: list[Any] = []
        if self._alike(tree, self._shapes, parts):
            return np.concatenate(parts, None).astype(self._dtype, copy=False)
        leaves: list[np.ndarray] = []
        _collect(_in_order(tree, self._shapes), name, leaves, 0)
        flat = np.concatenate([leaf.ravel() for leaf in leaves]) if leaves else np.empty(0)
        if flat.size != self.start.size:
            raise ArgumentError(
                f"{name} has {counted(flat.size, 'number')}, {self._name} has {self.start.size}: they must match one "
                "to one."
            )
        return flat.astype(self.start.dtype, copy=False)

    def _alike(self, tree: Any, shapes: Any, parts: list[Any]) -> bool:
        """Whether a nesting is built like x0, of arrays of its precision and floats; `parts` gets these."""
        if isinstance(shapes, dict):
            return (
                isinstance(tree, dict | list | tuple)
                and len(tree) == len(shapes)
                and (tree.keys() == shapes.keys() if isinstance(tree, dict) else 0 in shapes)
                and all(self._alike(tree[key], inner, parts) for key, inner in shapes.items())
            )
        parts.append(tree)
        if type(tree) is np.ndarray:
            return tree.shape == shapes and tree.dtype is self._dtype
        return isinstance(tree, float) and shapes == ()


def _shapes(tree: Any) -> Any:
    """The shapes of all arrays in a nesting, as a nesting of dicts."""
    if isinstance(tree, Mapping):
        return {key: _shapes(part) for key, part in tree.items()}
    return dict(enumerate(map(_shapes, tree))) if _branches(tree) else np.shape(tree)


def _in_order(tree: Any, shapes: Any) -> Any:
    """The same nesting, its dicts in the order of `shapes` where they have the same keys."""
    inner = isinstance(shapes, dict)
    if inner and isinstance(tree, Mapping) and tree.keys() == shapes.keys():
        return {key: _in_order(tree[key], part) for key, part in shapes.items()}
    if inner and isinstance(tree, list | tuple) and len(tree) == len(shapes):
        return [_in_order(part, shape) for part, shape in zip(tree, shapes.values(), strict=True)]
    return tree


def _collect(tree: Any, name: str, leaves: list[np.ndarray], offset: int) -> tuple[Build, int]:
    """Append the leaves of `tree`; return how to rebuild it from a flat vector, and the offset behind it."""
    if isinstance(tree, Mapping):
        keys = list(tree)
        names = [f"{name}[{key!r}]" for key in keys]
        return _branch(list(tree.values()), names, leaves, offset, lambda parts: dict(zip(keys, parts, strict=True)))
    if _branches(tree):
        make = getattr(type(tree), "_make", type(tree))  # a named tuple takes its parts one by one
        return _branch(list(tree), [f"{name}[{i}]" for i in range(len(tree))], leaves, offset, make)
    library = library_of(tree)
    leaf = floats(library.numpy(tree) if library else tree, name)
    leaves.append(leaf)
    end = offset + leaf.size
    if library:
        # the function sees the library's own arrays, also while it is differentiated with them
        return (
            lambda x: library.reshape((library.array(x) if isinstance(x, np.ndarray) else x)[offset:end], leaf.shape)
        ), end
    if leaf.ndim == 0:
        return (lambda x: x[offset]), end
    if leaf.ndim == 1 and offset == 0:
        return (lambda x: x[:end] if len(x) > end else x), end
    return (lambda x: x[offset:end].reshape(leaf.shape)), end


def _branches(tree: Any) -> bool:
    """Whether a sequence is one of several arrays, not of the numbers of one."""
    return isinstance(tree, Sequence) and any(isinstance(part, Mapping) or _is_array(part) for part in tree)


def _is_array(part: Any) -> bool:
    return (isinstance(part, np.ndarray) or library_of(part) is not None) and part.ndim > 0


def _parts(tree: Any) -> Iterator[Any]:
    """The leaves of a nesting, and of lists of numbers those, too."""
    if isinstance(tree, Mapping | list | tuple):
        for part in tree.values() if isinstance(tree, Mapping) else tree:
            yield from _parts(part)
    else:
        yield tree


def _branch(
    parts: list[Any],
    names: list[str],
    leaves: list[np.ndarray],
    offset: int,
    make: Callable[[list[Any]], Any],
) -> tuple[Build, int]:
    builds = []
    for part, name in zip(parts, names, strict=True):
        build, offset = _collect(part, name, leaves, offset)
        builds.append(build)
    return (lambda x: make([build(x) for build in builds])), offset


def laid_out(tree: Any, like: Any, name: str) -> Any:
    """What a dict says of the parameters by name, such as bounds, as a list with one entry for each number.

    Parameters
    ----------
    tree : mapping
        By the names in `like`; one entry for all numbers under a name, a list of them, or None, as for names left out.
    like : as x0
    name : str
        The argument's name, for error messages.
    """
    if isinstance(tree, Mapping) and isinstance(like, Mapping):
        for key in tree:
            if key not in like:
                raise ArgumentError(f"{name}[{key!r}]: x0 has {', '.join(map(repr, like))}.")
        parts = [laid_out(tree.get(key), part, f"{name}[{key!r}]") for key, part in like.items()]
        return [entry for part in parts for entry in part]
    n = Parameters(like).start.size
    if tree is None:
        return [(None, None)] * n
    if np.ndim(np.asarray(tree, object)) == 1 and len(tree) == 2:
        return [tree] * n
    if np.ndim(np.asarray(tree, object)) == 0 or len(tree) != n:
        raise ArgumentError(f"{name}={tree!r}: expected a pair (low, high), or {n} of them.")
    return list(tree)


def floats(value: Any, name: str) -> np.ndarray:
    """`value` as an array of floats of its own precision, or an error that names it.

    Raises
    ------
    ArgumentError
        When it holds something that is no real number.
    """
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ArgumentError(f"{name}={value!r} is ragged: expected numbers in rows of equal length.") from error
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise ArgumentError(f"{name} is masked: expected numbers in all places. Leave the masked ones out of it.")
    if array.dtype.kind == "f":
        # float16 has 11 bits: too few to step in. It is computed in float32.
        return array.astype(np.float32) if array.itemsize == 2 else array
    if array.dtype.kind in "iub":
        return array.astype(np.float64)
    if array.dtype.kind == "O":
        try:
            return np.array([float(number) for number in array.flat]).reshape(array.shape)
        except (TypeError, ValueError):
            pass  # None among them: NumPy itself would make it a NaN
    said = _short(array.tolist())
    raise ArgumentError(f"{name}={said} is not made of real numbers ({array.dtype}): expected floats.")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
