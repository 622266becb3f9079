"""How far a run is, on stderr: one live line on a terminal, one plain line per decade of steps elsewhere."""

from __future__ import annotations

import math
import os
import time
from typing import Any, TextIO

import numpy as np

PATIENCE, PERIOD = 0.3, 0.1  # seconds before the live line appears, and between its updates
BAR, CURVE = 20, 24  # cells
UNICODE, ASCII = ("█", "·", "▁▂▃▄▅▆▇█"), ("#", ".", "_.-=+*%#")


class Progress:
    """The display as a callback of `minimize`: shows steps, f, the gradient norm and its curve (log scale).

    The bar is the part of the budget that is spent, of steps or of seconds, whichever is more: how far away
    convergence is, nobody knows.

    Parameters
    ----------
    stream : text file
        Where to write; a terminal (and not a dumb one) gets the live line.
    maxiter, maxtime : float
        The budget.
    """

    def __init__(self, stream: TextIO, maxiter: float = math.inf, maxtime: float = math.inf):
        self._stream, self._maxiter, self._maxtime = stream, maxiter, maxtime
        self._live = stream.isatty() and os.environ.get("TERM") != "dumb"
        self._began = time.monotonic()
        self._next_time, self._next_step = self._began + PATIENCE, 1
        self._shown = False
        self._curve: list[float] = []
        self._signs = UNICODE if "utf" in (stream.encoding or "").lower() else ASCII

    def __call__(self, intermediate_result: Any) -> None:
        """Show where the run is, if it is time to."""
        if intermediate_result.nit == 1:  # of several runs, the next one
            self._next_step, self._curve = 1, []
        if self._live:
            now = time.monotonic()
            if now >= self._next_time:
                self._next_time = now + PERIOD
                self._draw(intermediate_result, now - self._began)
        elif intermediate_result.nit == self._next_step:
            self._next_step *= 10
            f, g = intermediate_result.fun, _norm(intermediate_result.jac)
            self._write(f"step {intermediate_result.nit}: f = {f:.6g}, gradient norm {g:.3g}\n")

    def close(self) -> None:
        """Wipe the live line."""
        if self._shown:
            self._write("\r\x1b[K")

    def _draw(self, result: Any, seconds: float) -> None:
        full, empty, _ = self._signs
        height = self._height(result)
        self._curve.append(math.log10(height) if 0 < height < math.inf else math.nan)
        if len(self._curve) > CURVE:
            del self._curve[1::2]  # the whole run stays in view
        done = round(BAR * min(1.0, self._share(result, seconds)))
        line = f"{full * done}{empty * (BAR - done)} {self._words(result)}  {self._sparkline()}"
        self._write(f"\r{line[: _columns(self._stream) - 1]}\x1b[K")
        self._shown = True

    def _height(self, result: Any) -> float:
        """What the curve shows."""
        return _norm(result.jac)

    def _share(self, result: Any, seconds: float) -> float:
        """The part of the budget that is spent."""
        return max(result.nit / self._maxiter, seconds / self._maxtime)

    def _words(self, result: Any) -> str:
        return f"step {result.nit}  f = {result.fun:.6g}  gradient norm {_norm(result.jac):.3g}"

    def _sparkline(self) -> str:
        levels = self._signs[2]
        known = [value for value in self._curve if not math.isnan(value)]
        low, high = min(known, default=0.0), max(known, default=0.0)
        scale = (len(levels) - 1) / (high - low or 1.0)
        return "".join(" " if math.isnan(v) else levels[round((v - low) * scale)] for v in self._curve)

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


class TrainingProgress(Progress):
    """The same for `fit`, after each epoch: loss, that of the validation data, rate, rows a second, and the time left
    with the curve of the loss; nothing but on a terminal.
    """

    def __call__(self, intermediate_result: Any) -> None:
        if self._live:
            super().__call__(intermediate_result)

    def _height(self, result: Any) -> float:
        return float(result.loss)

    def _share(self, result: Any, seconds: float) -> float:
        left = result.seconds_left
        return seconds / (seconds + left) if left >= 0 else 0.0

    def _words(self, result: Any) -> str:
        left = result.seconds_left
        told = [
            f"epoch {result.epoch:g}",
            f"loss {result.loss:.5g}",
            f"validation {result.validation:.5g}" if math.isfinite(result.validation) else "",
            f"lr {result.lr:.3g}" if math.isfinite(result.lr) else "",
            f"{result.samples_per_second:.3g} rows/s" if math.isfinite(result.samples_per_second) else "",
            f"{int(left // 60)}:{int(left % 60):02d} left" if 0 <= left < math.inf else "",
        ]
        return "  ".join(filter(None, told))


def _norm(g: Any) -> float:
    return float(np.linalg.norm(np.ravel(g)))


def _columns(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        return 80
