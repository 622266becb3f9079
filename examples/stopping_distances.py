"""Fit a line to measured stopping distances of cars by gradient descent, with a verdict and a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import pictures
import steepest as st

SPEED, DISTANCE = np.loadtxt(
    Path(__file__).parent / "data" / "stopping_distances.csv", delimiter=",", skiprows=3, unpack=True
)


def loss(line, x):
    """Half the mean squared error of the line (a, b) in x."""
    return 0.5 * np.mean((line[0] + line[1] * x - DISTANCE) ** 2)


def curvatures(x):
    """The least and the largest curvature of the loss."""
    design = np.column_stack([np.ones_like(x), x])
    return np.linalg.eigvalsh(design.T @ design / x.size)


def progress(intermediate_result):
    now = intermediate_result
    if now.nit < 5 or now.nit % 10 == 0:
        print(f"   step {now.nit:3d}  loss {now.fun:12.6f}  line {now.x[0]:9.5f} {now.x[1]:9.5f}")


def main():
    print(f"{SPEED.size} cars (Ezekiel 1930): distance = a + b speed, least squares by gradient descent.\n")
    start, (flat, steep) = [0.0, 0.0], curvatures(SPEED)
    naive = st.minimize(loss, start, args=(SPEED,), method=st.GD(lr=0.01))
    print("1. The rate everyone tries first, lr = 0.01:")
    print(f"   {naive.why}")
    print(f"   Why: the loss curves by {steep:.1f}, so lr must be below 2/{steep:.1f} = {2 / steep:.5f}.\n")

    steady = st.minimize(loss, start, args=(SPEED,), method=st.GD(lr=1 / steep), maxiter=2000)
    print(f"2. The safe rate, lr = 1/{steep:.1f} = {1 / steep:.5f}:")
    print(f"   {steady.why}")
    print(f"   Why: along the valley the loss curves by only {flat:.3f}, {steep / flat:.0f} times less.\n")

    centre, spread = SPEED.mean(), SPEED.std()
    scaled = (SPEED - centre) / spread
    print("3. The cure: speed measured from its mean, in units of its scatter, makes the valley round:")
    print(
        "   the curvatures are {:.3f} and {:.3f}, and any lr below 2 converges; lr = 0.5:".format(*curvatures(scaled))
    )
    result = st.minimize(loss, start, args=(scaled,), method=st.GD(lr=0.5), gtol=1e-8, callback=progress)
    print(f"\n{result}\n")

    b = result.x[1] / spread
    fitted = np.array([result.x[0] - b * centre, b])
    chosen = st.minimize(loss, start, args=(SPEED,)).x
    exact = np.linalg.lstsq(np.column_stack([np.ones_like(SPEED), SPEED]), DISTANCE, rcond=None)[0]
    print(f"{'':29}{'a (feet)':>10}{'b (feet per mile/hour)':>25}")
    rows = (("gradient descent", fitted), ("st.minimize without a choice", chosen), ("closed form", exact))
    for name, line in rows:
        print(f"{name:29}{line[0]:10.4f}{line[1]:25.4f}")

    def draw(data, convergence):
        ones, ends = np.ones(2), np.array([3.0, 26.0])
        labels = f"lr = 1/L, {steady.nit} steps", f"speed scaled, {result.nit} steps"
        data.plot(ends, steady.x @ [ones, ends], "--", color=pictures.ORANGE, label=labels[0])
        data.plot(ends, fitted @ [ones, ends], color=pictures.BLUE, label=labels[1])
        data.plot(SPEED, DISTANCE, "o", color=pictures.INK, markersize=4.5, markeredgecolor="white")
        pictures.note(data, f"distance = {b:.4f} speed \N{MINUS SIGN} {-fitted[0]:.4f}", (3, 112))
        data.set(title="Stopping distances of 50 cars", xlabel="speed (miles/hour)", ylabel="distance (feet)")
        data.legend(loc="lower right")
        for run, colour in ((naive, pictures.PURPLE), (steady, pictures.ORANGE), (result, pictures.BLUE)):
            excess = run.history["f"] - loss(exact, SPEED)
            pictures.line(convergence, run.history["t"], excess, color=colour)
        pictures.note(convergence, "lr = 0.01: beyond 2/L", (7, naive.history["f"][7]), (10, -6))
        pictures.note(convergence, f"lr = {1 / steep:.4f} = 1/L: a narrow valley", (11, 15.0))
        pictures.note(convergence, "lr = 0.5, speed scaled", (12, 1250 * 0.25**12), (10, 0))
        convergence.set(yscale="log", xlim=(0, result.nit), ylim=(1e-13, 1e9))
        convergence.set(title="Convergence", xlabel="step", ylabel="loss above its minimum")

    pictures.save("stopping_distances.png", draw)


if __name__ == "__main__":
    main()
