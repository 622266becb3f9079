"""minimize end to end: arguments as scipy's users know them, shapes, budgets, mishaps, and the tutorials' numbers."""

from __future__ import annotations

import itertools
import math
import os
import signal
import time

import numpy as np
import pytest

import steepest as st
from conftest import peer
from steepest import stop


def bowl(x):
    return x[0] ** 2 + x[1] ** 2


def bowl_gradient(x):
    return np.array([2 * x[0], 2 * x[1]])


def quartic(x):
    return x[0] ** 4 + (x[0] + 2 * x[1]) ** 2


def rosenbrock(x):
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


class TestTutorialNumbers:
    """T3 of the design: (3, 2) under three rates; in floats, from integers too."""

    @pytest.mark.parametrize("x0", [[3, 2], np.array([3, 2]), (3.0, 2.0)])
    @pytest.mark.parametrize("jac", [bowl_gradient, "3-point", None])
    def test_rates(self, x0, jac):
        def end(lr):
            return st.minimize(bowl, x0, method=st.GD(lr=lr), jac=jac, maxiter=100, gtol=0.0).history.x[-1]

        np.testing.assert_allclose(end(0.1), [6.1111e-10, 4.0741e-10], rtol=1e-4)
        np.testing.assert_allclose(end(1e-6), [2.99940006, 1.99960004], rtol=1e-8)
        np.testing.assert_allclose(end(1.0), [3.0, 2.0], rtol=1e-6)  # after an even number of steps

    def test_a_rate_beyond_the_limit_grows_by_1_44_a_step(self):
        result = st.minimize(bowl, [3.0, 2.0], method=st.GD(lr=1.1), jac=bowl_gradient)
        assert result.code == "diverged.rate"
        assert "1.44" in result.why
        np.testing.assert_allclose(np.divide(*result.history["f"][[2, 1]]), 1.44)
        assert result.fun == 13.0  # the best point seen is the start


