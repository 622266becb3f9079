"""Every rule on every engine: floats = arrays = the formula by hand = torch and optax."""

from __future__ import annotations

import copy
import math
import pickle

import numpy as np
import pytest
from numpy import sqrt

import steepest as st
from conftest import peer
from steepest.methods import rules
from steepest.methods.lift import TINY, Rule
from steepest.methods.registry import METHODS

RULES = [kind for kind in METHODS.values() if issubclass(kind, Rule)]


def quadratic(n):
    """A rotated ill-conditioned quadratic: what axis-aligned ones flatter is not flattered here."""
    q = np.linalg.qr(np.random.default_rng(n).normal(size=(n, n)))[0]
    return q @ np.diag(np.logspace(0, 2, n)) @ q.T


def rosenbrock_gradient(x):
    return np.array([-2 * (1 - x[0]) - 400 * x[0] * (x[1] - x[0] ** 2), 200 * (x[1] - x[0] ** 2)])


def walk(rule, gradient, x, steps):
    """The trajectory of a rule, moved by hand: shape (steps + 1, n)."""
    slots, xs = tuple(np.zeros_like(x) for _ in rule.slots), [x]
    for t in range(1, steps + 1):
        step, slots, _ = rule.move(x, gradient(x), slots, float(t))
        x = x + step
        xs.append(x)
    return np.array(xs)


@pytest.mark.parametrize("kind", RULES, ids=lambda kind: kind.__name__)
class TestEveryRule:
    def test_floats_are_arrays(self, kind):
        """The float engine (n <= TINY) and the array engine (n > TINY) give the same trajectory, bit for bit."""
        a = quadratic(4)
        tiled = np.kron(np.eye(TINY), a)
        x = np.array([1.0, -2.0, 3.0, 0.5])
        tiny = walk(kind(), lambda x: a @ x, x, 30)
        large = walk(kind(), lambda x: tiled @ x, np.tile(x, TINY), 30)
        np.testing.assert_allclose(large[:, :4], tiny, rtol=1e-13, atol=1e-15)

    def test_float32_stays_float32(self, kind):
        for n in (2, 20):
            x = np.ones(n, np.float32)
            step, slots, _ = kind().move(x, x, tuple(np.zeros_like(x) for _ in kind.slots), 1.0)
            assert step.dtype == np.float32
            assert all(np.asarray(slot).dtype == np.float32 for slot in slots)

    def test_the_slots_are_not_changed_in_place(self, kind):
        x = np.linspace(1, 2, 20)
        slots = tuple(np.zeros_like(x) for _ in kind.slots)
        kind().move(x, x, slots, 1.0)
        assert all(not slot.any() for slot in slots)

    def test_it_descends(self, kind):
        a = quadratic(3)
        x = np.array([1.0, -1.0, 2.0])
        lr = {"Adadelta": 1.0, "COCOB": 1.0}.get(kind.__name__, 0.005)  # Adadelta's is a factor of its own widths
        end = walk(kind().with_hyper(lr=lr), lambda x: a @ x, x, 400)[-1]
        assert end @ a @ end < 0.9 * x @ a @ x

    def test_zero_gradient_is_a_fixed_point(self, kind):
        x = np.array([1.0, 2.0])
        # these move by themselves
        still = {"AdamW": {"decay": 0.0}, "Yogi": {"start": 0.0}}.get(kind.__name__, {})
        assert np.array_equal(walk(kind(**still), np.zeros_like, x, 3)[-1], x)

    def test_repr_builds_it_again(self, kind):
        rule = kind().with_hyper(lr=0.125)
        assert eval(repr(rule), vars(rules) | vars(st)) == rule
        assert pickle.loads(pickle.dumps(rule)) == rule
        assert copy.deepcopy(rule) == rule

    def test_unknown_hyperparameter_lists_what_there_is(self, kind):
        with pytest.raises(st.ArgumentError, match=r"has no 'learning_rat'.*lr"):
            kind(learning_rat=0.1)

    @pytest.mark.parametrize("lr", [-0.1, 0.0, math.nan, math.inf, "fast", None, True, [1.0]])
    def test_impossible_rate(self, kind, lr):
        with pytest.raises(st.ArgumentError, match="lr="):
            kind(lr=lr)

    def test_it_cites_its_paper(self, kind):
        assert any(str(year) in kind.__doc__ for year in range(1847, 2027))


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: st.AdamW(weight_decay=0.1), "Did you mean 'decay'"),
        (lambda: st.Adam(betas=(0.9, 0.999)), "Did you mean 'beta1'"),
        (lambda: st.RMSProp(alpha=0.9), "Did you mean 'rho'"),
        (lambda: st.GD(alpha=0.1), "Did you mean 'lr'"),
        (lambda: st.Momentum(momentum=0.9), "Did you mean 'beta'"),
        (lambda: st.GD(momentum=0.9), r"Write method=Momentum\(lr=\.\.\., beta=\.\.\.\)"),
        (lambda: st.Adam(weight_decay=0.1), r"AdamW\(decay=\.\.\.\)"),
    ],
)
def test_names_of_torch_and_optax_are_translated(build, words):
    with pytest.raises(st.ArgumentError, match=words):
        build()


