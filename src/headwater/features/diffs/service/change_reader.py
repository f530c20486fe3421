"""Rows that differ, as cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from headwater.catalog.results import Cell, ResultColumn
from headwater.core.snapshots.row_differences import RowDifferences
from headwater.engines import Batch, Decoder

ChangeKind = Literal["added", "removed", "changed"]


@dataclass(frozen=True, slots=True)
class RowChange:
    """A row that differs: its cells before and after, and the ordinals of the columns whose values differ."""

    kind: ChangeKind
    before: tuple[Cell, ...] | None
    after: tuple[Cell, ...] | None
    touched: tuple[int, ...] = ()


class ChangeReader:
    """Decodes the changed rows of a table to cells; a column is read with the type that it has on each side."""

    def __init__(
        self, columns: Sequence[ResultColumn], before: Sequence[Decoder], after: Sequence[Decoder], longest: int
    ) -> None:
        self.columns, self._before, self._after = tuple(columns), before, after
        self._longest, self.shortened = longest, False

    def changes(self, part: RowDifferences, kind: ChangeKind | None, skip: int, limit: int) -> list[RowChange]:
        """Return some of the changes of a part: removed rows first, then changed and added ones."""
        collected: list[RowChange] = []
        for each, count in (
            ("removed", part.removed.num_rows),
            ("changed", part.before.num_rows),
            ("added", part.added.num_rows),
        ):
            if kind not in (None, each):
                continue
            start = min(skip, count)
            skip -= start
            collected += self._some(part, each, slice(start, min(count, start + limit - len(collected))))
        return collected

    def _some(self, part: RowDifferences, kind: str, rows: slice) -> Iterator[RowChange]:
        size = max(0, rows.stop - rows.start)
        if kind == "removed":
            return (
                RowChange("removed", row, None)
                for row in self._cells(part.removed.slice(rows.start, size), self._before)
            )
        if kind == "added":
            return (
                RowChange("added", None, row) for row in self._cells(part.added.slice(rows.start, size), self._after)
            )
        before = self._cells(part.before.slice(rows.start, size), self._before)
        after = self._cells(part.after.slice(rows.start, size), self._after)
        touched = [
            tuple(at for at in range(len(self.columns)) if part.touched[at][number])
            for number in range(rows.start, rows.start + size)
        ]
        return (RowChange("changed", *values) for values in zip(before, after, touched, strict=True))

    def _cells(self, batch: Batch, decoders: Sequence[Decoder]) -> list[tuple[Cell, ...]]:
        if not decoders:
            return [()] * batch.num_rows
        columns = [decoder.cells(batch.column(at)) for at, decoder in enumerate(decoders)]
        return [tuple(map(self._short, row)) for row in zip(*columns, strict=True)]

    def _short(self, cell: Cell) -> Cell:
        if isinstance(cell, str) and len(cell) > self._longest:
            self.shortened = True
            return cell[: self._longest]
        return cell
