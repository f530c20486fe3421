"""The extended protocol of PostgreSQL: one prepared statement is executed and read in chunks of server text.

This module knows nothing of runs, limits or users: a session decides what is sent, and stops statements that nobody
reads any more.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import psycopg
from psycopg import AsyncConnection, generators, pq
from psycopg.adapt import Transformer

from headwater.catalog.results import QueryError, ResultColumn, Row
from headwater.engines.postgresql.columns import Origins

# The number of rows that the driver buffers, however wide; they are passed on in larger batches.
CHUNK = 8
_COPY = frozenset({pq.ExecStatus.COPY_IN, pq.ExecStatus.COPY_OUT, pq.ExecStatus.COPY_BOTH})
_FAILED = frozenset({pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.BAD_RESPONSE})


async def parse(connection: AsyncConnection[Any], text: str) -> None:
    """Let the server parse a statement; raises psycopg.Error if it refuses."""
    async with connection.lock:
        connection.pgconn.send_prepare(b"", text.encode())
        await connection.wait(_answered(connection.pgconn))


async def prepare(connection: AsyncConnection[Any], origins: Origins, text: str) -> tuple[ResultColumn, ...] | None:
    """Let the server parse a statement, and return its result columns; None if it returns no rows."""
    pgconn = connection.pgconn
    async with connection.lock:
        pgconn.send_prepare(b"", text.encode())
        await connection.wait(_answered(pgconn))
        pgconn.send_describe_prepared(b"")
        described = await connection.wait(_answered(pgconn))
    if not described.nfields:
        return None
    # The queries below use named statements: the unnamed statement stays ours only until the next
    # parse, so it is sent again after such a query.
    columns_shown = await origins.describe(described)
    await parse(connection, text)
    return columns_shown


async def results(connection: AsyncConnection[Any], values: Sequence[bytes | None]) -> AsyncGenerator[Any, None]:
    """Execute the prepared statement and yield its results in chunks of rows; if closed early, the server stops."""
    pgconn = connection.pgconn
    async with connection.lock:
        pgconn.send_query_prepared(b"", values, result_format=pq.Format.TEXT)
        pgconn.set_chunked_rows_mode(CHUNK)
        await connection.wait(generators._send(pgconn))
        over = False
        try:
            while (result := await connection.wait(generators.fetch(pgconn))) is not None:
                if result.status in _FAILED:
                    await connection.wait(_drained(pgconn))
                    over = True
                    raise psycopg.errors.error_from_result(result, encoding="utf-8")
                if result.status in _COPY:
                    pgconn.finish()  # a routine did this; closing the connection is the only way out
                    over = True
                    raise no_copy()
                yield result
            over = True
        finally:
            if not over:
                await _stop(connection)


async def _stop(connection: AsyncConnection[Any]) -> None:
    """Stop a running statement and discard the rest of its output."""
    pgconn = connection.pgconn
    if pgconn.status != pq.ConnStatus.OK or pgconn.transaction_status != pq.TransactionStatus.ACTIVE:
        return
    with contextlib.suppress(psycopg.Error, OSError):
        await connection.cancel_safe(timeout=5)
    try:
        async with asyncio.timeout(10):
            await connection.wait(_drained(pgconn))
    except (psycopg.Error, TimeoutError):
        pgconn.finish()


def rows(connection: AsyncConnection[Any], result: Any) -> list[Row]:
    """Return the rows of a result, each value converted by its type."""
    transformer = Transformer.from_context(connection)
    transformer.set_pgresult(result)
    try:
        return transformer.load_rows(0, result.ntuples, tuple)
    except UnicodeDecodeError as error:
        raise QueryError(
            "The result holds bytes that are not UTF-8.", hint="Select encode(column::bytea, 'hex') instead."
        ) from error


def no_copy() -> QueryError:
    """Return the error for a COPY between server and client."""
    return QueryError(
        "COPY from and to the client is not possible here.", hint="Use import and export instead.", sqlstate="0A000"
    )


def _answered(pgconn: Any) -> Any:
    """Send the queued commands and return the server's one answer.

    Raises:
        psycopg.Error: the answer is an error.
    """
    yield from generators._send(pgconn)
    last = None
    while (result := (yield from generators.fetch(pgconn))) is not None:
        last = result
    if last is None or last.status in _FAILED:
        raise psycopg.errors.error_from_result(last, encoding="utf-8") if last else psycopg.OperationalError()
    return last


def _drained(pgconn: Any) -> Any:
    """Read and discard the rest of a statement's output."""
    while (yield from generators.fetch(pgconn)) is not None:
        pass


def tag(result: Any) -> tuple[str, int | None]:
    """Return the command of a finished statement, and how many rows it affected."""
    words = (result.command_status or b"").decode().split()
    count = int(words[-1]) if words and words[-1].isdigit() else None
    command = " ".join(word for word in words if not word.isdigit())
    return command, None if command in {"SELECT", "FETCH", "MOVE", "SHOW"} else count
