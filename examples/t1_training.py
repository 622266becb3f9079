"""Tutorial 1 as a training run: the weight of y = w x, with the numbers of every epoch."""

from __future__ import annotations

import numpy as np

import pictures
import steepest as st

x = np.arange(8, 19) / 100  # 11 points on the line y = x: the weight is 1
EPOCHS = 30


def loss(w, x, y):
    return np.mean((x * w - y) ** 2) / 2


def main():
    print("Batches of 4 of the 11 points, w = 10 at first; the rate is chosen, and falls to zero.")
    run = st.fit(loss, 10.0, (x, x), method="gd", batch_size=4, epochs=EPOCHS)
    print("  epoch         loss           lr")
    for epoch, value, lr in zip(run.epochs["epoch"], run.epochs["loss"], run.epochs["lr"], strict=True):
        print(f"  {epoch:5.0f}  {value:11.4e}  {lr:11.4e}")
    print(f"w = {run.x:.6f} by {run.method.partition('(')[0]}: {run.why}")

    slow = st.fit(loss, 10.0, (x, x), batch_size=4, epochs=EPOCHS, method=st.GD(lr=0.01))
    print(f"\nThe tutorial's lr = 0.01: w = {slow.x:.4f} after {EPOCHS} epochs.\n{slow.why}")

    def draw(left, right):
        left.semilogy(run.epochs["epoch"], run.epochs["loss"], color=pictures.BLUE)
        left.semilogy(slow.epochs["epoch"], slow.epochs["loss"], color=pictures.GREY)
        pictures.note(left, "lr = 0.01", (20, slow.epochs["loss"][19]), (0, -16))
        left.set(title="Loss of each epoch", xlabel="epoch", ylabel="mean loss of its batches")
        right.plot(run.history.x_steps, run.history.x[:, 0], color=pictures.BLUE)
        right.axhline(1.0, color=pictures.GREY, linewidth=1)
        right.set(title="The weight", xlabel="step", ylabel="w")

    pictures.save("t1_training.png", draw)


if __name__ == "__main__":
    main()
