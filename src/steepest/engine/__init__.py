"""Formulas as machine code: printed in LLVM's language, compiled for this processor, called by address."""
