"""A session on a file: SQLite runs in a thread, rows are read in chunks, and any task can interrupt it.

In a read-only run the authorizer refuses everything but reading while a statement is compiled, transactions included;
`query_only` is set as well, so that nothing can write.

If a run that began a transaction fails, it is rolled back: SQLite itself would leave it open.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sqlite3
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote as percent

from headwater.catalog.results import (
    STANDARD,
    UNLIMITED,
    Cell,
    Finished,
    Frame,
    Kind,
    Limits,
    Meter,
    QueryCancelled,
    QueryError,
    QueryTimeout,
    ResultColumn,
    Row,
    Rows,
    Started,
)
from headwater.catalog.statements import Statement
from headwater.engines import Address, ConnectionRefused, Parameters, ServerFacts, Session
from headwater.engines import _row_buffer as batches
from headwater.engines import _statements as texts
from headwater.engines._driver_thread import DriverThread
from headwater.engines.sqlite.authorizer import Authorizer
from headwater.engines.sqlite.dialect import GRAMMAR
from headwater.engines.sqlite.errors import refusal
from headwater.engines.sqlite.values import bindable, cell_of, placeholders, text_of, value_given
from headwater.kit.errors import HeadwaterError, Unavailable

# How long a statement waits for another connection's write before it says that the database is locked.
PATIENCE = 5.0
LONGEST_VALUE, LONGEST_TEXT = 256 * 2**20, 16 * 2**20
_QUERIES = re.compile(r"(?:SELECT|VALUES|PRAGMA|EXPLAIN)\b", re.IGNORECASE)
_WORD = re.compile(r"\w+")
DRIVER_ERRORS = (sqlite3.Error, sqlite3.Warning, UnicodeDecodeError, OverflowError)
Found = TypeVar("Found")


class SqliteSession:
    """One connection to a file, and the thread that uses it."""

    def __init__(self, to: Address) -> None:
        assert to.path
        self._path = to.path
        self._worker = DriverThread("sqlite", self._interrupt)
        self._guard = Authorizer()
        self._connection: sqlite3.Connection | None = None

    async def open(self, seconds: float) -> None:
        """Open the file, or raise ConnectionRefused."""
        try:
            async with asyncio.timeout(seconds):
                await self.call(self._open)
        except (sqlite3.Error, TimeoutError) as error:
            await self.close()
            if "not a database" in str(error):
                raise ConnectionRefused(
                    "The file is not an SQLite database.", hint="It may be encrypted, or have another format."
                ) from error
            raise ConnectionRefused(
                "The file cannot be opened as a database.", hint="Check that the file is a complete SQLite database."
            ) from error

    def _open(self) -> None:
        mode = "rw" if os.access(self._path, os.W_OK) else "ro"
        self._connection = sqlite3.connect(
            f"file:{percent(str(self._path.absolute()))}?mode={mode}",
            uri=True,
            timeout=PATIENCE,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=0,
        )
        self._connection.text_factory = text_of
        self._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
        self._connection.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, LONGEST_TEXT)
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        self._connection.set_authorizer(self._guard)

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection, for use within `call`."""
        if self._connection is None:
            raise Unavailable("The session is closed.", hint="Connect again.")
        return self._connection

    @property
    def in_transaction(self) -> bool:
        """True if a transaction is open."""
        return self._connection is not None and self._connection.in_transaction

    async def call(self, work: Callable[[], Found]) -> Found:
        """Call a function in the session's thread."""
        return await self._worker.call(work)

    @contextlib.contextmanager
    def our_own(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection for our own statements, which the authorizer allows; nobody else may use it."""
        self._guard.own = True
        try:
            yield self.connection
        finally:
            self._guard.own = False

    async def ask(self, query: str) -> list[Any]:
        """Return the rows of one of our own queries."""

        def asked() -> list[Any]:
            with self.our_own() as connection:
                return connection.execute(query).fetchall()

        try:
            return await self.call(asked)
        except sqlite3.Error as error:
            raise refusal(error, Statement(query, 0), 0, read_only=False) from error

    async def read(self, query: str) -> AsyncGenerator[list[Any], None]:
        """Yield the rows of one of our own queries in batches, as the driver's values instead of cells."""
        cursor = self.connection.cursor()
        async with self._worker.ended_in_time(None):
            try:
                chunk = await self.call(lambda: self._begin(cursor, query, []))
                while chunk:
                    yield chunk
                    self._stop_if_asked()
                    chunk = await self.call(lambda: batches.take_batch(cursor))
            except DRIVER_ERRORS as error:
                raise self._why(error, Statement(query, 0), 0, UNLIMITED) from error
            finally:
                with contextlib.suppress(sqlite3.Error):
                    await self.call(cursor.close)

    async def copy(self, path: Path) -> None:
        """Copy the whole database into a new file, in one consistent state."""

        def copied() -> None:
            with self.our_own() as connection, contextlib.closing(sqlite3.connect(path)) as target:
                connection.backup(target)

        try:
            await self.call(copied)
        except sqlite3.Error as error:
            raise refusal(error, Statement("", 0), 0, read_only=True) from error

    async def ping(self) -> ServerFacts:
        """Return version, size and latency."""
        began = time.perf_counter()
        ((version,),) = await self.ask("SELECT sqlite_version()")
        latency = (time.perf_counter() - began) * 1000
        ((size,),) = await self.ask("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        writable = os.access(self._path, os.W_OK)
        return ServerFacts(
            "SQLite", version, latency, size, read_only=not writable, privileges=("create_tables",) if writable else ()
        )

    async def run(
        self, text: str, parameters: Parameters = None, limits: Limits = STANDARD
    ) -> AsyncGenerator[Frame, None]:
        """Run the statements of a text."""
        statements = texts.statements(text, GRAMMAR, parameters)
        began_in_transaction = self.connection.in_transaction
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(self._worker.ended_in_time(limits.seconds))
            if limits.read_only:
                await stack.enter_async_context(self._reading_only())
            for number, statement in enumerate(statements):
                try:
                    async with contextlib.aclosing(self._statement(number, statement, parameters, limits)) as frames:
                        async for frame in frames:
                            yield frame
                except (*DRIVER_ERRORS, HeadwaterError) as error:
                    rolled_back = not began_in_transaction and await self._roll_back()
                    why = error if isinstance(error, HeadwaterError) else self._why(error, statement, number, limits)
                    if isinstance(why, QueryError | QueryCancelled):
                        why.rolled_back = rolled_back
                    raise why from error

    async def check(self, text: str) -> QueryError | None:
        """Let SQLite compile each statement; statements after a change of the schema cannot be checked."""
        try:
            parts = texts.statements(text, GRAMMAR)
        except QueryError as error:
            return error
        for number, statement in enumerate(parts):
            if _word(statement.text) not in {"SELECT", "WITH", "VALUES", "INSERT", "REPLACE", "UPDATE", "DELETE"}:
                return None
            asked, count = texts.replace_placeholders(statement.text, GRAMMAR, "?")
            try:
                await self.call(partial(self._compile, asked, count))
            except DRIVER_ERRORS as error:
                why = refusal(error, statement, number, read_only=False)
                return None if "bindings" in why.message else why
        return None

    async def cancel(self) -> None:
        """Interrupt the running statement."""
        await self._worker.cancel()

    async def reset(self) -> None:
        """Roll back an open transaction and discard the state of the session."""
        try:
            if self.in_transaction:
                await self.ask("ROLLBACK")
            if self._guard.changed_session:
                self._guard.changed_session = False
                await self.call(self._reopen)
        except sqlite3.Error as error:
            raise refusal(error, Statement("", 0), 0, read_only=False) from error

    def _reopen(self) -> None:
        self.connection.close()
        self._open()

    def broken(self) -> bool:
        """True if the session was closed or its file is gone."""
        return self._connection is None or not self._path.exists()

    async def close(self) -> None:
        """Close the connection and stop its thread."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.interrupt()
            await self.call(connection.close)
        self._worker.close()

    async def _statement(
        self, number: int, statement: Statement, parameters: Parameters, limits: Limits
    ) -> AsyncGenerator[Frame, None]:
        values: list[Any] = []

        def mark(value: Cell) -> str:
            row = [value_given(value)]
            values.extend(bindable(row))
            return placeholders(row)

        text = texts.bind(statement.text, parameters, GRAMMAR, mark)
        began = time.perf_counter()
        cursor = self.connection.cursor()
        try:
            chunk = await self.call(lambda: self._begin(cursor, text, values))
            columns = _columns(cursor, chunk)
            yield Started(number, statement.start, statement.start + len(statement.text), columns)
            meter, writes = Meter(limits), list(self._guard.writes)
            while chunk:
                if rows := meter.take([tuple(map(cell_of, row)) for row in chunk]):
                    yield Rows(rows)
                if meter.full and not writes and _QUERIES.match(text):
                    break
                self._stop_if_asked()
                chunk = await self.call(lambda: batches.take_batch(cursor))
            affected = await self.call(self._changes) if writes else None
        finally:
            with contextlib.suppress(sqlite3.Error):
                await self.call(cursor.close)
        command = _command(text, writes)
        yield Finished(number, command, meter.rows, affected, meter.full, time.perf_counter() - began)

    def _begin(self, cursor: sqlite3.Cursor, text: str, values: list[Any]) -> list[Any]:
        self._stop_if_asked()
        self._guard.begin(text)
        cursor.execute(text, values)
        return batches.take_batch(cursor) if cursor.description else []

    def _compile(self, text: str, count: int) -> None:
        self.connection.execute(f"EXPLAIN {text}", [None] * count).close()

    def _changes(self) -> int:
        with self.our_own() as connection:
            return int(connection.execute("SELECT changes()").fetchone()[0])

    def _stop_if_asked(self) -> None:
        if self._worker.stopped:
            raise sqlite3.OperationalError("interrupted")

    async def _interrupt(self) -> None:
        if self._connection is not None:
            self._connection.interrupt()

    def _why(self, error: Exception, statement: Statement, number: int, limits: Limits) -> HeadwaterError:
        if str(error) == "interrupted":
            if self._worker.late and not self._worker.cancelled:
                return QueryTimeout(
                    f"The statement took longer than {limits.seconds:g} s.",
                    statement=number,
                    position=statement.start,
                    sqlstate="57014",
                )
            return QueryCancelled()
        return refusal(error, statement, number, read_only=limits.read_only)

    async def _roll_back(self) -> bool:
        """Roll back a transaction that the failed run began, and enforce foreign keys again; False if there is none."""
        if not self.in_transaction:
            return False
        await self.ask("ROLLBACK")
        await self.ask("PRAGMA foreign_keys = ON")
        await self.ask("PRAGMA legacy_alter_table = OFF")
        return True

    @contextlib.asynccontextmanager
    async def _reading_only(self) -> AsyncIterator[None]:
        if self.connection.in_transaction:
            raise QueryError("A read-write transaction is open.", hint="End it first: COMMIT or ROLLBACK.")
        await self.ask("PRAGMA query_only = ON")
        self._guard.read_only = True
        try:
            yield
        finally:
            self._guard.read_only = False
            if self._connection is not None:
                await self.ask("PRAGMA query_only = OFF")


def _columns(cursor: sqlite3.Cursor, rows: list[Row]) -> tuple[ResultColumn, ...] | None:
    """Return the columns of a result; SQLite has types of values, not of columns: the first values determine them."""
    if cursor.description is None:
        return None
    return tuple(
        ResultColumn(described[0], *_type_of(next((row[index] for row in rows if row[index] is not None), None)))
        for index, described in enumerate(cursor.description)
    )


def _type_of(value: Any) -> tuple[str, Kind]:
    match value:
        case None:
            return "", "other"
        case int():
            return "integer", "number"
        case float():
            return "real", "number"
        case str():
            return "text", "text"
        case _:
            return "blob", "binary"


def _word(text: str) -> str:
    match = _WORD.search(text)
    return match[0].upper() if match else ""


def _command(text: str, writes: list[str]) -> str:
    word = _word(text)
    if word == "WITH":
        return writes[0] if writes else "SELECT"
    return word


async def connect(address: Address, *, seconds: float = 10.0) -> Session:
    """Open the file."""
    await asyncio.to_thread(_check, address)
    session = SqliteSession(address)
    await session.open(seconds)
    return session


def _check(address: Address) -> None:
    """Check the path only: opening and closing the file here would release all locks of our other sessions."""
    if address.path is None or not address.path.exists():
        raise ConnectionRefused("The file does not exist.", hint="Check the path: sqlite:///folder/file.db")
    if not address.path.is_file():
        raise ConnectionRefused("This is a folder, not a file.", hint="Give the path of the database file.")
    if not os.access(address.path, os.R_OK):
        raise ConnectionRefused("The file cannot be read.", hint="Check the permissions of the file.")
