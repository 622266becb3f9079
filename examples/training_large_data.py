"""Data larger than the memory that is allowed: a file of 80 MB in a process that may take 40 MB more."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

import pictures
import steepest as st

ROWS, COLUMNS = 500_000, 20
ALLOWED = 40 * 2**20  # bytes beyond what is used already


def write(path):
    """A table whose last column is a known combination of the others, and noise."""
    table = np.lib.format.open_memmap(path, "w+", float, (ROWS, COLUMNS))
    rng = np.random.default_rng(0)
    for start in range(0, ROWS, 50_000):
        A = rng.normal(size=(50_000, COLUMNS - 1))
        table[start : start + 50_000] = np.column_stack([A, A @ np.arange(COLUMNS - 1) + rng.normal(size=50_000)])


def limit_memory():
    """Let the system refuse more memory than ALLOWED; True where it can."""
    if not sys.platform.startswith("linux"):
        return False
    import resource

    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if "VmData" in line)
    resource.setrlimit(resource.RLIMIT_DATA, (int(line.split()[1]) * 1024 + ALLOWED, -1))
    return True


def release_memory():
    if sys.platform.startswith("linux"):
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (-1, -1))


def loss(p, A):
    r = A[:, :-1] @ p - A[:, -1]
    return np.mean(r**2), 2 * A[:, :-1].T @ r / len(A)


def main():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.npy"
        write(path)
        data = np.load(path, mmap_mode="r")
        print(f"{data.nbytes / 1e6:.0f} MB in the file, {ALLOWED / 1e6:.0f} MB allowed")
        if limit_memory():
            try:
                np.array(data)
                print("The whole file fits?")
            except MemoryError:
                print("The whole file does not fit.")
        r = st.fit(loss, np.zeros(COLUMNS - 1), data, jac=True, batch_size=256, epochs=1, shuffle="block")
        release_memory()
        print(f"largest error of a coefficient: {np.abs(r.x - np.arange(COLUMNS - 1)).max():.4f}")
        print(f"{r.epochs['samples_per_second'][0]:.3g} rows a second; {r.why}")
        losses = r.history["f"]

    def draw(left, right):
        left.semilogy(losses, color=pictures.BLUE, linewidth=0.6)
        left.set(title="Loss of each batch", xlabel="step", ylabel="loss")
        right.bar(range(COLUMNS - 1), r.x, color=pictures.BLUE)
        right.set(title="Coefficients: 0, 1, 2, ...", xlabel="column", ylabel="coefficient")

    pictures.save("training_large_data.png", draw)


if __name__ == "__main__":
    main()
