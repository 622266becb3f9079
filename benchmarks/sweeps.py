"""What does a sweep cost? 1000 learning rates x 200 steps of Adam on Rosenbrock's function of two numbers.

Ours evaluates f at every step, keeps the best point, and watches every run; so do the rows "all of it". A function in
NumPy's words is followed and compiled with the steps; "called" is one that can't be, here for an np.trunc.
Goals, without the diagnosis of the runs: twice as fast as batched NumPy; compiled (a formula)
1.2 times as fast as JAX vmap + scan.
A second table: directions from many starts abreast, beside `minimize` from one start after the other (40 of them).
Goal: three times as fast, verdicts included.
Run: OMP_NUM_THREADS=1 python benchmarks/sweeps.py [--quick]    (JAX is left out where it is missing)
"""

from __future__ import annotations

import statistics
import sys

import numpy as np

import steepest as st
from steepest.formula import formula
from steepest.sweeps.sweep import sweep
from timing import interleave, median_ratio

RATES, STEPS, X0 = np.logspace(-4, 0, 1000), 200, np.array([-1.2, 1.0])
FORMULA = formula("(1 - x)^2 + 100*(y - x^2)^2")


def rosenbrock(x):
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


def choosing(x):
    return np.where(x[0] > 1e9, 0.0, rosenbrock(x))


def called(x):
    return rosenbrock(x) + np.trunc(x[0] / 1e9)


def gradient(x):
    d = x[1] - x[0] ** 2
    return np.array([-400 * x[0] * d - 2 * (1 - x[0]), 200 * d])


def adam(lr, x, everything=False):
    """The formula by hand; on one run or on many side by side."""
    m, v = np.zeros_like(x), np.zeros_like(x)
    lowest, best = np.full(x.shape[1:], np.inf), x.copy()
    g0 = np.linalg.norm(gradient(x), axis=0)
    for t in range(1, STEPS + 1):
        g = gradient(x)
        if everything:
            f, norm = rosenbrock(x), np.sqrt((g * g).sum(axis=0))
            better = f < lowest
            lowest, best = np.where(better, f, lowest), np.where(better, x, best)
            if (~np.isfinite(f) | (norm < 1e-8 * g0) | (norm > 1e6 * g0)).any():
                break
        m = 0.9 * m + (1 - 0.9) * g
        v = 0.999 * v + (1 - 0.999) * g * g
        x = x - lr * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return best if everything else x


def side_by_side():
    return np.repeat(X0[:, None], RATES.size, axis=1)


def jax_scan(everything=False):
    try:
        import jax
        import optax
    except ImportError:
        return None
    jax.config.update("jax_enable_x64", True)
    where, inf = jax.numpy.where, jax.numpy.inf

    def run(lr):
        optimiser, x = optax.inject_hyperparams(optax.adam)(learning_rate=lr), jax.numpy.array(X0)
        g0 = jax.numpy.linalg.norm(jax.grad(rosenbrock)(x))

        def body(carry, _):
            x, state, lowest, best, going = carry
            f, g = jax.value_and_grad(rosenbrock)(x)
            update, state = optimiser.update(g, state, x)
            new = optax.apply_updates(x, update)
            if everything:
                norm = jax.numpy.sqrt((g * g).sum())
                going = going & jax.numpy.isfinite(f) & (norm > 1e-8 * g0) & (norm < 1e6 * g0)
                best, lowest = where(f < lowest, x, best), where(f < lowest, f, lowest)
                new = where(going, new, x)
            return (new, state, lowest, best, going), None

        start = x, optimiser.init(x), inf, x, True
        x, _, _, best, _ = jax.lax.scan(body, start, None, length=STEPS)[0]
        return best if everything else x

    everyone, rates = jax.jit(jax.vmap(run)), jax.numpy.array(RATES)
    return lambda: everyone(rates).block_until_ready()


def chain(x):
    return ((1 - x[:-1]) ** 2 + 100 * (x[1:] - x[:-1] ** 2) ** 2).sum(axis=0)


def chain_gradient(x):
    d, g = x[1:] - x[:-1] ** 2, np.zeros_like(x)
    g[:-1] = -400 * x[:-1] * d - 2 * (1 - x[:-1])
    g[1:] += 200 * d
    return g


def abreast(quick: bool) -> None:
    """Directions from many starts of Rosenbrock's function."""
    print("| method, n, starts | us a start, one by one | us a start, abreast | ratio |\n|---|---|---|---|")
    methods = st.BFGS(), st.LBFGS(), st.ConjugateGradient(), st.HagerZhang()
    cases = [(m, n, starts) for m in methods for n in (2, 10) for starts in (100, 1000)]
    for method, n, starts in cases[:1] if quick else cases:
        x0 = np.random.default_rng(0).normal(scale=1.5, size=(starts, n))
        runs = {
            "one": lambda m=method, x=x0: [st.minimize(chain, row, method=m, jac=chain_gradient) for row in x[:40]],
            "all": lambda m=method, x=x0: sweep(chain, x, m, jac=chain_gradient),
        }
        seconds = interleave(runs, 1 if quick else 5)
        each = {name: [s / (40 if name == "one" else starts) for s in spent] for name, spent in seconds.items()}
        middle = {name: statistics.median(spent) * 1e6 for name, spent in each.items()}
        ratio = median_ratio(each["one"], each["all"])
        print(f"| {method.name}, {n}, {starts} | {middle['one']:.0f} | {middle['all']:.0f} | {ratio:.1f} |")


def main() -> None:
    many, given = st.Adam(lr=RATES), {"maxiter": STEPS, "diagnose": False}
    contenders = {
        "one rate after the other, NumPy (20 of 1000, times 50)": lambda: [adam(lr, X0) for lr in RATES[::50]],
        "batched NumPy, gradients and steps only": lambda: adam(RATES, side_by_side()),
        "batched NumPy, all of it": lambda: adam(RATES, side_by_side(), everything=True),
        "calls of f and gradient alone": lambda: [(rosenbrock(x), gradient(x)) for x in [side_by_side()] * STEPS],
        "steepest, NumPy f and gradient": lambda: sweep(rosenbrock, X0, many, jac=gradient, **given),
        "steepest, NumPy f with np.where, no gradient": lambda: sweep(choosing, X0, many, **given),
        "steepest, NumPy f and gradient, called": lambda: sweep(called, X0, many, jac=gradient, **given),
        "JAX vmap + scan, gradients and steps only": jax_scan(),
        "JAX vmap + scan, all of it": jax_scan(everything=True),
        "steepest, a formula": lambda: sweep(FORMULA, X0, many, **given),
    }
    runs = {name: run for name, run in contenders.items() if run is not None}
    seconds = interleave(runs, 3 if "--quick" in sys.argv else 31)
    seconds = {name: [50 * s for s in each] if "20 of" in name else each for name, each in seconds.items()}
    print("| 1000 rates x 200 steps | ms | time / steepest NumPy | time / steepest formula |\n|---|---|---|---|")
    for name, each in seconds.items():
        ratios = [median_ratio(each, seconds[f"steepest, {kind}"]) for kind in ("NumPy f and gradient", "a formula")]
        print(f"| {name} | {statistics.median(each) * 1e3:.2f} | {ratios[0]:.2f} | {ratios[1]:.2f} |")
    abreast("--quick" in sys.argv)


if __name__ == "__main__":
    main()
