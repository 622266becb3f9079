"""Rules in machine code: the same numbers as NumPy's, and what makes them fast is in the assembly."""

from __future__ import annotations

import platform
import re
import threading
import tracemalloc

import numpy as np
import pytest
from numpy import tanh

from steepest import minimize, stop
from steepest.engine import kernels
from steepest.engine.kernels import function_text, kernel, kernel_text, plain_kernel
from steepest.engine.machine import BODIES, Code
from steepest.engine.traced import from_rule
from steepest.errors import ArgumentError, MissingExtraError
from steepest.expression import OPERATIONS, invariants, symbol
from steepest.methods import rules
from steepest.methods.lift import Rule, rule
from steepest.methods.stepper import SERIAL, Stepper

pytest.importorskip("llvmlite", reason="rules are compiled with llvmlite (extra: fast)")

RULES = [r for r in vars(rules).values() if isinstance(r, type) and issubclass(r, Rule) and r is not Rule]
TYPES = [np.dtype(np.float32), np.dtype(np.float64)]
each_rule = pytest.mark.parametrize("kind", RULES, ids=lambda kind: kind.__name__)
each_type = pytest.mark.parametrize("dtype", TYPES, ids=str)


def gradients(rng, n, dtype):
    """Of many magnitudes, with a zero."""
    g = rng.normal(size=n) * 10.0 ** rng.integers(-4, 4, size=n)
    g[n // 2] = 0
    return g.astype(dtype)


@each_type
@each_rule
def test_kernel_equals_numpy_to_the_last_bit(kind, dtype):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=37).astype(dtype)
        stepper, slots = Stepper(kind(), x.copy()), tuple(np.zeros_like(x) for _ in kind.slots)
        for t in range(1, 31):
            g = gradients(rng, x.size, dtype)
            step, slots, _ = kind().move(x, g, slots, float(t))
            x = x + step
            stepper.step(g)
        np.testing.assert_array_equal(stepper.x, x)
        np.testing.assert_array_equal(stepper.slots, slots)


@each_rule
def test_kernel_equals_python_floats_to_the_last_bit(kind):
    rng = np.random.default_rng(3)
    x = rng.normal(size=5)  # so few that the rule runs on floats
    stepper, slots = Stepper(kind(), x.copy()), tuple(np.zeros_like(x) for _ in kind.slots)
    assert kind().engine(x) == "Python floats"
    for t in range(1, 31):
        g = gradients(rng, x.size, x.dtype)
        step, slots, _ = kind().move(x, g, slots, float(t))
        x = x + step
        stepper.step(g)
    np.testing.assert_array_equal(stepper.x, x)
    np.testing.assert_array_equal(stepper.slots, slots)


@each_type
@each_rule
def test_kernel_answers_nan_infinity_and_extremes_as_numpy_does(kind, dtype):
    limits = np.finfo(dtype)
    values = [np.nan, np.inf, -np.inf, limits.max, limits.tiny, limits.smallest_subnormal, 0.0, -0.0]
    g = np.array(values, dtype)
    hyper = np.array([*kind.defaults.values()])
    runs = []
    for compute in (plain_kernel(kind), kernel(kind, dtype)):
        x, slots = np.ones_like(g), [np.zeros_like(g) for _ in kind.slots]
        for t in (1.0, 2.0):
            compute(t, t, hyper, x, g, *slots)
        runs.append([x, *slots])
    for ours, numpys in zip(*runs[::-1], strict=True):
        np.testing.assert_array_equal(ours, numpys)


VALUES = np.array([-np.inf, -2.5, -1.0, -0.3, -0.0, 0.0, 1e-6, 0.3, 1.0, 2.5, 40.0, np.inf, np.nan])


def test_powers_that_vanish_are_those_of_c():
    a, b = symbol("a"), symbol("b")
    power = Code(function_text(np.dtype(float), [a, b], [(None, a**b)], [])).function("call")
    draw = np.random.default_rng(1)
    near = 1 - 10.0 ** draw.uniform(-17, 0, 3000)
    left = np.concatenate([near, draw.uniform(0, 1.2, 3000), draw.uniform(-1, 1, 500), [0, 0, -0.0, 0.5, 1, 1, np.nan]])
    right = np.concatenate(
        [
            10.0 ** draw.uniform(-2, 18, 6000),
            np.round(10.0 ** draw.uniform(0, 4, 500)),
            [1e9, np.inf, 747, 1075, 1e9],
        ]
    )
    right = np.append(right, [np.inf, 800.0])
    result = np.empty_like(left)
    power(1.0, 1.0, np.empty(0), left, right, result)
    expected = [OPERATIONS["power"].compute(x, y) for x, y in zip(left.tolist(), right.tolist(), strict=True)]
    np.testing.assert_array_equal(result, expected)
    assert np.count_nonzero(result == 0) > 500


