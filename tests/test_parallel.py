"""evaluate: whatever works, the numbers and their order are those of one by one."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from multiprocessing.pool import ThreadPool

import numpy as np
import pytest

from commandline import ENVIRONMENT
from steepest.errors import ArgumentError
from steepest.objective.parallel import evaluate, until_interrupted

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


def processes(count):
    return ProcessPoolExecutor(count, get_context("spawn"))  # another test may have loaded JAX, which must not fork


@pytest.mark.parametrize("pool", [ThreadPoolExecutor, processes, ThreadPool])
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


PRESSED = """
import os, signal, time
import numpy as np
import steepest as st

def f(x):  # takes no batches, so that each run goes to a process
    if 4.4 < x[0] < 4.5:  # the second run alone comes here
        os.killpg(0, signal.SIGINT)  # Ctrl-C reaches all processes of a terminal
    if x[0] > 4.5:
        time.sleep(0.01)
    return (float(x[0]) - 1) ** 2

def slope(x):
    return 2 * (x - 1)

if __name__ == "__main__":
    s = st.sweep(f, [5.0], st.GD(lr=np.array([0.3, 1e-3, 1e-5, 1e-5])), jac=slope, workers=2, maxiter=10**6)
    print(*s.code, *s.fun)
    print(*st.sweep(f, [3.0], st.GD(lr=np.array([0.3, 0.2])), jac=slope, workers=2).code)
"""


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="groups of processes are POSIX")
def test_ctrl_c_in_a_sweep_of_processes_keeps_what_they_found(tmp_path):
    script = tmp_path / "pressed.py"
    script.write_text(PRESSED)
    ended = subprocess.run([sys.executable, script], env=ENVIRONMENT, capture_output=True, text=True, timeout=60,
                           start_new_session=True)  # fmt: skip
    first, then = ended.stdout.splitlines()
    codes, values = first.split()[:4], [float(value) for value in first.split()[4:]]
    assert codes == ["converged.gradient", *["interrupted"] * 3]
    assert values[0] < 1e-12
    assert values[1] == pytest.approx(3.5**2, rel=1e-2)  # the best before it came to 4.5
    assert 3.5**2 < values[2] < 16  # as far as the other process was
    assert then == "converged.gradient converged.gradient"  # by new processes


def test_ctrl_c_in_a_map_keeps_what_came_before():
    def halting(x):
        if x == 3:
            raise KeyboardInterrupt
        return x * x

    assert until_interrupted(halting, [1, 2, 3, 4], map, lambda value: False) == [1, 4, None, None]
    threads = until_interrupted(halting, [1, 2, 3, 4], ThreadPoolExecutor(1), lambda value: False)
    assert threads in ([1, 4, None, None], [1, 4, None, 16])  # what was under way may have ended
    assert until_interrupted(abs, [-1, -2, -3], None, lambda value: value == 2) == [1, 2, None]


CHANGED = """
import numpy as np
import steepest as st

def f(x):
    return float(((x - goal) ** 2).sum())

if __name__ == "__main__":
    for goal in 1.0, 7.0:
        print(*st.minimize(f, [3.0, 2.0], jac="fd", workers=2).x.round(3))

    def f(x):
        return float(((x - 5) ** 2).sum())

    print(*st.minimize(f, [3.0, 2.0], jac="fd", workers=2).x.round(3))
    print(*st.sweep(f, [3.0, 2.0], st.GD(lr=np.array([0.3, 0.1])), jac="fd", workers=2).fun.round(6))
"""


def test_processes_know_the_function_as_it_is_now(tmp_path):
    """In a notebook functions are written again, and what they use changes, between two calls."""
    script = tmp_path / "changed.py"
    script.write_text(CHANGED)
    ended = subprocess.run([sys.executable, script], env=ENVIRONMENT, capture_output=True, text=True, timeout=60)
    assert ended.stdout.splitlines() == ["1.0 1.0", "7.0 7.0", "5.0 5.0", "0.0 0.0"], ended.stderr