class TestAsInScipy:
    def test_result_keys(self):
        result = st.minimize(rosenbrock, [-1.2, 1.0])
        for key in ["x", "fun", "jac", "success", "status", "message", "nfev", "njev", "nit"]:
            assert result[key] is getattr(result, key)
        assert result.status == 0
        assert result.success is True

    def test_args(self):
        result = st.minimize(lambda x, a, b: (x[0] - a) ** 2 + b, [0.0], (3.0, 7.0), jac=lambda x, a, b: 2 * (x - a))
        assert result.x[0] == pytest.approx(3.0)
        assert result.fun == pytest.approx(7.0)
        # as scipy allows
        assert st.minimize(lambda x, a: (x[0] - a) ** 2, [0.0], 3.0).x[0] == pytest.approx(3.0)

    def test_jac_true(self):
        calls = []

        def both(x):
            calls.append(x)
            return bowl(x), bowl_gradient(x)

        result = st.minimize(both, [3.0, 2.0], method="gd", lr=0.25, jac=True)
        np.testing.assert_allclose(result.x, 0.0, atol=1e-6)
        assert result.nfev + result.diagnosis_nfev == len(calls)

    @pytest.mark.parametrize("jac", ["2-point", "3-point", "cs", "accurate", "fd", "autograd", "auto", None])
    def test_jac_names(self, jac):
        result = st.minimize(rosenbrock, [-1.2, 1.0], jac=jac)
        np.testing.assert_allclose(result.x, 1.0, atol=1e-3)
        assert isinstance(result.gradient, str)

    def test_unknown_jac(self):
        with pytest.raises(st.ArgumentError, match="jac='4-point'"):
            st.minimize(bowl, [3.0, 2.0], jac="4-point")

    def test_tol_and_options(self):
        loose = st.minimize(bowl, [3.0, 2.0], method="gd", lr=0.1, tol=1e-2)
        tight = st.minimize(bowl, [3.0, 2.0], method="gd", lr=0.1, options={"gtol": 1e-4})
        assert loose.history.last.g_norm <= 1e-2 < loose.history.previous.g_norm
        assert tight.history.last.g_norm <= 1e-4 < tight.history.previous.g_norm
        assert "gtol" in loose.message
        assert st.minimize(bowl, [3.0, 2.0], method="gd", options={"maxiter": 5}).nit == 5
        assert st.minimize(bowl, [3.0, 2.0], method="gd", options={"maxfev": 30}).nfev <= 30
        assert st.minimize(bowl, [3.0, 2.0], method="gd", lr=0.1, xtol=1e-3).code == "converged.step"
        slow = st.minimize(lambda x: 1 + bowl(x), [3.0, 2.0], method="gd", lr=0.1, ftol=1e-3)
        assert slow.code == "converged.change"
        f = slow.history["f"]
        assert f[-2] - f[-1] <= 1e-3 * f[-2] < f[-3] - f[-2]

    def test_unknown_option_is_refused(self):
        with pytest.raises(st.ArgumentError, match=r"options\['maxitr'\] is unknown. Did you mean maxiter"):
            st.minimize(bowl, [3.0, 2.0], options={"maxitr": 5})

    @pytest.mark.parametrize("value", [-1, math.nan, "many", True])
    def test_impossible_limits(self, value):
        with pytest.raises(st.ArgumentError, match="maxiter="):
            st.minimize(bowl, [3.0, 2.0], maxiter=value)

    def test_callback_of_x(self):
        seen = []
        result = st.minimize(bowl, [3.0, 2.0], method="gd", callback=lambda x: seen.append(x), maxiter=4)
        np.testing.assert_array_equal(seen, result.history.x)
        seen[0][:] = 99.0  # the callback's array is its own
        assert result.history.x[0, 0] == 3.0

    def test_callback_of_intermediate_result(self):
        seen = []

        def callback(intermediate_result):
            seen.append((intermediate_result.fun, *intermediate_result.jac))

        st.minimize(bowl, [3.0, 2.0], method="gd", callback=callback, maxiter=1)
        assert seen[0] == pytest.approx((13.0, 6.0, 4.0))

    @pytest.mark.parametrize("how", [StopIteration, True, np.True_])
    def test_callback_stops(self, how):
        def callback(x):
            if x[0] < 2.9:
                if how is not StopIteration:
                    return how
                raise StopIteration
            return None

        result = st.minimize(bowl, [3.0, 2.0], method="gd", lr=0.1, callback=callback)
        assert (result.nit, result.status, result.success) == (1, 99, False)
        assert "callback" in result.message

    @pytest.mark.parametrize("name", ["gd", "GD", "adam", "rms-prop", "RMSProp", "l-bfgs", "bfgs", "ada_grad"])
    def test_names(self, name):
        assert st.minimize(bowl, [3.0, 2.0], method=name, maxiter=3).nit <= 3

    def test_unknown_name(self):
        with pytest.raises(st.ArgumentError, match=r"method='adamm' is unknown. Did you mean 'adam'"):
            st.minimize(bowl, [3.0, 2.0], method="adamm")
        with pytest.raises(st.ArgumentError, match=r"method='miracle' is unknown. There are gd, momentum, "):
            st.minimize(bowl, [3.0, 2.0], method="miracle")

    @pytest.mark.parametrize("name", ["CG", "L-BFGS-B", "BFGS"])
    def test_names_of_scipy(self, name):
        pytest.importorskip("scipy", exc_type=ImportError)
        import scipy.optimize

        theirs = scipy.optimize.minimize(scipy.optimize.rosen, [-1.2, 1.0], method=name)
        ours = st.minimize(scipy.optimize.rosen, [-1.2, 1.0], method=name)
        assert ours.success
        np.testing.assert_allclose(ours.x, theirs.x, atol=1e-4)

    @pytest.mark.parametrize("name", ["Nelder-Mead", "Powell", "TNC", "SLSQP", "trust-constr", "SGD"])
    def test_a_method_of_others_has_its_remedy(self, name):
        with pytest.raises(st.ArgumentError, match=rf"method='{name}' is unknown. (Leave|It is)"):
            st.minimize(bowl, [3.0, 2.0], method=name)

    @pytest.mark.parametrize(
        ("wrong", "right"),
        [("max_iter", "maxiter"), ("learning_rate", "lr"), ("maxitre", "maxiter"), ("grad", "jac")],
    )
    def test_an_argument_of_others_has_its_name_here(self, wrong, right):
        for call in (st.minimize, st.maximize):
            with pytest.raises(TypeError, match=rf"minimize\(\) has no argument '{wrong}'. Did you mean {right}\?"):
                call(bowl, [3.0, 2.0], **{wrong: 1})

    def test_what_scipy_takes_and_we_do_not_has_a_remedy(self):
        for name in ("constraints", "hess", "hessp"):
            with pytest.raises(TypeError, match=rf"has no argument '{name}'. (Take bounds=|Leave it out)"):
                st.minimize(bowl, [3.0, 2.0], **{name: ()})
        with pytest.raises(st.ArgumentError, match=r"options\['disp'\] is unknown. print\(result\)"):
            st.minimize(bowl, [3.0, 2.0], options={"disp": True})

    def test_a_class_is_as_good_as_an_instance(self):
        assert st.minimize(bowl, [3.0, 2.0], method=st.Adam, maxiter=2).method.startswith("Adam(lr=0.001")

    def test_lr_replaces_the_rate(self):
        assert "lr=0.3" in st.minimize(bowl, [3.0, 2.0], method=st.GD(), lr=0.3, maxiter=1).method
        with pytest.raises(st.ArgumentError, match="BFGS has no learning rate"):
            st.minimize(bowl, [3.0, 2.0], method="bfgs", lr=0.3)

    @pytest.mark.parametrize("method", [st.Adam(lr=0.1), st.GD(lr=0.1), "default"])
    def test_every_method_is_a_custom_method_of_scipy(self, method):
        optimize = peer("scipy.optimize")
        method = st.BFGS() if method == "default" else method
        seen = []
        theirs = optimize.minimize(
            bowl,
            [3.0, 2.0],
            method=method,
            jac=bowl_gradient,
            callback=lambda xk: seen.append(xk),
            options={"maxiter": 300},
        )
        ours = st.minimize(bowl, [3.0, 2.0], method=method, jac=bowl_gradient, maxiter=300)
        np.testing.assert_array_equal(theirs.x, ours.x)
        assert len(seen) == ours.nit + 1
        assert np.shape(seen[0]) == (2,)

    def test_scipy_passes_args_bounds_and_jac_true(self):
        optimize = peer("scipy.optimize")
        result = optimize.minimize(
            lambda x, a: (((x - a) ** 2).sum(), 2 * (x - a)), [0.5, 0.5], args=(3.0,), jac=True,
            bounds=[(0, 1), (None, None)], method=st.GD(lr=0.1),
        )  # fmt: skip
        np.testing.assert_allclose(result.x, [1.0, 3.0], atol=1e-6)

    def test_what_we_do_not_use_is_refused(self):
        optimize = peer("scipy.optimize")
        with pytest.raises(st.ArgumentError, match="hess is given"):
            optimize.minimize(bowl, [3.0, 2.0], method=st.GD(), jac=bowl_gradient, hess=lambda x: np.eye(2))


