"""A session on PostgreSQL: statements one by one over the extended protocol, rows in chunks as the server's own text.

What read-only means here: the run stands in a READ ONLY transaction whose first snapshot is taken before the user's
text begins, after which PostgreSQL itself lets nobody make it read-write. Each statement is sent alone, and one that
ends the transaction (by its command tag, which cannot be disguised) ends the run. COPY to a program or a file is not
a write for PostgreSQL, so that statements which do not begin as a query are refused before they are sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import select
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Any, Literal

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
from headwater.engines import APART, ByStatements, Columns, Facts, Parameters
from headwater.engines import _batches as batches
from headwater.engines import _texts as texts
from headwater.engines.postgresql import columns, exporting, extended, loading, objects
from headwater.engines.postgresql.binding import bound, unbound
from headwater.engines.postgresql.errors import broken
from headwater.engines.postgresql.queries import PING, PRIVILEGES

ENDS_TRANSACTION = frozenset({"COMMIT", "ROLLBACK", "BEGIN", "START TRANSACTION", "PREPARE TRANSACTION"})
_READS = re.compile(r"(?:\(\s*)*(?:SELECT|WITH|VALUES|TABLE|SHOW|EXPLAIN|DECLARE|FETCH|CLOSE|MOVE)\b", re.IGNORECASE)
# Statements that only read, as far as their first word can tell.
_QUERIES = re.compile(r"(?:\(\s*)*(?:SELECT|VALUES|TABLE|SHOW)\b", re.IGNORECASE)
_JUDGED = re.compile(r"(?:\(\s*)*(?:SELECT|WITH|VALUES|TABLE|INSERT|UPDATE|DELETE|MERGE|EXPLAIN)\b", re.IGNORECASE)
_CLIENT_COPY = re.compile(r"COPY\b.*?\b(?:FROM\s+STDIN|TO\s+STDOUT)\b", re.IGNORECASE | re.DOTALL)


class PostgresSession(ByStatements):
    """One connection in autocommit: a BEGIN that the user types stays open until the user ends it."""

    def __init__(self, connection: AsyncConnection[Any]) -> None:
        self.connection = connection
        self._notices: list[str] = []
        self._cancelled = False
        self._left = self._reading = self._in_users_transaction = False
        self._origins = columns.Origins(connection)
        connection.add_notice_handler(self._notice)

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction that the user began is open."""
        return self.connection.info.transaction_status in {
            pq.TransactionStatus.INTRANS, pq.TransactionStatus.INERROR,
        }  # fmt: skip

    async def ping(self) -> Facts:
        """Return version, size, privileges and latency."""
        began = time.perf_counter()
        row = await self._one("SELECT 1")
        latency = (time.perf_counter() - began) * 1000
        row = await self._one(PING)
        privileges = await self._one(PRIVILEGES)
        superuser = bool(row["is_superuser"])
        warnings = ["The role is a superuser: whoever queries may do anything."] if superuser else []
        tls = self.connection.pgconn.ssl_in_use
        return Facts(
            product="PostgreSQL", version=row["version"], latency_ms=latency, size_bytes=row["size"],
            tls=row["tls"] if tls else None, read_only=bool(row["read_only"]),
            privileges=tuple(name for name, held in privileges.items() if held), warnings=tuple(warnings),
        )  # fmt: skip

    async def _one(self, query: str) -> dict[str, Any]:
        try:
            async with self.connection.cursor(row_factory=psycopg.rows.dict_row) as cursor:
                await cursor.execute(query)
                return await cursor.fetchone() or {}
        except psycopg.Error as error:
            raise broken(error, 0, 0) from error

    async def run(
        self, text: str, parameters: Parameters = None, limits: Limits = STANDARD
    ) -> AsyncGenerator[Frame, None]:
        """Run the statements of a text; see `headwater.engines.Session`."""
        statements = texts.statements(text, "postgres", parameters)
        self._origins.forget_tables()
        self._cancelled = False
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(self._ended_in_time(limits.seconds))
            if limits.read_only:
                await stack.enter_async_context(self._reading_only())
            for number, statement in enumerate(statements):
                try:
                    async with contextlib.aclosing(self._statement(number, statement, parameters, limits)) as frames:
                        async for frame in frames:
                            yield frame
                except psycopg.Error as error:
                    raise self._why(error, statement, number, limits) from error
                if limits.read_only and self._left:
                    raise QueryError(
                        "A read-only run has no transactions of its own.", sqlstate="25006", statement=number
                    )

    async def export(
        self, text: str, form: Literal["csv", "ndjson"], limits: Limits = STANDARD
    ) -> AsyncIterator[bytes]:
        """Give the result of one SELECT as chunks of CSV or NDJSON; see `headwater.engines.Exports`."""
        statement = exporting.one_query(text)
        self._cancelled = False
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(self._ended_in_time(limits.seconds))
            if limits.read_only:
                await stack.enter_async_context(self._reading_only())
            try:
                async for chunk in exporting.copied(self.connection, statement.text, form):
                    yield chunk
            except psycopg.Error as error:
                raise self._why(error, statement, 0, limits, before=exporting.before(form)) from error

    async def check(self, text: str) -> QueryError | None:
        """Let the server parse each statement; what follows a change of the schema cannot be judged, and is not."""
        async with self._ended_in_time(5.0):
            for number, statement in enumerate(texts.statements(text, "postgres")):
                if not _JUDGED.match(statement.text) or _CLIENT_COPY.match(statement.text):
                    return None
                try:
                    await extended.parse(self.connection, unbound(statement.text))
                except psycopg.Error as error:
                    why = broken(error, number, statement.start)
                    return why if isinstance(why, QueryError) and why.sqlstate != "57014" else None
        return None

    async def begin_reading(self) -> None:
        """See `headwater.engines.Reads`."""
        await loading.run(self.connection, *loading.SETTINGS, *loading.ONE_MOMENT)

    def reading(self, column: str, type_: str) -> str:
        """See `headwater.engines.Reads`: every type has a text of its own."""
        return column

    async def drop(self, kind: str, name: str) -> None:
        """See `headwater.engines.Loads`."""
        await (objects.take_away(self.connection) if kind == APART else super().drop(kind, name))

    async def begin_loading(self) -> None:
        """See `headwater.engines.Loads`."""
        await loading.run(self.connection, *loading.SETTINGS)

    async def load(self, table: str, columns: Columns, rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows by COPY; see `headwater.engines.Loads`."""
        await loading.copy(self.connection, table, [name for name, _ in columns], rows)

    async def end_loading(self, counters: Sequence[tuple[str, str]]) -> None:
        """Set the sequences of serial and identity columns; see `headwater.engines.Loads`."""
        for table, column in counters:
            await loading.run(self.connection, loading.restart(table, column))

    async def cancel(self) -> None:
        """Ask the server to end what runs."""
        self._cancelled = True
        with contextlib.suppress(psycopg.Error, OSError):
            await self.connection.cancel_safe(timeout=5)

    def broken(self) -> bool:
        """Whether the server has ended the connection: to an idle one that listens to nobody it says nothing else."""
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
                f"{word} is not possible in a read-only run.", sqlstate="25006", statement=number,
                position=statement.start, hint="Only statements that read are.",
            )  # fmt: skip
        if _CLIENT_COPY.match(statement.text):
            raise extended.no_copy()
        began, self._notices = time.perf_counter(), []
        self._in_users_transaction = self.in_transaction
        text, values = bound(statement.text, parameters)
        shown = await extended.prepare(self.connection, self._origins, text)
        yield Started(number, statement.start, statement.start + len(statement.text), shown)
        meter, batch = Meter(limits), batches.Batch[Row]()
        command, affected = "", None
        async with contextlib.aclosing(extended.results(self.connection, values)) as results:
            async for result in results:
                if result.ntuples:
                    for kept in batch.add(meter.take(extended.rows(self.connection, result))):
                        yield Rows(kept)
                    if meter.full and self._may_stop(statement.text):
                        command = "SELECT"
                        break
                if result.command_status:  # the last chunk has it, or the empty result behind it
                    command, affected = extended.tag(result)
        if kept := batch.rest():
            yield Rows(kept)
        command = command or statement.text.split(None, 1)[0].upper()
        if limits.read_only:
            self._left = command in ENDS_TRANSACTION
            if meter.full and self.connection.info.transaction_status == pq.TransactionStatus.INERROR:
                await self._begin_reading()
        yield Finished(
            number, command, meter.rows, affected, meter.full, time.perf_counter() - began, tuple(self._notices)
        )

    def _may_stop(self, text: str) -> bool:
        """Whether a statement may be ended when enough rows are there; one that may write is read to its end.

        Ending it would undo what it wrote, and would spoil a transaction of the user's.
        """
        return bool(_QUERIES.match(text)) and (self._reading or not self._in_users_transaction)

    def _why(
        self, error: psycopg.Error, statement: Statement, number: int, limits: Limits, before: int = 0
    ) -> Exception:
        if isinstance(error, psycopg.errors.QueryCanceled):
            if self._cancelled:
                return QueryCancelled()
            return QueryTimeout(
                f"The statement took longer than {limits.seconds:g} s." if limits.seconds else "It took too long.",
                statement=number, position=statement.start, sqlstate="57014",
            )  # fmt: skip
        return broken(error, number, statement.start - before)

    def _notice(self, diagnostic: Any) -> None:
        if len(self._notices) < 200:
            self._notices.append(f"{diagnostic.severity}: {diagnostic.message_primary}"[:2000])

    @contextlib.asynccontextmanager
    async def _reading_only(self) -> AsyncIterator[None]:
        if self.in_transaction:
            raise QueryError("A transaction that may write is open.", hint="End it first: COMMIT or ROLLBACK.")
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
        await self._quiet("SELECT 1")  # takes the snapshot after which the mode is fixed

    async def _quiet(self, statement: str) -> None:
        try:
            async with self.connection.cursor() as cursor:
                await cursor.execute(statement.encode())
        except psycopg.Error as error:
            raise broken(error, 0, 0) from error

    @contextlib.asynccontextmanager
    async def _ended_in_time(self, seconds: float | None) -> AsyncIterator[None]:
        """End what runs after so many seconds, by our own clock: a session can set its statement_timeout back."""
        if seconds is None:
            yield
            return
        loop = asyncio.get_running_loop()
        pending: set[asyncio.Task[None]] = set()

        def end() -> None:
            pending.add(loop.create_task(self.connection.cancel_safe(timeout=5)))

        timer = loop.call_later(seconds, end)
        try:
            yield
        finally:
            timer.cancel()
            for task in pending:
                with contextlib.suppress(psycopg.Error, OSError):
                    await task