@pytest.mark.parametrize(
    "build",
    [
        lambda: st.Rprop(up=0.5),
        lambda: st.Rprop(down=1.0),
        lambda: st.Rprop(least=-1.0),
        lambda: st.Yogi(start=-1.0),
        lambda: st.Adam(beta1=st.AdGD()),  # a policy is for lr alone
    ],
)
def test_impossible_hyperparameters(build):
    with pytest.raises(st.ArgumentError, match="is impossible; expected"):
        build()


@pytest.mark.parametrize("beta", [-0.1, 1.0, 1.5, math.nan])
@pytest.mark.parametrize(
    ("kind", "name"), [(st.Momentum, "beta"), (st.Adam, "beta1"), (st.Adam, "beta2"), (st.RMSProp, "rho")]
)
def test_impossible_decay(kind, name, beta):
    with pytest.raises(st.ArgumentError, match=rf"{name}=.*in \[0, 1\)"):
        kind(**{name: beta})


# The first step from g = (4, -0.5), worked by hand from the papers' formulas.
G = np.array([4.0, -0.5])
FIRST = {
    "gd": (st.GD(lr=0.1), [-0.4, 0.05]),
    "momentum": (st.Momentum(lr=0.1, beta=0.9), [-0.4, 0.05]),
    "nesterov": (st.Nesterov(lr=0.1, beta=0.9), [-0.76, 0.095]),  # -lr (g + beta g)
    "adagrad": (st.AdaGrad(lr=0.1, eps=0.0), [-0.1, 0.1]),  # -lr g / |g|
    "rmsprop": (st.RMSProp(lr=0.1, rho=0.99, eps=0.0), [-1.0, 1.0]),  # -lr g / (0.1 |g|)
    "adam": (st.Adam(lr=0.1, eps=0.0), [-0.1, 0.1]),  # m_hat = g, v_hat = g**2
}


@pytest.mark.parametrize(("rule", "step"), FIRST.values(), ids=FIRST)
def test_first_step_by_hand(rule, step):
    got, _, _ = rule.move(np.zeros(2), G, tuple(np.zeros(2) for _ in rule.slots), 1.0)
    np.testing.assert_allclose(got, step, rtol=1e-12)


def test_second_step_of_adam_by_hand():
    """m = 0.09 g + 0.1 h, v = 0.000999 g^2 + 0.001 h^2, both divided by 1 - beta^2."""
    rule = st.Adam(lr=0.1, eps=0.0)
    g, h = 2.0, -1.0
    _, slots, _ = rule.move(np.zeros(1), np.array([g]), (np.zeros(1), np.zeros(1)), 1.0)
    step, _, _ = rule.move(np.zeros(1), np.array([h]), slots, 2.0)
    m_hat = (0.09 * g + 0.1 * h) / 0.19
    v_hat = (0.000999 * g**2 + 0.001 * h**2) / 0.001999
    assert step[0] == pytest.approx(-0.1 * m_hat / math.sqrt(v_hat), rel=1e-12)


