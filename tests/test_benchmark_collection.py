"""The benchmark's functions are what the paper says, and its runner counts honestly."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

from andrei import PROBLEMS, half  # noqa: E402
from peers import BudgetError, Claim, Meter, Peer, run  # noqa: E402
from profiles import Case  # noqa: E402

BY_NAME = {problem.name: problem for problem in PROBLEMS}
E = math.e

# At the standard start, by hand, or as More, Garbow & Hillstrom (1981) have it for the same function.
STARTS = [
    ("Extended Freudenstein & Roth", 2, 400.5),
    ("Extended Rosenbrock", 10, 5 * 24.2),
    ("Generalized Rosenbrock", 3, 24.2 + 100 * 2.2**2),
    ("Extended White & Holst", 2, 100 * 2.728**2 + 2.2**2),
    ("Extended Beale", 2, 1.3**2 + 1.89**2 + 2.137**2),
    ("Extended Penalty", 2, 4.75**2),
    ("Perturbed Quadratic", 2, 0.25 * 3 + 0.01),
    ("Raydan 1", 2, 0.3 * (E - 1)),
    ("Raydan 2", 10, 10 * (E - 1)),
    ("Diagonal 1", 2, 2 * math.sqrt(E) - 1.5),
    ("Diagonal 2", 2, E - 1 + math.sqrt(E) - 0.25),
    ("Hager", 2, 2 * E - 1 - math.sqrt(2)),
    ("Extended Tridiagonal 1", 2, 2.0),
    ("Diagonal 4", 2, 50.5),
    ("Diagonal 9", 2, E - 1 + 10000),
    ("Extended Himmelblau", 2, 106.0),
    ("Extended Powell", 4, 215.0),
    ("Extended Maratos", 2, 5.94),
    ("Extended Cliff", 2, 0.0009 - 1 + math.exp(20)),
    ("Extended Wood", 4, 19192.0),
    ("Extended Hiebert", 2, 100 + 2.5e9),
    ("Quadratic QF1", 2, 0.5),
    ("Quadratic QF2", 2, 0.5 * 3 * 0.75**2 - 0.5),
    ("Extended Quadratic Penalty QP1", 2, 1 + 1.5**2),
    ("Extended Quadratic Exponential EP1", 2, 16.0),
    ("Full Hessian FH1", 2, 2.99**2 + 2.9908**2),
    ("Full Hessian FH2", 2, 4.99**2 + 0.98**2),
    ("FLETCHCR", 10, 900.0),
    ("BDQRTIC", 5, 226.0),
    ("TRIDIA", 2, 2.0),
    ("ARGLINB", 2, 4 + 25),
    ("ARWHEAD", 2, 3.0),
    ("NONDIA", 3, 804.0),
    ("NONDQUAR", 3, 5.0),
    ("DQDRTIC", 3, 1809.0),
    ("EG2", 2, 1.5 * math.sin(1)),
    ("DIXMAANA", 3, 29.5),
    ("Broyden Tridiagonal", 2, 25 + 9),
    ("Staircase 1", 3, 14.0),
    ("Staircase 2", 3, 14.0),
    ("LIARWHD", 2, 1170.0),
    ("POWER", 2, 5.0),
    ("ENGVAL1", 2, 59.0),
    ("CRAGGLVY", 4, (E - 2) ** 4 + 2),
    ("EDENSCH", 2, 33.0),
    ("CUBE", 3, 2.2**2 + 100 * (2.728**2 + 2.2**2)),
    ("ARGLINC", 4, 2 + 16 + 81),
    ("NONSCOMP", 2, 148.0),
    ("VARDIM", 10, 2198551.1625),
    ("QUARTC", 10, 10.0),
    ("Extended DENSCHNB", 2, 6.0),
    ("Extended DENSCHNF", 2, 416.0),
    ("DIXON3DQ", 10, 8.0),
    ("BIGGSB1", 10, 2.0),
    ("COSINE", 10, 9 * math.cos(0.5)),
    ("SINE", 10, 9 * math.sin(0.5)),
    ("Generalized Quartic", 2, 5.0),
    ("HIMMELBG", 2, 11.25 * math.exp(-3)),
]

# Where the least value is: the numbers repeat along x.
ONES = (
    "Extended Rosenbrock", "Generalized Rosenbrock", "Extended White & Holst",
    "Generalized White & Holst", "CUBE", "Extended Block Diagonal BD1", "Extended Wood",
    "Extended DENSCHNF", "NONDIA", "LIARWHD", "NONSCOMP", "VARDIM", "QUARTC", "SINQUAD", "DIXON3DQ",
    "BIGGSB1", "Staircase 2",
)  # fmt: skip
ZEROS = (
    "Extended Trigonometric", "Perturbed Quadratic", "Raydan 1", "Raydan 2", "Diagonal 4", "Diagonal 5",
    "DQDRTIC", "Generalized PSC1", "Extended Powell", "Perturbed Quadratic Diagonal", "NONDQUAR",
    "DIXMAANA", "DIXMAANE", "DIXMAANI", "DIXMAANL", "Partial Perturbed Quadratic", "POWER", "GENHUMPS",
    "Almost Perturbed Quadratic", "Perturbed Tridiagonal Quadratic", "Staircase 1",
    "Generalized Quartic", "HIMMELBG",
)  # fmt: skip
MINIMIZERS = [
    ("Extended Freudenstein & Roth", [5, 4]),
    ("Extended Beale", [3, 0.5]),
    ("Extended Himmelblau", [3, 2]),
    ("Extended Tridiagonal 1", [1, 2]),
    ("Extended Hiebert", [10, 5000]),
    ("Extended DENSCHNB", [2, -1]),
    ("Extended Three Exponentials", [-math.log(2) / 2, 0]),
    ("Extended Cliff", [3, 3 + math.log(20) / 20]),
    ("COSINE", [(0.5 + math.sqrt(0.25 + 4 * math.pi)) / 2]),
    ("SINE", [(0.5 + math.sqrt(0.25 + 6 * math.pi)) / 2]),
    *[(name, [1]) for name in ONES],
    *[(name, [0]) for name in ZEROS],
]


def test_there_are_at_least_60_functions_of_the_paper():
    assert len(BY_NAME) == len(PROBLEMS)
    assert len({problem.number for problem in PROBLEMS}) >= 60


def test_every_problem_is_in_one_half():
    tune, report = half("tune"), half("report")
    assert abs(len(tune) - len(report)) <= 1
    assert sorted(p.name for p in tune + report) == sorted(BY_NAME)


@pytest.mark.parametrize("n", [2, 10, 50])
@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: p.name)
def test_function_and_gradient(problem, n):
    x0 = problem.x0(n)
    assert n <= x0.size <= max(n + 3, 5)
    assert x0.size == problem.size(n)
    rng = np.random.default_rng(n)
    for x in (x0, x0 + 0.1 * rng.standard_normal(x0.size)):
        f, g = problem.fun(x), problem.gradient(x)
        assert math.isfinite(f)
        assert g.shape == x.shape
        # the complex step (Squire & Trapp 1998) is exact to rounding
        exact = np.array([np.imag(problem.fun(x + 1e-30j * e)) / 1e-30 for e in np.eye(x.size)])
        assert_allclose(g, exact, rtol=1e-9, atol=1e-9 * np.abs(exact).max())
        shorter = [problem.fun(x - t * g) for t in 10.0 ** np.arange(-16, 1)]
        assert min(shorter) < f
        assert problem.least(n) is None or problem.least(n) < f


@pytest.mark.parametrize(("name", "n", "value"), STARTS, ids=lambda v: v if isinstance(v, str) else "")
def test_value_at_the_start(name, n, value):
    assert_allclose(BY_NAME[name].fun(BY_NAME[name].x0(n)), value, rtol=1e-13)


@pytest.mark.parametrize(("name", "x"), MINIMIZERS, ids=lambda v: v if isinstance(v, str) else "")
def test_least_value_is_reached(name, x):
    problem = BY_NAME[name]
    for n in (2, 10, 50):
        f = problem.fun(np.resize(np.array(x, float), problem.size(n)))
        assert_allclose(f, problem.least(n), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("name", "x"),
    [
        ("Diagonal 1", np.log),
        ("Diagonal 2", lambda i: -np.log(i)),
        ("Diagonal 9", lambda i: np.where(i == i.size, 0, np.log(i))),
        ("Hager", lambda i: np.log(i) / 2),
        ("Quadratic QF1", lambda i: np.where(i == i.size, 1 / i.size, 0)),
        ("TRIDIA", lambda i: 2 ** (1 - i)),
        ("ARWHEAD", lambda i: np.where(i == i.size, 0, 1)),
        ("ARGLINB", lambda i: np.where(i == 1, 3 / (2 * i.size + 1), 0)),
        ("ARGLINC", lambda i: np.where(i == 2, 3 / (2 * i.size - 3) / 2, 0)),
        ("Full Hessian FH1", lambda i: np.where(i == 1, 3, np.where(i == 2, -3, 0))),
        ("Full Hessian FH2", lambda i: np.where(i == 1, 5, np.where(i == 2, -4, 0))),
        (
            "EG2",
            lambda i: np.where(i < i.size, math.sqrt(1.25 + 1.5 * math.pi) - 0.5, math.sqrt(1.5 * math.pi)),
        ),
    ],
)
def test_least_value_is_reached_where_coordinates_differ(name, x):
    problem = BY_NAME[name]
    for n in (2, 10, 50):
        i = np.arange(1.0, problem.size(n) + 1)
        assert_allclose(problem.fun(x(i)), problem.least(n), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("problem", [p for p in PROBLEMS if p.minimum is not None], ids=lambda p: p.name)
@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_below_the_least_value(problem, seed):
    rng = np.random.default_rng(seed)
    for n in (2, 10):
        x0, least = problem.x0(n), problem.least(n)
        for scale in (0.1, 1.0, 10.0):
            for _ in range(30):
                with np.errstate(over="ignore"):  # exp, far out
                    f = problem.fun(scale * rng.standard_normal(x0.size))
                assert f >= least - 1e-9 * (1 + abs(least))


def test_value_and_gradient_at_one_point_cost_one_together():
    problem = BY_NAME["Extended Rosenbrock"]
    meter, x = Meter(problem, budget=4), problem.x0(2)
    counts = []
    for call in (meter, meter.gradient, meter.gradient, meter):  # again costs again: nobody loops for free
        call(x.copy())
        counts.append(meter.count)
    meter.gradient(x + 1)
    meter(x + 1)
    assert [*counts, meter.count] == [1, 1, 2, 3, 4]
    with pytest.raises(BudgetError):
        meter(x + 2)


def test_every_value_costs_one():
    problem = BY_NAME["Extended Rosenbrock"]
    meter, x = Meter(problem, budget=3), problem.x0(2)
    meter(x), meter(x), meter(np.ones(2))
    assert (meter.evaluations, meter.values) == ([1, 3], [problem.fun(x), 0.0])
    with pytest.raises(BudgetError):
        meter(x)


@pytest.mark.parametrize("x", [np.ones(2) + 0j, np.ones((3, 2)), [1.0, 1.0], np.ones(2, dtype=object)])
def test_nobody_sees_through_a_meter_and_trying_costs(x):
    meter = Meter(BY_NAME["Extended Rosenbrock"], budget=10)
    with pytest.raises(TypeError, match="flat array of real numbers"):
        meter(x)
    assert meter.count == 1


def stay(success):
    """A solver that stays at its start and says `success`."""

    def solve(fun, x0, grad, budget):
        fun(x0)
        return Claim(x0, success)

    return Peer(solve, "numpy")


def test_a_claim_at_the_start_is_found_premature():
    result = run(stay(True), BY_NAME["Extended Rosenbrock"], 2, "differences", budget=1000)
    assert result["success"]
    assert_allclose(result["below"], 24.2, rtol=1e-9)


def test_a_crash_is_a_result():
    def solve(fun, x0, grad, budget):
        raise ZeroDivisionError

    result = run(Peer(solve, "numpy"), BY_NAME["Extended Rosenbrock"], 2, "gradient", budget=10)
    assert (result["crash"], result["success"]) == ("ZeroDivisionError()", None)


def test_the_budget_ends_a_run_without_a_claim():
    def solve(fun, x0, grad, budget):
        while True:
            fun(x0)

    result = run(Peer(solve, "numpy"), BY_NAME["Extended Rosenbrock"], 2, "differences", budget=10)
    assert (result["count"], result["crash"], result["success"]) == (10, None, None)


def test_cost_is_the_first_evaluation_that_solves():
    trace = {"evaluations": [1, 6, 9], "values": [11.0, 1.05, 1.0]}
    case = Case(start=11.0, least=1.0, size=2, runs={("solver", "gradient"): trace})
    assert case.cost("solver", "gradient", 1e-1) == 6 / 3
    assert case.cost("solver", "gradient", 1e-3) == 9 / 3
    assert case.cost("other", "gradient", 1e-3) == math.inf


def test_the_runner_starts():
    command = [sys.executable, str(BENCHMARKS / "profiles.py"), "--quick"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert "## gradient" in result.stdout
    assert "## differences" in result.stdout
    assert "| L-BFGS-B |" in result.stdout
