"""evaluate: whatever works, the numbers and their order are those of one by one."""

from __future__ import annotations

import math
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing.pool import ThreadPool

import numpy as np
import pytest

from steepest.errors import ArgumentError
from steepest.parallel import evaluate

POINTS = list(np.random.default_rng(0).normal(size=(23, 4)))


def value(x):
    return float(np.exp(x).sum() / (1 + x @ x))


def slower_first(x):
    time.sleep(0.002 * (x == 0))
    return x


def fails_at_3(x):
    if x == 3:
        raise ZeroDivisionError("three")
    return x


@pytest.mark.parametrize("workers", [None, 1, 2, -1, map, lambda f, p: [f(x) for x in p]], ids=str)
def test_equal_to_one_by_one(workers):
    assert evaluate(value, POINTS, workers) == [value(x) for x in POINTS]


@pytest.mark.parametrize("pool", [ThreadPoolExecutor, ProcessPoolExecutor, ThreadPool])
def test_pools_give_the_same_numbers(pool):
    with pool(2) as workers:
        assert evaluate(value, POINTS, workers) == [value(x) for x in POINTS]


def test_order_is_that_of_the_points():
    with ThreadPoolExecutor(4) as workers:
        assert evaluate(slower_first, range(8), workers) == list(range(8))


@pytest.mark.parametrize("workers", [None, 2])
def test_an_error_of_fun_comes_through(workers):
    with pytest.raises(ZeroDivisionError, match="three"):
        evaluate(fails_at_3, range(5), workers)


def test_no_points():
    assert evaluate(value, [], 2) == []


def test_a_function_that_does_not_pickle_says_what_to_do():
    with pytest.raises(ArgumentError, match=r"does not pickle.*ThreadPoolExecutor"):
        evaluate(lambda x: x, [1, 2], 2)


@pytest.mark.parametrize("workers", [0, -3, 2.5, "all", True])
def test_wrong_workers(workers):
    with pytest.raises(ArgumentError, match="workers="):
        evaluate(math.sqrt, [1.0, 4.0], workers)
