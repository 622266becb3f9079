"""Time to the same loss: logistic regression by Adam in mini-batches, beside the libraries that people use for it.

Each contender trains in float32 with Adam at lr = 0.01 until the loss over all rows, measured after each epoch outside
of its clock, is at most the target; compiling and setting up do not count. Contenders take turns.
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

LR, MOST = 0.01, 200  # epochs


def task(rows, columns=50):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, columns)).astype(np.float32)
    y = (rng.random(rows) < 1 / (1 + np.exp(-X @ rng.normal(size=columns)))).astype(np.float32)
    low = st.fit(losses.Logistic(), None, (X.astype(float), y), batch_size=None, epochs=300).fun
    return X, y, 1.02 * low


def loss_of(w, X, y):
    z = X @ w[:-1] + w[-1]
    return float(np.mean(np.logaddexp(0, z) - y * z))


def ours(loss, start, flat):
    def contender(X, y, batch):
        spent, last, reached = [0.0], [0.0], [False]

        def watch(intermediate_result):
            spent[0] += time.perf_counter() - last[0]
            reached[0] = loss_of(flat(intermediate_result.x), X, y) <= contender.target
            last[0] = time.perf_counter()
            return reached[0]

        last[0] = time.perf_counter()
        st.fit(loss, start(X), (X, y), jac=None if isinstance(loss, losses.Linear) else True, diagnose=False,
               method=st.Adam(lr=LR), batch_size=batch, epochs=MOST, callback=watch)  # fmt: skip
        return spent[0] if reached[0] else math.inf

    return contender


def by_hand(w, X, y):
    z = X @ w[:-1] + w[-1]
    p = 1 / (1 + np.exp(-z))
    r = (p - y) / np.float32(len(y))
    return float(np.mean(np.logaddexp(0, z) - y * z)), np.append(r @ X, r.sum())


def epochs(contender, epoch, weights, X, y):
    spent = 0.0
    for _ in range(MOST):
        began = time.perf_counter()
        epoch()
        spent += time.perf_counter() - began
        if loss_of(weights(), X, y) <= contender.target:
            return spent
    return math.inf


def sklearn_mlp(X, y, batch):
    from sklearn.neural_network import MLPClassifier

    net = MLPClassifier((), batch_size=batch, learning_rate_init=LR, alpha=0, random_state=0)
    weights = lambda: np.append(net.coefs_[0][:, 0], net.intercepts_[0])
    return epochs(sklearn_mlp, lambda: net.partial_fit(X, y, classes=[0, 1]), weights, X, y)


def torch_loop(loader):
    def contender(X, y, batch):
        import torch

        torch.set_num_threads(1)
        A, b = torch.tensor(X), torch.tensor(y)
        w = torch.zeros(X.shape[1] + 1, requires_grad=True)
        adam = torch.optim.Adam([w], lr=LR, fused=True)
        whole = torch.utils.data.TensorDataset(A, b)
        loaded = torch.utils.data.DataLoader(whole, batch, shuffle=True) if loader else None

        def sliced():
            order = torch.randperm(len(b))
            for start in range(0, len(b), batch):
                rows = order[start : start + batch]
                yield A[rows], b[rows]

        def epoch():
            for Ab, bb in loaded or sliced():
                adam.zero_grad()
                torch.nn.functional.binary_cross_entropy_with_logits(Ab @ w[:-1] + w[-1], bb).backward()
                adam.step()

        return epochs(contender, epoch, lambda: w.detach().numpy(), X, y)

    return contender


def optax_scan(X, y, batch):
    import jax
    import jax.numpy as jnp
    import optax

    adam = optax.adam(LR)
    whole = len(y) // batch

    def mean(w, A, b):
        return optax.sigmoid_binary_cross_entropy(A @ w[:-1] + w[-1], b).mean()

    @jax.jit
    def run(w, state, A, b, key):
        order = jax.random.permutation(key, len(b))[: whole * batch].reshape(whole, batch)

        def step(carry, rows):
            w, state = carry
            updates, state = adam.update(jax.grad(mean)(w, A[rows], b[rows]), state)
            return (optax.apply_updates(w, updates), state), None

        return jax.lax.scan(step, (w, state), order)[0]

    A, b = jnp.array(X), jnp.array(y)
    w = jnp.zeros(X.shape[1] + 1)
    now = [w, adam.init(w), jax.random.key(0)]
    jax.block_until_ready(run(now[0], now[1], A, b, now[2]))  # compiles

    def epoch():
        now[2], key = jax.random.split(now[2])
        now[0], now[1] = jax.block_until_ready(run(now[0], now[1], A, b, key))

    return epochs(optax_scan, epoch, lambda: np.asarray(now[0]), X, y)


CONTENDERS = {
    "steepest, NumPy gradient": ours(by_hand, lambda X: np.zeros(X.shape[1] + 1, np.float32), lambda w: w),
    "steepest, losses.Logistic": ours(
        losses.Logistic(), lambda X: None, lambda p: np.append(p["coef"], p["intercept"])
    ),
    "sklearn MLPClassifier(())": sklearn_mlp,
    "torch, sliced": torch_loop(False),
    "torch, DataLoader": torch_loop(True),
    "optax, scanned epoch": optax_scan,
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    rows, rounds = (4_000, 1) if given.quick else (given.rows, given.rounds)
    X, y, target = task(rows)
    print(
        f"milliseconds to a loss of {target:.4f} (1.02 times the lowest), {rows} x 50, median of {rounds} rounds"
    )
    for batch in (32, 256):
        seconds = {name: [] for name in CONTENDERS}
        for _ in range(rounds):
            for name, contender in CONTENDERS.items():
                contender.target = target
                with suppress(ImportError):
                    seconds[name].append(contender(X, y, batch))
        best = min(statistics.median(s) for n, s in seconds.items() if s and not n.startswith("steepest"))
        for name, spent in seconds.items():
            if spent:
                middle = statistics.median(spent)
                print(
                    f"batch {batch:4}  {name:27} {1e3 * middle:9.1f}  best peer / this {best / middle:5.2f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
