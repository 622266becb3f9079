"""Formulas: what is read, what is refused and where the finger points, exact gradients, shapes, IEEE 754."""

from __future__ import annotations

import ast
import math
import pickle
import sys
from pathlib import Path

import autograd
import autograd.numpy as anp
import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import steepest.expression
import steepest.formula
from steepest.errors import ArgumentError, FormulaError
from steepest.formula import Formula, formula

# ---- reading ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        ("x^2", [3], 9),
        ("x²", [3], 9),
        ("-x²", [3], -9),
        ("x⁻¹", [4], 0.25),
        ("x¹⁰", [2], 1024),
        ("x²**3", [2], 64),  # (x²)³: Python's parser, given x**2**3, would say 256
        ("2**x²", [3], 512),
        ("2^3^x", [2], 512),
        ("2^-x", [1], 0.5),
        ("x**-y", [2, 1], 0.5),
        ("--x", [3], 3),
        ("+x - -y", [1, 2], 3),
        ("2·x×3", [1], 6),
        ("x − 1", [1], 0),
        ("6÷x", [2], 3),
        ("π*x", [1], math.pi),
        ("e^x", [1], math.e),
        ("1e2*x + .5 + 1.", [1], 101.5),
        ("|x|", [-2], 2),
        ("||x| - 3|*|y|", [1, -2], 4),
        ("2 - x - 1", [1], 0),
        ("8/x/2", [2], 2),
        ("x[0] + 10*x1", [1, 2], 21),
        ("x[ 1 ]", [1, 2], 2),
        ("x2", [1, 2, 3], 3),  # gaps are coordinates too
        ("z + 10*x", [1, 2], 12),  # letters in the order of the convention, not of appearance
        ("t - x", [1, 5], 4),
        ("where(x ≤ 1, x, 7)", [1], 1),
        ("where(x != 1, x, 7)", [1], 7),
        ("min(x, y) + max(x, y)*10", [1, 2], 21),
        ("atan2(y, x) - arctan2(y, x) + ln(x) + asin(y)", [1, 0], 0),
        (" \tx\n+ 1 ", [1], 2),
    ],
)
def test_reads(text, at, expected):
    assert formula(text)(at) == pytest.approx(expected, rel=1e-15)


