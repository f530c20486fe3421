"""A session on PostgreSQL: statements one at a time over the extended protocol, rows in chunks of server text.

A read-only run is in a READ ONLY transaction whose first snapshot is taken before the user's text begins; after that
PostgreSQL itself does not let anybody make it read-write. Each statement is sent separately, and one that ends the
transaction (by its command tag, which cannot be disguised) ends the run. PostgreSQL does not count COPY to a program or
a file as a write, so statements that do not begin like a query are refused before they are sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import select
import time
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import psycopg
from psycopg import AsyncConnection, pq

from headwater.catalog.results import (
    STANDARD,
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
from headwater.engines._run_limit import RunLimit
from headwater.engines.postgresql import columns, extended_protocol, grammar_check
from headwater.engines.postgresql.connection import parameters as connection_parameters
from headwater.engines.postgresql.dialect import GRAMMAR
from headwater.engines.postgresql.errors import connection_error, error_from
from headwater.engines.postgresql.placeholders import bind, strip_placeholders
from headwater.engines.postgresql.queries import PING, PRIVILEGES

MOST_NOTICES = 200
ENDS_TRANSACTION = frozenset({"COMMIT", "ROLLBACK", "BEGIN", "START TRANSACTION", "PREPARE TRANSACTION"})
_READS = re.compile(r"(?:\(\s*)*(?:SELECT|WITH|VALUES|TABLE|SHOW|EXPLAIN|DECLARE|FETCH|CLOSE|MOVE)\b", re.IGNORECASE)
# First words of statements that only read.
_QUERIES = re.compile(r"(?:\(\s*)*(?:SELECT|VALUES|TABLE|SHOW)\b", re.IGNORECASE)
_JUDGED = re.compile(r"(?:\(\s*)*(?:SELECT|WITH|VALUES|TABLE|INSERT|UPDATE|DELETE|MERGE|EXPLAIN)\b", re.IGNORECASE)
# DISCARD ALL cannot be sent together with other statements, and it loses a role that the connection was opened with.
_RESET = """
CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; RESET ROLE; DEALLOCATE ALL; UNLISTEN *;
SELECT pg_catalog.pg_advisory_unlock_all(); DISCARD PLANS; DISCARD TEMP; DISCARD SEQUENCES
"""
_CLIENT_COPY = re.compile(r"COPY\b.*?\b(?:FROM\s+STDIN|TO\s+STDOUT)\b", re.IGNORECASE | re.DOTALL)


class PostgresSession:
    """One connection in autocommit: a transaction that the user opens with BEGIN stays open until the user ends it."""

    def __init__(self, connection: AsyncConnection[Any]) -> None:
        self.connection = connection
        self._notices: list[str] = []
        self._more_notices = 0
        self.run_limit = RunLimit(self._interrupt)
        self._left = self._reading = self._in_users_transaction = False
        self._origins = columns.Origins(connection)
        connection.add_notice_handler(self._notice)

    @property
    def in_transaction(self) -> bool:
        """True if a transaction is open, also a failed one."""
        return self.connection.info.transaction_status in {
            pq.TransactionStatus.INTRANS,
            pq.TransactionStatus.INERROR,
        }

    async def ping(self) -> ServerFacts:
        """Return version, size, privileges and latency."""
        began = time.perf_counter()
        row = await self._one("SELECT 1")
        latency = (time.perf_counter() - began) * 1000
        row = await self._one(PING)
        privileges = await self._one(PRIVILEGES)
        superuser = bool(row["is_superuser"])
        warnings = ["The role is a superuser: every query has all privileges."] if superuser else []
        tls = self.connection.pgconn.ssl_in_use
        return ServerFacts(
            product="PostgreSQL",
            version=row["version"],
            latency_ms=latency,
            size_bytes=row["size"],
            tls=row["tls"] if tls else None,
            read_only=bool(row["read_only"]),
            privileges=tuple(name for name, held in privileges.items() if held),
            warnings=tuple(warnings),
        )

    async def _one(self, query: str) -> dict[str, Any]:
        try:
            async with self.connection.cursor(row_factory=psycopg.rows.dict_row) as cursor:
                await cursor.execute(query)
                return await cursor.fetchone() or {}
        except psycopg.Error as error:
            raise error_from(error, 0, 0) from error

    async def run(
        self, text: str, parameters: Parameters = None, limits: Limits = STANDARD
    ) -> AsyncGenerator[Frame, None]:
        """Run the statements of a text."""
        statements = texts.statements(text, GRAMMAR, parameters)
        self._origins.forget_tables()
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(self.run_limit.ended_in_time(limits.seconds))
            if limits.read_only:
                await stack.enter_async_context(self.read_only_transaction())
            for number, statement in enumerate(statements):
                try:
                    async with contextlib.aclosing(self._statement(number, statement, parameters, limits)) as frames:
                        async for frame in frames:
                            yield frame
                except psycopg.Error as error:
                    raise self.error_of(error, statement, number, limits) from error
                if limits.read_only and self._left:
                    raise QueryError(
                        "A read-only run cannot end or begin transactions.", sqlstate="25006", statement=number
                    )

    async def check(self, text: str) -> QueryError | None:
        """Let the server parse each statement; from a change of the schema on, only their grammar is checked."""
        try:
            parts = list(texts.statements(text, GRAMMAR))
        except QueryError as error:
            return error
        async with self.run_limit.ended_in_time(5.0):
            for number, statement in enumerate(parts):
                if not _JUDGED.match(statement.text) or _CLIENT_COPY.match(statement.text):
                    rest, version = parts[number:], self.connection.info.server_version
                    return await asyncio.to_thread(grammar_check.error_of, rest, number, version)
                try:
                    await extended_protocol.parse(self.connection, strip_placeholders(statement.text))
                except psycopg.Error as error:
                    why = error_from(error, number, statement.start)
                    return why if isinstance(why, QueryError) and why.sqlstate != "57014" else None
        return None

    async def cancel(self) -> None:
        """Ask the server to stop the running statement."""
        await self.run_limit.cancel()

    async def _interrupt(self) -> None:
        with contextlib.suppress(psycopg.Error, OSError):
            await self.connection.cancel_safe(timeout=5)

    async def reset(self) -> None:
        """Roll back an open transaction and discard the state of the session."""
        if self.in_transaction:
            await self._quiet("ROLLBACK")
        await self._quiet(_RESET)

    def broken(self) -> bool:
        """True if the server has closed the connection: data on an idle connection can only mean that."""
        pgconn = self.connection.pgconn
        return pgconn.status != pq.ConnStatus.OK or bool(select.select([pgconn.socket], [], [], 0)[0])

    async def close(self) -> None:
        """Close the connection."""
        await self.connection.close()

    async def _statement(
        self, number: int, statement: Statement, parameters: Parameters, limits: Limits
    ) -> AsyncGenerator[Frame, None]:
        if limits.read_only and not _READS.match(statement.text):
            word = statement.text.split(None, 1)[0].upper()
            raise QueryError(
                f"{word} is not possible in a read-only run.",
                sqlstate="25006",
                statement=number,
                position=statement.start,
                hint="Only statements that read are.",
            )
        if _CLIENT_COPY.match(statement.text):
            raise extended_protocol.no_copy()
        began, self._notices, self._more_notices = time.perf_counter(), [], 0
        self._in_users_transaction = self.in_transaction
        text, values = bind(statement.text, parameters)
        columns = await extended_protocol.prepare(self.connection, self._origins, text)
        if self.run_limit.cancelled:  # while nothing ran that the server could stop
            raise QueryCancelled()
        yield Started(number, statement.start, statement.start + len(statement.text), columns)
        meter, batch = Meter(limits), batches.RowBuffer[Row]()
        command, affected = "", None
        async with contextlib.aclosing(extended_protocol.results(self.connection, values)) as results:
            async for result in results:
                if result.ntuples:
                    for rows in batch.add(meter.take(extended_protocol.rows(self.connection, result))):
                        yield Rows(rows)
                    if meter.full and self._may_stop(statement.text):
                        command = "SELECT"
                        break
                if result.command_status:  # the last chunk has the tag, or the empty result after it
                    command, affected = extended_protocol.tag(result)
        if rows := batch.rest():
            yield Rows(rows)
        command = command or statement.text.split(None, 1)[0].upper()
        if limits.read_only:
            self._left = command in ENDS_TRANSACTION
            if meter.full and self.connection.info.transaction_status == pq.TransactionStatus.INERROR:
                await self._begin_reading()
        notices = texts.notices(self._notices, self._more_notices)
        yield Finished(number, command, meter.rows, affected, meter.full, time.perf_counter() - began, notices)

    def _may_stop(self, text: str) -> bool:
        """Return True if a statement may be stopped when it has returned enough rows.

        A statement that may write is read to its end: stopping it would undo its writes, and abort a transaction of the
        user.
        """
        return bool(_QUERIES.match(text)) and (self._reading or not self._in_users_transaction)

    def error_of(
        self, error: psycopg.Error, statement: Statement, number: int, limits: Limits, before: int = 0
    ) -> Exception:
        """Return why a statement failed; `before` is the length of the text in front of the user's statement."""
        if isinstance(error, psycopg.errors.QueryCanceled):
            if self.run_limit.cancelled:
                return QueryCancelled()
            return QueryTimeout(
                f"The statement took longer than {limits.seconds:g} s." if limits.seconds else "It took too long.",
                statement=number,
                position=statement.start,
                sqlstate="57014",
            )
        return error_from(error, number, statement.start - before)

    def _notice(self, diagnostic: Any) -> None:
        if len(self._notices) >= MOST_NOTICES:
            self._more_notices += 1
        else:
            self._notices.append(f"{diagnostic.severity}: {diagnostic.message_primary}"[:2000])

    @contextlib.asynccontextmanager
    async def read_only_transaction(self) -> AsyncIterator[None]:
        """Open a transaction in which the server refuses writes, and roll it back at the end."""
        if self.in_transaction:
            raise QueryError("A read-write transaction is open.", hint="End it first: COMMIT or ROLLBACK.")
        self._left, self._reading = False, True
        try:
            await self._begin_reading()
            yield
        finally:
            self._reading = False
            with contextlib.suppress(psycopg.Error):
                if self.in_transaction:
                    await self._quiet("ROLLBACK")

    async def _begin_reading(self) -> None:
        await self._quiet("ROLLBACK")
        await self._quiet("BEGIN TRANSACTION READ ONLY")
        await self._quiet("SELECT 1")  # takes a snapshot; after that the mode cannot be changed

    async def _quiet(self, statement: str) -> None:
        try:
            async with self.connection.cursor() as cursor:
                await cursor.execute(statement.encode())
        except psycopg.Error as error:
            raise error_from(error, 0, 0) from error


async def connect(address: Address, *, seconds: float = 10.0) -> Session:
    """Open a connection."""
    with connection_parameters(address, seconds) as given:
        try:
            connection: AsyncConnection[Any] = await AsyncConnection.connect(
                autocommit=True, context=columns.CONTEXT, prepare_threshold=None, **given
            )
        except (psycopg.Error, OSError) as error:
            raise connection_error(str(error)) from None  # the cause may echo the address
    return PostgresSession(connection)
