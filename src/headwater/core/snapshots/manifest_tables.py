"""Converts the tables of a manifest for engines, for rows of our store, and to names for users."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headwater.engines import STANDALONE_ROWS, SnapshotColumn, SnapshotTable
from headwater.vault.manifest import Manifest, ManifestTable

WITH_ALL = "it is restored only with the whole database, or by its name into a new or empty database"


def display_name(table: ManifestTable) -> str:
    """Return the name of a table for users."""
    return f"{table.schema}.{table.name}" if table.schema else table.name


def dump_table(table: ManifestTable) -> SnapshotTable:
    """Return a table as engines use it."""
    columns = tuple(SnapshotColumn(column.name, column.type, column.hint, column.hidden) for column in table.columns)
    return SnapshotTable(table.schema, table.name, columns, table.key, table.rows, table.facts)


def select(manifest: Manifest, tables: Sequence[str] | None) -> list[ManifestTable]:
    """Return the tables with these names, with or without their schema; all tables if no name is given."""
    return [table for table in manifest.tables if tables is None or {display_name(table), table.name} & set(tables)]


def apart(table: ManifestTable) -> bool:
    """Return True if the rows belong to no table of the Schema; they are restored only with the whole database."""
    return bool(table.facts.get(STANDALONE_ROWS))


def omissions(manifest: Manifest, tables: Sequence[ManifestTable]) -> list[str]:
    """Return sentences about such rows that are not restored."""
    return [
        f"{display_name(table)} is not restored: {WITH_ALL}."
        for table in manifest.tables
        if apart(table) and table not in tables
    ]


def total(manifest: Manifest, field: str) -> int:
    """Return the sum of a field over all tables; bytes include the archive of the schema."""
    return sum(getattr(table, field) for table in (manifest.tables if field == "rows" else manifest.stored_tables))


def to_dict(table: ManifestTable) -> dict[str, Any]:
    """Return a table in the form of the snapshot's row in our store."""
    return {
        "schema": table.schema,
        "name": table.name,
        "columns": [[column.name, column.type] for column in table.columns if not column.hidden],
        "key": [table.columns[ordinal].name for ordinal in table.key if not table.columns[ordinal].hidden],
        "rows": table.rows,
        "raw": table.raw,
        "stored": table.stored,
        "new": table.new,
        "apart": apart(table),
    }
