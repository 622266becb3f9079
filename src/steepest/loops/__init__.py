"""Who makes the steps of a run, and how it goes on after a stop: the loop, and what may stand in its place.

- ``loop``: the generator of points; ``driver`` chooses it or one of the next two.
- ``compiled``: loops in machine code; ``ondevice``: on the arrays of torch and jax.
- ``thresholds``: tests for convergence as numbers to compare with, for these and for sweeps.
- ``resume``, ``state``: a run in a file, to go on from.
"""
