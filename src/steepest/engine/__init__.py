"""Formulas as machine code.

- ``alphabet``: what a formula may call, in the words of Python, NumPy and other libraries.
- ``traced``: rules and functions, called once with symbols, as expressions.
- ``machine``, ``blocks``: expressions in LLVM's language, compiled for this processor, in loops of 64 bytes.
- ``kernels``: a rule as one such loop over its arrays; ``steps``: a whole loop; ``native``: functions that Numba
  has compiled.
"""
