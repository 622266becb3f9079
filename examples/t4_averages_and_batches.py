"""Tutorial 4 again: the moving average behind momentum, and descent on a few terms of a sum at a time."""

from __future__ import annotations

from itertools import islice

import numpy as np

import pictures
import steepest as st

# A sum of many terms: the mean of (w x - y)**2 / 2 over 1000 points around the line y = 2 x.
RNG = np.random.default_rng(1)
X = RNG.uniform(-1, 1, 1000)
Y = 2 * X + RNG.normal(0, 0.5, X.size)
BEST = X @ Y / (X @ X)
STEPS = 300


def moving_average(values, beta):
    """m = beta m + (1 - beta) v, divided by 1 - beta**t, the weight of all that it has seen so far."""
    m, averages = 0.0, []
    for t, value in enumerate(values, 1):
        m = beta * m + (1 - beta) * value
        averages.append(m / (1 - beta**t))
    return np.array(averages)


def on_batches(size, seed):
    """The loss as an oracle of value and slope, on other points at each call."""
    rng = np.random.default_rng(seed)

    def oracle(w):
        chosen = rng.choice(X.size, size, replace=False)
        x, residual = X[chosen], w * X[chosen] - Y[chosen]
        return 0.5 * np.mean(residual**2), np.mean(residual * x)

    return oracle


def descend(size, lr):
    """The weights that gradient descent visits from 0 with ten seeds, shape (10, STEPS)."""
    runs = [st.descend(on_batches(size, seed), 0.0, st.GD(lr=lr), jac=True) for seed in range(10)]
    return np.array([[now.point.x[0] for now in islice(run, STEPS)] for run in runs])


def error(paths):
    """How far from the best weight the last 100 steps are, root mean square."""
    return np.sqrt(np.mean((paths[:, -100:] - BEST) ** 2))


def main():
    print("Momentum is a moving average, m = beta m + (1 - beta) g, over about 1/(1 - beta) gradients:")
    for beta in (0.5, 0.9, 0.99):
        window = round(1 / (1 - beta))
        weights = (1 - beta) * beta ** np.arange(10 * window)
        share = weights[:window].sum()
        print(f"  beta={beta:<5g} window {window:4d}: the last {window} carry {share:.0%} of the weight")
    noisy = 1 + np.random.default_rng(0).normal(0, 1, STEPS)
    averages = {beta: moving_average(noisy, beta) for beta in (0.9, 0.99)}
    for beta, average in averages.items():
        scatter = average[100:].std()
        print(f"  beta={beta:<5g} gradients scatter by {noisy.std():.3f}, their average by {scatter:.3f}")

    print(f"\nDescent on a sum of {X.size} terms, lr = 0.3, {STEPS} steps; the best weight is {BEST:.4f}:")
    sizes = {"one term": 1, "mini-batch of 32": 32, "all terms": X.size}
    paths = {name: descend(size, 0.3) for name, size in sizes.items()}
    for name, size in sizes.items():
        print(f"  {name:17} error {error(paths[name]):.4f} at the end, {STEPS * size:6d} terms looked at")
    falling = descend(1, lambda t: 3 / (t + 9))
    print(f"  one term again, but with the falling rate lr = 3/(t + 9): error {error(falling):.4f}")

    def draw(left, right):
        left.plot(noisy, ".", color=pictures.LIGHT, markersize=4)
        for (beta, average), colour in zip(averages.items(), (pictures.ORANGE, pictures.BLUE), strict=True):
            label = f"beta = {beta:g}: window {1 / (1 - beta):.0f}"
            pictures.line(left, np.arange(STEPS), average, label=label, color=colour)
        left.set(title="Averages of noisy gradients", xlabel="step", ylabel="gradient", ylim=(-2.4, 5.6))
        left.legend(loc="upper right")
        for name, colour in zip(sizes, (pictures.PURPLE, pictures.ORANGE, pictures.BLUE), strict=True):
            pictures.line(right, np.arange(STEPS), paths[name][0], label=name, color=colour, linewidth=1.4)
        right.axhline(BEST, color=pictures.GREY, linewidth=0.8, zorder=0)
        right.set(title="Descent on one, some, or all terms", xlabel="step", ylabel="w")
        right.legend(loc="lower right")

    pictures.save("t4_averages_and_batches.png", draw)


if __name__ == "__main__":
    main()
