"""Fit a line to measured stopping distances of cars by gradient descent, with a verdict and a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import pictures
import steepest as st

DATA = Path(__file__).parent / "data" / "stopping_distances.csv"


def main():
    speed, distance = np.loadtxt(DATA, delimiter=",", skiprows=3, unpack=True)

    def loss(line):
        return 0.5 * np.mean((line[0] + line[1] * speed - distance) ** 2)

    start = np.zeros(2)
    design = np.column_stack([np.ones_like(speed), speed])
    exact = np.linalg.lstsq(design, distance, rcond=None)[0]
    print(f"{speed.size} cars (Ezekiel 1930): distance = a + b speed, least squares by gradient descent.\n")

    flat, steep = np.linalg.eigvalsh(design.T @ design / speed.size)  # the curvatures of the loss
    naive = st.minimize(loss, start, method=st.GD(lr=0.01))
    print("1. The rate everyone tries first, lr = 0.01:")
    print(f"   {naive.why}")
    print(f"   Why: the loss curves by {steep:.1f}, so lr must be below 2/{steep:.1f} = {2 / steep:.5f}.\n")

    steady = st.minimize(loss, start, method=st.GD(lr=1 / steep), maxiter=2000)
    print(f"2. The safe rate, lr = 1/{steep:.1f} = {1 / steep:.5f}:")
    print(f"   {steady.why}")
    print(f"   Why: along the valley the loss curves by only {flat:.3f}, {steep / flat:.0f} times less.\n")

    print('3. The rate chosen at every step, lr = "auto":')

    def progress(intermediate_result):
        now = intermediate_result
        if now.nit % 10 == 0:
            print(f"   step {now.nit:3d}  loss {now.fun:12.6f}  a = {now.x[0]:9.4f}  b = {now.x[1]:7.4f}")

    result = st.minimize(loss, start, method="gd", lr="auto", gtol=1e-8, callback=progress)
    print(f"\n{result}\n")
    print(f"{'':18}{'a (feet)':>12}{'b (feet per mph)':>18}")
    print(f"{'gradient descent':18}{result.x[0]:12.4f}{result.x[1]:18.4f}")
    print(f"{'closed form':18}{exact[0]:12.4f}{exact[1]:18.4f}")

    def draw(data, convergence):
        across = np.array([3.0, 26.0])
        lines = ((steady, "--", pictures.ORANGE, f"{1 / steep:.4f}"), (result, "-", pictures.BLUE, '"auto"'))
        for run, dash, colour, rate in lines:
            label = f"lr = {rate}, {run.nit} steps"
            data.plot(across, run.x[0] + run.x[1] * across, dash, color=colour, label=label)
        data.plot(speed, distance, "o", color=pictures.INK, markersize=4.5, markeredgecolor="white")
        pictures.note(data, f"distance = {result.x[1]:.4f} speed \N{MINUS SIGN} {-result.x[0]:.4f}", (3, 112))
        data.set(title="Stopping distances of 50 cars", xlabel="speed (miles/hour)", ylabel="distance (feet)")
        data.legend(loc="lower right")
        for run, colour in ((naive, pictures.PURPLE), (steady, pictures.ORANGE), (result, pictures.BLUE)):
            pictures.line(convergence, run.history["t"], run.history["f"] - loss(exact), color=colour)
        last = max(result.nit, 20)
        pictures.note(convergence, "lr = 0.01", (6, naive.history["f"][6]), (-50, 8))
        pictures.note(convergence, f"lr = {1 / steep:.4f}", (0.5 * last, 15.0))
        pictures.note(convergence, 'lr = "auto"', (0.8 * result.nit, 1e-6), (10, 0))
        convergence.set(yscale="log", xlim=(0, 1.1 * last), ylim=(1e-15, 1e9))
        convergence.xaxis.get_major_locator().set_params(integer=True)
        convergence.set(title="Convergence", xlabel="step", ylabel="loss above its minimum")

    pictures.save("stopping_distances.png", draw)


if __name__ == "__main__":
    main()
