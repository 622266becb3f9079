"""Functions of tables: exact at the samples and for polynomials, honest outside, clear about wrong tables."""

from __future__ import annotations

import pickle
import sys

import numpy as np
import pytest

from steepest.errors import ArgumentError, MissingExtraError
from steepest.samples import from_samples

TUTORIAL = [1, 2, 4, 7, 11, 16]  # (x^2 + x + 2) / 2 at x = 0, ..., 5
SEEDS = pytest.mark.parametrize("seed", range(3))


def nodes(coordinates):
    """All points of a grid, shape (n, m0, m1, ...)."""
    return np.array(np.meshgrid(*coordinates, indexing="ij"))


def axes_of(shape, spacing, origin):
    return [origin + spacing * np.arange(m) for m in shape]


@SEEDS
@pytest.mark.parametrize("shape", [(2,), (3,), (4,), (30,), (5, 7), (2, 3), (4, 2, 6)])
def test_passes_through_every_sample(seed, shape):
    table = np.random.default_rng(seed).normal(size=shape)
    f = from_samples(table, spacing=0.25, origin=-3)
    np.testing.assert_allclose(f(nodes(axes_of(shape, 0.25, -3))), table, atol=1e-12)


@SEEDS
@pytest.mark.parametrize("shape", [(9,), (6, 7), (5, 4, 6)])
def test_gradient_is_that_of_differences(seed, shape):
    rng = np.random.default_rng(seed)
    f = from_samples(rng.normal(size=shape), spacing=0.5, origin=1)
    h = 1e-4
    for x in rng.uniform(1.01, 0.99 + 0.5 * np.subtract(shape, 1), (10, len(shape))):
        g = f.gradient(x)
        assert g.shape == x.shape
        for i, e in enumerate(h * np.eye(len(shape))):
            assert g[i] == pytest.approx((f(x + e) - f(x - e)) / (2 * h), abs=1e-5)


@pytest.mark.parametrize("degree", [0, 1, 2, 3])
@pytest.mark.parametrize("uneven", [False, True])
def test_polynomials_up_to_cubic_are_repeated_exactly(degree, uneven):
    p = np.polynomial.Polynomial([0.5, -2, 1.5, 0.7][: degree + 1])
    points = np.array([-1, -0.2, 0, 0.7, 1.1, 2]) if uneven else np.linspace(-1, 2, 7)
    f = from_samples(p(points), spacing=points)
    x = np.linspace(-1, 2, 101)
    np.testing.assert_allclose(f(x[None]), p(x), atol=1e-12)
    np.testing.assert_allclose(f.gradient(x[None])[0], p.deriv()(x), atol=1e-11)


@pytest.mark.parametrize("count", [2, 3])
def test_few_samples_make_a_line_or_a_parabola(count):
    p = np.polynomial.Polynomial([1, 2, -3][:count])
    f = from_samples(p(np.arange(count)))
    assert f(0.3) == pytest.approx(p(0.3))
    assert f.gradient(0.3) == pytest.approx(p.deriv()(0.3))


def test_bowl_of_two_coordinates():
    x, y = np.linspace(-2, 2, 9), np.array([-1, -0.5, 0.1, 1, 3])
    f = from_samples(x[:, None] ** 2 + y**2, spacing=[0.5, y], origin=[-2, 0])
    assert f.bounds == [(-2, 2), (-1, 3)]
    for point in np.random.default_rng(0).uniform([-2, -1], [2, 3], (20, 2)):
        assert f(point) == pytest.approx(point @ point, abs=1e-12)
        np.testing.assert_allclose(f.gradient(point), 2 * point, atol=1e-11)


def test_approaches_the_function_that_was_sampled():
    x, errors = np.linspace(0, 3, 500), []
    for count in (20, 40):
        points = np.linspace(0, 3, count)
        f = from_samples(np.sin(points), spacing=points)
        errors.append(np.abs(f(x[None]) - np.sin(x)).max())
        np.testing.assert_allclose(f.gradient(x[None])[0], np.cos(x), atol=1e-2)
    assert errors[0] < 1e-4
    assert errors[1] < errors[0] / 12  # the error of a cubic spline goes with the fourth power of the spacing


def test_table_of_the_tutorial_is_lowest_at_its_left_edge():
    f = from_samples(TUTORIAL)
    x = np.linspace(0, 5, 1001)
    values = f(x[None])
    np.testing.assert_allclose(values, (x**2 + x + 2) / 2, atol=1e-12)
    assert values.argmin() == 0
    assert values.min() == pytest.approx(1, abs=1e-12)
    assert f.gradient(0.0) == pytest.approx(0.5)


def test_minimum_between_samples_is_found():
    f = from_samples([(x - 1.3) ** 2 for x in range(5)])
    assert f.gradient(1.3) == pytest.approx(0, abs=1e-12)
    assert f(1.3) == pytest.approx(0, abs=1e-12)


