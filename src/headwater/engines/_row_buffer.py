"""Limits how many rows are passed on at once: fewer if they are wide, so that memory is bounded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

ROWS = 1000
BYTES = 8 * 2**20
Held = TypeVar("Held", bound=Sequence[Any])


def weight(row: Sequence[Any]) -> int:
    """Return the approximate size of a row in bytes; only texts and binaries count."""
    return sum(len(cell) for cell in row if isinstance(cell, str | bytes))


def take_batch(rows: Iterator[Held]) -> list[Held]:
    """Take one batch of rows; returns an empty batch at the end."""
    batch: list[Held] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += weight(row)
        if len(batch) >= ROWS or size >= BYTES:
            break
    return batch


class RowBuffer(Generic[Held]):
    """Collects small batches of rows until they are large enough to pass on."""

    def __init__(self) -> None:
        self._rows: list[Held] = []
        self._size = 0

    def add(self, rows: Iterable[Held], weight_of_each: int | None = None) -> Iterator[list[Held]]:
        """Add rows; return the buffered rows if there are enough."""
        for row in rows:
            self._rows.append(row)
            self._size += weight(row) if weight_of_each is None else weight_of_each
            if len(self._rows) >= ROWS or self._size >= BYTES:
                yield self.rest()

    def rest(self) -> list[Held]:
        """Return the remaining rows."""
        rows, self._rows, self._size = self._rows, [], 0
        return rows