PROBLEMS = {
    "quadratic": (lambda x: quadratic(4) @ x, np.array([1.0, -2.0, 3.0, 0.5])),
    "rosenbrock": (rosenbrock_gradient, np.array([-1.2, 1.0])),
    "quartic": (lambda x: 4 * x**3 + np.cos(x), np.linspace(-2, 2, 12)),
}

# The same rules in the words of torch and optax; where the two differ from each other, the docstring says how.
IN_TORCH = {
    "GD": (st.GD(lr=1e-3), lambda o, p: o.SGD(p, lr=1e-3)),
    "Momentum": (st.Momentum(lr=1e-3, beta=0.8), lambda o, p: o.SGD(p, lr=1e-3, momentum=0.8)),
    "Nesterov": (st.Nesterov(lr=1e-3, beta=0.8), lambda o, p: o.SGD(p, lr=1e-3, momentum=0.8, nesterov=True)),
    "AdaGrad": (st.AdaGrad(lr=0.1), lambda o, p: o.Adagrad(p, lr=0.1, eps=1e-10)),
    "RMSProp": (st.RMSProp(lr=1e-2), lambda o, p: o.RMSprop(p, lr=1e-2, alpha=0.99, eps=1e-8)),
    "CenteredRMSProp": (
        st.CenteredRMSProp(lr=1e-2),
        lambda o, p: o.RMSprop(p, lr=1e-2, alpha=0.99, centered=True),
    ),
    "Adadelta": (st.Adadelta(), lambda o, p: o.Adadelta(p, lr=1.0, rho=0.9, eps=1e-6)),
    "Adam": (st.Adam(lr=0.05), lambda o, p: o.Adam(p, lr=0.05)),
    "AdamW": (st.AdamW(lr=0.05, decay=0.1), lambda o, p: o.AdamW(p, lr=0.05, weight_decay=0.1)),
    "AMSGrad": (st.AMSGrad(lr=0.05), lambda o, p: o.Adam(p, lr=0.05, amsgrad=True)),
    "AdaMax": (st.AdaMax(lr=0.05), lambda o, p: o.Adamax(p, lr=0.05)),
    "Rprop": (st.Rprop(lr=0.01), lambda o, p: o.Rprop(p, lr=0.01)),
}
IN_OPTAX = {
    "GD": (st.GD(lr=1e-3), lambda o: o.sgd(1e-3)),
    "Nesterov": (st.Nesterov(lr=1e-3, beta=0.8), lambda o: o.sgd(1e-3, momentum=0.8, nesterov=True)),
    "CenteredRMSProp": (
        st.CenteredRMSProp(lr=1e-2),
        lambda o: o.rmsprop(1e-2, decay=0.99, eps=1e-8, centered=True, eps_in_sqrt=False),
    ),
    "Adadelta": (st.Adadelta(), lambda o: o.adadelta(1.0, rho=0.9, eps=1e-6)),
    "AdamW": (st.AdamW(lr=0.05, decay=0.1), lambda o: o.adamw(0.05, weight_decay=0.1)),
    "AdaMax": (st.AdaMax(lr=0.05), lambda o: o.adamax(0.05)),
    "ScheduleFreeAdam": (
        st.ScheduleFreeAdam(lr=0.01),
        lambda o: o.contrib.schedule_free_adamw(0.01, b1=0.9, b2=0.999, eps=1e-8),
    ),
    "Adam": (st.Adam(lr=0.05), lambda o: o.adam(0.05)),
    "NAdam": (st.NAdam(lr=0.05), lambda o: o.nadam(0.05)),
    "RAdam": (st.RAdam(lr=1e-3), lambda o: o.radam(1e-3)),
    "AdaBelief": (st.AdaBelief(lr=0.05), lambda o: o.adabelief(0.05)),
    "Yogi": (st.Yogi(lr=0.05), lambda o: o.yogi(0.05)),
    "Lion": (st.Lion(lr=0.01, decay=0.1), lambda o: o.lion(0.01, weight_decay=0.1)),
    "SignSGD": (st.SignSGD(lr=0.01), lambda o: o.sign_sgd(0.01)),
    "COCOB": (st.COCOB(alpha=10.0), lambda o: o.contrib.cocob(alpha=10.0)),
    "Momentum": (st.Momentum(lr=1e-3, beta=0.8), lambda o: o.sgd(1e-3, momentum=0.8)),
    "RMSProp": (st.RMSProp(lr=1e-2), lambda o: o.rmsprop(1e-2, decay=0.99, eps=1e-8, eps_in_sqrt=False)),
    "AdaGrad": (
        st.AdaGrad(lr=0.1, eps=0.0),
        lambda o: o.adagrad(0.1, initial_accumulator_value=0.0, eps=0.0),
    ),
}


