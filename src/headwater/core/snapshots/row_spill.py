"""Rows of two sides in a temporary file without a name, divided by hashes so that each part fits in memory."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterator
from typing import IO, Any

import numpy as np
import pyarrow as pa

from headwater.core.snapshots.row_differences import join
from headwater.engines import Batch
from headwater.kit.errors import BadInput

PARTITIONS = 128
_LARGEST = 48 * 2**20  # bytes of a partition


class RowSpill:
    """Rows in a temporary file; rows with equal hashes are in one partition."""

    def __init__(self, largest: int = _LARGEST) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed by __exit__)
        self._parts: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
        self._end, self._largest = 0, largest

    def __enter__(self) -> RowSpill:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, side: int, rows: Batch, hashes: np.ndarray) -> None:
        """Add rows of a side."""
        numbers = hashes % PARTITIONS
        order = np.argsort(numbers, kind="stable")
        ends = np.searchsorted(numbers[order], np.arange(PARTITIONS), "right")
        start = 0
        for partition, end in enumerate(ends.tolist()):
            if end > start:
                self._write(side, partition, rows.take(order[start:end]))
            start = end

    def _write(self, side: int, partition: int, rows: Batch) -> None:
        data = rows.serialize()
        self._file.write(data)
        self._parts[side, partition].append((self._end, data.size))
        self._end += data.size

    def partitions(self, empty: Batch) -> Iterator[tuple[Batch, Batch]]:
        """Yield the rows of both sides, partition by partition.

        Raises:
            BadInput: a partition does not fit in memory.
        """
        for partition in range(PARTITIONS):
            parts = [self._parts.get((side, partition), []) for side in (0, 1)]
            if sum(size for part in parts for _, size in part) > self._largest:
                raise BadInput(
                    "More rows differ than can be compared.", hint="Compare fewer tables or columns, or other sides."
                )
            if any(parts):
                old, new = (join([empty, *(self._read(at, size, empty) for at, size in part)]) for part in parts)
                yield old, new

    def _read(self, at: int, size: int, empty: Batch) -> Any:
        self._file.seek(at)
        return pa.ipc.read_record_batch(pa.py_buffer(self._file.read(size)), empty.schema)