def test_descent_stays_within_the_table():
    from scipy.optimize import minimize

    f = from_samples(TUTORIAL)
    run = minimize(f, [3.3], jac=f.gradient, bounds=f.bounds)
    assert run.x == pytest.approx(0, abs=1e-12)
    assert run.fun == pytest.approx(1)


@pytest.mark.parametrize("x", [[-0.001, 0.5], [0.5, 2.001], [9, 9], [np.nan, 0.5]])
def test_outside_it_is_nan(x):
    f = from_samples(np.ones((3, 3)))
    assert np.isnan(f(x))
    assert np.isnan(f.gradient(x)).all()
    assert f(np.array([[x[0], 1], [x[1], 1]]))[1] == pytest.approx(1)  # a neighbour in a batch is untouched


def test_edges_belong_to_the_range():
    f = from_samples(TUTORIAL, spacing=0.1, origin=0.7)  # 0.7 + 5 * 0.1 is not 1.2 in floats
    (low, high), *_ = f.bounds
    assert (f(low), f(high)) == pytest.approx((1, 16))


@SEEDS
def test_batch_is_the_loop(seed):
    rng = np.random.default_rng(seed)
    f = from_samples(rng.normal(size=(5, 6)))
    columns = rng.uniform(0, 4, (2, 8))
    assert f(columns).shape == (8,)
    assert f.gradient(columns).shape == (2, 8)
    for k, x in enumerate(columns.T):
        assert f(columns)[k] == f(x)
        np.testing.assert_array_equal(f.gradient(columns)[:, k], f.gradient(x))


def test_numbers_lists_and_integers_are_places_too():
    f = from_samples(TUTORIAL)
    assert isinstance(f(3), float)
    assert f(3) == f([3]) == f(np.array([3])) == pytest.approx(7)
    assert np.shape(f.gradient(3)) == ()
    assert f.gradient([3]).shape == (1,)


def test_table_is_copied():
    table = np.array(TUTORIAL, dtype=float)
    f = from_samples(table)
    table[:] = 0
    assert f(5) == pytest.approx(16)


def test_pickle_brings_it_back():
    f = from_samples(TUTORIAL)
    again = pickle.loads(pickle.dumps(f))
    assert again(2.5) == f(2.5)
    assert repr(again) == "SampledFunction(bounds=[(0.0, 5.0)])"


@pytest.mark.parametrize(
    ("values", "arguments", "message"),
    [
        ([], {}, r"values of shape \(0,\): expected at least 2"),
        ([1], {}, r"values of shape \(1,\): expected at least 2"),
        (3.0, {}, r"values of shape \(\): expected at least 2"),
        (np.ones((4, 1)), {}, r"values of shape \(4, 1\): expected at least 2"),
        ([1, np.nan, 3], {}, r"values\[1\]=nan: expected finite"),
        ([[1, 2], [3, np.inf]], {}, r"values\[1, 1\]=inf: expected finite"),
        ([[1, 2], [3]], {}, "values=.* is ragged"),
        (["a", "b"], {}, "values=.* is not made of real numbers"),
        (TUTORIAL, {"spacing": 0}, "spacing=0: expected a positive distance"),
        (TUTORIAL, {"spacing": -1.0}, "spacing=-1.0: expected a positive distance"),
        (TUTORIAL, {"spacing": np.nan}, "spacing=nan: expected a positive distance"),
        (TUTORIAL, {"spacing": [0, 1, 2, 2, 3, 4]}, "coordinates that increase"),
        (TUTORIAL, {"spacing": [0, 1, 2]}, "a number, or one for each of the 1 axes"),
        (TUTORIAL, {"spacing": "wide"}, "spacing="),
        (TUTORIAL, {"origin": [0, 1]}, "a number, or one for each of the 1 axes"),
        (TUTORIAL, {"origin": np.inf}, "expected a positive distance, or coordinates"),
        (np.ones((3, 4)), {"spacing": [1, 2, 3]}, "a number, or one for each of the 2 axes"),
        (np.ones((3, 4)), {"spacing": [1, [0, 1, 2]]}, r"spacing\[1\] has shape \(3,\): expected \(4,\)"),
        (np.ones((3, 4)), {"spacing": [1, [3, 2, 1, 0]]}, r"spacing\[1\]=\[3, 2, 1, 0\]: expected"),
    ],
)
def test_wrong_tables_are_refused(values, arguments, message):
    with pytest.raises(ArgumentError, match=message):
        from_samples(values, **arguments)


@pytest.mark.parametrize("x", [0.5, [0.5], [0.5, 0.5, 0.5], np.ones((3, 2))])
def test_wrong_places_are_refused(x):
    f = from_samples(np.ones((3, 3)))
    for ask in (f, f.gradient):
        with pytest.raises(ArgumentError, match=r"a table with 2 axes takes shape \(2,\)"):
            ask(x)


def test_missing_scipy_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.interpolate", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'steepest\[samples\]'"):
        from_samples(TUTORIAL)