@each_type
@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda o: o.name)
def test_every_operation_of_a_formula_equals_numpys(operation, dtype):
    if operation.arity == 1:

        @rule
        def Probe(g, a, b, c, out, lr=1.0):
            return 0 * g, a, b, c, operation(a)
    elif operation.arity == 2:

        @rule
        def Probe(g, a, b, c, out, lr=1.0):
            return 0 * g, a, b, c, operation(a, b)
    else:

        @rule
        def Probe(g, a, b, c, out, lr=1.0):
            return 0 * g, a, b, c, operation(a, b, c)

    a, b = (m.reshape(-1).astype(dtype) for m in np.meshgrid(VALUES, VALUES))
    slots = [a, b, np.full_like(a, 3), np.zeros_like(a)]
    kernel(Probe, dtype)(1.0, 1.0, np.array([1.0]), np.zeros_like(a), np.zeros_like(a), *slots)
    with np.errstate(all="ignore"):
        expected = operation.ufunc(*slots[: operation.arity]).astype(dtype)
    # IEEE fixes the arithmetic; the transcendental functions of C and of NumPy may differ in their last bits
    np.testing.assert_allclose(slots[-1], expected, rtol=0 if operation.name in BODIES else 8 * np.finfo(dtype).eps)


@each_type
@each_rule
def test_kernel_that_writes_new_arrays_computes_the_same_and_leaves_the_old(kind, dtype):
    rng = np.random.default_rng(0)
    x, g, *slots = (rng.normal(size=21).astype(dtype) ** 2 for _ in range(2 + len(kind.slots)))
    hyper = np.array([*kind.defaults.values()])
    before = [a.copy() for a in (x, g, *slots)]
    new = [np.empty_like(x) for _ in (x, *slots)]
    kernel(kind, dtype, in_place=False)(2.0, 2.0, hyper, x, g, *slots, *new)
    for now, then in zip((x, g, *slots), before, strict=True):
        np.testing.assert_array_equal(now, then)
    kernel(kind, dtype)(2.0, 2.0, hyper, x, g, *slots)
    for ours, changed in zip(new, (x, *slots), strict=True):
        np.testing.assert_array_equal(ours, changed)


def test_hyperparameters_as_arrays_equal_runs_one_by_one():
    lr = np.array([0.01, 0.1, 1.0])
    node = symbol("lr")
    assert next(n for n in invariants(from_rule(rules.Adam), {"x", "g", "m", "v"}) if "lr" in n.symbols) is node
    x, g, m, v = np.ones(3), np.array([1.0, -2.0, 3.0]), np.zeros(3), np.zeros(3)
    hyper = np.array([0.0, 0.9, 0.999, 1e-8])
    kernel(rules.Adam, x.dtype, (node,))(1.0, 1.0, hyper, x, g, m, v, lr)
    for k in range(3):
        alone = Stepper(rules.Adam(lr=lr[k]), np.ones(1))
        alone.step(g[k : k + 1])
        assert alone.x[0] == x[k]


# ---- what makes it fast, without a clock --------


def loop_assembly(kind, dtype):
    """The instructions of the loop over the elements."""
    text = Code(kernel_text(kind, dtype)).assembly
    body = re.search(r"^_?loop:\n(.*?)^_?call:", text, re.M | re.S).group(1)
    return "\n".join(line for line in body.splitlines() if not line.startswith("\t."))


PACKED = {  # square root and division of several float32 at once
    "x86_64": (r"\bv?sqrtps\b", r"\bv?divps\b"),
    "AMD64": (r"\bv?sqrtps\b", r"\bv?divps\b"),
    "aarch64": (r"\bfsqrt(\.4s|\s+v\d+\.4s)", r"\bfdiv(\.4s|\s+v\d+\.4s)"),
    "arm64": (r"\bfsqrt(\.4s|\s+v\d+\.4s)", r"\bfdiv(\.4s|\s+v\d+\.4s)"),
}


@each_rule
def test_float32_loop_has_no_call_no_double_and_is_vectorised(kind):
    if platform.machine() not in PACKED:
        pytest.skip(f"the names of instructions on {platform.machine()} are not known to this test")
    assembly = loop_assembly(kind, np.dtype(np.float32))
    calls = re.findall(r"\b(?:callq?|blr?)\b", assembly)
    assert len(calls) == assembly.count("memcpy")  # for Adan's `old = g` that is the best there is
    assert not re.search(r"cvts[sd]2s[sd]|cvtp[sd]2p[sd]|\bfcvt\s", assembly)  # float to double, and back
    formula = " ".join(value for _, value in kind.lines())
    if "sqrt(" in formula:
        root, division = PACKED[platform.machine()]
        assert re.search(root, assembly)
        assert re.search(division, assembly)


