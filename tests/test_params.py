"""Parameters of any shape or nesting survive the way to a flat vector and back."""

from __future__ import annotations

from collections import namedtuple

import numpy as np
import pytest

from steepest import ArgumentError
from steepest.objective.params import Parameters

Pair = namedtuple("Pair", "w b")

TREES = [
    3.0,
    3,
    True,
    np.float32(2.5),
    [3, 2],
    (1.0, 2.0),
    [[1, 2], [3, 4]],
    np.arange(6.0).reshape(2, 3),
    np.array(7.0),
    np.array([[1.0]]),
    {"w": np.ones((2, 2)), "b": 0.5},
    {"layer": {"w": [[1.0, 2.0]], "b": [3.0]}, "scale": 4},
    [np.ones(3), np.zeros((2, 2))],
    (np.ones(2), {"a": 1.0}),
    Pair(np.ones(3), np.array([2.0])),
    np.arange(12.0).reshape(3, 4)[:, ::2],
]


def same(given, back):
    """Whether `back` is built as `given` was and holds the same numbers (lists of numbers come back as arrays)."""
    if isinstance(given, dict):
        return given.keys() == back.keys() and all(same(given[key], back[key]) for key in given)
    if isinstance(back, list | tuple):
        return type(given) is type(back) and all(same(a, b) for a, b in zip(given, back, strict=True))
    return np.shape(given) == np.shape(back) and np.array_equal(given, back)


@pytest.mark.parametrize("tree", TREES, ids=repr)
def test_there_and_back(tree):
    parameters = Parameters(tree)
    assert parameters.start.ndim == 1
    assert same(tree, parameters.restore(parameters.start))
    assert np.array_equal(parameters.ravel(tree, "jac"), parameters.start)


def test_containers_keep_their_type():
    assert isinstance(Parameters({"a": 1.0}).restore(np.array([2.0])), dict)
    restored = Parameters(Pair(np.ones(2), np.ones(1))).restore(np.arange(3.0))
    assert isinstance(restored, Pair)
    assert restored.b[0] == 2.0


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (np.float32, np.float32),
        (np.float64, np.float64),
        (int, np.float64),
        (bool, np.float64),
        (np.float16, np.float32),
    ],
)
def test_precision(given, kept):
    assert Parameters(np.ones(3, given)).start.dtype == kept


def test_mixed_precision_is_the_wider_one():
    assert Parameters({"a": np.ones(2, np.float32), "b": np.ones(2)}).start.dtype == np.float64


@pytest.mark.parametrize("x0", [np.ones(3), np.ones((2, 2)), {"a": np.ones(2)}])
def test_the_callers_array_is_not_shared(x0):
    start = Parameters(x0).start
    start[:] = 9.0
    leaf = x0["a"] if isinstance(x0, dict) else x0
    assert np.array_equal(leaf, np.ones_like(leaf))


@pytest.mark.parametrize(
    ("x0", "word"),
    [
        ([], "empty"),
        ({}, "empty"),
        ("abc", "'abc'"),
        (["a", "b"], "real numbers"),
        ([1 + 2j], "complex"),
        (None, "None"),
        ([[1, 2], [3]], "ragged"),
        ({"w": "text"}, "x0['w']"),
        (np.array(["2026-01-01"], "datetime64[D]"), "datetime64"),
    ],
    ids=repr,
)
def test_what_is_no_number_is_named(x0, word):
    with pytest.raises(ArgumentError, match="x0") as error:
        Parameters(x0)
    assert word in str(error.value)


def test_a_gradient_of_another_size_is_refused():
    with pytest.raises(ArgumentError, match=r"jac has 2 numbers, x0 has 3"):
        Parameters([1.0, 2.0, 3.0]).ravel([1.0, 2.0], "jac")


def test_a_gradient_may_name_its_parts_in_any_order():
    p = Parameters({"w": np.zeros(2), "b": 0.0, "deep": {"u": np.zeros(1), "v": 0.0}})
    flat = p.ravel({"deep": {"v": 5.0, "u": np.array([4.0])}, "b": 3.0, "w": np.array([1.0, 2.0])}, "gradient")
    np.testing.assert_array_equal(flat, [1, 2, 3, 4, 5])
    q = Parameters([{"a": 0.0, "b": np.zeros(2)}, np.zeros(1)])
    np.testing.assert_array_equal(q.ravel(({"b": np.array([2.0, 3.0]), "a": 1.0}, np.array([4.0])), "g"), [1, 2, 3, 4])
