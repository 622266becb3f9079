"""Tutorial 3: learning rates on x0**2 + x1**2, where an integer array made every published number."""

from __future__ import annotations

import numpy as np

import pictures
import steepest as st
from t2_numerical_derivatives import published_gradient

STEPS = 100


def bowl(x0, x1):
    return x0**2 + x1**2


def f(x):
    return bowl(x[0], x[1])


def published(lr):
    """The tutorial's descent from np.array([3, 2]), which holds integers: 3 + 1e-4 is stored as 3."""
    path = [np.array([3, 2])]
    for _ in range(STEPS):
        path.append(path[-1] - lr * published_gradient(f, path[-1].copy()))
    return path


def main():
    print("The tutorial: 100 steps of gradient descent on x0**2 + x1**2 from np.array([3, 2])")
    first = published_gradient(f, np.array([3, 2]))
    print(f"  it holds integers: 3 + 1e-4 becomes 3, 3 - 1e-4 becomes 2, and the gradient {first}, not [6 4]")
    tiny, huge = published(0.1)[-1], published(1)[-1]
    print(f"  published for lr=0.1: ({tiny[0]:.2e}, {tiny[1]:.2e})")
    print(f"  published for lr=1:   ({huge[0]:d}, {huge[1]:d}), called divergence")

    print("\nWhat really happens, from the same integer array:")
    start = np.array([3, 2])
    runs = {lr: st.minimize(f, start, method=st.GD(lr=lr), maxiter=STEPS, gtol=0) for lr in (0.1, 1.0, 1e-6)}
    for lr, run in runs.items():
        last = run.history.x[-1]
        print(f"  lr={lr:<5g}  last x = ({last[0]:.9g}, {last[1]:.9g})  f = {run.fun:.6g}")
        print(f"    {run.why}")
    there, back = runs[1.0].history.x[-2:]
    print(f"  lr=1 jumps between {there} and {back} for ever: it is exactly 2/L, L = 2 being the curvature.")
    print(f"  x0 is still {start}, of {start.dtype}; the answer is of {runs[0.1].x.dtype}.")

    best = st.minimize(f, start)
    print(f"\nNo rate at all: x = {best.x.round(9) + 0.0}, f = {best.fun:.1e} after {best.nit} step(s)")

    def draw(left, right):
        pictures.landscape(left, bowl, (-4, 4), (-3, 3))
        colours = {1.0: pictures.ORANGE, 0.1: pictures.BLUE, 1e-6: pictures.BLACK}
        for lr, colour in colours.items():
            x = runs[lr].history.x
            width = 4 if lr == 1 else 1.5
            pictures.line(left, x[:, 0], x[:, 1], color=colour, marker="o", markersize=4.5, linewidth=width)
            right.semilogy(runs[lr].history["f"], color=colour)
        pictures.note(left, "lr = 1: there and back", (-3, -2), (8, -10))
        pictures.note(left, "lr = 0.1", (0.98, 0.655), (6, -12))
        pictures.note(left, "lr = 1e-6: does not move", (3, 2), (-92, 9))
        left.set(title="Paths from (3, 2)", xlabel="$x_0$", ylabel="$x_1$", aspect="equal")

        for lr, place in ((1, 20), (0.1, 8)):
            values = [bowl(*map(float, x)) for x in published(lr)]
            right.semilogy(values, color=pictures.PURPLE, linestyle="--")
            pictures.note(right, f"published (integers), lr = {lr:g}", (place, values[place]), (6, 5))
        pictures.note(right, "lr = 1 and lr = 1e-6", (70, 13.0), (0, 5))
        pictures.note(right, "lr = 0.1", (40, runs[0.1].history["f"][40]), (-44, -12))
        right.set(title="f against step", xlabel="step", ylabel="f")

    pictures.save("t3_learning_rates.png", draw)


if __name__ == "__main__":
    main()