class TestShapes:
    @pytest.mark.parametrize("method", [None, "gd", "adam", "lbfgs"])
    def test_scalar(self, method):
        result = st.minimize(lambda x: (x - 3.0) ** 2, 0, method=method, maxiter=20_000)
        assert np.ndim(result.x) == 0
        assert np.ndim(result.jac) == 0
        if method in (None, "lbfgs"):
            assert result.x == pytest.approx(3.0)

    def test_matrix(self):
        target = np.arange(6.0).reshape(2, 3)
        result = st.minimize(lambda x: ((x - target) ** 2).sum(), np.zeros((2, 3)))
        np.testing.assert_allclose(result.x, target, atol=1e-6)
        assert result.jac.shape == (2, 3)

    def test_dict(self):
        def loss(p):
            return ((p["w"] @ np.array([1.0, 2.0]) - 3) ** 2).sum() + (p["b"] - 1) ** 2

        def gradient(p):
            r = p["w"] @ np.array([1.0, 2.0]) - 3
            return {"w": 2 * np.outer(r, [1.0, 2.0]), "b": 2 * (p["b"] - 1)}

        for jac in (gradient, None, "3-point"):
            result = st.minimize(loss, {"w": np.zeros((2, 2)), "b": 0.0}, jac=jac)
            assert result.fun < 1e-10
            assert result.x["w"].shape == (2, 2)
            assert result.jac.keys() == {"w", "b"}

    def test_float32_stays(self):
        seen = set()

        def f(x):
            seen.add(x.dtype)
            return (x * x).sum()

        result = st.minimize(f, np.ones(3, np.float32), method="gd", lr=0.1, jac=lambda x: 2 * x)
        assert seen == {np.dtype(np.float32)}
        assert result.x.dtype == np.float32
        assert result.success

    def test_the_callers_array_is_never_touched(self):
        x0 = np.array([3.0, 2.0])

        def vandal(x):
            value = bowl(x)
            x[:] = 1e9
            return value

        def vandal_gradient(x):
            g = bowl_gradient(x)
            x[:] = -1e9
            return g

        result = st.minimize(vandal, x0, method="gd", lr=0.1, jac=vandal_gradient)
        np.testing.assert_array_equal(x0, [3.0, 2.0])
        np.testing.assert_allclose(result.x, 0.0, atol=1e-6)

    def test_a_gradient_buffer_that_is_used_again(self):
        buffer = np.empty(2)

        def gradient(x):
            buffer[:] = 2 * x
            return buffer

        result = st.minimize(bowl, [3.0, 2.0], method="momentum", jac=gradient, maxiter=3)
        np.testing.assert_allclose(result.history["g_norm"][:2], [math.sqrt(52), 0.98 * math.sqrt(52)])

    def test_bounds(self):
        outside = []

        def f(x):
            if not (0 <= x[0] <= 1 and x[1] >= -1):
                outside.append(x)
            return (x[0] - 2) ** 2 + (x[1] + 3) ** 2

        for method, jac in itertools.product([None, "gd", "adam", "lbfgs"], [None, "3-point"]):
            result = st.minimize(f, [0.5, 5.0], method=method, jac=jac, bounds=[(0, 1), (-1, None)], maxiter=20_000)
            if method != "adam":
                np.testing.assert_allclose(result.x, [1.0, -1.0], atol=1e-4)
        assert not outside

    @pytest.mark.parametrize("bounds", [[(0, 1)], [(1, 0), (0, 1)], [(0, 1, 2), (0, 1)]])
    def test_impossible_bounds(self, bounds):
        with pytest.raises(st.ArgumentError, match="bounds"):
            st.minimize(bowl, [3.0, 2.0], bounds=bounds)


