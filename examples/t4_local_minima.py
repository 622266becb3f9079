"""Tutorial 4: f(x) = x cos(pi x), a derivative without its factor pi, and rates that work by accident."""

from __future__ import annotations

import numpy as np

import pictures
import steepest as st


def f(x):
    return x * np.cos(np.pi * x)


def published_slope(x):
    return np.cos(np.pi * x) - x * np.sin(np.pi * x)  # the chain rule asks for pi * x * sin(pi x)


def slope(x):
    return np.cos(np.pi * x) - np.pi * x * np.sin(np.pi * x)


def saddle(x):
    return x[0] ** 2 - x[1] ** 2


def walk(slope, x, lr, steps):
    """The tutorial's loop, with all its places."""
    path = [x]
    for _ in range(steps):
        path.append(path[-1] - lr * slope(path[-1]))
    return np.array(path)


def tell_magic_rates():
    lucky = walk(published_slope, -1.0, 1.000542, 1000)
    near = int(np.argmin(f(lucky)))
    print("\nThe magic rates, from -1:")
    print(f"  lr=1.000542 with that derivative passes x = {lucky[near]:.4f} at step {near}, by chance:")
    print(f"  two steps later it is at x = {lucky[near + 2]:.4f}. With the right derivative")
    for lr in (1.0, 1.000542, 1.0055):
        path = walk(slope, -1.0, lr, 100)
        steps = int(np.argmax(np.abs(path) > 2))
        jumps = ", ".join(f"{x + 0.0:g}" for x in path[:4].round(4))
        print(f"  lr={lr:<9.8g} goes {jumps}, ... and leaves [-2, 2] after {steps} steps")


def tell_bounds_and_saddles():
    ends = [st.minimize(f, start, bounds=[(-2, 2)]) for start in np.linspace(-2, 2, 9)]
    lowest = min(ends, key=lambda end: end.fun)
    print(f"\nFrom nine starts in [-2, 2] the lowest: f = {lowest.fun:.4f} at the bound x = {lowest.x:.4f}.")
    print("\nThe saddle x0**2 - x1**2, where x1 is kept within [-2, 2]:")
    for start in ([1.0, 0.0], [1.0, 1e-6]):
        end = st.minimize(saddle, start, method=st.GD(lr=0.1), bounds=[(None, None), (-2, 2)])
        print(f"  from ({start[0]:g}, {start[1]:g}): x = ({end.x[0]:.4f}, {end.x[1]:.4f}), f = {end.fun:.4f}")


def main():
    wrong = walk(published_slope, 0.5, 0.1, 1000)[-1]
    print("The tutorial: x cos(pi x) from 0.5, lr = 0.1, its derivative written without the factor pi")
    print(f"  stops at x = {wrong:.4f}, f = {f(wrong):.4f}: no minimum, the slope is {slope(wrong):.4f}")
    print(st.check_gradient(f, published_slope, 0.5))
    right = st.minimize(f, 0.5, method=st.GD(lr=0.1))
    print(f"The minimum is x = {right.x:.4f}, f = {right.fun:.4f}")
    tell_magic_rates()
    local = st.minimize(f, -1.0, method=st.GD(lr=0.1))
    print(f"  lr=0.1       ends at x = {local.x:.4f}, f = {local.fun:.4f}: a minimum, but only a local one")
    tell_bounds_and_saddles()

    print("\nFive methods from -1 (500 steps at most):")
    methods = (st.GD(lr=0.1), st.Momentum(lr=0.02), st.AdaGrad(lr=0.5), st.RMSProp(lr=0.1), st.Adam(lr=0.5))
    runs = {type(method).__name__: st.minimize(f, -1.0, method=method, maxiter=500) for method in methods}
    for name, run in runs.items():
        x, value, lr = run.history.x[-1, 0], run.history["f"][-1], run.history["lr"][-1]
        print(f"  {name:9} lr={lr:<5g} last x = {x:.4f}  f = {value:.4f}  {run.code}")

    def draw(curve, steps):
        x = np.linspace(-1.3, 1.75, 400)
        curve.plot(x, f(x), color=pictures.GREY, linewidth=1.2)
        for name, size in (("Momentum", 4.5), ("GD", 7)):
            path = runs[name].history.x[:60, 0]
            style = {"marker": "o", "markersize": size, "markeredgecolor": "white", "linestyle": ""}
            curve.plot(path, f(path), label=name, **pictures.METHODS[name] | style)
        curve.plot(wrong, f(wrong), "X", color=pictures.PURPLE, markersize=9, markeredgecolor="white")
        pictures.note(curve, f"published: {wrong:.3f}", (wrong, f(wrong)), (9, -7))
        pictures.note(curve, f"minimum: {right.x:.4f}", (right.x, right.fun), (-40, -16))
        pictures.note(curve, f"local minimum: {local.x:.4f}", (local.x, local.fun), (-46, -17))
        curve.set(title=r"$x\,\cos(\pi x)$ from -1, the first 60 steps", xlabel="x", ylabel="f")
        curve.set(xlim=(-1.4, 2.3), ylim=(-1.3, 1.15))
        curve.legend(loc="upper center")
        for level in (local.x, right.x):
            steps.axhline(level, color=pictures.GREY, linewidth=0.8)
        for name, run in runs.items():
            path = run.history.x[:100, 0]
            pictures.line(steps, np.arange(path.size), path, label=name, **pictures.METHODS[name])
        steps.set(title="Five methods from -1", xlabel="step", ylabel="x", xlim=(0, 100), ylim=(-1.35, 1.5))
        steps.legend(loc="lower right", ncols=3)

    pictures.save("t4_local_minima.png", draw)


if __name__ == "__main__":
    main()