def agree(ours, theirs):
    """The same trajectory to rounding, which a curved valley magnifies from step to step."""
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("name", IN_TORCH)
def test_trajectory_equals_torch(name, problem):
    torch = peer("torch")
    rule, build = IN_TORCH[name]
    gradient, x0 = PROBLEMS[problem]
    p = torch.tensor(x0.copy(), requires_grad=True)
    optimiser = build(torch.optim, [p])
    xs = [x0.copy()]
    for _ in range(200):
        p.grad = torch.tensor(gradient(p.detach().numpy()))
        optimiser.step()
        xs.append(p.detach().numpy().copy())
    agree(walk(rule, gradient, x0, 200), xs)


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("name", IN_OPTAX)
def test_trajectory_equals_optax(name, problem):
    jax, optax = peer("jax"), peer("optax")
    peer("optax.contrib")
    rule, build = IN_OPTAX[name]
    gradient, x0 = PROBLEMS[problem]
    with jax.enable_x64(True):
        optimiser = build(optax)
        p = jax.numpy.asarray(x0)
        state = optimiser.init(p)
        update = jax.jit(optimiser.update)
        xs = [x0]
        for _ in range(200):
            change, state = update(jax.numpy.asarray(gradient(np.asarray(p))), state, p)
            p = p + change
            xs.append(np.asarray(p))
    agree(walk(rule, gradient, x0, 200), xs)


def test_a_rule_of_ones_own():
    @st.rule
    def SignedMomentum(x, g, m, t, lr=0.1, beta=0.5, pull=0.0):
        m = beta * m + (1 - beta) * g
        return -lr * m / sqrt(t) - pull * x, m

    assert repr(SignedMomentum(0.3)) == "SignedMomentum(lr=0.3, beta=0.5, pull=0.0)"
    result = st.minimize(lambda x: ((x - 1) ** 2).sum(), np.zeros(3), method=SignedMomentum(lr=0.5), maxiter=500)
    np.testing.assert_allclose(result.x, 1.0, atol=1e-4)


@pytest.mark.parametrize(
    "formula",
    [
        lambda lr=0.1: lr,  # no gradient
        lambda m, g, lr=0.1: g,  # slot before the gradient
        lambda g, t, m, lr=0.1: g,  # t before the slot
    ],
)
def test_a_signature_that_declares_nothing_is_refused(formula):
    with pytest.raises(st.ArgumentError, match="expected x"):
        st.rule(formula)


def test_overflow_gives_inf_as_ieee_does():
    """A Python float raises where IEEE answers inf: the lift must not."""
    rule = st.Adam()
    step, _, _ = rule.move(np.zeros(1), np.array([1e200]), (np.zeros(1), np.zeros(1)), 1.0)
    assert step[0] == 0.0  # g**2 = inf, m / inf = 0
    step, _, _ = st.AdaGrad(eps=0.0).move(np.zeros(1), np.zeros(1), (np.zeros(1),), 1.0)
    assert math.isnan(step[0])  # 0 / 0


def test_a_schedule_is_asked_at_every_step():
    asked = []

    def schedule(t):
        asked.append(t)
        return 0.1 / t

    result = st.minimize(lambda x: x[0] ** 2, [1.0], method=st.GD(lr=schedule), maxiter=3)
    assert asked == [1.0, 2.0, 3.0]
    np.testing.assert_allclose(result.history["lr"][1:], [0.1, 0.05, 0.1 / 3])


def test_a_list_of_rates_is_told_to_be_an_array():
    with pytest.raises(st.ArgumentError, match="several, for a sweep, as a NumPy array"):
        st.GD(lr=[0.1, 0.2])
