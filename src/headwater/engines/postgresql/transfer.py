"""PostgreSQL as source and target of bulk transfers: one consistent read, and loading by COPY."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
from psycopg import AsyncConnection

from headwater.engines import STANDALONE_ROWS, Columns, Session, SqlTransfer
from headwater.engines.postgresql import large_objects
from headwater.engines.postgresql.ddl import literal
from headwater.engines.postgresql.errors import error_from
from headwater.engines.postgresql.session import PostgresSession

SETTINGS = (
    "SET TimeZone = 'UTC'",
    "SET DateStyle = 'ISO, YMD'",
    "SET IntervalStyle = 'iso_8601'",
    "SET bytea_output = 'hex'",
    "SET extra_float_digits = 1",
    "SET xmloption = 'content'",
    "SET statement_timeout = 0",
    "SET idle_in_transaction_session_timeout = 0",
)
ONE_MOMENT = ("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY", "SELECT 1")
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f", "\v": "\\v"})
PIECE = 65_536
# Kinds of a schema archive whose objects can need each other: by foreign keys, by the functions of a base type.
CIRCULAR = frozenset({"TABLE", "TYPE"})


async def run_statements(connection: AsyncConnection[Any], *statements: str) -> None:
    """Run our own statements."""
    try:
        async with connection.cursor() as cursor:
            for statement in statements:
                await cursor.execute(statement.encode())
    except psycopg.Error as error:
        raise error_from(error, 0, 0) from error


async def copy_rows(
    connection: AsyncConnection[Any], table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Insert rows by COPY; inside a transaction after a savepoint, so that an error does not abort it."""
    inside = connection.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS
    if inside:
        await run_statements(connection, "SAVEPOINT headwater_load")
    try:
        async with connection.cursor() as cursor:
            statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
            async with cursor.copy(statement.encode()) as sink:
                for piece in _pieces(rows):
                    await sink.write(piece)
    except psycopg.Error as error:
        why = error_from(error, 0, 0)
        if inside and connection.info.transaction_status == psycopg.pq.TransactionStatus.INERROR:
            await run_statements(connection, "ROLLBACK TO SAVEPOINT headwater_load")
        raise why from error
    if inside:
        await run_statements(connection, "RELEASE SAVEPOINT headwater_load")


def _pieces(rows: Sequence[Sequence[Any]]) -> Iterator[bytes]:
    """Yield rows in COPY's text format, in pieces large enough for a message."""
    held: list[str] = []
    size = 0
    for row in rows:
        line = "\t".join(map(_field, row)) + "\n"
        held.append(line)
        size += len(line)
        if size > PIECE:
            yield "".join(held).encode()
            held, size = [], 0
    if held:
        yield "".join(held).encode()


def _field(value: Any) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    if isinstance(value, bytes):
        return "\\\\x" + value.hex()
    if isinstance(value, bool):
        return "t" if value else "f"
    return repr(value) if isinstance(value, float) else str(value)


def reset_sequence(table: str, column: str) -> str:
    """Return the statement that sets the counter of a column (both quoted) past the largest number."""
    bare = column[1:-1].replace('""', '"') if column.startswith('"') else column
    sequence = f"pg_get_serial_sequence({literal(table)}, {literal(bare)})"
    return f"SELECT setval({sequence}, max({column})) FROM {table} HAVING max({column}) > 0"  # noqa: S608


class PostgresTransfer(SqlTransfer):
    """A session that is read from or loaded."""

    def __init__(self, session: Session) -> None:
        assert isinstance(session, PostgresSession)
        self.session, self._connection = session, session.connection

    async def begin_read(self) -> None:
        await run_statements(self._connection, *SETTINGS, *ONE_MOMENT)

    async def begin_load(self) -> None:
        await run_statements(self._connection, *SETTINGS)

    async def load(self, table: str, columns: Columns, rows: Sequence[Sequence[Any]]) -> None:
        await copy_rows(self._connection, table, [name for name, _ in columns], rows)

    async def finish_load(self, counters: Sequence[tuple[str, str]]) -> None:
        for table, column in counters:
            await run_statements(self._connection, reset_sequence(table, column))

    async def drop(self, kind: str, name: str) -> None:
        if kind == STANDALONE_ROWS:
            await large_objects.unlink_all(self._connection)
        elif kind in CIRCULAR:
            await super().drop(kind, f"{name} CASCADE")
        else:
            await super().drop(kind, name)