def test_a_step_allocates_nothing():
    x = np.ones(100_000)
    stepper, g = Stepper(rules.Adam(), x), np.ones_like(x)
    stepper.step(g)
    tracemalloc.start()
    for _ in range(20):
        stepper.step(g)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2000  # bytes: a few numbers and frames of Python, no array


def test_other_values_and_sizes_compile_nothing_new(monkeypatch):
    Stepper(rules.Adam(), np.ones(3)).step(np.ones(3))
    monkeypatch.setattr(kernels, "Code", lambda text: pytest.fail("compiled again"))
    for lr in (0.1, lambda t: 0.1 / t):
        stepper = Stepper(rules.Adam(lr=lr, beta1=0.5), np.ones((4, 5)))
        stepper.step(np.ones((4, 5)))
        stepper.step(np.ones((4, 5)))


# ---- the stepper --------


def test_stepper_follows_schedules_and_shapes():
    x, plain = np.full((2, 3), 5.0), np.full(6, 5.0)
    stepper = Stepper(rules.GD(lr=lambda t: 0.1 * t), x)
    for t in (1.0, 2.0, 3.0):
        stepper.step(2 * x)
        plain = plain - 0.1 * t * 2 * plain
    np.testing.assert_allclose(x.ravel(), plain, rtol=1e-15)
    assert stepper.t == 3
    assert stepper.engine == "kernel"


def test_names_of_a_formula_are_free():
    @rule
    def Odd(g, start, n, β, t, i=0.5, next=2.0, h0=1.0):
        start = start + g
        return -i * start * next * h0, start, n + 1, β - g

    stepper = Stepper(Odd(), np.zeros(2))
    stepper.step(np.array([1.0, 2.0]))
    np.testing.assert_array_equal(stepper.x, [-1.0, -2.0])
    np.testing.assert_array_equal(stepper.slots, [[1, 2], [1, 1], [-1, -2]])


def test_threads_give_the_same_numbers():
    rng = np.random.default_rng(0)
    start = rng.normal(size=SERIAL + 123)
    one, many = Stepper(rules.Adam(), start.copy()), Stepper(rules.Adam(), start.copy(), threads=3)
    for _ in range(3):
        g = rng.normal(size=start.size)
        one.step(g)
        many.step(g)
    np.testing.assert_array_equal(one.x, many.x)
    np.testing.assert_array_equal(one.slots, many.slots)


def test_a_step_does_not_wait_for_a_thread_that_can_not_begin():
    stepper, busy = Stepper(rules.GD(lr=0.5), np.ones(SERIAL), threads=2), threading.Event()
    stepper._pool.submit(busy.wait)
    try:
        stepper.step(np.ones(SERIAL))  # would hang for ever
    finally:
        busy.set()
    np.testing.assert_array_equal(stepper.x, np.full(SERIAL, 0.5))


@pytest.mark.parametrize("view", [lambda x: x, lambda x: x[::-1], lambda x: x[:]], ids=["x", "reversed", "view"])
def test_gradient_may_lie_where_x_lies(view):
    x = np.arange(1.0, 70.0)
    expected = x - 0.5 * view(x)
    Stepper(rules.GD(lr=0.5), x).step(view(x))
    np.testing.assert_array_equal(x, expected)


def test_gradient_may_have_gaps():
    x, g = np.zeros(5), np.arange(10.0)[::2]
    Stepper(rules.GD(lr=1.0), x).step(g)
    np.testing.assert_array_equal(x, -g)


@each_rule
def test_without_the_compiler_numpy_does_the_same(kind, monkeypatch):
    def missing(text):
        raise MissingExtraError("numba", "fast", "compiled code")

    x = np.linspace(-1, 1, 11)
    compiled = Stepper(kind(), x.copy())
    monkeypatch.setattr(kernels, "Code", missing)
    kernel.cache_clear()
    plain = Stepper(kind(), x.copy())
    assert (compiled.engine, plain.engine) == ("kernel", "NumPy")
    for t in range(1, 4):
        g = np.cos(t * x)
        compiled.step(g)
        plain.step(g)
    np.testing.assert_array_equal(plain.x, compiled.x)


class Looks:
    def advance(self):
        """What marks a length policy."""


@pytest.mark.parametrize(
    ("method", "x", "threads"),
    [
        ("adam", np.ones(2), 1),
        (rules.Adam(lr=Looks()), np.ones(2), 1),
        (rules.Adam(lr=np.array([0.1, 0.2])), np.ones(2), 1),
        (rules.Adam(), [1.0, 2.0], 1),
        (rules.Adam(), np.ones(2, int), 1),
        (rules.Adam(), np.ones(4)[::2], 1),
        (rules.Adam(), np.broadcast_to(1.0, 3), 1),
        (rules.Adam(), np.ones(0), 1),
        (rules.Adam(), np.ones(2), 0),
        (rules.Adam(), np.ones(2), 1.5),
    ],
)
def test_stepper_refuses_what_it_can_not_change(method, x, threads):
    with pytest.raises(ArgumentError):
        Stepper(method, x, threads)


