"""Formulas fitted to the certified data sets of NIST (StRD, nonlinear regression), and bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest

import steepest as st
from conftest import peer

# https://www.itl.nist.gov/div898/strd/nls/nls_main.shtml: model, data, the two starts, certified values with their
# standard deviations, residual sum of squares.
MISRA1A = (
    "b1*(1 - exp(-b2*x))",
    [77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0],
    [10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78],
    ([500, 0.0001], [250, 0.0005]),
    [2.3894212918e02, 5.5015643181e-04],
    [2.7070075241e00, 7.2668688436e-06],
    1.2455138894e-01,
)
BOXBOD = (
    "b1*(1 - exp(-b2*x))",
    [1, 2, 3, 5, 7, 10],
    [109, 149, 149, 191, 213, 224],
    ([1, 1], [100, 0.75]),
    [2.1380940889e02, 5.4723748542e-01],
    [1.2354515176e01, 1.0455993237e-01],
    1.1680088766e03,
)
MGH09 = (
    "b1*(x^2 + x*b2)/(x^2 + x*b3 + b4)",
    [4.0, 2.0, 1.0, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625],
    [0.1957, 0.1947, 0.1735, 0.16, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246],
    ([25, 39, 41.5, 39], [0.25, 0.39, 0.415, 0.39]),
    [1.9280693458e-01, 1.9128232873e-01, 1.2305650693e-01, 1.3606233068e-01],
    [1.1435312227e-02, 1.9633220911e-01, 8.0842031232e-02, 9.0025542308e-02],
    3.0750560385e-04,
)
MGH10 = (
    "b1*exp(b2/(x + b3))",
    np.arange(50.0, 126.0, 5.0),
    [34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744, 8261, 7030, 6005, 5147, 4427, 3820, 3307, 2872],
    ([2, 400000, 25000], [0.02, 4000, 250]),
    [5.6096364710e-03, 6.1813463463e03, 3.4522363462e02],
    [1.5687892471e-04, 2.3309021107e01, 7.8486103508e-01],
    8.7945855171e01,
)
MGH17 = (
    "b1 + b2*exp(-x*b4) + b3*exp(-x*b5)",
    10.0 * np.arange(33),
    [0.844, 0.908, 0.932, 0.936, 0.925, 0.908, 0.881, 0.850, 0.818, 0.784, 0.751, 0.718, 0.685, 0.658, 0.628, 0.603,
     0.580, 0.558, 0.538, 0.522, 0.506, 0.490, 0.478, 0.467, 0.457, 0.448, 0.438, 0.431, 0.424, 0.420, 0.414, 0.411,
     0.406],
    ([50, 150, -100, 1, 2], [0.5, 1.5, -1, 0.01, 0.02]),
    [3.7541005211e-01, 1.9358469127e00, -1.4646871366e00, 1.2867534640e-02, 2.2122699662e-02],
    [2.0723153551e-03, 2.2031669222e-01, 2.2175707739e-01, 4.4861358114e-04, 8.9471996575e-04],
    5.4648946975e-05,
)  # fmt: skip
RAT43 = (
    "b1/(1 + exp(b2 - b3*x))**(1/b4)",
    np.arange(1.0, 16.0),
    [16.08, 33.83, 65.80, 97.20, 191.55, 326.20, 386.87, 520.53, 590.03, 651.92, 724.93, 699.56, 689.96, 637.56,
     717.41],
    ([100, 10, 1, 1], [700, 5, 0.75, 1.3]),
    [6.9964151270e02, 5.2771253025e00, 7.5962938329e-01, 1.2792483859e00],
    [1.6302297817e01, 2.0828735829e00, 1.9566123451e-01, 6.8761936385e-01],
    8.7864049080e03,
)  # fmt: skip
ECKERLE4 = (
    "b1/b2*exp(-((x - b3)/b2)**2/2)",
    [400, 405, 410, 415, 420, 425, 430, 435, 436.5, 438, 439.5, 441, 442.5, 444, 445.5, 447, 448.5, 450, 451.5, 453,
     454.5, 456, 457.5, 459, 460.5, 462, 463.5, 465, 470, 475, 480, 485, 490, 495, 500],
    [0.0001575, 0.0001699, 0.0002350, 0.0003102, 0.0004917, 0.0008710, 0.0017418, 0.0046400, 0.0065895, 0.0097302,
     0.0149002, 0.0237310, 0.0401683, 0.0712559, 0.1264458, 0.2073413, 0.2902366, 0.3445623, 0.3698049, 0.3668534,
     0.3106727, 0.2078154, 0.1164354, 0.0616764, 0.0337200, 0.0194023, 0.0117831, 0.0074357, 0.0022732, 0.0008800,
     0.0004579, 0.0002345, 0.0001586, 0.0001143, 0.0000710],
    ([1, 10, 500], [1.5, 5, 450]),
    [1.5543827178e00, 4.0888321754e00, 4.5154121844e02],
    [1.5408051163e-02, 4.6803020753e-02, 4.6800518816e-02],
    1.4635887487e-03,
)  # fmt: skip
THURBER = (
    "(b1 + b2*x + b3*x**2 + b4*x**3)/(1 + b5*x + b6*x**2 + b7*x**3)",
    [-3.067, -2.981, -2.921, -2.912, -2.840, -2.797, -2.702, -2.699, -2.633, -2.481, -2.363, -2.322, -1.501, -1.460,
     -1.274, -1.212, -1.100, -1.046, -0.915, -0.714, -0.566, -0.545, -0.400, -0.309, -0.109, -0.103, 0.010, 0.119,
     0.377, 0.790, 0.963, 1.006, 1.115, 1.572, 1.841, 2.047, 2.200],
    [80.574, 84.248, 87.264, 87.195, 89.076, 89.608, 89.868, 90.101, 92.405, 95.854, 100.696, 101.060, 401.672,
     390.724, 567.534, 635.316, 733.054, 759.087, 894.206, 990.785, 1090.109, 1080.914, 1122.643, 1178.351, 1260.531,
     1273.514, 1288.339, 1327.543, 1353.863, 1414.509, 1425.208, 1421.384, 1442.962, 1464.350, 1468.705, 1447.894,
     1457.628],
    ([1000, 1000, 400, 40, 0.7, 0.3, 0.03], [1300, 1500, 500, 75, 1, 0.4, 0.05]),
    [1.2881396800e03, 1.4910792535e03, 5.8323836877e02, 7.5416644291e01, 9.6629502864e-01, 3.9797285797e-01,
     4.9727297349e-02],
    [4.6647963344e00, 3.9571156086e01, 2.8698696102e01, 5.5675370270e00, 3.1333340687e-02, 1.4984928198e-02,
     6.5842344623e-03],
    5.6427082397e03,
)  # fmt: skip
NIST = {"Misra1a": MISRA1A, "BoxBOD": BOXBOD, "MGH09": MGH09, "MGH10": MGH10, "MGH17": MGH17, "Rat43": RAT43,
        "Eckerle4": ECKERLE4, "Thurber": THURBER}  # fmt: skip


@pytest.mark.parametrize("start", [0, 1], ids=["far", "near"])
@pytest.mark.parametrize("name", NIST)
def test_certified_values(name, start):
    text, x, y, starts, certified, deviations, rss = NIST[name]
    names = [f"b{i + 1}" for i in range(len(certified))]
    r = st.fit_formula(text, {"x": x, "y": y}, "y", dict(zip(names, starts[start], strict=True)))
    assert r.success, r.why
    assert r.fun == pytest.approx(rss, rel=1e-9)
    # 6 of the 11 digits; an error of x far below its own standard error is no error
    assert [r.x[n] for n in names] == pytest.approx(certified, rel=5e-6)
    assert [r.standard_errors[n] for n in names] == pytest.approx(deviations, rel=5e-6)
    assert r.dof == len(x) - len(names)
    assert r.sigma == pytest.approx(math.sqrt(rss / r.dof), rel=1e-9)
    assert not r.undetermined


def test_weights_give_the_weighted_least_squares_line():
    rng = np.random.default_rng(3)
    x, w = rng.uniform(0, 10, 30), rng.uniform(0.1, 4, 30)
    y = 2 + 3 * x + rng.normal(size=30) / np.sqrt(w)
    r = st.fit_formula("a + b*x", {"x": x, "y": y}, "y", weights=w)
    A = np.column_stack([np.ones(30), x])
    normal = np.linalg.inv(A.T @ (w[:, None] * A))
    best = normal @ A.T @ (w * y)
    rest = float(w @ (y - A @ best) ** 2)
    assert [r.x["a"], r.x["b"]] == pytest.approx(best, rel=1e-8)
    assert np.allclose(r.covariance, rest / 28 * normal, rtol=1e-8, atol=0)
    assert np.allclose(r.residuals, y - A @ best, atol=1e-7)


@pytest.mark.parametrize("seed", [0, 1])
def test_known_deviations_give_the_errors_of_curve_fit(seed):
    curve_fit = peer("scipy.optimize").curve_fit
    rng = np.random.default_rng(seed)
    t, sigma = np.linspace(0, 5, 60), rng.uniform(0.02, 0.07, 60)
    y = 2.5 * np.exp(-1.3 * t) + 0.4 + sigma * rng.normal(size=60)
    r = st.fit_formula("y = a*exp(-b*t) + c", {"t": t, "y": y}, "y", sigma=sigma)
    model = lambda t, a, b, c: a * np.exp(-b * t) + c
    best, covariance = curve_fit(model, t, y, [1, 1, 1], sigma, absolute_sigma=True)
    np.testing.assert_allclose(list(r.x.values()), best, rtol=1e-5)
    np.testing.assert_allclose(r.covariance, covariance, rtol=1e-4)
    assert r.fun == pytest.approx((((y - model(t, *best)) / sigma) ** 2).sum())
    assert f"a = {r.x['a']:.10g} ± {r.standard_errors['a']:.3g}" in str(r)
    one = st.fit_formula("a*exp(-b*t) + c", {"t": t, "y": y}, "y", sigma=0.05)
    many = st.fit_formula("a*exp(-b*t) + c", {"t": t, "y": y}, "y", sigma=np.full(60, 0.05))
    assert one.standard_errors == many.standard_errors


def test_a_fit_on_which_parameters_have_no_effect_is_no_success():
    x = np.linspace(400, 700, 80)
    peak = 1000 * np.exp(-((x - 532) ** 2) / 200) + 10
    text = "A*exp(-(x - m)^2/(2*s^2)) + b"
    r = st.fit_formula(text, {"x": x, "y": peak}, "y")  # from 1, 1, 1, 1 the peak is not seen
    assert (r.success, r.code, r.status) == (False, "stalled.plateau", 3)
    assert "A, m, s have no effect on the fit there: begin elsewhere" in r.why
    near = st.fit_formula(text, {"x": x, "y": peak}, "y", {"m": 530, "s": 12, "A": 800})
    assert near.success
    assert list(near.x.values()) == pytest.approx([1000, 532, 10, 10])


def test_units_do_not_matter():
    text, x, y, starts, certified, *_ = MISRA1A
    r = st.fit_formula(
        text,
        {"x": 1e-9 * np.array(x), "y": 1e6 * np.array(y)},
        "y",
        {"b1": starts[1][0] * 1e6, "b2": starts[1][1] * 1e9},
    )
    assert [r.x["b1"] / 1e6, r.x["b2"] / 1e9] == pytest.approx(certified, rel=5e-6)


def test_what_the_data_leave_undetermined_is_named():
    x = np.linspace(0, 1, 9)
    r = st.fit_formula("(a + b)*x + c", {"x": x, "y": 2 * x + 1}, "y")
    assert r.undetermined == ["a", "b"]
    assert r.standard_errors["a"] == math.inf
    assert r.standard_errors["c"] < 1e-6
    assert float(r.x["a"] + r.x["b"]) == pytest.approx(2)


def test_as_many_rows_as_parameters_leave_nothing_to_estimate_errors_from():
    r = st.fit_formula("a + b*x", {"x": [0.0, 1.0], "y": [1.0, 3.0]}, "y")
    assert [r.x["a"], r.x["b"]] == pytest.approx([1, 2])
    assert math.isnan(r.sigma)
    assert all(math.isnan(e) for e in r.standard_errors.values())


def test_bounds_hold():
    text, x, y, *_ = BOXBOD
    r = st.fit_formula(text, {"x": x, "y": y}, "y", {"b1": 100, "b2": 0.75}, bounds=[(0, 200), (0, None)])
    assert r.x["b1"] == 200
    # the best b2 for b1 = 200: where the derivative of the sum of squares is zero
    left = 200 * (1 - np.exp(-r.x["b2"] * np.array(x))) - y
    assert abs(left @ (x * np.exp(-r.x["b2"] * np.array(x)))) < 1e-4 * np.linalg.norm(left)


def test_other_methods_and_the_arguments_of_minimize_pass_through():
    x = np.linspace(0, 2, 15)
    r = st.fit_formula("a*exp(-b*x)", {"x": x, "y": 3 * np.exp(-0.7 * x)}, "y", method="bfgs", maxiter=50)
    assert r.method.startswith("BFGS")
    assert [r.x["a"], r.x["b"]] == pytest.approx([3, 0.7], rel=1e-6)


DATA = {
    "x": [0.0, 1.0, 2.0, 3.0],
    "y": [1.0, 2.0, 3.0, 5.0],
    "name": ["p", "q", "r", "s"],
    "gap": [1, None, 2, 3],
}


@pytest.mark.parametrize(
    ("text", "data", "y", "more", "message"),
    [
        ("a*x + b", DATA, "z", {}, "y='z': expected the name of a column; data has x, y, name, gap"),
        ("x + 1", DATA, "y", {}, "has no parameter"),
        ("a*y", DATA, "y", {}, "contains 'y'"),
        ("a*name", DATA, "y", {}, "data\\['name'\\]"),
        ("a*gap", DATA, "y", {}, "data\\['gap'\\]"),
        ("a*x + ", DATA, "y", {}, "expected a number"),
        ("a*x", [1, 2], "y", {}, "expected columns by name"),
        (7, DATA, "y", {}, "expected a formula as str"),
        ("a*x + b", DATA, "y", {"start": {"c": 1}}, "start\\['c'\\]"),
        ("a*x", DATA, "y", {"weights": [1, 2]}, "expected 4 finite numbers"),
        ("a*x", DATA, "y", {"weights": [1, 1, 1, -1]}, "expected 4 finite numbers"),
        ("a*x", DATA, [1.0, 2.0, 3.0, 5.0], {}, "expected the name of a column"),
        ("a*x", DATA, "y", {"sigma": [1, 1, 0, 1]}, "sigma holds 0"),
        ("a*x", DATA, "y", {"sigma": [1, 2]}, "sigma: expected 4 finite numbers"),
        ("a*x", DATA, "y", {"sigma": 1, "weights": [1, 1, 1, 1]}, "expected one of them"),
        ("a + b*x + c*x^2 + d*x^3 + f*x^4", DATA, "y", {}, "4 rows: 5 parameters"),
        ("a*x", {"x": [1, math.nan], "y": [1, 2]}, "y", {}, "not finite in 1 of 2 rows, the first is row 1"),
        ("a*x", {"x": [1, 2, 3], "y": [1, 2]}, "y", {}, "has shape"),
    ],
)
def test_bad_input_is_named(text, data, y, more, message):
    with pytest.raises(st.SteepestError, match=message):
        st.fit_formula(text, data, y, **more)


def test_the_method_says_what_it_is_for():
    with pytest.raises(st.ArgumentError, match="LeastSquares"):
        st.minimize(lambda x: x @ x, [1.0, 2.0], method=st.LevenbergMarquardt())


def test_a_jacobian_of_the_wrong_shape_is_named():
    wrong = st.LeastSquares(lambda x: np.array([x[0], x[1], 1.0]), lambda x: np.eye(2))
    with pytest.raises(st.ObjectiveError, match=r"jac returned shape \(2, 2\): expected \(3, n\)"):
        st.minimize(wrong, [1.0, 2.0])


def test_a_wrong_jacobian_is_caught():
    wrong = st.LeastSquares(lambda x: np.array([x[0] - 1, x[1] ** 2]), lambda x: np.array([[1.0, 0.0], [0.0, x[1]]]))
    r = st.minimize(wrong, [3.0, 2.0])
    assert "the function's own derivative is wrong" in r.gradient


def test_a_start_where_the_formula_is_not_defined_names_the_row():
    data = {"x": [0.0, 1.0, 2.0], "y": [1.0, 2.0, 3.0]}
    with pytest.raises(st.ArgumentError, match=r"'a\*log\(x\)\+b' is -inf in row 0 \(x = 0\) at start="):
        st.fit_formula("a*log(x)+b", data, "y")
    with pytest.raises(st.ArgumentError, match=r"is nan in row 2 \(x = 2\) at start="):
        st.fit_formula("sqrt(a-x)", data, "y", {"a": 1.5})
    with pytest.raises(st.ArgumentError, match=r"start=\[1, 1\]: expected a dict with numbers for a, b"):
        st.fit_formula("a*x+b", data, "y", [1, 1])


def test_least_squares_from_a_start_that_is_not_finite():
    r = st.minimize(st.LeastSquares(np.log, lambda x: np.diag(1 / x)), [-1.0, 1.0], method=st.LevenbergMarquardt())
    assert r.code == "nonfinite.start"


def test_residuals_and_jac_are_looked_at():
    line = st.LeastSquares(lambda x: [x[0] - 1, 2 * x[1]], lambda x: [[1, 0], [0, 2]])
    assert st.minimize(line, [3.0, 2.0], method=st.LevenbergMarquardt()).x == pytest.approx([1, 0])
    with pytest.raises(st.ArgumentError, match="jac is missing: expected a function"):
        st.LeastSquares(lambda x: x)
    with pytest.raises(st.ObjectiveError, match=r"residuals returned shape \(2, 1\)"):
        st.minimize(st.LeastSquares(lambda x: x[:, None], lambda x: np.eye(2)), [3.0, 2.0])
