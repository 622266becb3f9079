"""Tutorial 1: fit w in y = w x, with a gradient that is not the gradient of the loss."""

from __future__ import annotations

import numpy as np

import pictures
import steepest as st

x = np.arange(8, 19) / 100  # 11 points on the line y = x: the weight is 1
y = x
START, RATE, EPOCHS = 10.0, 0.01, 500


def loss(w):
    return 0.5 * np.mean((x * w - y) ** 2)


def published_gradient(w):
    return np.mean((x * w - y) * w)  # the chain rule ends with x, not with w


def gradient(w):
    return np.mean((x * w - y) * x)


def published(slope, w=START):
    """The tutorial's loop, with all its weights."""
    path = [w]
    for _ in range(EPOCHS):
        path.append(path[-1] - RATE * slope(path[-1]))
    return path


def main():
    print(f"The tutorial: w = {START:g}, lr = {RATE:g}, {EPOCHS} epochs; the data lie on y = x, so w is 1.")
    wrong = published(published_gradient)
    print(f"  published gradient mean((x w - y) w): w = {wrong[-1]:.4f}")
    print(f"  the right one      mean((x w - y) x): w = {published(gradient)[-1]:.4f}")
    curvature = np.mean(x**2)
    best = 1 / curvature
    print("  The right one looks worse only because the rate is far too small: the loss has the curvature")
    print(f"  {curvature:.4f}, and lr = 1/curvature = {best:.1f} is {best / RATE:.0f} times larger.")

    print("\nWhat would have told:")
    print(st.check_gradient(loss, published_gradient, START))
    rescued = st.minimize(loss, START, jac=published_gradient)
    print(f"minimize asks the same question first, and finds w = {rescued.x:.6f} in spite of it:")
    print(rescued.gradient)

    print("\nThe same 500 epochs, with everything on record:")
    slow = st.minimize(loss, START, method=st.GD(lr=RATE), jac=gradient, maxiter=EPOCHS)
    print("  epoch       w         loss   gradient")
    for t in (0, 1, 10, 100, 500):
        record = slow.history
        print(f"  {t:5d}  {record.x[t, 0]:.6f}  {record['f'][t]:.6f}  {record['g_norm'][t]:.6f}")
    print(f"  {slow.why}")

    sharp = st.minimize(loss, START, method=st.GD(lr=best))
    print(f"\nlr = 1/curvature = {best:.1f}:  w = {sharp.x:.10f} after {sharp.nit} step(s)")
    default = st.minimize(loss, START)
    print(f"No tuning at all:        w = {default.x:.10f} after {default.nit} step(s)")

    def draw(left, right):
        left.semilogy([published_gradient(w) for w in wrong], color=pictures.PURPLE, linestyle="--")
        pictures.note(left, "published, along its own run", (150, published_gradient(wrong[150])), (0, 8))
        left.semilogy(slow.history["g_norm"], color=pictures.BLUE)
        pictures.note(left, "right, lr = 0.01", (20, slow.history["g_norm"][20]), (0, -14))
        left.set(title="Gradient against iteration", xlabel="iteration", ylabel="gradient", ylim=(0.07, 20))

        grid = np.linspace(-0.5, 10.5, 200)
        right.plot(grid, [loss(w) for w in grid], color=pictures.GREY, linewidth=1.2)
        pictures.line(right, slow.history.x[:, 0], slow.history["f"], color=pictures.BLUE, linewidth=3.5)
        pictures.note(right, "500 epochs at lr = 0.01", (slow.x, slow.fun), (-118, 6))
        right.plot(wrong[-1], loss(wrong[-1]), "X", color=pictures.PURPLE, markersize=8)
        pictures.note(right, f"published: w = {wrong[-1]:.2f}", (wrong[-1], loss(wrong[-1])), (9, -12))
        right.plot(sharp.x, sharp.fun, "o", color=pictures.ORANGE)
        pictures.note(right, f"one step at lr = {best:.1f}", (sharp.x, sharp.fun), (-30, 24))
        right.set(title="Loss against weight", xlabel="w", ylabel="loss", ylim=(-0.06, 0.85))

    pictures.save("t1_fit_a_weight.png", draw)


if __name__ == "__main__":
    main()
