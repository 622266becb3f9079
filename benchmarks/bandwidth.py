"""Is Momentum at the limit of the memory? Bytes a second of its step, beside NumPy's in-place sum and beside its peers.

A step reads x, m and g and writes x and m: 5 streams; NumPy `out=` needs four passes, 10 streams (6 read, 4 written).
If both wait for the caches, the step can't be more than twice as fast; torch's fused step has our 5 streams.
Run: OMP_NUM_THREADS=1 python benchmarks/bandwidth.py [--quick]   (processor time, one thread)
"""

from __future__ import annotations

import sys
import time

import numpy as np

from steps import numpy_out, ours, repeated, torch_fused
from timing import interleave


def total(x: np.ndarray, g: np.ndarray):
    """Three streams, one addition."""
    return lambda: np.add(x, g, out=x)


STREAMS = {"ours": 5, "NumPy out=": 10, "torch fused": 5, "x += g": 3}


def main() -> None:
    print("| n | dtype | " + " | ".join(f"{name}, GB/s" for name in STREAMS) + " | ours, us |")
    print("|---|---|---|---|---|---|---|")
    for n in (10_000, 100_000, 1_000_000, 10_000_000):
        for dtype in ("float32", "float64"):
            g = np.random.default_rng(0).normal(size=n).astype(dtype) * 1e-9
            makers = {
                "ours": lambda x, g: ours("Momentum", x, g),
                "NumPy out=": lambda x, g: numpy_out("Momentum", x, g),
                "torch fused": lambda x, g: torch_fused("Momentum", x, g),
                "x += g": total,
            }
            times = max(2, min(400, 4_000_000 // n))
            steps = {name: make(np.ones(n, dtype), g.copy()) for name, make in makers.items()}
            runs = {name: repeated(step, times) for name, step in steps.items() if step}
            seconds = interleave(runs, 3 if "--quick" in sys.argv else 15, time.process_time)
            least = {name: min(each) / times for name, each in seconds.items()}
            cells = [
                f"{STREAMS[name] * n * g.itemsize / least[name] / 1e9:.0f}" if name in least else "-"
                for name in STREAMS
            ]
            print(f"| {n:.0e} | {dtype} | {' | '.join(cells)} | {least['ours'] * 1e6:.2f} |", flush=True)


if __name__ == "__main__":
    main()