@pytest.mark.parametrize("g", [np.ones(3), np.ones(2, np.float32), [1.0, 1.0], np.ones((2, 1)), np.ones(2, "c8")])
def test_stepper_refuses_another_gradient(g):
    stepper = Stepper(rules.Adam(), np.ones(2))
    with pytest.raises(ArgumentError, match="g is"):
        stepper.step(g)
    assert stepper.t == 0


# ---- in minimize: when it pays --------


def test_compiling_waits_until_numpy_has_worked_as_long(monkeypatch):
    monkeypatch.setattr(kernels, "_known", {})
    ask = kernels.kernel_when_worthwhile
    assert ask(rules.Adam, TYPES[1], 1000, 1.0) is None
    assert ask(rules.Adam, TYPES[1], 1000, 1e6) is not None
    assert ask(rules.Adam, TYPES[1], 1000, 1.0) is not None  # it is there now
    assert ask(rules.Adam, TYPES[0], 100_000_000, 1.0) is not None  # the first step is worth it


@each_type
@pytest.mark.parametrize("kind", [rules.Adam, rules.Lion, rules.GD], ids=lambda kind: kind.__name__)
def test_minimize_changes_to_the_kernel_and_nobody_sees_it(kind, dtype, monkeypatch):
    weights = np.linspace(1, 3, 400, dtype=dtype)

    def run():
        given = {"jac": lambda x: weights * x, "stop": stop.Steps(30), "diagnose": False}
        return minimize(lambda x: float(weights @ x**2) / 2, np.ones(400, dtype), method=kind(lr=0.01), **given)

    monkeypatch.setattr(kernels, "_known", {(kind, dtype): None})
    plain = run()
    monkeypatch.setattr(kernels, "_known", {})
    monkeypatch.setattr(kernels, "COMPILING", 20 * (10_000 + 3 * 400))
    changed, fast = run(), run()
    assert [plain.engine, changed.engine, fast.engine] == ["NumPy", "NumPy then kernel", "kernel"]
    for other in (changed, fast):
        np.testing.assert_array_equal(other.history.x, plain.history.x)
        np.testing.assert_array_equal(other.history["f"], plain.history["f"])


def test_the_kernel_is_not_shown_what_it_can_not_read():
    x = np.ones(20)
    assert kernels.alike(x, x, x.copy())
    for other in (np.ones(19), np.ones(20, np.float32), np.ones(40)[::2], np.ones((20, 1)), np.ones(20, ">f8"),
                  np.ones(20).view(np.ma.MaskedArray), [1.0] * 20):  # fmt: skip
        assert not kernels.alike(x, other)


def test_arrays_kept_in_another_way_are_left_to_numpy(monkeypatch):
    kernel.cache_clear()
    monkeypatch.setattr(kernels, "readable", lambda: False)
    assert Stepper(rules.Adam(), np.ones(3)).engine == "NumPy"
    kernel.cache_clear()


def test_a_formula_whose_bits_depend_on_the_library_stays_with_numpy(monkeypatch):
    @rule
    def Soft(g, lr=0.1):
        return -lr * tanh(g)

    @rule
    def Power(g, m, t, lr=0.1):  # the power is of what is the same for all elements
        m = m + g
        return -lr / t**0.3 * m, m

    monkeypatch.setattr(kernels, "_known", {})
    assert kernels.kernel_when_worthwhile(Soft, TYPES[1], 1000, 1e9) is None
    assert kernels.kernel_when_worthwhile(Power, TYPES[1], 1000, 1e9) is not None
    assert all(kernels.kernel_when_worthwhile(kind, TYPES[1], 1000, 1e9) is not None for kind in RULES)


def test_without_the_compiler_it_is_not_worthwhile(monkeypatch):
    def missing(text):
        raise MissingExtraError("numba", "fast", "compiled code")

    monkeypatch.setattr(kernels, "_known", {})
    monkeypatch.setattr(kernels, "Code", missing)
    kernel.cache_clear()
    assert kernels.kernel_when_worthwhile(rules.Adam, TYPES[1], 1000, 1e9) is None


def test_a_compiler_too_old_is_none(monkeypatch):
    import llvmlite

    monkeypatch.setattr(llvmlite, "__version__", "0.44.0")
    kernel.cache_clear()
    assert Stepper(rules.Adam(), np.ones(3)).engine == "NumPy"
