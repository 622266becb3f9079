"""Every operation of the table, its derivative and its notation, against mpmath, NumPy and the papers."""

from __future__ import annotations

import copy
import math
import operator
import pickle
from concurrent.futures import ThreadPoolExecutor

import mpmath
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from steepest.errors import ArgumentError
from steepest.expression import (
    OPERATIONS,
    Program,
    differentiate,
    express,
    invariants,
    latex,
    latex_name,
    number,
    parse,
    postorder,
    source,
    symbol,
    text,
)  # fmt: skip

x, y = symbol("x"), symbol("y")
sqrt, where, exp, log, sign = (OPERATIONS[name] for name in ("sqrt", "where", "exp", "log", "sign"))
COMPARISONS = {"less", "less_equal", "greater", "greater_equal", "equal", "not_equal"}
SMOOTH = [name for name in OPERATIONS if name not in COMPARISONS | {"where"}]

# The same functions in arithmetic of 40 digits: an oracle that shares nothing with ours but the names.
MPMATH = {
    "add": operator.add, "subtract": operator.sub, "multiply": operator.mul, "divide": operator.truediv,
    "negate": operator.neg, "square": lambda a: a * a, "power": mpmath.power,
    "less": operator.lt, "less_equal": operator.le, "greater": operator.gt, "greater_equal": operator.ge,
    "equal": operator.eq, "not_equal": operator.ne, "where": lambda c, a, b: a if c else b,
    "minimum": min, "maximum": max, "abs": abs, "sign": mpmath.sign,
    "cbrt": lambda a: mpmath.sign(a) * abs(a) ** (mpmath.mpf(1) / 3),
    "log2": lambda a: mpmath.log(a, 2), "log1p": lambda a: mpmath.log(1 + a), "arcsin": mpmath.asin,
    "arccos": mpmath.acos, "arctan": mpmath.atan, "arctan2": mpmath.atan2,
}  # fmt: skip
KINKS = COMPARISONS | {"minimum", "maximum", "abs", "sign"}
# Where each function is real and smooth; (0.2, 0.9) suits all the others.
DOMAINS = {
    "log": (0.1, 9.0),
    "sqrt": (0.1, 9.0),
    "tan": (-1.5, 1.5),
    "exp": (-9.0, 9.0),
    "arctan": (-9.0, 9.0),
}


def in_mpmath(expression, values):
    """The value of an expression in 40 digits; ValueError where it is not real."""
    found = {}
    for node in postorder([expression]):
        if node.operation is not None:
            name, args = node.operation.name, [found[arg] for arg in node.args]
            if name in KINKS and node.symbols and abs(args[0] - sum(args[1:])) < 1e-20:
                raise ValueError(f"{node} is on its edge, where rounding chooses")
            found[node] = MPMATH.get(name, getattr(mpmath, name, None))(*args)
        else:
            found[node] = values[node.name] if node.name else mpmath.mpf(node.value)
        if isinstance(found[node], mpmath.mpc):
            raise ValueError(f"{node} is not real")
    return found[expression]


@pytest.fixture(autouse=True)
def _forty_digits():
    with mpmath.workdps(40):
        yield


def slope_in_mpmath(expression, by, at):
    return mpmath.diff(lambda value: in_mpmath(expression, {**at, by.name: value}), at[by.name])


# ---- derivatives ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", SMOOTH)
def test_derivative_of_every_operation(name, seed):
    rng = np.random.default_rng(seed)
    operation = OPERATIONS[name]
    low, high = DOMAINS.get(name, (0.2, 0.9))
    symbols = [x, y][: operation.arity]
    at = {s.name: rng.uniform(low, high) for s in symbols}
    expression = operation(*symbols)
    assert Program(symbols, [expression])(*at.values())[0] == pytest.approx(
        float(in_mpmath(expression, {k: mpmath.mpf(v) for k, v in at.items()})), rel=1e-14
    )
    for by in symbols:
        exact = slope_in_mpmath(expression, by, {k: mpmath.mpf(v) for k, v in at.items()})
        ours = Program(symbols, [differentiate(expression, by)])(*at.values())[0]
        assert ours == pytest.approx(float(exact), rel=1e-13, abs=1e-25)


numbers = st.sampled_from([0.0, 1.0, 2.0, 3.0, -1.0, -2.5, 0.5, 1 / 3, math.pi, 1e-8])
leaves = st.one_of(numbers.map(number), st.sampled_from([x, y]))


