"""The compiled epoch: the same run as step by step in NumPy, but for the order in which a batch is summed."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import steepest as st
from conftest import peer
from steepest import losses
from steepest.losses import LOSSES
from steepest.training import epoch

pytestmark = pytest.mark.usefixtures("llvm")
RNG = np.random.default_rng(11)
X = RNG.normal(size=(207, 5))
SCORE = X @ [1.0, -1.0, 0.5, 0.0, 0.1] + 0.3
TARGETS = {
    "any": SCORE + 0.5 * RNG.standard_t(3, 207),
    "binary": (RNG.random(207) < 1 / (1 + np.exp(-SCORE))).astype(float),
    "count": RNG.poisson(np.exp(SCORE / 2)).astype(float),
    "class": RNG.integers(0, 3, 207) * (X[:, 0] > -1),
}
RULES = [
    st.GD(lr=0.01),
    st.Momentum(lr=0.01, beta=0.8),
    st.Adam(lr=0.02),
    st.AdamW(lr=st.schedules.Cosine(0.05, steps=30), decay=0.1),
    st.Yogi(lr=0.02),
    st.ScheduleFreeAdam(lr=0.02),
]


@pytest.fixture(scope="module")
def llvm():
    peer("llvmlite")


def both(monkeypatch, loss, data, **how):
    """The same run in machine code and by NumPy."""
    runs = []
    monkeypatch.setattr(epoch, "WORTHWHILE", 0)
    for of in (epoch.Epoch.of, lambda *_: None):
        with monkeypatch.context() as patch:
            patch.setattr(epoch.Epoch, "of", of)
            runs.append(st.fit(loss, None, data, **{"rng": 3, "epochs": 3, "diagnose": False} | how))
    assert runs[0].engine == "compiled epoch"
    assert runs[1].engine != "compiled epoch"
    return runs


def same(runs, rtol):
    """One run but for rounding."""
    a, b = runs
    assert (a.nit, a.nfev, a.njev, a.stopped[0]) == (b.nit, b.nfev, b.njev, b.stopped[0])
    for name in ("coef", "intercept"):
        assert a.x[name].dtype == b.x[name].dtype
        np.testing.assert_allclose(a.x[name], b.x[name], rtol=rtol, atol=rtol)
    for column in ("t", "f", "g_norm", "step", "lr", "nfev"):
        np.testing.assert_allclose(a.history[column], b.history[column], rtol=rtol, atol=rtol, err_msg=column)
    np.testing.assert_allclose(a.history.x, b.history.x, rtol=rtol, atol=rtol)
    for column in ("epoch", "loss", "lr", "validation"):
        np.testing.assert_allclose(a.epochs[column], b.epochs[column], rtol=rtol, atol=rtol)
    assert a.fun == pytest.approx(b.fun, rel=10 * rtol, abs=10 * rtol)


@pytest.mark.parametrize("kind", LOSSES.values(), ids=LOSSES)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_loss_with_several_rules(monkeypatch, kind, rule):
    """207 rows in batches of 32 leave a last one of 15."""
    same(both(monkeypatch, kind(), (X, TARGETS[kind.labels]), method=rule), 1e-11)


@pytest.mark.parametrize("kind", LOSSES.values(), ids=LOSSES)
@pytest.mark.parametrize("penalty", [{"l2": 0.1}, {"l1": 0.02}, {"l1": 0.02, "l2": 0.05}], ids=str)
def test_penalties_and_weights_and_columns_out_of_scale(monkeypatch, kind, penalty):
    raw = X * [1.0, 30.0, 0.01, 1.0, 1.0] + [0.0, 100.0, 0.0, 0.0, 0.0]
    weights = RNG.uniform(0.5, 2.0, 207)
    runs = both(monkeypatch, kind(**penalty), (raw, TARGETS[kind.labels]), method=st.Adam(lr=0.02), weights=weights)
    same(runs, 1e-10)


@pytest.mark.parametrize("kind", [losses.Huber(delta=0.3), losses.Pinball(quantile=0.9), losses.Pinball(quantile=0.1)])
def test_numbers_of_a_loss_are_its_own(monkeypatch, kind):
    same(both(monkeypatch, kind, (X, TARGETS["any"]), method=st.Adam(lr=0.02)), 1e-11)


@pytest.mark.parametrize("kind", LOSSES.values(), ids=LOSSES)
def test_single_precision(monkeypatch, kind):
    """Sums of 32 numbers of 24 bits, some 20 steps long."""
    data = X.astype(np.float32), TARGETS[kind.labels]
    runs = both(monkeypatch, kind(), data, method=st.Momentum(lr=0.005))
    assert runs[0].x["coef"].dtype == np.float32
    same(runs, 3e-5)


@pytest.mark.parametrize("size", [1, 7, 206])
@pytest.mark.parametrize("features", [1, 7, 8, 9, 40])
def test_any_shape(monkeypatch, size, features):
    """Rows of less than 64 bytes, of as many, of more; batches of one."""
    rng = np.random.default_rng(features)
    table = rng.normal(size=(207, features))
    for shuffle in ("full", "block", None):
        runs = both(monkeypatch, losses.Logistic(), (table, TARGETS["binary"]), method=st.GD(lr=0.1), batch_size=size,
                    shuffle=shuffle)  # fmt: skip
        same(runs, 1e-10)


def test_streams_and_maps_and_whole_numbers(monkeypatch, tmp_path):
    path = tmp_path / "X.npy"
    np.save(path, X)

    def chunks():
        for start in range(0, 207, 50):
            yield X[start : start + 50], TARGETS["any"][start : start + 50]

    fortran = np.asfortranarray(X)
    y = TARGETS["any"]
    for data in (chunks, (np.load(path, mmap_mode="r"), y), (fortran, y), (np.round(3 * X).astype(int), y)):
        for shuffle in ("full", None):
            same(both(monkeypatch, losses.Squared(), data, method=st.Adam(lr=0.02), shuffle=shuffle), 1e-11)


def test_validation_patience_callback_and_budgets(monkeypatch):
    data, held = (X[:150], TARGETS["any"][:150]), (X[150:], TARGETS["any"][150:])
    how = {"method": st.Adam(lr=0.2), "validation": held, "patience": 2, "epochs": 60}
    runs = both(monkeypatch, losses.Squared(), data, **how)
    assert runs[0].code == "converged.validation"
    same(runs, 1e-9)
    seen = []
    stop = lambda intermediate_result: (seen.append(intermediate_result.x), intermediate_result.epoch == 2)[1]
    runs = both(monkeypatch, losses.Squared(), data, method=st.Adam(lr=0.2), callback=stop)
    assert runs[0].code == "callback"
    same(runs, 1e-10)
    np.testing.assert_allclose(seen[0]["coef"], seen[2]["coef"], rtol=1e-10)
    for steps in (1, 7, 12):
        same(both(monkeypatch, losses.Squared(), data, method=st.Adam(lr=0.02), maxiter=steps), 1e-11)


@pytest.mark.parametrize("kind", [losses.Squared(), losses.Poisson(), losses.Softmax()])
def test_a_run_that_diverges_ends_at_the_same_step(monkeypatch, kind):
    runs = both(monkeypatch, kind, (1e3 * X, TARGETS[kind.labels]), method=st.GD(lr=1e30), epochs=30)
    assert runs[0].stopped == runs[1].stopped
    assert runs[0].nit == runs[1].nit


def test_a_callback_in_between_and_many_pieces_change_no_bit(monkeypatch):
    """How many steps a call makes is no matter."""
    monkeypatch.setattr(epoch, "WORTHWHILE", 0)
    run = lambda: st.fit(losses.Huber(), None, (X, TARGETS["any"]), method=st.Adam(lr=0.1), epochs=4, batch_size=10)
    whole = run()
    monkeypatch.setattr(epoch, "PLACES", 6 * 8 * 5)  # five steps in a call
    parts = run()
    monkeypatch.setattr("steepest.data.sources.CHUNK", 30)
    chunks = run()
    for other in (parts, chunks):
        np.testing.assert_array_equal(whole.x["coef"], other.x["coef"])
        np.testing.assert_array_equal(whole.epochs["loss"], other.epochs["loss"])
        for column in ("f", "g_norm", "step", "lr", "nfev"):
            np.testing.assert_array_equal(whole.history[column], other.history[column])


class Killed(BaseException):
    """As a signal would end it."""


@pytest.mark.parametrize("l1", [0.0, 0.05])
@pytest.mark.parametrize("when", [1, 7, 12])
def test_a_run_that_was_killed_goes_on_bit_by_bit(tmp_path, monkeypatch, when, l1):
    from steepest.training.kept import Keeper

    monkeypatch.setattr(epoch, "WORTHWHILE", 0)
    monkeypatch.setattr(epoch, "PLACES", 6 * 8 * 4)
    how = {"method": st.Adam(lr=st.schedules.Polynomial(0.1, 80)), "batch_size": 10, "epochs": 4, "rng": 4}
    loss, data = losses.Squared(l1=l1), (X, TARGETS["any"])
    whole = st.fit(loss, None, data, **how)
    see, path, count = Keeper.see, tmp_path / "run.npz", itertools.count(1)

    def watched(keeper, training, always=False):
        see(keeper, training, True)
        if next(count) == when:
            raise Killed

    monkeypatch.setattr(Keeper, "see", watched)
    with pytest.raises(Killed):
        st.fit(loss, None, data, checkpoint=path, **how)
    monkeypatch.setattr(Keeper, "see", see)
    r = st.fit(loss, None, data, checkpoint=path, **how)
    assert r.engine == "compiled epoch"
    np.testing.assert_array_equal(r.x["coef"], whole.x["coef"])
    np.testing.assert_array_equal(r.epochs["loss"], whole.epochs["loss"])
    for column in ("t", "f", "g_norm", "step", "lr"):
        np.testing.assert_array_equal(r.history[column], whole.history[column])


def test_what_it_was_not_made_for_is_left_to_numpy(monkeypatch):
    monkeypatch.setattr(epoch, "WORTHWHILE", 0)
    sparse = peer("scipy.sparse")
    y = TARGETS["any"]
    for how in (
        {"method": st.GD(lr=st.Armijo())},
        {"method": st.Lookahead(st.GD(lr=0.01))},
        {"clip": 1.0, "method": st.GD(lr=0.01)},
        {"average": 0.9, "method": st.GD(lr=0.01)},
        {"accumulate": 2, "method": st.GD(lr=0.01)},
        {"batch_size": None},
    ):
        assert st.fit(losses.Squared(), None, (X, y), epochs=2, **how).engine != "compiled epoch"
    data = sparse.csr_matrix(X), y
    assert st.fit(losses.Squared(), None, data, method=st.GD(lr=0.01), epochs=2).engine != "compiled epoch"
    own = lambda p, X, y: np.mean((X @ p - y) ** 2)
    assert st.fit(own, np.zeros(5), (X, y), method=st.GD(lr=0.01), epochs=2).engine != "compiled epoch"


def test_labels_that_come_late_are_refused_as_ever(monkeypatch):
    """A class beyond those that the first chunk had must not be read as an address."""
    monkeypatch.setattr(epoch, "WORTHWHILE", 0)

    def chunks():
        yield X[:100], np.arange(100) % 3
        yield X[100:], np.arange(107) % 5

    with pytest.raises(IndexError):
        st.fit(losses.Softmax(), None, chunks, method=st.GD(lr=0.1), batch_size=20)


def test_short_runs_are_not_compiled():
    """Only the plan decides: the same call gives the same bits, whatever was compiled before."""
    r = st.fit(losses.Squared(), None, (X, TARGETS["any"]), method=st.GD(lr=0.01), epochs=3)
    assert r.engine != "compiled epoch"
    r = st.fit(losses.Squared(), None, (X, TARGETS["any"]), method=st.GD(lr=0.01), epochs=1000, diagnose=False)
    assert r.engine == "compiled epoch"
