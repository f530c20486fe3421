"""A session on MySQL or MariaDB: one statement at a time in a thread, rows as the server returns them.

A read-only run is inside a READ ONLY transaction, as is any transaction that follows it; the server refuses to write in
it, whatever the statement. Only statements that begin like a query are sent, so that none can end the transaction, and
none writes a file (INTO OUTFILE), which the server does not count as a write.
"""

from __future__ import annotations

import contextlib
import re
import select
import socket
import time
from collections.abc import AsyncGenerator, AsyncIterator
from functools import partial
from typing import Any

import pymysql
from pymysql.constants import SERVER_STATUS
from pymysql.cursors import DictCursor, SSCursor

from headwater.catalog.results import (
    STANDARD,
    UNLIMITED,
    Cell,
    Finished,
    Frame,
    Limits,
    Meter,
    QueryCancelled,
    QueryError,
    QueryTimeout,
    Row,
    Rows,
    Started,
)
from headwater.catalog.statements import Statement
from headwater.engines import Address, Parameters, ServerFacts, Session
from headwater.engines import _row_buffer as batches
from headwater.engines import _statements as texts
from headwater.engines._driver_thread import DriverThread
from headwater.engines.mysql import columns, errors, queries
from headwater.engines.mysql.connection import connected, kill_query
from headwater.engines.mysql.dialect import GRAMMAR
from headwater.kit.errors import HeadwaterError, Unavailable

_READS = re.compile(r"[(\s]*(?:SELECT|WITH|VALUES|TABLE|SHOW|EXPLAIN|DESCRIBE|DESC)\b", re.IGNORECASE)
_QUERIES = re.compile(r"[(\s]*(?:SELECT|VALUES|TABLE|SHOW|EXPLAIN|DESCRIBE|DESC)\b", re.IGNORECASE)
_JUDGED = re.compile(r"[(\s]*(?:SELECT|WITH|VALUES|INSERT|UPDATE|DELETE|REPLACE)\b", re.IGNORECASE)
# Searched everywhere, also in comments and texts: what a comment is depends on the server, its version and its mode.
_TO_FILE = re.compile(r"\b(?:OUTFILE|DUMPFILE)\b", re.IGNORECASE)
USUAL_MAX_PACKET = 16 * 2**20  # the server's default limit for one message
# The version in `/*!40101 SET … */` is no word.
_WORD = re.compile(r"[^\W\d]\w*")
MOST_NOTICES = 200
COM_RESET_CONNECTION = 0x1F
DRIVER_ERRORS = (pymysql.Error, OSError, UnicodeDecodeError, AttributeError)


