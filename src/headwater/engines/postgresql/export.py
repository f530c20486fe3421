"""Exports results as text by COPY: the server itself writes CSV, and NDJSON with row_to_json."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import psycopg
from psycopg import AsyncConnection, generators
from psycopg.pq import ExecStatus
from psycopg.waiting import Wait

from headwater.catalog.results import Limits, QueryError
from headwater.catalog.statements import Statement
from headwater.engines import ExportForm, ExportSupport, Session
from headwater.engines._statements import statements
from headwater.engines.postgresql.dialect import GRAMMAR
from headwater.engines.postgresql.session import PostgresSession

CHUNK, LONGEST_NAME = 65_536, 63
_CSV = ("COPY (", "\n) TO STDOUT WITH (FORMAT csv, HEADER)")
# A delimiter and a quote that JSON text cannot contain unescaped: each line is the JSON of one row.
_NDJSON = (
    # The text of a json column may have line ends between its parts, but a row has one line.
    "COPY (SELECT translate(row_to_json(r)::text, E'\\n\\r', '  ') FROM (",
    "\n) r) TO STDOUT WITH (FORMAT csv, DELIMITER E'\\x01', QUOTE E'\\x02')",
)
_AROUND = {"csv": _CSV, "ndjson": _NDJSON}


def one_query(text: str) -> Statement:
    """Return the one statement of a text, or raise QueryError."""
    parts = statements(text, GRAMMAR)
    if len(parts) != 1:
        raise QueryError("An export takes one SELECT.", hint="Remove the other statements.")
    return parts[0]


def before(form: ExportForm) -> int:
    """Return how many characters of the sent text come before the user's query."""
    return len(_AROUND[form][0])


async def copied(connection: AsyncConnection[Any], query: str, form: ExportForm) -> AsyncIterator[bytes]:
    """Yield the result of a query in chunks of about 64 kB.

    The server sends a message for each row. Psycopg's own iterator goes through the event loop for every message; here
    all messages that have arrived are read at once.
    """
    opening, closing = _AROUND[form]
    pgconn, over = connection.pgconn, False
    async with connection.lock:
        if form == "ndjson":
            closing = closing.replace(") r)", f") r{await _renamed(connection, query)})", 1)
        pgconn.send_query((opening + query + closing).encode())
        try:
            await connection.wait(_begun(pgconn))
            while not over:
                chunk, over = await connection.wait(_taken(pgconn))
                yield chunk
        except psycopg.Error:
            over = True
            raise
        finally:
            if not over:
                await connection.cancel_safe()
                with contextlib.suppress(psycopg.Error):
                    while not (await connection.wait(_taken(pgconn)))[1]:
                        pass


async def _renamed(connection: AsyncConnection[Any], query: str) -> str:
    """Return the column list that gives each column of a query a name of its own; "" if they have."""
    pgconn = connection.pgconn
    pgconn.send_prepare(b"", query.encode())
    (prepared,) = await connection.wait(generators.execute(pgconn))
    if prepared.status != ExecStatus.COMMAND_OK:
        return ""  # the COPY has the same error, at its position
    pgconn.send_describe_prepared(b"")
    (described,) = await connection.wait(generators.execute(pgconn))
    names = [(described.fname(index) or b"").decode() for index in range(described.nfields)]
    if len(set(names)) == len(names):
        return ""
    return "(" + ", ".join('"' + name.replace('"', '""') + '"' for name in distinct(names)) + ")"


def distinct(names: list[str]) -> list[str]:
    """Return names with a number added to duplicates, short enough to stay different as identifiers."""
    result: dict[str, None] = {}
    for name in names:
        own, number = name, 2
        while own in result or (own != name and own in names):
            end = f"_{number}"
            own, number = name.encode()[: LONGEST_NAME - len(end)].decode(errors="ignore") + end, number + 1
        result[own] = None
    return list(result)


def _begun(pgconn: Any) -> Any:
    yield from generators._send(pgconn)
    result = yield from generators.fetch(pgconn)
    if result is None or result.status != ExecStatus.COPY_OUT:
        yield from _ended(pgconn, result)


def _taken(pgconn: Any) -> Any:
    """Return the rows that have arrived, waiting for the first, and whether they were the last."""
    held: list[bytes] = []
    size, over = 0, False
    while size < CHUNK and not over:
        length, row = pgconn.get_copy_data(1)
        if length > 0:
            held.append(bytes(row))
            size += length
        elif length < 0:
            yield from _ended(pgconn, None)
            over = True
        elif held:
            break
        else:
            while not (yield Wait.R):
                pass
            pgconn.consume_input()
    return b"".join(held), over


def _ended(pgconn: Any, last: Any) -> Any:
    """Read the end of the statement, or raise its error."""
    while (result := (yield from generators.fetch(pgconn))) is not None:
        last = result
    if last is not None and last.status != ExecStatus.COMMAND_OK:
        raise psycopg.errors.error_from_result(last, encoding="utf-8")


class PostgresExport(ExportSupport):
    """Exports results in formats that the server writes itself."""

    async def chunks(self, session: Session, text: str, form: ExportForm, limits: Limits) -> AsyncIterator[bytes]:
        assert isinstance(session, PostgresSession)
        statement = one_query(text)
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(session.time_limit(limits.seconds))
            if limits.read_only:
                await stack.enter_async_context(session.read_only_transaction())
            try:
                async for chunk in copied(session.connection, statement.text, form):
                    yield chunk
            except psycopg.Error as error:
                raise session.error_of(error, statement, 0, limits, before=before(form)) from error