LONG = "x" + "+x" * 249
REFUSED = [  # text, position of the fault, part of the message
    ("", 0, "not the end"),
    ("   ", 3, "not the end"),
    ("x +", 3, "not the end"),
    ("(x", 0, "never closed"),
    ("sin(x", 3, "never closed"),
    ("|x", 0, "never closed"),
    ("x[0", 1, "never closed"),
    ("x)", 1, "')'"),
    ("()", 1, "')'"),
    ("(x]", 2, "']'"),
    ("x + * y", 4, "'*'"),
    ("x // y", 3, "'/'"),
    ("x² ³", 3, "'³'"),
    ("²x", 0, "'²'"),
    ("2x", 1, "operator"),
    ("x y", 2, "operator"),
    ("x(y)", 0, "expected an operator, as in x*(...)"),
    ("(x)(y)", 3, "operator"),
    ("cos(2π)", 5, "operator"),
    ("1j*x", 1, "operator"),
    ("0x10 + x", 1, "operator"),
    ("1_000*x", 1, "operator"),
    ("x if y else z", 2, "operator"),
    ("x and y", 2, "operator"),
    ("not x", 0, "unknown name 'not'"),
    ("lambda x: x", 0, "unknown name 'lambda'"),
    ("lambda: 1", 6, "':'"),
    ("[x for x in y]", 0, "'['"),
    ("{x}", 0, "'{'"),
    ("x, y", 1, "','"),
    ("(x, y)", 2, "','"),
    ("x := 3", 2, "':'"),
    ("x = 3", 2, "right-hand side"),
    ("y = x**2", 2, "right-hand side"),
    ("x; y", 1, "';'"),
    ("x % 2", 2, "no remainder"),
    ("x!", 1, "no factorial"),
    ("x @ y", 2, "'@'"),
    ("~x", 0, "'~'"),
    ("x & y", 2, "'&'"),
    ("'x'", 0, '"\'"'),
    ("f'{x}'", 1, '"\'"'),
    ('sin("x")', 4, "'\"'"),
    ("x # y", 2, "'#'"),
    ("x\0", 1, r"\x00"),
    ("x\\", 1, r"\\"),
    ("x.real", 1, "'.'"),
    ("np.sin(x)", 2, "without a module"),
    ("x.__class__", 1, "'.'"),
    ("().__class__.__bases__[0]", 1, "')'"),
    ("__import__('os')", 0, "unknown function '__import__'"),
    ("exec(x)", 0, "unknown function 'exec'"),
    ("eval(x)", 0, "unknown function 'eval'"),
    ("open(x)", 0, "unknown function 'open'"),
    ("x + sine(x)", 4, "did you mean 'sin'"),
    ("x + Cos(x)", 4, "did you mean 'cos'"),
    ("1 + X", 4, "did you mean 'x'"),
    ("1 + xy", 4, "did you mean x*y"),
    ("foo + x", 0, "unknown name 'foo'"),
    ("x²·π·α", 5, "unknown name 'α'"),
    ("sin + x", 0, "write sin(...)"),
    ("sin x", 0, "write sin(...)"),
    ("sin()", 4, "')'"),
    ("sin(x, y)", 0, "1 argument, not 2"),
    ("max(x)", 0, "2 arguments, not 1"),
    ("sin(x=1)", 5, "'='"),
    ("sin(*x)", 4, "'*'"),
    ("sin(**x)", 4, "'**'"),
    ("sin(x)(y)", 6, "operator"),
    ("x < 2", 2, "condition of where"),
    ("(x < 2)*x", 3, "condition of where"),
    ("where(x < 1 < 2, 1, 2)", 12, "one at a time"),
    ("where(x, 1, 2)", 7, "a comparison such as"),
    ("where(x < 1, 2)", 0, "3 arguments, not 2"),
    ("x[-1]", 2, "whole number"),
    ("x[1.5]", 2, "whole number"),
    ("x[1:2]", 3, "':'"),
    ("x[y]", 2, "whole number"),
    ("y[0]", 0, "unknown name 'y0'"),
    ("x01", 0, "unknown name 'x01'"),
    ("x10000", 0, "at most 9999"),
    ("x" + "9" * 400, 0, "at most 9999"),
    ("x0 + y", 5, "either"),
    ("x + x[3]", 4, "either"),
    ("5 + pi", 0, "no variable"),
    ("(" * 90 + "x" + ")" * 90, 50, "50 deep"),
    ("-" * 400 + "x", 50, "50 deep"),
    ("sin(" * 90 + "x" + ")" * 90, 200, "50 deep"),
    ("x" + "**x" * 90, 150, "50 deep"),
    (LONG[:499], 199, "more than 200"),
    (LONG * 1000, 500, "499000 characters"),
]


@pytest.mark.parametrize(("text", "position", "message"), REFUSED, ids=[repr(t[:30]) for t, _, _ in REFUSED])
def test_refuses(text, position, message):
    with pytest.raises(FormulaError) as caught:
        formula(text)
    assert message in str(caught.value)
    assert caught.value.position == position
    if len(text) <= 500:
        assert caught.value.text == text


@pytest.mark.timeout(60)  # of a whole number with 370 million digits the end would not be seen
def test_integer_bombs_are_floats():
    assert formula("9**9**9**9 + x")(1.0) == math.inf
    assert formula("x + " + "9" * 400)(1.0) == math.inf
    assert formula("x * 10**-400")(1.0) == 0.0


PIECES = ["x", "y", "x0", "x[1]", "2", ".5", "1e3", "+", "-", "*", "**", "/", "^", "²", "(", ")", "|", ",",
          "sin(", "where(", "max(", "<", "==", "π", "e", " ", "[", "]", "_", "é", "\n", "'", "="]  # fmt: skip


@settings(max_examples=500, deadline=None, derandomize=True)
@given(st.one_of(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), st.text(max_size=20)))
def test_reads_or_refuses_and_nothing_else(text):
    try:
        f = formula(text)
    except FormulaError as error:
        refusal = error
    else:
        value, gradient = f.value_and_gradient(np.full(f.n, 0.5))
        assert type(value) is float
        assert gradient.shape == (f.n,)
        return
    assert refusal.text == text
    assert 0 <= refusal.position <= len(text)


def test_no_text_is_run_as_code():
    files = [
        Path(sys.modules["steepest.formula"].__file__),
        *Path(steepest.expression.__file__).parent.glob("*.py"),
    ]
    assert len(files) == 8
    names = {node.id for file in files for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Name)}
    assert not names & {"eval", "exec", "compile", "__import__", "getattr", "globals", "sympify", "ast"}


# ---- variables --------------------------------------------------------------------------------------------


def test_variables_by_convention():
    assert formula("w + v + u + t + z + y + x").variables == ("x", "y", "z", "t", "u", "v", "w")
    assert formula("x[1] + x3").variables == ("x0", "x1", "x2", "x3")
    assert formula("x").n == 1


