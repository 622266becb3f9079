"""Time to the same loss: linear classifiers by Adam in mini-batches, beside the libraries that people use for them.

Each contender trains in float32 with the same rate until the loss over all rows, measured after each epoch outside of
its clock, is at most the target; setting up and compiling do not count. Contenders take turns. The target lies above
what a constant rate ends at: with batches of 32 rows and lr = 0.01 that is 3 % above the lowest loss, so a target 2 %
above it was waited for in vain, 200 epochs long. scikit-learn's SGDClassifier is an algorithm of its own (a row at a
time, a rate that falls), and has no softmax.
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
from contextlib import suppress

import numpy as np

import steepest as st
from steepest import losses

MOST, PATIENCE = 200, 20.0  # epochs, and seconds, after which a contender gives up
RATES = {32: 0.003, 256: 0.01}  # by rows in a batch


class Task:
    """Data, a loss of weights, shape (d + 1, k) or (d + 1,), and the loss that is to be reached."""

    def __init__(self, name, X, y, loss, margin):
        self.name, self.X, self.y, self.loss = name, X, y, loss
        best = st.fit(loss, None, (X.astype(float), y), batch_size=None, epochs=300)
        self.target = margin * best.fun
        self.said = f"{self.target:.4f}, {margin:g} times the lowest"
        self.binary = isinstance(loss, losses.Logistic)
        self.start = np.zeros((X.shape[1] + 1, *best.x["intercept"].shape), np.float32)

    def reached(self, w):
        return self.loss({"coef": w[:-1], "intercept": w[-1]}, self.X, self.y) <= self.target


def logistic(rows, columns=50):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, columns)).astype(np.float32)
    y = (rng.random(rows) < 1 / (1 + np.exp(-X @ rng.normal(size=columns)))).astype(np.float32)
    return Task(f"logistic {rows} x {columns}", X, y, losses.Logistic(), 1.02)


def digits():
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return Task("digits", (X / 16).astype(np.float32), y, losses.Softmax(l2=1e-3), 1.1)


def ours(gradient):
    def contender(task, batch):
        spent, last, reached = [0.0], [0.0], [False]

        def watch(intermediate_result):
            spent[0] += time.perf_counter() - last[0]
            x = intermediate_result.x
            reached[0] = task.reached(x if gradient else np.concatenate([x["coef"], x["intercept"][None]]))
            last[0] = time.perf_counter()
            return reached[0] or spent[0] > PATIENCE or intermediate_result.epoch >= MOST

        loss, start = (by_hand(task), task.start) if gradient else (task.loss, None)
        how = dict(method=st.Adam(lr=RATES[batch]), batch_size=batch, jac=True if gradient else None, diagnose=False)
        # Compiles the epoch, or the rule alone, in a run that is long enough for that by its plan.
        st.fit(loss, start, (task.X, task.y), epochs=1e9, callback=lambda p: True, **how)
        last[0] = time.perf_counter()
        st.fit(loss, start, (task.X, task.y), epochs=1e9, callback=watch, **how)
        return spent[0] if reached[0] else math.inf

    return contender


def by_hand(task):
    """Value and gradient as a user of NumPy writes them."""

    def binary(w, X, y):
        z = X @ w[:-1] + w[-1]
        p = 1 / (1 + np.exp(-z))
        r = (p - y) / np.float32(len(y))
        return float(np.mean(np.logaddexp(0, z) - y * z)), np.append(r @ X, r.sum())

    def softmax(w, X, y):
        z = X @ w[:-1] + w[-1]
        e = np.exp(z - z.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        rows = np.arange(len(y))
        f = -float(np.log(p[rows, y]).mean()) + task.loss.l2 / 2 * float((w[:-1] ** 2).sum())
        p[rows, y] -= 1
        p /= np.float32(len(y))
        g = np.concatenate([X.T @ p, p.sum(axis=0)[None]])
        g[:-1] += np.float32(task.loss.l2) * w[:-1]
        return f, g

    return binary if task.binary else softmax


def epochs(task, epoch, weights):
    spent = 0.0
    for _ in range(MOST):
        began = time.perf_counter()
        epoch()
        spent += time.perf_counter() - began
        if task.reached(weights()):
            return spent
        if spent > PATIENCE:
            break
    return math.inf


def sklearn_sgd(task, batch):
    from sklearn.linear_model import SGDClassifier

    if not task.binary:
        raise ImportError("no softmax")
    model = SGDClassifier(loss="log_loss", random_state=0)
    weights = lambda: np.append(model.coef_[0], model.intercept_).astype(np.float32)
    return epochs(task, lambda: model.partial_fit(task.X, task.y, classes=[0, 1]), weights)


def sklearn_mlp(task, batch):
    from sklearn.neural_network import MLPClassifier

    decay = task.loss.l2 * batch  # its penalty is alpha / 2 |w|^2 / rows of the batch
    net = MLPClassifier((), batch_size=batch, learning_rate_init=RATES[batch], alpha=decay, random_state=0)
    weights = lambda: np.concatenate([net.coefs_[0], net.intercepts_[0][None]]).reshape(task.start.shape)
    return epochs(task, lambda: net.partial_fit(task.X, task.y, classes=np.unique(task.y)), weights)


def torch_loop(loader):
    def contender(task, batch):
        import torch

        torch.set_num_threads(1)
        A, b = torch.tensor(task.X), torch.tensor(task.y)
        w = torch.tensor(task.start, requires_grad=True)
        adam = torch.optim.Adam([w], lr=RATES[batch], fused=True)
        whole = torch.utils.data.TensorDataset(A, b)
        loaded = torch.utils.data.DataLoader(whole, batch, shuffle=True) if loader else None
        apart = torch.nn.functional
        mean = apart.binary_cross_entropy_with_logits if task.binary else apart.cross_entropy

        def sliced():
            order = torch.randperm(len(b))
            for start in range(0, len(b), batch):
                rows = order[start : start + batch]
                yield A[rows], b[rows]

        def epoch():
            for Ab, bb in loaded or sliced():
                adam.zero_grad()
                loss = mean(Ab @ w[:-1] + w[-1], bb)
                if task.loss.l2:
                    loss = loss + task.loss.l2 / 2 * (w[:-1] ** 2).sum()
                loss.backward()
                adam.step()

        return epochs(task, epoch, lambda: w.detach().numpy())

    return contender


def optax_loop(scanned):
    def contender(task, batch):
        import jax
        import jax.numpy as jnp
        import optax

        adam = optax.adam(RATES[batch])
        whole = len(task.y) // batch
        A, b = jnp.array(task.X), jnp.array(task.y)
        each = optax.sigmoid_binary_cross_entropy if task.binary else optax.softmax_cross_entropy_with_integer_labels

        def mean(w, A, b):
            return each(A @ w[:-1] + w[-1], b).mean() + task.loss.l2 / 2 * (w[:-1] ** 2).sum()

        def step(carry, rows, A, b):
            w, state = carry
            updates, state = adam.update(jax.grad(mean)(w, A[rows], b[rows]), state)
            return (optax.apply_updates(w, updates), state), None

        @jax.jit
        def shuffled(key):
            return jax.random.permutation(key, len(b))[: whole * batch].reshape(whole, batch)

        jitted = jax.jit(step)
        together = jax.jit(
            lambda carry, order, A, b: jax.lax.scan(lambda c, rows: step(c, rows, A, b), carry, order)[0]
        )

        def run(carry, key):
            if scanned:
                return together(carry, shuffled(key), A, b)
            for rows in np.asarray(shuffled(key)):
                carry, _ = jitted(carry, rows, A, b)
            return carry

        w = jnp.array(task.start)
        now = [(w, adam.init(w)), jax.random.key(0)]
        jax.block_until_ready(together(now[0], shuffled(now[1])[:1], A, b) if not scanned else run(*now))
        jax.block_until_ready(jitted(now[0], np.asarray(shuffled(now[1]))[0], A, b))  # both compile

        def epoch():
            now[1], key = jax.random.split(now[1])
            now[0] = jax.block_until_ready(run(now[0], key))

        return epochs(task, epoch, lambda: np.asarray(now[0][0]))

    return contender


CONTENDERS = {
    "steepest, NumPy gradient": ours(True),
    "steepest, steepest.losses": ours(False),
    "sklearn SGDClassifier": sklearn_sgd,
    "sklearn MLPClassifier(())": sklearn_mlp,
    "torch, sliced": torch_loop(False),
    "torch, DataLoader": torch_loop(True),
    "optax, jitted step": optax_loop(False),
    "optax, scanned epoch": optax_loop(True),
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    rows, rounds = (4_000, 1) if given.quick else (given.rows, given.rounds)
    tasks = [logistic(rows)]
    with suppress(ImportError):
        tasks.append(digits())
    for task in tasks:
        print(f"{task.name}: milliseconds to a loss of {task.said}; median of {rounds} rounds")
        for batch in (32, 256):
            seconds = {name: [] for name in CONTENDERS}
            for _ in range(rounds):
                for name, contender in CONTENDERS.items():
                    with suppress(ImportError):
                        seconds[name].append(contender(task, batch))
            medians = {name: statistics.median(spent) for name, spent in seconds.items() if spent}
            best = min((t for name, t in medians.items() if not name.startswith("steepest")), default=math.nan)
            for name, spent in medians.items():
                print(
                    f"  batch {batch:4}  {name:27} {1e3 * spent:9.1f}  best peer / this {best / spent:5.2f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