class TestMaximize:
    def test_history_and_result_are_the_callers(self):
        f = lambda x: 5 - (x[0] - 2) ** 2
        result = st.maximize(f, [0.0], method="gd", lr=0.1, jac=lambda x: -2 * (x - 2))
        assert result.fun == pytest.approx(5.0)
        assert result.history["f"][0] == 1.0
        assert (np.diff(result.history["f"]) >= 0).all()
        assert result.history.x[1, 0] == pytest.approx(0.4)  # up the slope of 4

    def test_jac_true_dict_and_target(self):
        result = st.maximize(
            lambda p: (-((p["a"] - 1) ** 2), {"a": -2 * (p["a"] - 1)}),
            {"a": 4.0},
            method="gd",
            lr=0.1,
            jac=True,
            target=-0.01,
        )
        assert result.code == "target"
        assert result.fun >= -0.01
        assert f"f = {result.fun:.6g}" in result.message


class TestNothingIsLost:
    def test_the_best_point_comes_back(self):
        result = st.minimize(bowl, [3.0, 2.0], method=st.Momentum(lr=0.3, beta=0.95), jac=bowl_gradient, maxiter=37)
        assert result.fun == result.history["f"].min() == bowl(result.x)

    def test_nan_region(self):
        f = lambda x: math.nan if x[0] < 0 else x[0]
        result = st.minimize(f, [1.0], method="gd", lr=0.3, jac=lambda x: np.ones(1))
        assert result.code == "nonfinite.domain"
        assert result.fun == pytest.approx(0.1)
        assert math.isfinite(result.x[0])

    @pytest.mark.parametrize("bad", [math.nan, math.inf])
    def test_not_finite_from_the_start(self, bad):
        result = st.minimize(lambda x: bad, [1.0], jac=lambda x: np.ones(1))
        assert result.success is False
        assert result.status == 2

    @pytest.mark.parametrize("budget", [1, 7, 20])
    @pytest.mark.parametrize("jac", [None, "3-point", "fd", bowl_gradient])
    @pytest.mark.parametrize("method", [None, "gd", "lbfgs"])
    def test_maxfun_is_never_exceeded(self, budget, jac, method):
        calls = []
        result = st.minimize(
            lambda x: calls.append(1) or rosenbrock(x), [-1.2, 1.0], method=method, jac=jac, maxfun=budget
        )
        assert len(calls) == result.nfev + result.diagnosis_nfev <= budget
        assert math.isfinite(result.fun)

    def test_maxtime(self):
        calls = []

        def slow(x):
            calls.append(1)
            time.sleep(0.02)
            return bowl(x)

        began = time.perf_counter()
        result = st.minimize(slow, [3.0, 2.0], method="gd", lr=1e-3, jac=bowl_gradient, maxtime=0.5)
        assert time.perf_counter() - began >= 0.5
        assert len(calls) <= 0.5 / 0.02 + 1  # the last one may end later
        assert result.code == "budget.time"
        assert len(result.history) > 2

    def raising(self, at):
        calls = itertools.count(1)

        def f(x):
            if next(calls) == at:
                raise ZeroDivisionError("the simulator broke")
            return bowl(x)

        return f

    def test_an_error_carries_the_partial_result(self):
        with pytest.raises(ZeroDivisionError, match="simulator") as caught:
            st.minimize(self.raising(40), [3.0, 2.0], method="gd", lr=0.01, jac=bowl_gradient)
        partial = caught.value.result
        assert partial.code == "error"
        assert partial.nit > 10
        assert partial.fun < 13.0
        assert any("result" in note for note in caught.value.__notes__)

    def test_an_error_can_be_a_reason_to_stop(self):
        result = st.minimize(self.raising(40), [3.0, 2.0], method="gd", lr=0.01, jac=bowl_gradient, on_error="stop")
        assert (result.code, result.status) == ("error", 4)
        assert "ZeroDivisionError at evaluation 40" in result.message
        assert len(result.history) == result.nit + 1

    def test_an_error_at_the_first_call(self):
        with pytest.raises(ZeroDivisionError) as caught:
            st.minimize(self.raising(1), [3.0, 2.0])
        np.testing.assert_array_equal(caught.value.result.x, [3.0, 2.0])

    def test_an_error_in_the_callback(self):
        def callback(x):
            raise RuntimeError("plot failed")

        with pytest.raises(RuntimeError, match="plot failed"):
            st.minimize(bowl, [3.0, 2.0], callback=callback)

    def test_ctrl_c_keeps_the_result(self):
        calls = itertools.count(1)

        def f(x):
            if next(calls) == 50:
                os.kill(os.getpid(), signal.SIGINT)
            return bowl(x)

        result = st.minimize(f, [3.0, 2.0], method="gd", lr=0.01, jac=bowl_gradient)
        assert result.code == "interrupted"
        assert result.nit > 10
        assert result.fun < 13.0

    def test_minimize_within_minimize(self):
        inner = lambda y: st.minimize(lambda x: (x[0] - y[0]) ** 2 + x[0] ** 2, [0.0], jac="3-point").fun
        result = st.minimize(inner, [4.0], jac="3-point", method="gd", lr=0.4, maxiter=60)
        assert abs(result.x[0]) < 1e-3


