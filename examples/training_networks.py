"""Logistic regression and a network of two layers in plain NumPy, on scikit-learn's real data where it is there."""

from __future__ import annotations

import numpy as np

import pictures
import steepest as st


def halves(X, y, seed=0):
    """Rows to train on, and rows to judge by."""
    order = np.random.default_rng(seed).permutation(len(y))
    train, test = order[: len(y) * 3 // 4], order[len(y) * 3 // 4 :]
    return (X[train], y[train]), (X[test], y[test])


def softmax_loss(z, y):
    z = z - np.max(z, axis=1, keepdims=True)
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - z[np.arange(len(y)), y])


def network(p, X):
    return np.tanh(X @ p["W1"] + p["b1"]) @ p["W2"] + p["b2"]


def main():
    try:
        from sklearn.datasets import load_breast_cancer, load_digits
    except ImportError:
        print("These data come with scikit-learn: pip install 'steepest[sklearn]'")
        return

    train, test = halves(*load_breast_cancer(return_X_y=True))
    print(f"Breast cancer: {len(train[1])} rows, 30 columns whose deviations lie between 0.003 and 570")
    r = st.fit(st.losses.Logistic(l2=1e-3), None, train, validation=test)
    right = np.mean((test[0] @ r.x["coef"] + r.x["intercept"] > 0) == test[1])
    print(f"  logistic regression: {right:.3f} of {len(test[1])} other rows right; {r.why}")

    train, test = halves(*load_digits(return_X_y=True))
    train, test = [(X / 16, y) for X, y in (train, test)]
    rng = np.random.default_rng(0)
    start = {"W1": rng.normal(size=(64, 32)) / 8, "b1": np.zeros(32),
             "W2": rng.normal(size=(32, 10)) / 6, "b2": np.zeros(10)}  # fmt: skip
    print(f"\nDigits: {len(train[1])} pictures of 8 x 8 pixels, a layer of 32")
    r2 = st.fit(lambda p, X, y: softmax_loss(network(p, X), y), start, train, validation=test, epochs=15)
    right = np.mean(network(r2.x, test[0]).argmax(1) == test[1])
    print(f"  network: {right:.3f} of {len(test[1])} other pictures right; {r2.why}")
    print(f"  gradient: {r2.gradient}")

    def draw(left, right):
        for axes, run, title in ((left, r, "Breast cancer, logistic"), (right, r2, "Digits, network")):
            axes.semilogy(run.epochs["epoch"], run.epochs["loss"], color=pictures.BLUE)
            axes.semilogy(run.epochs["epoch"], run.epochs["validation"], color=pictures.ORANGE)
            for name, loss in (("rows trained on", "loss"), ("other rows", "validation")):
                end = run.epochs["epoch"][-1], run.epochs[loss][-1]
                pictures.note(axes, name, end, (0, 8), ha="right")
            axes.xaxis.get_major_locator().set_params(integer=True)
            axes.set(title=title, xlabel="epoch", ylabel="loss")

    pictures.save("training_networks.png", draw)


if __name__ == "__main__":
    main()