def _grow(children):
    plain = [OPERATIONS[name] for name in SMOOTH if name not in {"sign"}]
    condition = st.builds(lambda name, a, b: OPERATIONS[name](a, b), st.sampled_from(sorted(COMPARISONS)),
                          children, children)  # fmt: skip
    return st.one_of(
        st.sampled_from([o for o in plain if o.arity == 1]).flatmap(lambda o: st.builds(o, children)),
        st.sampled_from([o for o in plain if o.arity == 2]).flatmap(lambda o: st.builds(o, children, children)),
        st.builds(where, condition, children, children),
    )


expressions = st.recursive(leaves, _grow, max_leaves=12)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(expressions)
def test_derivative_of_random_expressions(expression):
    # Both sides in 40 digits, so what is judged is the rule, not the conditioning of the expression.
    at = {"x": mpmath.mpf("0.7390851332"), "y": mpmath.mpf("1.3247179572")}
    try:
        exact = slope_in_mpmath(expression, x, at)
        ours = in_mpmath(differentiate(expression, x), at)
    except (ZeroDivisionError, ValueError, OverflowError):
        assume(False)  # outside the domain: no real derivative
    # nan is the chain rule's honest answer to 0 * inf, as in cbrt(0/x); a number must be right.
    assume(mpmath.isfinite(exact) and abs(exact) < 1e8 and not mpmath.isnan(ours))
    assert abs(ours - exact) <= 1e-12 * max(1, abs(exact)), (str(expression), ours, exact)


def test_derivatives_stay_small():
    assert str(differentiate(x**3, x)) == "3*x**2"  # no log(x)
    assert str(differentiate(x**2 + y**2, x)) == "2*x"
    assert str(differentiate(3 * x + y, x)) == "3"
    assert str(differentiate(OPERATIONS["cos"](math.pi * x), x)) == "-pi*sin(pi*x)"
    assert str(differentiate(1 / x, x)) == "-1/x**2"
    assert str(differentiate(2**x, x)) == "2**x*log(2)"
    assert differentiate(exp(y), x) is number(0)
    with pytest.raises(ArgumentError, match="by=2"):
        differentiate(x, number(2))


@pytest.mark.parametrize(
    ("expression", "at", "expected"),
    [
        (x**2, 0.0, 0.0),
        (x**3, 0.0, 0.0),
        (x**1, 0.0, 1.0),
        (x**0.5, 0.0, math.inf),
        (sqrt(x), 0.0, math.inf),
        (abs(x), 0.0, 0.0),
        (abs(x), -3.0, -1.0),
        (log(x), 0.0, math.inf),
        (sqrt(x**2), 0.0, math.nan),  # a kink: there is none, and it says so
        (where(x > 0, sqrt(x), 0.0), 0.0, 0.0),  # the infinite slope of the branch not taken stays out
        (OPERATIONS["minimum"](sqrt(x), x - 1), 0.0, 1.0),
        (OPERATIONS["maximum"](x, 0), -1.0, 0.0),
        (number(0.0) ** x, 2.0, 0.0),  # 0**x * log(0) is nan by rounding
        (number(0.0) ** x, 0.0, -math.inf),
    ],
)
def test_derivative_at_the_edge(expression, at, expected):
    assert Program([x], [differentiate(expression, x)])(at)[0] == pytest.approx(expected, nan_ok=True)


# ---- IEEE 754 ---------------------------------------------------------------------------------------------

SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, 710.5, 1e308, -1e308, 5e-324, math.inf, -math.inf, math.nan]


@pytest.mark.parametrize("name", OPERATIONS)
def test_floats_answer_as_numpy(name):
    operation = OPERATIONS[name]
    symbols = [symbol(s) for s in "abc"[: operation.arity]]
    program = Program(symbols, [operation(*symbols)])
    grids = np.meshgrid(*[SPECIAL] * operation.arity)
    points = np.array([grid.ravel() for grid in grids])
    with np.errstate(all="ignore"):
        expected = operation.ufunc(*points)
    ours = [program(*point.tolist())[0] for point in points.T]
    np.testing.assert_allclose(np.array(ours, float), expected.astype(float), rtol=1e-15)
    np.testing.assert_array_equal(program(*points)[0], expected)
    assert all(type(value) in (float, bool) for value in ours)


def test_a_fault_changes_no_other_output():
    a, b = Program([x], [log(x), exp(x)]), Program([x], [exp(x)])
    assert a(-0.3) == pytest.approx([math.nan, *b(-0.3)], rel=0, nan_ok=True)


# ---- the graph --------------------------------------------------------------------------------------------


def test_equal_expressions_are_one_object():
    assert x * sqrt(y) + 1 is x * sqrt(y) + 1.0
    assert number(0.0) is not number(-0.0)
    assert number(math.nan) is number(math.nan)
    expression = where(x >= 1, exp(-x) / y, 2.0)
    assert pickle.loads(pickle.dumps(expression)) is expression
    assert copy.deepcopy(expression) is expression


