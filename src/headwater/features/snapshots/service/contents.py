"""The tables of a manifest, as engines know them, as rows of our store list them, and as people write their names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headwater.engines import STANDALONE_ROWS, SnapshotColumn, SnapshotTable
from headwater.vault.manifest import Manifest, Table

WITH_ALL = "it comes back only with a whole database, or by its name into a new or empty one"


def shown(table: Table) -> str:
    """Return the name of a table as people write it."""
    return f"{table.schema}.{table.name}" if table.schema else table.name


def dump_table(table: Table) -> SnapshotTable:
    """Return a table as engines know it."""
    columns = tuple(SnapshotColumn(one.name, one.type, one.hint) for one in table.columns)
    return SnapshotTable(table.schema, table.name, columns, table.key, table.rows, table.facts)


def chosen(manifest: Manifest, tables: Sequence[str] | None) -> list[Table]:
    """Return the tables of these names, with or without their schema; all without any."""
    return [one for one in manifest.tables if tables is None or {shown(one), one.name} & set(tables)]


def apart(table: Table) -> bool:
    """Say whether the rows of a table are of none of the Schema; they come back only with the whole database."""
    return bool(table.facts.get(STANDALONE_ROWS))


def left_out(manifest: Manifest, tables: Sequence[Table]) -> list[str]:
    """Return sentences on such rows that are not among the tables that are restored."""
    return [f"{shown(one)} is left out: {WITH_ALL}." for one in manifest.tables if apart(one) and one not in tables]


def total(manifest: Manifest, field: str) -> int:
    """Return the sum of a field over all tables."""
    return sum(getattr(table, field) for table in manifest.tables)


def listed(table: Table) -> dict[str, Any]:
    """Return a table as the row of its snapshot lists it."""
    return {
        "schema": table.schema, "name": table.name, "columns": [[one.name, one.type] for one in table.columns],
        "key": [table.columns[place].name for place in table.key], "rows": table.rows, "raw": table.raw,
        "stored": table.stored, "new": table.new, "apart": apart(table),
    }  # fmt: skip
