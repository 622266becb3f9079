"""How long until the first step of a built-in optimiser, in a fresh process, from after `import numpy`?

Goal: at most 450 ms (stretch: 50). Peers: optax jitted, torch fused.
Run: python benchmarks/latency.py [--quick]
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys

BEGIN = "import time, numpy as np; began = time.perf_counter()\nx, g = np.ones(1000, 'f4'), np.ones(1000, 'f4')\n"
ENV = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}  # as where installed
END = "\nprint(time.perf_counter() - began)"
CONTENDERS = {
    "import steepest alone": "import steepest",
    "steepest Stepper, in machine code": ("from steepest import Adam, Stepper\nStepper(Adam(), x).step(g)"),
    "optax jit": (
        "import jax, optax\no = optax.adam(1e-3); x = jax.numpy.array(x)\n"
        "@jax.jit\ndef step(x, s):\n    u, s = o.update(g, s, x)\n    return optax.apply_updates(x, u), s\n"
        "step(x, o.init(x))[0].block_until_ready()"
    ),
    "torch fused": (
        "import torch\np = torch.from_numpy(x).requires_grad_(); p.grad = torch.from_numpy(g)\n"
        "torch.optim.Adam([p], fused=True).step()"
    ),
}


def main() -> None:
    rounds = 2 if "--quick" in sys.argv else 7
    seconds: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    for _ in range(rounds):
        for name, code in CONTENDERS.items():
            done = subprocess.run(
                [sys.executable, "-c", BEGIN + code + END],
                capture_output=True,
                text=True,
                check=False,
                env=ENV,
            )
            if done.returncode == 0:
                seconds[name].append(float(done.stdout.split()[-1]))
    print("| from after `import numpy` to the first step done | ms, median | least |\n|---|---|---|")
    for name, runs in seconds.items():
        if runs:
            print(f"| {name} | {statistics.median(runs) * 1e3:.0f} | {min(runs) * 1e3:.0f} |")


if __name__ == "__main__":
    main()