def test_equal_expressions_are_one_object_in_threads():
    def build(_):
        return [sqrt(symbol(f"s{k}") + k) * k for k in range(200)]

    with ThreadPoolExecutor(8) as pool:
        first, *rest = pool.map(build, range(8))
    assert all(a is b for other in rest for a, b in zip(first, other, strict=True))


def test_simplifications():
    assert x + 0 is x
    assert 0 + x is x
    assert x * 1 is x
    assert x / 1 is x
    assert x**1 is x
    assert str(x**0) == "1"
    assert str(x - -y) == "x + y"
    assert str(x + -1) == "x - 1"
    assert str(x * -y) == "-x*y"
    assert operator.neg(-x) is x
    assert where(x > 0, y, y) is y
    assert str(x * (number(3) - 1)) == "x*2"
    assert str(x ** (number(1) / 3)) == "x**(1/3)"  # 0.333... would say less
    assert Program([x], [0 * x])(math.inf)[0] != 0  # 0 * inf is nan, and is not hidden


def test_operands():
    assert np.float64(2) * x is 2 * x
    assert np.float32(0.5) - x is 0.5 - x
    assert express(True) is number(1)
    assert OPERATIONS["maximum"](2, 3.0) == 3.0
    assert math.isnan(sqrt(-1.0))
    np.testing.assert_array_equal(sqrt(np.array([4.0, 9.0])), [2.0, 3.0])
    with pytest.raises(TypeError):
        x + "1"
    with pytest.raises(ArgumentError, match="None"):
        sqrt.__call__(OPERATIONS["hypot"](x, None))
    with pytest.raises(ArgumentError, match="sqrt takes 1"):
        sqrt(x, y)
    with pytest.raises(TypeError, match="where"):
        max(x, y)


def test_no_graph_is_too_deep():
    expression = x
    for _ in range(3000):
        expression = OPERATIONS["sin"](expression) + 1
    assert len(text(expression)) == 3000 * len("sin() + 1") + 1
    value, slope = Program([x], [expression, differentiate(expression, x)])(0.5)
    assert math.isfinite(value)
    assert math.isfinite(slope)


def test_symbols():
    assert (x * y + 1).symbols == {"x", "y"}
    assert (number(2) / 3).symbols == frozenset()
    assert (number(2) / 3).value == 2 / 3


# ---- notation ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "plain", "paper"),
    [
        (x - (y - 1), "x - (y - 1)", r"x - \left(y - 1\right)"),
        (x + (y + 1), "x + (y + 1)", "x + y + 1"),
        (x * (y * x), "x*(y*x)", "x y x"),
        (x / (y * x), "x/(y*x)", r"\frac{x}{y x}"),
        ((x + y) ** 2, "(x + y)**2", r"\left(x + y\right)^{2}"),
        ((x**y) ** 3, "(x**y)**3", r"\left(x^{y}\right)^{3}"),
        (x ** (y**3), "x**y**3", "x^{y^{3}}"),
        ((-x) ** 2, "(-x)**2", r"\left(-x\right)^{2}"),
        (-(x**2), "-x**2", "-x^{2}"),
        (2.0**-x, "2**(-x)", "2^{-x}"),
        (x * 2, "x*2", r"x \cdot 2"),
        (1e-8 * x, "1e-08*x", "10^{-8} x"),
        (2.5e20 + x, "2.5e+20 + x", r"2.5 \cdot 10^{20} + x"),
        (math.pi * x + math.inf, "pi*x + 1e999", r"\pi x + \infty"),
        (exp(-abs(x)), "exp(-abs(x))", r"e^{-\left|x\right|}"),
        (where(x <= 1, x, -x) * y, "where(x <= 1, x, -x)*y",
         r"\left(\begin{cases} x & \text{if } x \le 1 \\ -x & \text{otherwise} \end{cases}\right) y"),
        (where(x < 0, -1, where(x < 1, x, 1)), "where(x < 0, -1, where(x < 1, x, 1))",
         r"\begin{cases} -1 & \text{if } x < 0 \\ x & \text{if } x < 1 \\ 1 & \text{otherwise} \end{cases}"),
        (symbol("up") * symbol("width") * x, "up*width*x", r"\mathrm{up}\ \mathrm{width}\ x"),
    ],
)  # fmt: skip
def test_notation(expression, plain, paper):
    assert str(expression) == plain
    assert latex(expression) == paper


