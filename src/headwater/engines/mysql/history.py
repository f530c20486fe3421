"""The history of MariaDB's system-versioned tables in snapshots: former versions of rows, and the age of current ones.

Former versions are the rows of a table of their own in a snapshot, which no table of the Schema has. Current rows have
the begin of their validity as a hidden last column. `system_versioning_insert_history` (MariaDB 10.11) takes both back.
Periods of transaction numbers (BIGINT) cannot be taken back, because the numbers belong to their server.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from headwater.engines import STANDALONE_ROWS, Batch, SnapshotColumn, SnapshotTable
from headwater.engines.mysql.ddl import quote

VERSIONED = """
SELECT t.table_name,
       coalesce(max(CASE c.generation_expression WHEN 'ROW START' THEN c.column_name END), 'row_start') AS row_start,
       coalesce(max(CASE c.generation_expression WHEN 'ROW END' THEN c.column_name END), 'row_end') AS row_end,
       coalesce(max(c.data_type), 'timestamp') AS period
FROM information_schema.tables t LEFT JOIN information_schema.columns c ON c.table_schema = t.table_schema
    AND c.table_name = t.table_name AND c.generation_expression IN ('ROW START', 'ROW END')
WHERE t.table_schema = DATABASE() AND t.table_type = 'SYSTEM VERSIONED' GROUP BY t.table_name ORDER BY t.table_name
"""
SUPPORTED = "SHOW VARIABLES LIKE 'system_versioning_insert_history'"
# With it, rows can be inserted with their periods; older servers do not know it.
INSERTED = "SET SESSION system_versioning_insert_history = 1"
_HISTORY_OF, _TIME = "history_of", "timestamp(6)"
# The end of the period of current rows, at least: newer servers have a later one.
_NEVER = "2038-01-19 03:14:07.999999"


@dataclass(frozen=True, slots=True)
class Period:
    """The columns with the period in which a row is valid; `timed` if it is one of times that can be inserted."""

    start: str
    end: str
    timed: bool


def with_history(table: SnapshotTable, period: Period) -> tuple[SnapshotTable, SnapshotTable]:
    """Return a table with the begin of the validity of its rows, and the table of their former versions."""
    start, end = (SnapshotColumn(name, _TIME, "timestamp") for name in (period.start, period.end))
    former = SnapshotTable(
        None,
        f"{table.name} (history)",
        (*table.columns, start, end),
        (*table.key, len(table.columns) + 1) if table.key else (),
        facts={STANDALONE_ROWS: True, _HISTORY_OF: table.name},
    )
    return replace(table, columns=(*table.columns, replace(start, hidden=True))), former


def is_history(table: SnapshotTable) -> bool:
    """Return True if the rows are former versions of the rows of another table."""
    return _HISTORY_OF in table.facts


def own_name(table: SnapshotTable) -> str:
    """Return the name of the table of the database that has the rows."""
    return str(table.facts.get(_HISTORY_OF, table.name))


def source_of(table: SnapshotTable) -> str:
    """Return what rows are selected from."""
    name = quote(own_name(table))
    if not is_history(table):
        return name
    return f"{name} FOR SYSTEM_TIME ALL WHERE {quote(table.columns[-1].name)} < '{_NEVER}'"


def current(table: SnapshotTable) -> SnapshotTable:
    """Return a table without the hidden column."""
    return replace(table, columns=tuple(column for column in table.columns if not column.hidden))


def fitted(table: SnapshotTable, batches: Iterable[Batch]) -> tuple[SnapshotTable, Iterator[Batch]]:
    """Return a table and its rows without the hidden column."""
    shorter = current(table)
    return shorter, (batch.select(range(len(shorter.columns))) for batch in batches)
