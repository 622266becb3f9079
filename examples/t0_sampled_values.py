"""Tutorial 0: gradient descent on sampled values, with a "gradient" that never depends on x."""

from __future__ import annotations

import numpy as np

import pictures
import steepest as st
from steepest.samples import from_samples


def published(f, start, lr, n_iter, tol=1e-6):
    """The tutorial's descent: the slopes of the table are taken once, wherever x may be."""
    path, slopes = [np.full(len(f), float(start))], np.gradient(np.array(f, dtype=float))
    for _ in range(n_iter):
        step = -lr * slopes
        if np.all(np.abs(step) <= tol):
            break
        path.append(path[-1] + step)
    return np.array(path)


def main():
    slow, lucky = published([2, 4], 10, 0.001, 50), published([2, 4], 10, 0.1, 50)
    print("The tutorial: GD(f=[2, 4], start=10, n_iter=50)")
    print(f"  lr=0.001 ends at {slow[-1]}, lr=0.1 at {lucky[-1]}: a minimum at 0?")
    further = published([2, 4], 10, 0.1, 100)
    print(f"  No: lr=0.1 goes on to {further[-1]} in 100 steps. The gradient is [2, 2] wherever x is,")
    print("  so x runs along a straight line for ever, and 0 is where the steps happened to run out.")

    values = [1, 2, 4, 7, 11, 16]
    f = from_samples(values, 1.0)
    start = 4.5

    def descend(lr, **limits):
        return st.minimize(f, start, method=st.GD(lr=lr), jac=f.gradient, bounds=f.bounds, **limits)

    print(f"\nThe samples {values}, one unit apart, as a function: f(0) = {f(0.0):.4f}, f(2.5) = {f(2.5):.4f}")
    result = descend(0.1)
    print(f"  lowest at the left edge: x = {result.x:.6f}, f = {result.fun:.6f}")
    print(f"  {result.why}")
    early = descend(0.1, gtol=2.0)
    print(f"\nA loose tolerance ends the run early: gtol=2 stops at x = {early.x:.4f}, f = {early.fun:.4f}")
    print(f"  {early.why}")

    print("\nLearning rates compared (20 steps at most):")
    runs = {lr: descend(lr, maxiter=20) for lr in (0.001, 0.03, 0.1, 0.5, 1.0)}
    for lr, run in runs.items():
        print(f"  lr={lr:<5g}  x = {run.x:.4f}  f = {run.fun:.4f}  steps = {run.nit:<3d} {run.code}")

    def draw(left, middle, right):
        left.plot(further[:, 0], color=pictures.PURPLE)
        left.plot(50, lucky[-1, 0], "o", color=pictures.PURPLE)
        left.plot(slow[:, 0], color=pictures.PURPLE, linestyle="--")
        pictures.note(left, "lr = 0.1: 0 by accident", (50, 0), (8, 4))
        pictures.note(left, "lr = 0.001", (50, slow[-1, 0]), (6, -3))
        left.set(title="Published: the slope never changes", xlabel="step", ylabel="x")

        x = np.linspace(*np.ravel(f.bounds), 200)
        middle.plot(x, [f(v) for v in x], color=pictures.GREY, linewidth=1.2)
        middle.plot(values, "s", color=pictures.INK, markersize=5)
        path = runs[0.1].history.x[:, 0]
        middle.plot(path, [f(v) for v in path], "o", color=pictures.BLUE, markersize=4.5, markeredgecolor="white")
        middle.plot(early.x, early.fun, "*", color=pictures.PURPLE, markersize=12, markeredgecolor="white")
        pictures.note(middle, "gtol = 2 stops here", (early.x, early.fun), (9, -9))
        pictures.note(middle, "start", (start, f(start)), (-26, 4))
        pictures.note(middle, "lowest: 1, at the edge", (0, 1), (2, -15))
        middle.set(title="Squares: the samples; dots: lr = 0.1", xlabel="x", ylabel="f", ylim=(-0.6, 16.9))

        for lr, colour in zip((0.001, 0.03, 0.1, 0.5), ("BLACK", "GREEN", "BLUE", "ORANGE"), strict=True):
            right.plot(
                runs[lr].history["f"],
                color=getattr(pictures, colour),
                marker="o",
                markersize=3.5,
                label=f"{lr:g}",
            )
        right.set(title="Learning rates", xlabel="step", ylabel="f", xlim=(-0.6, 20.6))
        right.set_xticks(range(0, 21, 5))
        right.legend(title="lr", loc="upper right", bbox_to_anchor=(1, 0.78))

    pictures.save("t0_sampled_values.png", draw, columns=3)


if __name__ == "__main__":
    main()
