"""Loads a snapshot into a SQLite file: every value keeps its storage class."""

from __future__ import annotations

import sqlite3
import struct
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from headwater.catalog.statements import Statement
from headwater.engines import STANDALONE_ROWS, Batch, Session, SnapshotTable
from headwater.engines.sqlite import queries
from headwater.engines.sqlite.archive_restore import SqliteArchiveRestore
from headwater.engines.sqlite.ddl import quote
from headwater.engines.sqlite.errors import refusal
from headwater.engines.sqlite.session import SqliteSession
from headwater.engines.sqlite.transfer import SqliteTransfer
from headwater.engines.sqlite.values import OddText, bindable, literal, placeholders, text_of

SETTINGS = frozenset({"user_version", "application_id"})


class SqliteBulkLoader:
    """Loads a snapshot into an empty database."""

    load_compared = None

    def __init__(self, session: SqliteSession) -> None:
        self._session = session
        self.archive_restore = SqliteArchiveRestore(session)
        self._one = threading.Lock()

    async def run_statements(self, statements: Iterable[str]) -> None:
        """Run statements, one at a time."""
        for statement in statements:
            await self._session.ask(statement)

    def load_rows(self, table: SnapshotTable, batches: Iterable[Batch]) -> int:
        """Insert rows in one transaction; one table at a time."""
        with self._one, self._session.our_own() as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
                if table.facts.get(STANDALONE_ROWS):  # a new shadow table has rows that say that it is empty
                    connection.execute(f"DELETE FROM {quote(table.name)}")  # noqa: S608 (quoted)
                rows = insert(connection, table, batches)
                connection.execute("COMMIT")
            except sqlite3.Error as error:
                raise refusal(error, Statement("INSERT", 0), 0, read_only=False) from error
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
        return rows

    def count_rows(self, table: SnapshotTable) -> int:
        """Return how many rows a table has; a shadow table that does not exist yet has none."""
        query = f"SELECT count(*) FROM {quote(table.name)}"  # noqa: S608 (quoted)
        with self._one, self._session.our_own() as connection:
            try:
                if table.facts.get(STANDALONE_ROWS) and not connection.execute(queries.HAS, (table.name,)).fetchone():
                    return 0
                return int(connection.execute(query).fetchone()[0])
            except sqlite3.Error as error:
                raise refusal(error, Statement(query, 0), 0, read_only=True) from error

    async def restore_extras(self, extras: Mapping[str, Any]) -> list[str]:
        """Set the counters and settings of the file."""
        for name, value in extras.get("settings", {}).items():
            if name in SETTINGS:
                await self._session.ask(f"PRAGMA {name} = {int(value)}")
        for statement in counter_statements(extras):
            await self._session.ask(statement)
        return []

    def cancel(self) -> None:
        """Interrupt what is being loaded."""
        self._session.connection.interrupt()

    async def close(self) -> None:
        """Close the session."""
        await self._session.close()


def counter_statements(extras: Mapping[str, Any]) -> Iterator[str]:
    """Yield the statements that set the counters of tables, and of no others."""
    if counters := extras.get("counters"):
        names = ", ".join(literal(name).decode() for name, _ in counters)
        values = ", ".join(f"({literal(name).decode()}, {int(value)})" for name, value in counters)
        yield f"DELETE FROM sqlite_sequence WHERE name IN ({names})"  # noqa: S608 (constants)
        yield f"INSERT INTO sqlite_sequence (name, seq) VALUES {values}"  # noqa: S608


async def open_loader(session: Session) -> SqliteBulkLoader:
    """Return a bulk loader over a new session, which it closes; foreign keys are not enforced."""
    assert isinstance(session, SqliteSession)
    await SqliteTransfer(session).begin_load()
    return SqliteBulkLoader(session)


def insert(
    connection: sqlite3.Connection, table: SnapshotTable, batches: Iterable[Batch], verb: str = "INSERT", tail: str = ""
) -> int:
    """Insert rows within the open transaction, each statement with a suffix; return how many were given."""
    names = ", ".join(quote(column.name) for column in table.columns)
    head, rows = f"{verb} INTO {quote(table.name)} ({names}) VALUES", 0
    every = f"{head} ({', '.join('?' * len(table.columns))}){tail}"
    for batch in batches:
        columns = [[value_of(value) for value in column.to_pylist()] for column in batch.columns]
        if any(isinstance(value, OddText) for column in columns for value in column):
            for row in zip(*columns, strict=True):
                connection.execute(f"{head} ({placeholders(row)}){tail}", bindable(row))
        else:
            connection.executemany(every, zip(*columns, strict=True))
        rows += batch.num_rows
    return rows


def value_of(text: bytes | None) -> Any:
    """Return a value with the storage class that its text encodes; see `snapshot_reader`."""
    if text is None:
        return None
    match text[:1]:
        case b"'":
            return text_of(text[1:])
        case b"b":
            return text[1:]
        case b"r":
            return struct.unpack(">d", bytes.fromhex(text[2:].decode()))[0]
        case _:
            return int(text)
