"""What does one step of an optimiser cost? In place, gradient given; against NumPy `out=`, torch and optax.

Goals: n <= 1e4: at least 3 times as fast as the best of them; 1e5 to 1e6: 1.5 times; 1e7: 1.0 of torch fused.
Run: OMP_NUM_THREADS=1 python benchmarks/steps.py [--quick]   (one thread each; missing peers are left out)
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable

import numpy as np

import steepest as st
from steepest.methods.stepper import Stepper
from timing import interleave, median_ratio

SIZES = [100, 1000, 10_000, 100_000, 1_000_000, 10_000_000]
Step = Callable[[], object]


def numpy_out(name: str, x: np.ndarray, g: np.ndarray) -> Step:
    """The paper's formula by hand, no temporaries but two."""
    m, v, a, b, t = (np.zeros_like(x), np.zeros_like(x), np.empty_like(x), np.empty_like(x), [0])

    def momentum() -> None:
        np.multiply(m, 0.9, out=m)
        np.add(m, g, out=m)
        np.multiply(m, 0.01, out=a)
        np.subtract(x, a, out=x)

    def adagrad(decay: float | None = None) -> None:
        np.multiply(g, g, out=a)
        if decay is not None:
            np.multiply(v, decay, out=v)
            np.multiply(a, 1 - decay, out=a)
        np.add(v, a, out=v)
        np.sqrt(v, out=a)
        np.add(a, 1e-8, out=a)
        np.divide(g, a, out=a)
        np.multiply(a, 0.01, out=a)
        np.subtract(x, a, out=x)

    def adam() -> None:
        t[0] += 1
        np.multiply(m, 0.9, out=m)
        np.multiply(g, 0.1, out=a)
        np.add(m, a, out=m)
        np.multiply(v, 0.999, out=v)
        np.multiply(g, g, out=a)
        np.multiply(a, 0.001, out=a)
        np.add(v, a, out=v)
        np.multiply(v, 1 / (1 - 0.999 ** t[0]), out=a)
        np.sqrt(a, out=a)
        np.add(a, 1e-8, out=a)
        np.multiply(m, 0.001 / (1 - 0.9 ** t[0]), out=b)
        np.divide(b, a, out=b)
        np.subtract(x, b, out=x)

    return {"Momentum": momentum, "AdaGrad": adagrad, "RMSProp": lambda: adagrad(0.99), "Adam": adam}[name]


def torch_fused(name: str, x: np.ndarray, g: np.ndarray) -> Step | None:
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(1)
    p = torch.from_numpy(x).requires_grad_()
    p.grad = torch.from_numpy(g)
    kinds = {
        "Momentum": lambda: torch.optim.SGD([p], lr=0.01, momentum=0.9, fused=True),
        "AdaGrad": lambda: torch.optim.Adagrad([p], lr=0.01, fused=True),
        "RMSProp": lambda: torch.optim.RMSprop([p], lr=0.01),  # torch has no fused one
        "Adam": lambda: torch.optim.Adam([p], lr=0.001, fused=True),
    }
    return kinds[name]().step


def optax_jit(name: str, x: np.ndarray, g: np.ndarray) -> Step | None:
    try:
        import jax
        import optax
    except ImportError:
        return None
    jax.config.update("jax_enable_x64", True)
    kinds = {
        "Momentum": optax.sgd(0.01, momentum=0.9),
        "AdaGrad": optax.adagrad(0.01),
        "RMSProp": optax.rmsprop(0.01),
        "Adam": optax.adam(0.001),
    }
    optimiser, gradient = kinds[name], jax.numpy.asarray(g)

    def step(x, state):
        update, state = optimiser.update(gradient, state, x)
        return optax.apply_updates(x, update), state

    jitted = jax.jit(step, donate_argnums=(0, 1))
    now = [jax.numpy.array(x), optimiser.init(jax.numpy.array(x))]

    def run() -> None:
        now[:] = jitted(*now)
        now[0].block_until_ready()

    return run


def ours(name: str, x: np.ndarray, g: np.ndarray) -> Step:
    stepper = Stepper(getattr(st, name)(), x)
    return lambda: stepper.step(g)


def repeated(step: Step, times: int) -> Step:
    def run() -> None:
        for _ in range(times):
            step()

    return run


def main() -> None:
    quick = "--quick" in sys.argv
    print("| rule | n | dtype | ours, us | NumPy out= | torch fused | optax jit | best peer / ours |")
    print("|---|---|---|---|---|---|---|---|")
    for name in ("Adam", "Momentum", "RMSProp", "AdaGrad"):
        for n in SIZES[:3] if quick else SIZES:
            for dtype in ("float32", "float64"):
                g = np.random.default_rng(0).normal(size=n).astype(dtype)
                makers = {
                    "ours": ours,
                    "NumPy out=": numpy_out,
                    "torch fused": torch_fused,
                    "optax jit": optax_jit,
                }
                steps = {key: make(name, np.ones(n, dtype), g.copy()) for key, make in makers.items()}
                times = max(1, min(200, 400_000 // n))
                runs = {key: repeated(step, times) for key, step in steps.items() if step}
                seconds = interleave(runs, 3 if quick else 7 if n == SIZES[-1] else 15)
                us = {key: statistics.median(s) / times * 1e6 for key, s in seconds.items()}
                cells = [f"{us[key]:.3g}" if key in us else "-" for key in makers]
                ratio = min(median_ratio(s, seconds["ours"]) for key, s in seconds.items() if key != "ours")
                print(f"| {name} | {n:.0e} | {dtype} | {' | '.join(cells)} | {ratio:.2f} |", flush=True)


if __name__ == "__main__":
    main()
