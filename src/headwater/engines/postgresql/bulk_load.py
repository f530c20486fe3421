"""Loads a snapshot into a PostgreSQL database: tables by COPY, several in parallel, then everything else."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

import psycopg
import pyarrow as pa
import pyarrow.compute as pc

from headwater.engines import Address, Batch, Session, SnapshotTable
from headwater.engines.postgresql import large_objects, privileges, transfer
from headwater.engines.postgresql.archive_restore import PostgresArchiveRestore
from headwater.engines.postgresql.connection import connect_sync
from headwater.engines.postgresql.ddl import literal, quote
from headwater.engines.postgresql.errors import error_from
from headwater.engines.postgresql.session import PostgresSession
from headwater.engines.postgresql.stored_text import SentText, is_stored

SETTINGS = (*transfer.SETTINGS, "SET IntervalStyle = 'postgres'", "SET lc_monetary = 'C'", "SET row_security = off")
_MEMORY = ("SET maintenance_work_mem = '256MB'",)
_PIECE = 2**20
Sent: TypeAlias = Callable[[int, memoryview], object]


class PostgresBulkLoader:
    """Loads a snapshot into an empty database."""

    def __init__(self, address: Address, seconds: float, session: PostgresSession) -> None:
        self._address, self._seconds, self._session = address, seconds, session
        self._lock = threading.Lock()
        self._busy: set[psycopg.Connection[Any]] = set()
        self._notes: list[str] = []
        self.archive_restore = PostgresArchiveRestore(address, seconds, session.connection)

    async def run_statements(self, statements: Iterable[str]) -> None:
        """Run statements, one at a time."""
        await transfer.run_statements(self._session.connection, *_MEMORY, *statements)

    def load_rows(self, table: SnapshotTable, batches: Iterable[Batch]) -> int:
        """Insert rows by one COPY.

        A table that is truncated in the same transaction is loaded with frozen rows and, with minimal WAL, without
        logging, so that nothing is written twice (PostgreSQL, COPY, FREEZE; Populating a Database).
        """
        with self._connection() as connection:
            try:
                if large_objects.is_large_objects(table):
                    rows, notes = large_objects.load(connection, batches, send_rows)
                    self._notes += notes
                    return rows
                return _load(connection, table, batches)
            except psycopg.Error as error:
                raise error_from(error, 0, 0) from error

    def load_compared(self, table: SnapshotTable, batches: Iterable[Batch]) -> tuple[int, bool]:
        """Insert rows as `load_rows`, and compare the text that was sent with the text that the table then gives.

        No row has to be found in a text, on neither side: see `stored_text`.
        """
        if large_objects.is_large_objects(table):
            return self.load_rows(table, batches), False
        with self._connection() as connection:
            sent = SentText(table.rows or 0)
            try:
                rows = _load(connection, table, batches, sent.add)
                return rows, is_stored(connection, self._connection, table, sent)
            except psycopg.Error as error:
                raise error_from(error, 0, 0) from error

    def count_rows(self, table: SnapshotTable) -> int:
        """Return how many rows a table has."""
        with self._connection() as connection:
            try:
                return (
                    large_objects.count_objects(connection)
                    if large_objects.is_large_objects(table)
                    else counted(connection, table)
                )
            except psycopg.Error as error:
                raise error_from(error, 0, 0) from error

    @contextlib.contextmanager
    def _connection(self) -> Any:
        connection = connect_sync(self._address, self._seconds, SETTINGS)
        with self._lock:
            self._busy.add(connection)
        try:
            yield connection
        finally:
            with self._lock:
                self._busy.discard(connection)
            connection.close()

    async def restore_extras(self, extras: Mapping[str, Any]) -> list[str]:
        """Set sequences, and restore owners and privileges of the roles that exist."""
        connection = self._session.connection
        counts = [
            f"SELECT setval({literal(quote(schema, name))}, {value}, {'true' if called else 'false'})"
            for schema, name, value, called in extras.get("sequences", ())
        ]
        await transfer.run_statements(connection, *counts)
        return [*self._notes, *await privileges.give(connection, extras)]

    def cancel(self) -> None:
        """Interrupt the load."""
        self.archive_restore.cancel()
        with self._lock:
            for connection in self._busy:
                with contextlib.suppress(psycopg.Error, OSError):
                    connection.cancel_safe(timeout=5)

    async def close(self) -> None:
        """Close the connections."""
        await asyncio.to_thread(self.cancel)
        await self._session.close()


async def open_loader(address: Address, seconds: float, session: Session) -> PostgresBulkLoader:
    """Return a bulk loader over a new session, which the loader closes."""
    assert isinstance(session, PostgresSession)
    fill = PostgresBulkLoader(address, seconds, session)
    await transfer.run_statements(session.connection, *SETTINGS)
    return fill


def _load(
    connection: psycopg.Connection[Any], table: SnapshotTable, batches: Iterable[Batch], sent: Sent | None = None
) -> int:
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE ONLY {quote(table.schema, table.name)}".encode())
        return send_rows(cursor, f"{copy_in_statement(table)} (FREEZE)", batches, sent)


def send_rows(cursor: psycopg.Cursor[Any], statement: str, batches: Iterable[Batch], sent: Sent | None = None) -> int:
    """Send rows to a `COPY … FROM STDIN` and return how many; the next rows are encoded meanwhile.

    `sent` is called with the number of rows and the text of each batch.
    """
    rows, given = 0, iter(batches)
    with ThreadPoolExecutor(1, thread_name_prefix="copy-text") as ahead, cursor.copy(statement.encode()) as sink:
        coming = ahead.submit(_next, given, sent)
        while encoded := coming.result():
            coming = ahead.submit(_next, given, sent)
            count, text = encoded
            rows += count
            for start in range(0, len(text), _PIECE):
                sink.write(text[start : start + _PIECE])
    return rows


def _next(batches: Iterator[Batch], sent: Sent | None) -> tuple[int, memoryview] | None:
    batch = next(batches, None)
    if batch is None:
        return None
    text = memoryview(copy_text(batch))
    if sent:
        sent(batch.num_rows, text)
    return batch.num_rows, text


def counted(connection: psycopg.Connection[Any], table: SnapshotTable) -> int:
    """Return how many rows a table has, without those of child tables."""
    query = f"SELECT count(*)::text FROM ONLY {quote(table.schema, table.name)}"  # noqa: S608 (quoted)
    row = connection.execute(query.encode()).fetchone()
    return int(row[0]) if row else 0


def copy_in_statement(table: SnapshotTable) -> str:
    """Return the COPY statement that loads a table."""
    names = ", ".join(quote(column.name) for column in table.columns)
    return f"COPY {quote(table.schema, table.name)} {f'({names}) ' if names else ''}FROM STDIN"


def copy_text(batch: Batch) -> Any:
    """Return rows in COPY's text format, as a buffer."""
    if not batch.num_columns:
        return b"\n" * batch.num_rows
    tab, newline, nothing = (pa.scalar(text, pa.binary()) for text in (b"\t", b"\n", b""))
    columns = batch.columns
    if batch.num_columns == 1 or columns[-1].null_count:
        columns = [column.fill_null(b"\\N") if column.null_count else column for column in columns]
    last = pc.binary_join_element_wise(columns[-1], newline, nothing)
    if batch.num_columns == 1:
        return _text(last)
    joined = pc.binary_join_element_wise(*columns[:-1], last, tab, null_handling="replace", null_replacement=b"\\N")
    return _text(joined)


def _text(lines_: Any) -> Any:
    """Return the concatenated bytes of all values of an array."""
    _, offsets, data = lines_.buffers()
    places = memoryview(offsets).cast("i")
    start, end = places[lines_.offset], places[lines_.offset + len(lines_)]
    return data.slice(start, end - start)
