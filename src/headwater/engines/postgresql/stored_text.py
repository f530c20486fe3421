"""Compares the text of a table that was sent with the text that the table gives, without finding rows in either.

One COPY into an empty table stores rows in their order, in which a table without indexes is read (decision 0025). A
large table is read by two connections, each a part: the parts begin at a row whose number is known on both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import psycopg
from blake3 import blake3

from headwater.catalog.results import QueryError
from headwater.engines import SnapshotTable
from headwater.engines.postgresql import copy_out, own_search_path, snapshot_reader
from headwater.engines.postgresql.change_tracking import copy_statement
from headwater.engines.postgresql.ddl import literal, quote

Connects: TypeAlias = Callable[[], AbstractContextManager[psycopg.Connection[Any]]]
# So that a table is read in the order in which it is stored.
_READING = (
    *snapshot_reader.FORMAT,
    "SET synchronize_seqscans = off",
    "SET max_parallel_workers_per_gather = 0",
    "SET row_security = off",
)
_TWO_PARTS_ROWS = 50_000  # from this number on, a second connection costs less than it saves


@dataclass(slots=True)
class SentText:
    """The digests of the text that was sent: of the whole table, or of the rows up to a boundary and of the others.

    `rows` is the number of rows so far, `boundary` that of the first part; 0 while there is only one part.
    """

    expected_rows: int = 0
    rows: int = 0
    boundary: int = 0
    parts: list[Any] = field(default_factory=lambda: [blake3()])

    def add(self, rows: int, text: memoryview) -> None:
        """Add the text of this many rows."""
        if not self.boundary and self.expected_rows >= _TWO_PARTS_ROWS and self.rows * 2 >= self.expected_rows:
            self.boundary = self.rows
            self.parts.append(blake3())
        self.parts[-1].update(text)
        self.rows += rows

    @property
    def digests(self) -> list[bytes]:
        """The digests of the parts."""
        return [part.digest() for part in self.parts]


def is_stored(connection: psycopg.Connection[Any], connects: Connects, table: SnapshotTable, sent: SentText) -> bool:
    """Return True if a table gives exactly the text that was sent; False also if it cannot be read in this way.

    Args:
        connection: the connection that loaded the table; its settings change.
        connects: opens another connection.
        table: the table.
        sent: what was sent.
    """
    _prepare(connection)
    try:
        conditions = _conditions(connection, table, sent.boundary)
        if len(conditions) != len(sent.parts):
            return False
        if len(conditions) == 1:
            return [_digest(connection, table, conditions[0])] == sent.digests
        with connects() as second, ThreadPoolExecutor(1, thread_name_prefix="stored-text") as beside:
            _prepare(second)
            last = beside.submit(_digest, second, table, conditions[1])
            first = _digest(connection, table, conditions[0])
            return [first, last.result()] == sent.digests
    except QueryError as error:
        if error.sqlstate not in own_search_path.UNRESOLVED_STATES:
            raise
        return False


def _prepare(connection: psycopg.Connection[Any]) -> None:
    for statement in _READING:
        connection.execute(statement.encode())


def _conditions(connection: psycopg.Connection[Any], table: SnapshotTable, boundary: int) -> Sequence[str]:
    """Return the conditions of the parts; one if the table has no row at the boundary."""
    if not boundary:
        return ("true",)
    name = quote(table.schema, table.name)
    query = f"SELECT ctid::text FROM ONLY {name} OFFSET {boundary} LIMIT 1"  # noqa: S608 (quoted)
    try:
        row = connection.execute(query.encode()).fetchone()
    except (psycopg.errors.UndefinedColumn, psycopg.errors.FeatureNotSupported):  # rows without a place
        row = None
    if row is None:
        return ("true",)
    first = f"{literal(row[0])}::pg_catalog.tid"
    return f"ctid < {first}", f"ctid >= {first}"


def _digest(connection: psycopg.Connection[Any], table: SnapshotTable, condition: str) -> bytes:
    digest = blake3()
    for text in copy_out.copy_texts(connection, copy_statement(replace(table, key=()), condition)):
        digest.update(text)
    return digest.digest()