BAD = {
    "fun is no function": (lambda: st.minimize(3, [1.0]), "fun=3"),
    "fun returns None": (lambda: st.minimize(lambda x: None, [1.0]), "fun returned None"),
    "fun returns a vector": (
        lambda: st.minimize(lambda x: x, [1.0, 2.0]),
        r"fun returned an array of shape \(2,\)",
    ),
    "fun returns text": (lambda: st.minimize(lambda x: "low", [1.0]), "fun returned 'low'"),
    "fun returns complex": (lambda: st.minimize(lambda x: 1j, [1.0]), "fun returned 1j"),
    "fun returns a dict": (lambda: st.minimize(lambda x: {"f": 1}, [1.0]), "fun returned"),
    "empty x0": (lambda: st.minimize(bowl, []), "x0 is empty"),
    "NaN in x0": (lambda: st.minimize(bowl, [math.nan, 1.0]), "x0 holds nan"),
    "inf in x0": (lambda: st.minimize(bowl, [math.inf, 1.0]), "x0 holds inf"),
    "text in x0": (lambda: st.minimize(bowl, ["3", "b"]), "x0="),
    "complex x0": (lambda: st.minimize(bowl, [1j, 2.0]), "x0="),
    "ragged x0": (lambda: st.minimize(bowl, [[1.0], [1.0, 2.0]]), "x0="),
    "jac of another size": (lambda: st.minimize(bowl, [3.0, 2.0], jac=lambda x: [1.0]), "jac"),
    "jac returns None": (lambda: st.minimize(bowl, [3.0, 2.0], jac=lambda x: None), "jac"),
    "jac=True, but one value": (lambda: st.minimize(bowl, [3.0, 2.0], jac=True), "jac=True"),
    "jac is a number": (lambda: st.minimize(bowl, [3.0, 2.0], jac=3), "jac=3"),
    "method is a number": (lambda: st.minimize(bowl, [3.0, 2.0], method=3), "method=3"),
    "on_error is unknown": (
        lambda: st.minimize(bowl, [3.0, 2.0], on_error="ignore"),
        "on_error='ignore'",
    ),
    "callback is no function": (lambda: st.minimize(bowl, [3.0, 2.0], callback=3), "callback=3"),
    "lr is text": (lambda: st.minimize(bowl, [3.0, 2.0], method="gd", lr="quick"), "lr='quick'"),
    "stop is no criterion": (lambda: st.minimize(bowl, [3.0, 2.0], stop=1e-6), "stop=1e-06"),
}


