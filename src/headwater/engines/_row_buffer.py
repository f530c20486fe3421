"""How many rows are passed on at once: a number of them, or fewer when they are wide, so that memory has a bound."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

ROWS = 1000
BYTES = 8 * 2**20
Held = TypeVar("Held", bound=Sequence[Any])


def weight(row: Sequence[Any]) -> int:
    """Return about how many bytes the texts and binaries of a row have: numbers do not count."""
    return sum(len(cell) for cell in row if isinstance(cell, str | bytes))


def take_batch(rows: Iterator[Held]) -> list[Held]:
    """Take as many rows as are passed on at once; none when there are no more."""
    found: list[Held] = []
    size = 0
    for row in rows:
        found.append(row)
        size += weight(row)
        if len(found) >= ROWS or size >= BYTES:
            break
    return found


class RowBuffer(Generic[Held]):
    """Rows that come in small pieces, held until they are worth passing on."""

    def __init__(self) -> None:
        self._rows: list[Held] = []
        self._size = 0

    def add(self, rows: Iterable[Held], weight_of_each: int | None = None) -> Iterator[list[Held]]:
        """Hold some rows; give what is held whenever that is enough."""
        for row in rows:
            self._rows.append(row)
            self._size += weight(row) if weight_of_each is None else weight_of_each
            if len(self._rows) >= ROWS or self._size >= BYTES:
                yield self.rest()

    def rest(self) -> list[Held]:
        """Return what is held."""
        rows, self._rows, self._size = self._rows, [], 0
        return rows
