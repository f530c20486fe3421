"""Exports results as text by COPY: the server itself writes CSV, and NDJSON with row_to_json."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
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
# A delimiter and a quote that JSON text cannot contain unescaped: each line is the JSON of one row. `r.*` is the row,
# also where a column is called r.
_NDJSON = (
    # The text of a json column may have line ends between its parts, but a row has one line.
    "COPY (SELECT translate(row_to_json(r.*)::text, E'\\n\\r', '  ') FROM (",
    "\n) r) TO STDOUT WITH (FORMAT csv, DELIMITER E'\\x01', QUOTE E'\\x02')",
)
_AROUND = {"csv": _CSV, "ndjson": _NDJSON}
# OIDs of types that COPY and row_to_json spell in another way than other exports, and the types they are cast to.
_BOOLEAN, _OID, _RECORD, _RECORDS, _FIRST_OF_USERS = 16, 26, 2249, 2287, 16384
_CASTS = {"csv": {_BOOLEAN: "text"}, "ndjson": {_OID: "bigint", _RECORD: "text", _RECORDS: "text[]"}}
# Types of users in JSON are texts, whatever casts they have (hstore) or fields (composite types).
_OF_USERS = "SELECT oid::int8, CASE typcategory WHEN 'A' THEN 'text[]' ELSE 'text' END FROM pg_type WHERE oid = ANY(%s)"
_INTERVALS = "postgres"


def one_query(text: str) -> Statement:
    """Return the one statement of a text, or raise QueryError."""
    parts = statements(text, GRAMMAR)
    if len(parts) != 1:
        raise QueryError("An export takes one SELECT.", hint="Remove the other statements.")
    return parts[0]


def before(form: ExportForm) -> int:
    """Return how many characters of the sent text come before the user's query."""
    return len(_AROUND[form][0])


async def copied(
    connection: AsyncConnection[Any], query: str, form: ExportForm, counted: Callable[[int], None]
) -> AsyncIterator[bytes]:
    """Yield the result of a query in chunks of about 64 kB.

    The server sends a message for each row. Psycopg's own iterator goes through the event loop for every message; here
    all messages that have arrived are read at once.
    """
    opening, closing = await _around(connection, query, form)
    pgconn, over = connection.pgconn, False
    async with connection.lock:
        pgconn.send_query((opening + query + closing).encode())
        try:
            await connection.wait(_begun(pgconn))
            while not over:
                chunk, over = await connection.wait(_taken(pgconn, counted))
                yield chunk
        except psycopg.Error:
            over = True
            raise
        finally:
            if not over:
                await connection.cancel_safe()
                with contextlib.suppress(psycopg.Error):
                    while not (await connection.wait(_taken(pgconn, counted)))[1]:
                        pass


async def _around(connection: AsyncConnection[Any], query: str, form: ExportForm) -> tuple[str, str]:
    """Return what comes before and after a query; its columns get names of their own and casts where they need them."""
    opening, closing = _AROUND[form]
    columns = await _described(connection, query)
    casts = await _casts(connection, form, {oid for _, oid in columns})
    names = [name for name, _ in columns]
    shown = distinct(names) if form == "ndjson" else names
    if shown == names and not any(oid in casts for _, oid in columns):
        return opening, closing
    inner = [f"c{number}" for number in range(len(names))]
    listed = ", ".join(
        f"{own}{f'::{casts[oid]}' if oid in casts else ''} AS {_quoted(name)}"
        for own, name, (_, oid) in zip(inner, shown, columns, strict=True)
    )
    aliases = ", ".join(inner)
    return f"{opening}SELECT {listed} FROM (", f"\n) q({aliases}){closing}"  # noqa: S608 (our own text around it)


async def _described(connection: AsyncConnection[Any], query: str) -> list[tuple[str, int]]:
    """Return the names and OIDs of the types of a query's columns; none if the query has an error."""
    pgconn = connection.pgconn
    async with connection.lock:
        pgconn.send_prepare(b"", query.encode())
        (prepared,) = await connection.wait(generators.execute(pgconn))
        if prepared.status != ExecStatus.COMMAND_OK:
            return []  # the COPY has the same error, at its position
        pgconn.send_describe_prepared(b"")
        (described,) = await connection.wait(generators.execute(pgconn))
    fields = range(described.nfields)
    return [((described.fname(index) or b"").decode(), described.ftype(index)) for index in fields]


async def _casts(connection: AsyncConnection[Any], form: ExportForm, oids: set[int]) -> dict[int, str]:
    casts = dict(_CASTS[form])
    own = [oid for oid in oids if oid >= _FIRST_OF_USERS]
    if form == "ndjson" and own:
        cursor = await connection.execute(_OF_USERS, [own])
        casts |= {int(oid): type_ for oid, type_ in await cursor.fetchall()}
    return casts


@contextlib.asynccontextmanager
async def _postgres_intervals(connection: AsyncConnection[Any]) -> AsyncIterator[None]:
    """Spell intervals as psql does, and as the session did before at the end."""
    style = connection.info.parameter_status("IntervalStyle") or _INTERVALS
    if style == _INTERVALS:
        yield
        return
    await connection.execute(f"SET IntervalStyle = '{_INTERVALS}'")
    try:
        yield
    finally:
        with contextlib.suppress(psycopg.Error):  # a failed transaction undoes the setting
            await connection.execute(f"SET IntervalStyle = '{style}'".encode())


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


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


def _taken(pgconn: Any, counted: Callable[[int], None]) -> Any:
    """Return the rows that have arrived, waiting for the first, and whether they were the last; tell their number."""
    held: list[bytes] = []
    size, over = 0, False
    while size < CHUNK and not over:
        length, row = pgconn.get_copy_data(1)
        if length > 0:
            held.append(bytes(row))
            size += length
        elif length < 0:
            counted((yield from _ended(pgconn, None)))
            over = True
        elif held:
            break
        else:
            while not (yield Wait.R):
                pass
            pgconn.consume_input()
    return b"".join(held), over


def _ended(pgconn: Any, last: Any) -> Any:
    """Read the end of the statement and return its number of rows, or raise its error."""
    while (result := (yield from generators.fetch(pgconn))) is not None:
        last = result
    if last is not None and last.status != ExecStatus.COMMAND_OK:
        raise psycopg.errors.error_from_result(last, encoding="utf-8")
    return (last.command_tuples or 0) if last is not None else 0


class PostgresExport(ExportSupport):
    """Exports results in formats that the server writes itself."""

    async def chunks(
        self,
        session: Session,
        text: str,
        form: ExportForm,
        limits: Limits,
        counted: Callable[[int], None] = lambda rows: None,
    ) -> AsyncIterator[bytes]:
        assert isinstance(session, PostgresSession)
        statement = one_query(text)
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(session.run_limit.ended_in_time(limits.seconds))
            if limits.read_only:
                await stack.enter_async_context(session.read_only_transaction())
            try:
                await stack.enter_async_context(_postgres_intervals(session.connection))
                async for chunk in copied(session.connection, statement.text, form, counted):
                    yield chunk
            except psycopg.Error as error:
                raise session.error_of(error, statement, 0, limits, before=before(form)) from error