class MysqlSession:
    """One connection in autocommit: a BEGIN that the user types stays open until the user ends it."""

    def __init__(self, to: Address) -> None:
        self._to = to
        self.max_packet = USUAL_MAX_PACKET
        self.worker = DriverThread("mysql", self._kill)
        self._connection: Any = None
        self._running = self._killed = self._held_read_only = False
        self.database = to.database

    def adopt(self, connection: Any) -> None:
        """Use an open connection."""
        self._connection = connection

    @property
    def connection(self) -> Any:
        """The connection, for use in the worker thread."""
        if self._connection is None or not self._connection.open:
            raise Unavailable("The session is closed.", hint="Connect again.")
        return self._connection

    @property
    def mariadb(self) -> bool:
        """True if the server is MariaDB."""
        return "mariadb" in str(self.connection.server_version).lower()

    @property
    def in_transaction(self) -> bool:
        """True if a transaction is open."""
        if self._connection is None or not self._connection.open:
            return False
        return bool(self._connection.server_status & SERVER_STATUS.SERVER_STATUS_IN_TRANS)

    async def ask(self, query: str) -> list[dict[str, Any]]:
        """Return the rows of one of our own queries, by lower-case column names."""

        def asked() -> list[dict[str, Any]]:
            with self.connection.cursor(DictCursor) as cursor:
                cursor.execute(query)
                return [{name.lower(): _plain(value) for name, value in row.items()} for row in cursor.fetchall()]

        try:
            return await self.worker.call(asked)
        except DRIVER_ERRORS as error:
            raise errors.refusal(error, Statement(query, 0), 0) from error

    async def ping(self) -> ServerFacts:
        """Return version, size, privileges and latency."""
        began = time.perf_counter()
        await self.ask("SELECT 1")
        latency = (time.perf_counter() - began) * 1000
        (facts,) = await self.ask(queries.PING)
        (tls,) = await self.ask(queries.TLS) or [{"value": ""}]
        held = await self.ask(queries.PRIVILEGES)
        privileges = tuple(sorted({str(row["privilege"]).lower().replace(" ", "_") for row in held}))
        version = str(facts["version"])
        warnings = ("The user has all privileges on the server.",) if "super" in privileges else ()
        return ServerFacts(
            "MariaDB" if self.mariadb else "MySQL",
            version.partition("-")[0],
            latency,
            int(facts["size"] or 0),
            tls=str(tls["value"]) or None,
            privileges=privileges,
            read_only=bool(facts["read_only"]),
            warnings=warnings,
        )

    async def run(
        self, text: str, parameters: Parameters = None, limits: Limits = STANDARD
    ) -> AsyncGenerator[Frame, None]:
        """Run the statements of a text."""
        statements = texts.statements(text, GRAMMAR, parameters)
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(self.worker.ended_in_time(limits.seconds))
            await stack.enter_async_context(self._mode(limits.read_only))
            for number, statement in enumerate(statements):
                text = self._bound(statement, number, parameters, limits)
                async with contextlib.aclosing(self._statement(number, statement, text, limits)) as frames:
                    async for frame in frames:
                        yield frame
            await self._refresh_status()

    async def run_bytes(self, statement: Statement, sent: bytes) -> AsyncGenerator[Frame, None]:
        """Run one statement as these bytes, which need not be UTF-8; `statement` is its text for errors."""
        async with self.worker.ended_in_time(None):
            async with contextlib.aclosing(self._statement(0, statement, sent, UNLIMITED)) as frames:
                async for frame in frames:
                    yield frame
            await self._refresh_status()

    async def check(self, text: str) -> QueryError | None:
        """Let the server parse each statement; statements after a change of the schema cannot be checked."""
        try:
            parts = texts.statements(text, GRAMMAR)
        except QueryError as error:
            return error
        for number, statement in enumerate(parts):
            if not _JUDGED.match(statement.text):
                return None
            asked, _ = texts.replace_placeholders(statement.text, GRAMMAR, "?")
            try:
                await self.worker.call(partial(self._compile, asked))
            except DRIVER_ERRORS as error:
                why = errors.refusal(error, statement, number)
                return why if isinstance(why, QueryError) else None
        return None

    def _compile(self, text: str) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(f"PREPARE headwater_check FROM {self.connection.escape(text)}")
            cursor.execute("DEALLOCATE PREPARE headwater_check")

    async def cancel(self) -> None:
        """Ask the server to stop the running statement."""
        await self.worker.cancel()

    async def _refresh_status(self) -> None:
        """Ask the server whether a transaction is open: the driver does not read it after rows and errors."""
        with contextlib.suppress(HeadwaterError, *DRIVER_ERRORS):
            await self.worker.call(lambda: self.connection.ping(reconnect=False))

    async def reset(self) -> None:
        """Roll back an open transaction and discard the state of the session."""
        try:
            await self.worker.call(self._reset)
        except DRIVER_ERRORS as error:
            raise errors.refusal(error, Statement("", 0), 0) from error
        self._held_read_only = False

    def _reset(self) -> None:
        connection = self.connection
        connection._execute_command(COM_RESET_CONNECTION, b"")
        connection._read_ok_packet()
        connection.query("SET NAMES utf8mb4, autocommit = 1")
        if self.database:
            connection.select_db(self.database)

    def broken(self) -> bool:
        """True if the server has closed the connection: data on an idle connection can only mean that."""
        channel = self._connection._sock if self._connection else None
        return channel is None or bool(select.select([channel], [], [], 0)[0])

    async def close(self) -> None:
        """Close the connection and stop its thread."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await self.worker.call(lambda: _close(connection))
        self.worker.close()

    def _bound(self, statement: Statement, number: int, parameters: Parameters, limits: Limits) -> str:
        if limits.read_only and (not _READS.match(statement.text) or _TO_FILE.search(statement.text)):
            raise errors.read_only(statement, number)
        return texts.bind(statement.text, parameters, GRAMMAR, self.connection.escape)

    async def _statement(
        self, number: int, statement: Statement, sent: str | bytes, limits: Limits
    ) -> AsyncGenerator[Frame, None]:
        """Run a statement; an error of the driver becomes one of ours."""
        try:
            async with contextlib.aclosing(self._frames(number, statement, sent, limits)) as frames:
                async for frame in frames:
                    yield frame
        except DRIVER_ERRORS as error:
            await self._refresh_status()
            why = self._why(error, statement, number, limits)
            if isinstance(why, QueryError):
                why.rolled_back = why.sqlstate == errors.ROLLED_BACK and not self.in_transaction
            raise why from error

    async def _frames(
        self, number: int, statement: Statement, sent: str | bytes, limits: Limits
    ) -> AsyncGenerator[Frame, None]:
        began = time.perf_counter()
        self._running, self._killed = True, False
        cursor = self.connection.cursor(SSCursor)
        over = False
        try:
            more = await self.worker.call(partial(self._begin, cursor, sent))
            while more:
                async with contextlib.aclosing(self._result(number, statement, cursor, limits, began)) as frames:
                    async for frame in frames:
                        yield frame
                more = await self.worker.call(lambda: bool(cursor.nextset()) and cursor.description is not None)
            over = True
        finally:
            self._running = False
            await self._end(cursor, over=over)

    def _begin(self, cursor: Any, sent: str | bytes) -> bool:
        if self.worker.stopped:
            raise pymysql.OperationalError(errors.KILLED, "Query execution was interrupted")
        cursor.execute(sent)
        return True

    async def _result(
        self, number: int, statement: Statement, cursor: Any, limits: Limits, began: float
    ) -> AsyncGenerator[Frame, None]:
        """Yield the frames of one result; a procedure can return several."""
        described = None
        if cursor.description is not None:
            columns.prepare(cursor._result)
            described = columns.described(cursor._result.fields, self.database)
        yield Started(number, statement.start, statement.start + len(statement.text), described)
        meter = Meter(limits)
        while described is not None:
            chunk: list[Row] = await self.worker.call(lambda: batches.take_batch(iter(cursor.fetchone, None)))
            if not chunk:
                break
            if rows := meter.take(chunk):
                yield Rows(rows)
            if meter.full and _QUERIES.match(statement.text):
                await self._stop(cursor)
                break
        affected = None if described is not None else cursor.rowcount
        yield Finished(
            number,
            _command(statement.text, described is not None),
            meter.rows,
            affected,
            meter.full,
            time.perf_counter() - began,
            await self._notices(cursor),
        )

    async def _notices(self, cursor: Any) -> tuple[str, ...]:
        count = getattr(cursor, "warning_count", 0) or getattr(cursor._result, "warning_count", 0)
        if not count or getattr(cursor._result, "unbuffered_active", False) or cursor._result.has_next:
            return ()
        warnings = [f"{row['level']}: {row['message']}" for row in (await self.ask("SHOW WARNINGS"))[:MOST_NOTICES]]
        return texts.notices(warnings, max(0, count - len(warnings)))

    async def _stop(self, cursor: Any) -> None:
        """Stop a statement that has returned enough rows, and discard the rest."""
        if getattr(cursor._result, "unbuffered_active", False):
            await self._kill()
            with contextlib.suppress(*DRIVER_ERRORS):
                await self.worker.call(cursor._result._finish_unbuffered_query)

    async def _end(self, cursor: Any, *, over: bool) -> None:
        """Prepare the connection for the next statement, however this one ended."""
        if self._connection is None or not self._connection.open:
            return
        if not over and cursor._result is not None:
            self._running = True
            await self._stop(cursor)
            self._running = False
        with contextlib.suppress(*DRIVER_ERRORS):
            await self.worker.call(cursor.close)
        if self._killed:
            # A late KILL hits the next statement: let it be this one.
            with contextlib.suppress(HeadwaterError):
                await self.ask("DO 0")

    async def _kill(self) -> None:
        """Stop the running statement over a new connection; if none can be opened, close ours."""
        connection = self._connection
        if not self._running or connection is None or not connection.open:
            return
        self._killed = True
        killer = DriverThread("mysql-kill", _nothing)
        try:
            await killer.call(lambda: kill_query(self._to, connection.thread_id()))
        except (HeadwaterError, *DRIVER_ERRORS):
            channel = connection._sock
            with contextlib.suppress(OSError):
                channel.shutdown(socket.SHUT_RDWR)
        finally:
            killer.close()

    def _why(self, error: Exception, statement: Statement, number: int, limits: Limits) -> HeadwaterError:
        if self.worker.stopped and self._killed | (error.args[:1] == (errors.KILLED,)):
            if self.worker.late and not self.worker.cancelled:
                return QueryTimeout(
                    f"The statement took longer than {limits.seconds:g} s.",
                    statement=number,
                    position=statement.start,
                    sqlstate="70100",
                )
            return QueryCancelled()
        return errors.refusal(error, statement, number)

    @contextlib.asynccontextmanager
    async def _mode(self, read_only: bool) -> AsyncIterator[None]:
        """Run in a read-write session, or inside a read-only transaction."""
        if read_only and self.in_transaction:
            raise QueryError("A read-write transaction is open.", hint="End it first: COMMIT or ROLLBACK.")
        if self._held_read_only != read_only:
            await self.ask(f"SET SESSION TRANSACTION READ {'ONLY' if read_only else 'WRITE'}")
            self._held_read_only = read_only
        if not read_only:
            yield
            return
        await self.ask("START TRANSACTION READ ONLY")
        try:
            yield
        finally:
            if self._connection is not None and self._connection.open:
                await self.ask("ROLLBACK")


async def _nothing() -> None:
    pass


def _close(connection: Any) -> None:
    with contextlib.suppress(pymysql.Error):
        connection.close()


def _plain(value: Cell | bytes) -> Any:
    return value.decode() if isinstance(value, bytes) else value


def _command(text: str, rows: bool) -> str:
    match = _WORD.search(text)
    word = match[0].upper() if match else ""
    return "SELECT" if word == "WITH" and rows else word


async def connect(address: Address, *, seconds: float = 10.0) -> Session:
    """Open a connection."""
    session = MysqlSession(address)
    try:
        session.adopt(await session.worker.call(lambda: connected(address, seconds)))
    except BaseException:
        session.worker.close()
        raise
    return session
