"""Loads a snapshot into a MySQL or MariaDB database: multi-row INSERTs, one transaction for each table."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pymysql

from headwater.catalog.results import QueryError
from headwater.catalog.statements import Statement
from headwater.engines import Batch, Session, SnapshotColumn, SnapshotTable
from headwater.engines.mysql import errors, history, queries, transfer
from headwater.engines.mysql.archive_restore import MysqlArchiveRestore
from headwater.engines.mysql.ddl import quote
from headwater.engines.mysql.session import MysqlSession

# Existing values can be restored, also dates that are invalid today; a value that does not fit is an error.
SETTINGS = (
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'",
    "SET NAMES utf8mb4",
    "SET SESSION time_zone = '+00:00'",
    "SET SESSION foreign_key_checks = 0",
    "SET SESSION unique_checks = 0",
)
_PIECE = 512 * 1024
_NUMBERS = re.compile(r"(tiny|small|medium|big)?int|bit\b|year|float|double|real|decimal|numeric", re.IGNORECASE)
_BYTES = pa.binary()


class MysqlBulkLoader:
    """Loads a snapshot into an empty database."""

    load_compared = None

    def __init__(self, session: MysqlSession, most: int, *, takes_history: bool) -> None:
        self.archive_restore = MysqlArchiveRestore(session.connection, session.worker.call)
        self._session, self._most, self._takes_history = session, most, takes_history
        self._one = threading.Lock()

    async def run_statements(self, statements: Iterable[str]) -> None:
        """Run statements, one at a time."""
        for statement in statements:
            await self._session.ask(statement)

    def load_rows(self, table: SnapshotTable, batches: Iterable[Batch]) -> int:
        """Insert rows in one transaction; one table at a time."""
        connection = self._session.connection
        if not self._takes_history:
            if history.is_history(table):
                raise QueryError(
                    f"This server cannot take the history of {history.own_name(table)}.",
                    hint="MariaDB can from 10.11 on. Restores of tables by their names (--tables) leave it out.",
                )
            table, batches = history.fitted(table, batches)
        with self._one:
            try:
                connection.query("START TRANSACTION")
                rows = insert(connection, table, batches, self._most)
                connection.query("COMMIT")
            except pymysql.Error as error:
                connection.query("ROLLBACK")
                raise errors.refusal(error, Statement("INSERT", 0), 0) from error
            except BaseException:
                connection.query("ROLLBACK")
                raise
        return rows

    def count_rows(self, table: SnapshotTable) -> int:
        """Return how many rows a table has; history has the table whose it is, which must not exist yet."""
        if history.is_history(table):
            return 0
        query = f"SELECT count(*) FROM {quote(table.name)}"  # noqa: S608 (quoted)
        with self._one:
            try:
                with self._session.connection.cursor() as cursor:
                    cursor.execute(query)
                    return int(cursor.fetchone()[0])
            except pymysql.Error as error:
                raise errors.refusal(error, Statement(query, 0), 0) from error

    async def restore_extras(self, extras: Mapping[str, Any]) -> list[str]:
        """Set the sequences, and those AUTO_INCREMENT counters that the rows have not set."""
        current = {row["table_name"]: int(row["auto_increment"]) for row in await self._session.ask(queries.COUNTERS)}
        for name, value in extras.get("counters", ()):
            if current.get(name) != int(value):
                await self._session.ask(f"ALTER TABLE {quote(name)} AUTO_INCREMENT = {int(value)}")
        for name, (value, cycle) in extras.get("generators", {}).items():
            await self._session.ask(f"SELECT SETVAL({quote(name)}, {int(value)}, 0, {int(cycle)}) AS done")
        return []

    def cancel(self) -> None:
        """Interrupt the load."""
        self._session.connection._force_close()

    async def close(self) -> None:
        """Close the session."""
        await self._session.close()


async def open_loader(session: Session) -> MysqlBulkLoader:
    """Return a bulk loader over a new session, which the loader closes."""
    assert isinstance(session, MysqlSession)
    for statement in SETTINGS:
        await session.ask(statement)
    (most,) = await session.ask(transfer.MOST)
    takes_history = True
    try:
        await session.ask(history.INSERTED)
    except QueryError:  # an older MariaDB, or MySQL
        takes_history = False
    return MysqlBulkLoader(session, int(most["bytes"]), takes_history=takes_history)


def insert(connection: Any, table: SnapshotTable, batches: Iterable[Batch], most: int, tail: bytes = b"") -> int:
    """Insert rows within the open transaction, each statement with a suffix; return how many were sent."""
    names = ", ".join(quote(column.name) for column in table.columns)
    head, rows = f"INSERT INTO {quote(history.own_name(table))} ({names}) VALUES ".encode(), 0  # noqa: S608
    for batch in batches:
        for piece in _pieces(constants(table.columns, batch), most - len(head) - len(tail) - 100):
            connection.query(head + piece + tail)
        rows += batch.num_rows
    return rows


def _pieces(rows: list[bytes], most: int) -> Iterator[bytes]:
    """Yield many rows at a time, well below the server's size limit, or one larger row."""
    held: list[bytes] = []
    size = 0
    for row in rows:
        if len(row) > most:
            raise QueryError(
                f"A row needs {len(row):,} bytes as a statement, but the server accepts at most {most:,}.",
                hint="Raise max_allowed_packet on the server and try again.",
            )
        if held and size + len(row) > min(_PIECE, most // 2):
            yield b",".join(held)
            held, size = [], 0
        held.append(row)
        size += len(row) + 1
    if held:
        yield b",".join(held)


def constants(columns: Iterable[SnapshotColumn], batch: Batch) -> list[bytes]:
    """Return each row as constants in parentheses."""
    parts = [column_constants(column, values) for column, values in zip(columns, batch.columns, strict=True)]
    if not parts:
        return [b"()"] * batch.num_rows
    joined = pc.binary_join_element_wise(*parts, _one(b","))
    rows: list[bytes] = pc.binary_join_element_wise(_one(b"("), joined, _one(b")"), _one(b"")).to_pylist()
    return rows


def _one(text: bytes) -> Any:
    return pa.scalar(text, _BYTES)


def column_constants(column: SnapshotColumn, values: Any) -> Any:
    """Return values as constants; the escapes of the snapshot are valid in constants."""
    if not _NUMBERS.match(column.type):
        begin, end = (b"x'", b"'") if column.hint == "hex" else (b"'", b"'")
        if column.hint != "hex":
            values = pc.replace_substring(values, b"'", b"''")
        values = pc.binary_join_element_wise(_one(begin), values, _one(end), _one(b""))
    return values.fill_null(b"NULL") if values.null_count else values
