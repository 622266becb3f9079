"""Tutorial 2: numerical derivatives; rounding, differences, and a gradient that changes its argument."""

from __future__ import annotations

import math

import numpy as np

import pictures
import steepest as st


def published_gradient(f, x):
    """The tutorial's central differences, as published: one fixed h, and x is changed in place."""
    h, slopes = 1e-4, np.zeros_like(x)
    for i in range(x.size):
        kept = x[i]
        x[i] = kept + h
        above = f(x)
        x[i] = kept - h
        below = f(x)
        slopes[i] = (above - below) / (2 * h)
        x[i] = kept
    return slopes


def published_descent(f, x, lr, steps):
    for _ in range(steps):
        x -= lr * published_gradient(f, x)  # x is the caller's array
    return x


def bowl(x):
    return x[0] ** 2 + x[1] ** 2


def main():
    print(f"Rounding: float32(1e-50) is {np.float32(1e-50)}, and 1 + 1e-16 == 1 is {1 + 1e-16 == 1}.")

    lengths = 10.0 ** np.arange(-15.0, 0.01, 0.25)
    exact = math.cos(1.0)
    forward = np.abs((np.sin(1 + lengths) - np.sin(1)) / lengths - exact)
    central = np.abs((np.sin(1 + lengths) - np.sin(1 - lengths)) / (2 * lengths) - exact)
    ours = abs(float(st.derivative(np.sin, 1.0)) - exact)
    print(f"\nDerivative of sin at 1 (exact: cos 1 = {exact:.15f}), error at the best h of 61 and at a bad one:")
    for name, error in (("forward", forward), ("central", central)):
        best = np.argmin(error)
        found = (f"{error[i]:.1e} at h = {lengths[i]:.0e}" for i in (best, 8))
        print(f"  {name} difference: {', but '.join(found)}")
    print(f"  st.derivative: {ours:.2g}, no h to choose")

    print(f"\nPartial derivatives of x0**2 + x1**2 at (3, 4): {st.gradient(bowl, [3.0, 4.0])}")
    down = st.minimize(bowl, [3.0, 4.0], method=st.GD(lr=0.1))
    up = st.maximize(lambda x: 5 - bowl(x), [3.0, 4.0], method=st.GD(lr=0.1))
    print(f"  descent ends at {down.x.round(6) + 0.0}, f = {down.fun:.1e}; ascent of 5 - f at f = {up.fun:.6f}")

    print("\nWhere the published gradient fails:")
    mine = np.array([3.0, 4.0])
    published_descent(bowl, mine, 0.1, 100)
    print(f"  the caller's x0 = (3, 4) is afterwards ({mine[0]:.1e}, {mine[1]:.1e})")
    kept = np.array([3.0, 4.0])
    st.minimize(bowl, kept, method=st.GD(lr=0.1))
    print(f"  with steepest it is still {kept}")
    cases = (
        ("x**2 at 1000, in float32", lambda x: x[0] ** 2, np.array([1e3], dtype=np.float32), 2e3),
        ("x**2 at 1e13", lambda x: x[0] ** 2, np.array([1e13]), 2e13),
        ("log(x) at 2e-4", lambda x: np.log(x[0]), np.array([2e-4]), 5e3),
    )
    print(f"  {'':26}{'published':>12}{'steepest':>12}{'exact':>12}")
    for name, f, x, true in cases:
        theirs = published_gradient(f, x.copy())[0]
        print(f"  {name:26}{theirs:12.6g}{st.gradient(f, x)[0]:12.6g}{true:12.6g}")

    def draw(axes):
        axes.plot(lengths, np.maximum(forward, 1e-17), "o", color=pictures.ORANGE, markersize=4, label="forward")
        axes.plot(lengths, np.maximum(central, 1e-17), "o", color=pictures.BLUE, markersize=4, label="central")
        for at, law, label, offset in (
            (lengths > 1e-8, math.sin(1.0) / 2 * lengths, r"$\propto h$", (-16, 8)),
            (lengths > 1e-5, exact / 6 * lengths**2, r"$\propto h^2$", (8, -8)),
            (lengths < 1e-5, np.finfo(float).eps / lengths, r"$\varepsilon / h$", (4, 6)),
        ):
            axes.plot(lengths[at], law[at], color=pictures.GREY, linewidth=0.9, zorder=1)
            pictures.note(axes, label, (lengths[at][12], law[at][12]), offset)
        axes.axhline(max(ours, 1e-17), color=pictures.INK)
        pictures.note(axes, f"st.derivative: error {ours:.2g}", (1e-15, max(ours, 1e-17)), (0, 6))
        axes.set(xscale="log", yscale="log", xlabel="h", ylabel="error", ylim=(3e-18, 3))
        axes.set_title("Derivative of sin at 1: a long step truncates, a short one rounds")
        axes.legend(title="difference", loc="upper center")

    pictures.save("t2_numerical_derivatives.png", draw, columns=1)


if __name__ == "__main__":
    main()