@pytest.mark.parametrize("case", BAD)
def test_an_error_names_the_argument(case):
    call, words = BAD[case]
    with pytest.raises(st.SteepestError, match=words):
        call()


class TestContinuation:
    """Stop and resume is one run, bit for bit, for every method."""

    @pytest.mark.parametrize("name", ["gd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "bfgs", "lbfgs"])
    def test_resume(self, name):
        def stream():
            return st.descend(quartic, [1.0, -2.0], name, jac="3-point")

        whole = [now.point.x for now in itertools.islice(stream(), 21)]
        half = next(itertools.islice(stream(), 10, None))
        from steepest.loops.loop import descend
        from steepest.methods.registry import find

        rest = [now.point.x for now in itertools.islice(descend(half.point.oracle, half, find(name, 2)), 11)]
        np.testing.assert_array_equal(whole[10:], rest)


def test_stop_replaces_the_natural_test():
    result = st.minimize(bowl, [3.0, 2.0], method="gd", lr=0.1, stop=stop.StepLength(1e-3) & stop.GradientNorm(1e-1))
    assert result.success
    assert result.history.last.step <= 1e-3


def test_descend_is_the_loop_in_your_own_hands():
    xs = [now.point.x for now in itertools.islice(st.descend(bowl, [3.0, 2.0], st.GD(lr=0.25), jac=bowl_gradient), 3)]
    np.testing.assert_allclose(xs, [[3, 2], [1.5, 1], [0.75, 0.5]])