def test_variables_as_declared():
    model = formula("a*exp(-b*x) + c", variables=["a", "b", "c", "x"])
    assert model.variables == ("a", "b", "c", "x")
    assert model([2.0, 0.0, 1.0, 5.0]) == 3.0
    assert formula("1", variables="ab").gradient([1.0, 2.0]).tolist() == [0.0, 0.0]
    assert formula("λ[1]·x", variables=("λ1", "x"))([2.0, 3.0]) == 6.0
    with pytest.raises(FormulaError, match="unknown name 'x': the variables are a, b") as caught:
        formula("a + x", variables=("a", "b"))
    assert caught.value.position == 4


@pytest.mark.parametrize(
    "variables", [("a", "a"), ("e",), ("pi",), ("π",), ("sin",), ("a b",), ("1a",), (" a",), ("",), (3,)]
)
def test_variables_refused(variables):
    with pytest.raises(ArgumentError, match="variables="):
        formula("a", variables=variables)


def test_text_must_be_text():
    with pytest.raises(ArgumentError, match="text=3"):
        formula(3)


# ---- gradients --------------------------------------------------------------------------------------------

# text, the same for mpmath and autograd (written by hand, by module), where to look: low, high
ZOO = [
    ("x*cos(pi*x)", lambda m, x: x * m.cos(math.pi * x), -2, 2),
    ("(1-x)^2 + 100*(y-x^2)^2", lambda m, x, y: (1 - x) ** 2 + 100 * (y - x * x) ** 2, -2, 2),
    ("x0² + x1² - x0·x1/(1 + x2²)", lambda m, x, y, z: x * x + y * y - x * y / (1 + z * z), -2, 2),
    ("exp(-x²-y²)*sin(3*x*y)", lambda m, x, y: m.exp(-x * x - y * y) * m.sin(3 * x * y), -1, 1),
    ("x**y", lambda m, x, y: x**y, 0.5, 3),
    ("x**2.5 + 2**x + x**-3", lambda m, x: x**2.5 + 2.0**x + x**-3.0, 0.5, 3),
    ("log(1+exp(x))", lambda m, x: m.log(1 + m.exp(x)), -3, 3),
    ("sqrt(1+x²) - log(x+sqrt(1+x²))", lambda m, x: m.sqrt(1 + x * x) - m.log(x + m.sqrt(1 + x * x)), -1, 3),
    ("tanh(x*y) + sinh(x) - cosh(y)", lambda m, x, y: m.tanh(x * y) + m.sinh(x) - m.cosh(y), -2, 2),
    ("tan(x)/(2+sin(y))", lambda m, x, y: m.tan(x) / (2 + m.sin(y)), -1, 1),
    ("|x-1|*y", lambda m, x, y: abs(x - 1) * y, 1.1, 3),
    ("|x-1|*y", lambda m, x, y: abs(x - 1) * y, -3, 0.9),
    ("where(x*y > 1, x/y, y/x)", lambda m, x, y: x / y, 1.1, 2),
    ("where(x*y > 1, x/y, y/x)", lambda m, x, y: y / x, 0.1, 0.9),
    ("max(x, min(y, 0.5))", lambda m, x, y: 1.0 * x, 0.6, 2),
    ("((x²+1)²+y)²", lambda m, x, y: ((x * x + 1) ** 2 + y) ** 2, -1, 1),
    ("sin(cos(tan(x)))", lambda m, x: m.sin(m.cos(m.tan(x))), -1, 1),
    ("0.26*(x²+y²) - 0.48*x*y", lambda m, x, y: 0.26 * (x * x + y * y) - 0.48 * x * y, -10, 10),
]


@pytest.mark.parametrize(("text", "reference", "low", "high"), ZOO, ids=[case[0] for case in ZOO])
def test_exact_gradient(text, reference, low, high):
    f = formula(text)
    for seed in range(5):
        x = np.random.default_rng(seed).uniform(low, high, f.n)
        value, gradient = f.value_and_gradient(x)
        with mpmath.workdps(40):
            orders = np.eye(f.n, dtype=int)
            at = tuple(map(mpmath.mpf, x.tolist()))
            exact = [mpmath.diff(lambda *v: reference(mpmath, *v), at, tuple(order)) for order in orders.tolist()]
            scale = max(map(abs, exact))
            assert value == pytest.approx(float(reference(mpmath, *at)), rel=1e-12)
        np.testing.assert_allclose(gradient, np.array(exact, float), rtol=1e-12, atol=1e-13 * float(scale))
        by_autograd = autograd.grad(lambda v: reference(anp, *v))(x)
        np.testing.assert_allclose(gradient, by_autograd, rtol=1e-10, atol=1e-12 * float(scale))
        np.testing.assert_array_equal(f.gradient(x), gradient)


