"""Finds what changed in a table since an earlier snapshot, by the transaction ids of its row versions.

Every row version has the id of the transaction that created it (`xmin`). Everything that the earlier snapshot saw was
created before its horizon, the oldest transaction that was still open then; so a version with an older id is one that
it saw, with the same values. A deleted row leaves its range with fewer old versions than before.

That holds for one heap: another system, timeline, database, file or column list means that the whole table is read, and
so do a horizon more than 2**31 transactions ago, when ids have wrapped, and types whose text can change while rows do
not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa

from headwater.engines import Baseline, Batch, Key, SnapshotTable
from headwater.engines.postgresql.ddl import literal, quote

_SAME = ("system", "timeline", "database", "types")
_FARTHEST = 2**31 - 10_000_000
_SPLIT_PAGES = 8192
# Their text contains names of the catalog, which can change while rows do not.
_NAMING = re.compile(r"^(pg_catalog\.)?reg[a-z]+(\[\])?$")
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_LETTERS = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}


def is_comparable(product: str, moment: dict[str, object], table: SnapshotTable, baseline: Baseline) -> bool:
    """Return True if a table can be compared with its earlier state."""
    same = product == baseline.product and all(moment.get(name) == baseline.moment.get(name) for name in _SAME)
    like = (table.columns, table.key, table.facts) == (baseline.table.columns, baseline.table.key, baseline.table.facts)
    since = int(str(moment["next"])) - int(str(baseline.moment.get("horizon", 0)))
    plain = table.facts.get("heap") and not names_objects(table)
    known = bool(moment.get("system"))
    return bool(known and same and like and plain and table.key and 0 <= since < _FARTHEST)


def names_objects(table: SnapshotTable) -> bool:
    """Return True if a column of a table has names of the catalog, whose text depends on the search path."""
    return any(_NAMING.match(column.type) for column in table.columns)


def is_new(baseline: Baseline) -> str:
    """Return the condition that a row version was created at or after the horizon.

    `age` is relative to the same transaction id for all queries of one transaction.
    """
    return f"age(xmin) <= (SELECT age('{int(str(baseline.moment['horizon'])) % 2**32}'::xid))"


def count_query(table: SnapshotTable, new: str, part: str = "true") -> str:
    """Return the query for the number of new and of all row versions of a table, or of a part of it."""
    return f"SELECT count(*) FILTER (WHERE {new}), count(*) FROM ONLY {_place(table)} WHERE {part}"  # noqa: S608


def size_query(table: SnapshotTable) -> str:
    """Return the query for the number of pages of a table, and the server version."""
    name = literal(_place(table))
    pages = f"pg_relation_size({name}) / current_setting('block_size')::int"
    return f"SELECT {pages}, current_setting('server_version_num')::int"


def halves(pages: int, version: int) -> tuple[str, ...]:
    """Return the conditions of two halves of a table, or of the whole table if it is small.

    `age` keeps the server from scanning a table with parallel workers; before PostgreSQL 14 it would read all pages for
    each half.
    """
    if pages < _SPLIT_PAGES or version < 140000:
        return ("true",)
    return f"ctid < '({pages // 2},0)'", f"ctid >= '({pages // 2},0)'"


def changed_rows_statement(table: SnapshotTable, new: str, range_starts: Sequence[Key]) -> str:
    """Return the COPY of new row versions, each after the number of its range."""
    columns = ", ".join(quote(column.name) for column in table.columns)
    return f"COPY (SELECT {_range(table, range_starts)}, {columns} FROM ONLY {_place(table)} WHERE {new}) TO STDOUT"  # noqa: S608


def unchanged_query(table: SnapshotTable, new: str, range_starts: Sequence[Key]) -> str:
    """Return the query for the number of old row versions of each range."""
    return (
        f"SELECT {_range(table, range_starts)}, count(*) FROM ONLY {_place(table)} "  # noqa: S608
        f"WHERE NOT {new} GROUP BY 1"
    )


def keys_statement(table: SnapshotTable, range_starts: Sequence[Key], ranges: Sequence[int]) -> str:
    """Return the COPY of the keys in some ranges, each after the number of its range."""
    columns = ", ".join(quote(table.columns[ordinal].name) for ordinal in table.key)
    wanted = ", ".join(map(str, ranges))
    numbered = f"SELECT {_range(table, range_starts)} AS range, {columns} FROM ONLY {_place(table)}"  # noqa: S608
    return f"COPY (SELECT * FROM ({numbered}) numbered WHERE range IN ({wanted})) TO STDOUT"  # noqa: S608


def condition(table: SnapshotTable, low: Key | None, high: Key | None) -> str:
    """Return the condition for a range of keys."""
    key = _key(table)
    parts = [f"{key} >= {_values(table, low)}"] if low is not None else []
    parts += [f"{key} < {_values(table, high)}"] if high is not None else []
    return " AND ".join(parts) or "true"


def _place(table: SnapshotTable) -> str:
    return quote(table.schema, table.name)


def _key(table: SnapshotTable) -> str:
    names = [quote(table.columns[ordinal].name) for ordinal in table.key]
    return names[0] if len(names) == 1 else f"ROW({', '.join(names)})"


def _values(table: SnapshotTable, key: Key) -> str:
    values = [
        f"{literal(unescape(value))}::{table.columns[ordinal].type}"
        for ordinal, value in zip(table.key, key, strict=True)
    ]
    return values[0] if len(values) == 1 else f"ROW({', '.join(values)})"


def _range(table: SnapshotTable, range_starts: Sequence[Key]) -> str:
    """Return the expression for the range number of a row."""
    if len(range_starts) < 2:
        return "0"
    return f"width_bucket({_key(table)}, ARRAY[{', '.join(_values(table, key) for key in range_starts[1:])}])"


def unescape(value: bytes) -> str:
    """Return a value without the escapes of COPY."""
    return _ESCAPED.sub(lambda found: _LETTERS.get(found[1], found[1]), value).decode()


def copy_statement(table: SnapshotTable, condition: str = "true") -> str:
    """Return the statement that reads a table: only its own rows, not those of child tables."""
    names = [quote(column.name) for column in table.columns]
    order = f" ORDER BY {', '.join(names[ordinal] for ordinal in table.key)}" if table.key else ""
    table_name = quote(table.schema, table.name)
    return f"COPY (SELECT {', '.join(names)} FROM ONLY {table_name} WHERE {condition}{order}) TO STDOUT"  # noqa: S608 (all quoted)


class PostgresChangeTracking:
    """Changes since an earlier snapshot, by queries and COPY statements in the snapshot of a reader."""

    def __init__(
        self,
        product: str,
        moment: Mapping[str, Any],
        query: Callable[[str], list[Sequence[Any]]],
        copy: Callable[[str, int], Iterator[Batch]],
    ) -> None:
        self._product, self._moment, self._query, self._copy = product, moment, query, copy

    def can_compare(self, table: SnapshotTable, baseline: Baseline) -> bool:
        return is_comparable(self._product, dict(self._moment), table, baseline)

    def count_changes(self, table: SnapshotTable, baseline: Baseline) -> tuple[int, int]:
        ((pages, version),) = self._query(size_query(table))
        parts = halves(int(pages), int(version))
        queries = [count_query(table, is_new(baseline), part) for part in parts]
        with ThreadPoolExecutor(len(parts), thread_name_prefix="snapshot-count") as threads:
            counts = [row for (row,) in threads.map(self._query, queries)]
        new = sum(int(row[0]) for row in counts)
        return new, sum(int(row[1]) for row in counts) - new

    def changed_rows(
        self, table: SnapshotTable, baseline: Baseline, range_starts: Sequence[Key]
    ) -> Iterator[tuple[Any, Batch]]:
        statement = changed_rows_statement(table, is_new(baseline), range_starts)
        yield from self._numbered(statement, len(table.columns))

    def unchanged_counts(
        self, table: SnapshotTable, baseline: Baseline, range_starts: Sequence[Key]
    ) -> Mapping[int, int]:
        rows = self._query(unchanged_query(table, is_new(baseline), range_starts))
        return {int(number): int(count) for number, count in rows}

    def keys_in_ranges(
        self, table: SnapshotTable, range_starts: Sequence[Key], ranges: Sequence[int]
    ) -> Iterator[tuple[Any, Batch]]:
        yield from self._numbered(keys_statement(table, range_starts, ranges), len(table.key))

    def rows_between(self, table: SnapshotTable, low: Key | None, high: Key | None) -> Iterator[Batch]:
        return self._copy(copy_statement(table, condition(table, low, high)), len(table.columns))

    def _numbered(self, statement: str, columns: int) -> Iterator[tuple[Any, Batch]]:
        """Yield rows whose first column is the range number, as range numbers and the other columns."""
        for batch in self._copy(statement, 1 + columns):
            numbers = batch.column(0).cast(pa.string()).cast(pa.int64()).to_numpy()
            rest = [batch.column(ordinal) for ordinal in range(1, batch.num_columns)]
            yield numbers, pa.RecordBatch.from_arrays(rest, [str(ordinal) for ordinal in range(len(rest))])
