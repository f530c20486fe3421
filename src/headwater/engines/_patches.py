"""Patches: SQL that makes the rows of a table equal to those of another one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from headwater.catalog.model import Relation
from headwater.engines._script import inserts
from headwater.engines._snapshots import Batch, SnapshotColumn, SnapshotTable


class PatchSupport(Protocol):
    """How an engine spells the statements of a patch; a text is given as snapshots store it."""

    def begin(self, tables: Sequence[SnapshotTable]) -> bytes:
        """Return the statements that begin the transaction, and set aside foreign keys of these tables."""

    def end(self, tables: Sequence[SnapshotTable]) -> bytes:
        """Return the statements that check the foreign keys and commit."""

    def can_patch(self, table: SnapshotTable) -> bool:
        """Return False for rows that ordinary statements cannot write."""

    def target(self, table: SnapshotTable) -> str:
        """Return the table as UPDATE and DELETE name it."""

    def insert_head(self, table: SnapshotTable) -> str:
        """Return the beginning of an INSERT of all columns that users see, with VALUES."""

    def name(self, column: SnapshotColumn) -> str:
        """Return the quoted name of a column."""

    def constants(self, column: SnapshotColumn, values: Iterable[bytes | None]) -> list[bytes]:
        """Return values as constants that are stored exactly."""

    def delete_one(self, table: SnapshotTable, values: Sequence[bytes | None]) -> bytes:
        """Return the statement that deletes one of the rows with exactly these values."""

    def changes_by_itself(self, column: SnapshotColumn) -> bool:
        """Return True if an UPDATE of other columns may change the column."""


@dataclass(frozen=True)
class TablePatch:
    """Writes the statements for one table, whose visible columns are those of the batches.

    A changed row is updated, or replaced: deleted and inserted again. Rows are replaced where an update could be
    refused, because a unique value moves from one row to another, or the column cannot be updated.
    """

    support: PatchSupport
    table: SnapshotTable
    key: tuple[int, ...]
    replacing: Collection[str] | None

    @property
    def _columns(self) -> list[SnapshotColumn]:
        return [column for column in self.table.columns if not column.hidden]

    def deletes(self, rows: Batch) -> Iterator[bytes]:
        """Yield the statements that delete rows."""
        if not self.key:
            yield from self.deletes_exactly(rows)
            return
        head = f"DELETE FROM {self.support.target(self.table)} WHERE ".encode()  # noqa: S608 (quoted)
        for condition in self._conditions(rows):
            yield head + condition + b";\n"

    def deletes_exactly(self, rows: Batch) -> Iterator[bytes]:
        """Yield the statements that delete rows by all their values."""
        for values in zip(*(column.to_pylist() for column in rows.columns), strict=True):
            yield self.support.delete_one(self.table, values)

    def updates(self, before: Batch, after: Batch, touched: Sequence[np.ndarray]) -> Iterator[bytes]:
        """Yield the statements that update the touched columns of rows."""
        columns = self._columns
        head = f"UPDATE {self.support.target(self.table)} SET ".encode()  # noqa: S608 (quoted)
        constants = [self.support.constants(c, v.to_pylist()) for c, v in zip(columns, after.columns, strict=True)]
        names = [self.support.name(column).encode() for column in columns]
        always = [self.support.changes_by_itself(column) for column in columns]
        for number, condition in enumerate(self._conditions(before)):
            sets = [
                names[at] + b" = " + constants[at][number]
                for at in range(len(columns))
                if at not in self.key and (touched[at][number] or always[at])
            ]
            yield head + b", ".join(sets) + b" WHERE " + condition + b";\n"

    def inserts(self, rows: Batch) -> Iterator[bytes]:
        """Yield the statements that insert rows."""
        columns = [self.support.constants(c, v.to_pylist()) for c, v in zip(self._columns, rows.columns, strict=True)]
        head = self.support.insert_head(self.table).encode()
        return inserts(head, (b"(" + b", ".join(row) + b")" for row in zip(*columns, strict=True)))

    def replaced(self, touched: Sequence[np.ndarray], rows: int) -> np.ndarray:
        """Return which of the changed rows are replaced."""
        if self.replacing is None:
            return np.ones(rows, bool)
        masks = [touched[at] for at, column in enumerate(self._columns) if column.name in self.replacing]
        mask: np.ndarray = np.logical_or.reduce([np.zeros(rows, bool), *masks])
        return mask

    def _conditions(self, rows: Batch) -> Iterator[bytes]:
        columns = self._columns
        parts = [
            [
                self.support.name(columns[at]).encode() + b" = " + constant
                for constant in self.support.constants(columns[at], rows.column(at).to_pylist())
            ]
            for at in self.key
        ]
        return (b" AND ".join(row) for row in zip(*parts, strict=True))


def replacing_columns(relation: Relation, table: SnapshotTable, fixed: Collection[str]) -> Collection[str] | None:
    """Return the columns whose change needs a replaced row; None if any change does.

    `fixed` are the columns that cannot be updated.
    """
    columns = {name for index in relation.indexes if index.unique for name in index.columns}
    if columns - {column.name for column in table.columns}:  # an expression or a generated column
        return None
    return columns | set(fixed)