# ---- shapes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["x0**2 + sin(x1)*x2", "x0 + 2*x1 + x2", "x2", "where(x0 > 0, x1, 1)*exp(x2)"])
def test_batches_are_columns(text):
    f = formula(text)
    x = np.random.default_rng(0).normal(size=(3, 7))
    values, gradients = f.value_and_gradient(x)
    assert values.shape == (7,)
    assert gradients.shape == (3, 7)
    for run in range(7):
        assert values[run] == pytest.approx(f(x[:, run]), rel=1e-15)
        np.testing.assert_allclose(gradients[:, run], f.gradient(x[:, run]), rtol=1e-14)
    np.testing.assert_array_equal(f(x), values)
    np.testing.assert_array_equal(f(x.reshape(3, 7, 1)), values[:, None])


def test_results_are_nobody_elses_memory():
    x = np.ones((2, 3))
    formula("x + 0*y")(x)[:] = 5
    formula("x*1", variables=("x", "y"))(x)[:] = 5
    assert (x == 1).all()
    constant = formula("3", variables=("x", "y"))(x)
    constant[0] = 1
    assert constant.tolist() == [1, 3, 3]


def test_one_dimension():
    f = formula("x² + 1")
    assert f(2) == f(2.0) == f([2]) == f(np.array([2])) == f(np.float32(2)) == 5.0
    assert type(f(2)) is float
    assert f.gradient(2) == 4.0
    assert type(f.gradient(2)) is float
    assert f.gradient([2]).tolist() == [4.0]
    assert f([[1, 2, 3]]).tolist() == [2, 5, 10]
    assert f.gradient(np.zeros((1, 3))).shape == (1, 3)


@pytest.mark.parametrize("x", [3.0, [1.0], [1.0, 2.0, 3.0], np.zeros((3, 2)), [], None, "ab", [1j, 2], [[1], [2, 3]]])
def test_wrong_x(x):
    with pytest.raises(ArgumentError, match="x"):
        formula("x*y")(x)


# ---- IEEE 754 ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "x", "value", "slope"),
    [
        ("1/x", 0.0, math.inf, -math.inf),
        ("log(x)", -1.0, math.nan, -1.0),
        ("log(x)", 0.0, -math.inf, math.inf),
        ("sqrt(x)", -1.0, math.nan, math.nan),
        ("sqrt(x)", 0.0, 0.0, math.inf),
        ("exp(x)", 1000.0, math.inf, math.inf),
        ("x*1e308*10", 1.0, math.inf, math.inf),
        ("x**3", 1e200, math.inf, math.inf),
        ("x**0.5", -8.0, math.nan, math.nan),
        ("sin(x)", math.inf, math.nan, math.nan),
        ("x - x", math.inf, math.nan, 0.0),
        ("x²", math.nan, math.nan, math.nan),
        ("cosh(x) + 0/0", 0.0, math.nan, 0.0),
        ("tanh(x)", 800.0, 1.0, 0.0),
    ],
)
def test_ieee(text, x, value, slope):
    f = formula(text)
    with np.errstate(all="raise"):  # neither an exception nor a warning
        assert f.value_and_gradient(x) == pytest.approx((value, slope), nan_ok=True)
        values, slopes = f.value_and_gradient([[x, x]])
    np.testing.assert_array_equal(values, [value, value])
    np.testing.assert_array_equal(slopes, [[slope, slope]])


# ---- the object -------------------------------------------------------------------------------------------


def test_formula_object():
    f = formula("x*cos(π·x)")
    assert isinstance(f, Formula)
    assert f.text == f.__name__ == "x*cos(π·x)"
    assert repr(f) == "formula('x*cos(π·x)')"
    assert str(f.expression) == "x*cos(pi*x)"
    assert f.latex == r"x \cos\left(\pi x\right)"


@pytest.mark.parametrize(("text", "variables"), [("x2**2 + x[0]", None), ("b*a", ("b", "a", "unused"))])
def test_pickles(text, variables):
    f = formula(text, variables)
    f.gradient(np.ones(f.n))
    again = pickle.loads(pickle.dumps(f))
    assert again.variables == f.variables
    assert again.expression is f.expression
    assert again(np.arange(3.0)) == f(np.arange(3.0))


@pytest.mark.parametrize("text", [case[0] for case in ZOO])
def test_text_of_the_expression_reads_back(text):
    f = formula(text)
    again = formula(str(f.expression), f.variables)
    assert again.expression is f.expression