@pytest.mark.parametrize(
    ("name", "paper"),
    [("beta1", r"\beta_{1}"), ("eps", r"\epsilon"), ("lr", r"\eta"), ("m_hat", r"\hat{m}"), ("x12", "x_{12}"),
     ("v_hat_max", r"\hat{v}_{\mathrm{max}}"),
     ("rho", r"\rho"), ("decay", r"\mathrm{decay}"), ("g", "g"), ("H_0", "H_{0}")],
)  # fmt: skip
def test_names_as_in_papers(name, paper):
    assert latex_name(name) == paper


@settings(max_examples=300, deadline=None, derandomize=True)
@given(expressions)
def test_text_reads_back_the_same(expression):
    again, _ = parse(str(expression), variables=("x", "y"))
    program = Program([x, y], [expression, again])
    for point in [(0.739, 1.325), (-1.5, 0.25), (0.0, -2.0)]:
        before, after = program(*point)
        assert before == pytest.approx(after, rel=0, abs=0, nan_ok=True)


# ---- a rule, traced ---------------------------------------------------------------------------------------


def adam(g, m, v, t, lr, beta1, beta2, eps, sqrt):
    """Kingma & Ba (2015), Algorithm 1."""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return -lr * m_hat / (sqrt(v_hat) + eps), m, v


NAMES = ["g", "m", "v", "t", "lr", "beta1", "beta2", "eps"]
SYMBOLS = [symbol(name) for name in NAMES]
VALUES = [0.3, -0.2, 0.7, 7.0, 1e-3, 0.9, 0.999, 1e-8]


def test_trace_computes_the_rule():
    outputs = adam(*SYMBOLS, sqrt)
    program = Program(SYMBOLS, outputs)
    assert program(*VALUES) == list(adam(*VALUES, math.sqrt))
    rng = np.random.default_rng(0)
    # NumPy's power is one ulp off C's here, and 1 - beta2**t is 143 times smaller than beta2**t.
    for dtype, tolerance in ((np.float64, 1e-13), (np.float32, 1e-6)):
        g, m, v = rng.random((3, 50)).astype(dtype)
        for ours, exact in zip(program(g, m, v, *VALUES[3:]), adam(g, m, v, *VALUES[3:], np.sqrt), strict=True):
            assert ours.dtype == dtype
            np.testing.assert_allclose(ours, exact, rtol=tolerance)


def test_trace_prints_the_rule():
    step, m, v = adam(*SYMBOLS, sqrt)
    assert str(m) == "beta1*m + (1 - beta1)*g"
    assert str(v) == "beta2*v + (1 - beta2)*g**2"
    t, beta1, beta2 = map(symbol, ("t", "beta1", "beta2"))
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    assert text(step, {m_hat: "m_hat", v_hat: "v_hat"}) == "-lr*m_hat/(sqrt(v_hat) + eps)"
    assert latex(m_hat, {m: "m_t"}) == r"\frac{m_t}{1 - \beta_{1}^{t}}"
    paper = r"-\frac{\eta \hat{m}_t}{\sqrt{\hat{v}_t} + \epsilon}"
    assert latex(step, {m_hat: r"\hat{m}_t", v_hat: r"\hat{v}_t"}) == paper


def test_source_of_host_and_element_part():
    outputs = adam(*SYMBOLS, sqrt)
    hoisted = invariants(outputs, {"g", "m", "v"})
    assert [str(node) for node in hoisted] == [
        "lr", "beta1", "1 - beta1", "1 - beta1**t", "beta2", "1 - beta2", "1 - beta2**t", "eps",
    ]  # fmt: skip
    host, names = source(hoisted)
    element, results = source(outputs, {n: name for n, name in zip(hoisted, names, strict=True)},
                              {"sqrt": "math.sqrt({0})"}, prefix="e")  # fmt: skip
    assert "e6 = g*g" in element  # not pow
    assert not any("**" in line for line in element)
    scope = dict(zip(NAMES, VALUES, strict=True)) | {"math": math}
    exec("\n".join(host + element), scope)  # our own source, from our own graph
    assert [scope[name] for name in results] == list(adam(*VALUES, math.sqrt))


def test_shared_parts_are_computed_once():
    shared = exp(x * y)
    lines, names = source([shared + shared**2, shared])
    assert lines == ["t0 = x*y", "t1 = exp(t0)", "t2 = t1*t1", "t3 = t1 + t2"]
    assert names == ["t3", "t1"]


def test_source_of_numbers():
    assert source([x * (number(1) / 3) ** x])[0][0] == f"t0 = {1 / 3}**x"
    assert source([x - where(y > 0, -2.0, math.inf)])[0][1] == "t1 = where(t0, (-2.0), 1e999)"


def test_program_names_what_is_missing():
    with pytest.raises(ArgumentError, match="depend on y"):
        Program([x], [x + y])
    with pytest.raises(ArgumentError, match="1 values for 2"):
        Program([x, y], [x + y])(1.0)
