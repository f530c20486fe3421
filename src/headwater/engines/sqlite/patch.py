"""Patches of SQLite: foreign keys are not enforced meanwhile; triggers fire."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from headwater.engines import STANDALONE_ROWS, PatchSupport, SnapshotColumn, SnapshotTable
from headwater.engines.sqlite.bulk_load import value_of
from headwater.engines.sqlite.ddl import quote
from headwater.engines.sqlite.values import literal

_CLASSES = {b"'": b"text", b"b": b"blob", b"r": b"real"}


class SqlitePatches(PatchSupport):
    """The statements of a patch."""

    def begin(self, tables: Sequence[SnapshotTable]) -> bytes:
        return b"PRAGMA foreign_keys = OFF;\nBEGIN IMMEDIATE;\n"

    def end(self, tables: Sequence[SnapshotTable]) -> bytes:
        return b"COMMIT;\nPRAGMA foreign_keys = ON;\n"

    def can_patch(self, table: SnapshotTable) -> bool:
        return not table.facts.get(STANDALONE_ROWS)

    def target(self, table: SnapshotTable) -> str:
        return quote(table.name)

    def insert_head(self, table: SnapshotTable) -> str:
        names = ", ".join(quote(column.name) for column in table.columns if not column.hidden)
        return f"INSERT INTO {quote(table.name)} ({names}) VALUES\n"

    def name(self, column: SnapshotColumn) -> str:
        return quote(column.name)

    def constants(self, column: SnapshotColumn, values: Iterable[bytes | None]) -> list[bytes]:
        return [literal(value_of(value)) for value in values]

    def delete_one(self, table: SnapshotTable, values: Sequence[bytes | None]) -> bytes:
        visible = [column for column in table.columns if not column.hidden]
        conditions = b" AND ".join(map(_is_value, visible, values))
        name, rowid = quote(table.name).encode(), quote(_rowid(table)).encode()
        return b"DELETE FROM %b WHERE %b = (SELECT %b FROM %b WHERE %b LIMIT 1);\n" % (
            name,
            rowid,
            rowid,
            name,
            conditions,
        )

    def changes_by_itself(self, column: SnapshotColumn) -> bool:
        return False


def _rowid(table: SnapshotTable) -> str:
    """Return the column that numbers the rows of a table without a key."""
    return next((column.name for column in reversed(table.columns) if column.hidden), "rowid")


def _is_value(column: SnapshotColumn, value: bytes | None) -> bytes:
    """Return the condition that a value is this one, of the same storage class: 1 equals 1.0."""
    name = quote(column.name).encode()
    if value is None:
        return name + b" IS NULL"
    kind = _CLASSES.get(value[:1], b"integer")
    return b"(typeof(%b) = '%b' AND %b COLLATE BINARY = %b)" % (name, kind, name, literal(value_of(value)))
