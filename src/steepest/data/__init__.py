"""Data in batches: arrays in step, memory maps, streams of chunks."""

from __future__ import annotations

from .files import CSV, Parquet
from .given import source, split
from .sources import CHUNK, SHUFFLES, Arrays, Batch, Chunks, Source

__all__ = ["CHUNK", "CSV", "SHUFFLES", "Arrays", "Batch", "Chunks", "Parquet", "Source", "source", "split"]
