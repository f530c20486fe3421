"""SQLite as source and target of bulk transfers."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from headwater.catalog.results import QueryError
from headwater.catalog.statements import Statement
from headwater.engines import STANDALONE_ROWS, Columns, Session, SqlTransfer
from headwater.engines.sqlite.errors import refusal
from headwater.engines.sqlite.session import DRIVER_ERRORS, SqliteSession
from headwater.engines.sqlite.values import OddText, bindable, placeholders

_DANGLING = 'SELECT "table", "parent", count(*) FROM pragma_foreign_key_check GROUP BY 1, 2'
POINT = "headwater_load"
BIGGEST, SMALLEST = 2**63 - 1, -(2**63)


def insert(connection: sqlite3.Connection, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows, all or none; a savepoint outside of a transaction is one."""
    head = f"INSERT INTO {table} ({', '.join(columns)}) VALUES"
    connection.execute(f"SAVEPOINT {POINT}")
    try:
        checked = [[_bindable(value) for value in row] for row in rows]
        if any(isinstance(value, OddText) for row in checked for value in row):
            for row in checked:
                connection.execute(f"{head} ({placeholders(row)})", bindable(row))
        else:
            connection.executemany(f"{head} ({', '.join('?' * len(columns))})", checked)
    except BaseException:
        connection.execute(f"ROLLBACK TO {POINT}")
        connection.execute(f"RELEASE {POINT}")
        raise
    connection.execute(f"RELEASE {POINT}")


def _bindable(value: Any) -> Any:
    if isinstance(value, int) and not SMALLEST <= value <= BIGGEST:
        raise OverflowError(f"{value} is larger than SQLite's integers")
    return value


class SqliteTransfer(SqlTransfer):
    """A session that is read from or loaded."""

    def __init__(self, session: Session) -> None:
        assert isinstance(session, SqliteSession)
        self.session: SqliteSession = session

    async def begin_read(self) -> None:
        await self.session.ask("BEGIN")
        await self.session.ask("SELECT count(*) FROM sqlite_schema")  # the read transaction begins here

    async def scan(self, table: str, columns: Columns) -> AsyncGenerator[Sequence[Sequence[Any]], None]:
        """Yield the rows of a table in batches, as the values of the driver: each keeps its storage class."""
        query = f"SELECT {', '.join(name for name, _ in columns)} FROM {table}"  # noqa: S608 (quoted)
        async with contextlib.aclosing(self.session.read(query)) as chunks:
            async for rows in chunks:
                yield rows

    async def begin_load(self) -> None:
        """Do not enforce foreign keys, so that rows can come in any order."""
        await self.session.ask("PRAGMA foreign_keys = OFF")

    async def load(self, table: str, columns: Columns, rows: Sequence[Sequence[Any]]) -> None:
        def inserted() -> None:
            with self.session.our_own() as connection:
                insert(connection, table, [name for name, _ in columns], rows)

        try:
            await self.session.call(inserted)
        except OverflowError as error:
            raise QueryError(f"{error}.") from error
        except DRIVER_ERRORS as error:
            raise refusal(error, Statement("INSERT", 0), 0, read_only=False) from error

    async def finish_load(self, counters: Sequence[tuple[str, str]]) -> None:
        """Check the foreign keys, and enforce them again."""
        broken = await self.session.ask(_DANGLING)
        if not self.session.in_transaction:
            await self.session.ask("PRAGMA foreign_keys = ON")
        if broken:
            table, parent, count = broken[0]
            raise QueryError(f"{count} rows of {table} refer to rows of {parent} that do not exist.")

    async def drop(self, kind: str, name: str) -> None:
        """Drop an object; shadow tables are dropped with their virtual table."""
        if kind != STANDALONE_ROWS:
            await super().drop(kind, name)
