"""A PostgreSQL database at one moment: an exported snapshot that any number of connections read from.

Values are read as COPY's text form under fixed settings, which is what pg_dump does: every type's output function
gives a text that its input function takes back without loss.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import psycopg
import pyarrow as pa

from headwater.catalog.model import Schema
from headwater.engines import Address, Batch, DumpColumn, DumpTable, Hint, Key, Session, Then
from headwater.engines.postgresql import bulk, following, loading, objects, queries, rights
from headwater.engines.postgresql.connecting import connected
from headwater.engines.postgresql.ddl import literal, quote
from headwater.engines.postgresql.errors import broken
from headwater.engines.postgresql.inspect import inspect
from headwater.engines.postgresql.session import PostgresSession

# What decides how values are spelled, and that nothing ends or filters the reading unseen.
SETTINGS = (
    "SET TimeZone = 'UTC'", "SET DateStyle = 'ISO, YMD'", "SET IntervalStyle = 'postgres'", "SET bytea_output = 'hex'",
    "SET extra_float_digits = 3", "SET lc_monetary = 'C'", "SET xmloption = 'content'", "SET search_path = ''",
    "SET row_security = off", "SET statement_timeout = 0", "SET idle_in_transaction_session_timeout = 0",
    "SET lock_timeout = 0", "SET synchronize_seqscans = off", "SET enable_sort = off",
    "SET jit = off",
)  # fmt: skip
_BEGIN = "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
_HINTS: Mapping[str, Hint] = {
    "smallint": "integer", "integer": "integer", "bigint": "integer", "oid": "integer", "real": "float",
    "double precision": "float", "date": "date", "uuid": "uuid", "bytea": "hex",
}  # fmt: skip


class PostgresDump:
    """See `headwater.engines.Dump`."""

    readers = 2

    def __init__(self, address: Address, seconds: float, session: PostgresSession) -> None:
        self._address, self._seconds, self._session = address, seconds, session
        self._lock = threading.Lock()
        self._idle: list[psycopg.Connection[Any]] = []
        self._all: list[psycopg.Connection[Any]] = []
        self._snapshot = ""
        self.product, self.schema = "", Schema()
        self.moment: Mapping[str, Any] = {}
        self.extras: Mapping[str, Any] = {}
        self.notes: tuple[str, ...] = ()
        self.tables: tuple[DumpTable, ...] = ()

    async def open(self) -> None:
        """Fix the moment and read everything but the rows."""
        await loading.run(self._session.connection, *SETTINGS, _BEGIN)
        moment = dict((await self._rows(queries.MOMENT))[0])
        self._snapshot, self.product = moment.pop("snapshot"), moment.pop("product")
        if moment.pop("told"):
            moment.update((await self._rows(queries.SYSTEM))[0])
        self.moment = moment
        self.schema = await inspect(self._session)
        known = {(row["schema"], row["name"]): row for row in await self._rows(queries.DUMPED)}
        self.tables = tuple(
            _table(one.schema, one.name, known[one.schema, one.name])
            for one in self.schema
            if (one.schema, one.name) in known
        )
        self.extras = {
            "sequences": [
                (row["schema"], row["name"], row["value"], row["called"]) for row in await self._rows(queries.COUNTS)
            ],
            "extensions": {row["name"]: row["version"] for row in await self._rows(queries.VERSIONS)},
            "comments": [row["statement"] for row in await self._rows(rights.COMMENTS)],
            "owners": [(row["role"], row["statement"]) for row in await self._rows(rights.OWNERS)],
            "grants": [(row["role"], row["statement"]) for row in await self._rows(rights.GRANTS)],
            "defaults": [(row["owner"], row["role"], row["statement"]) for row in await self._rows(rights.DEFAULTS)],
        }
        large = (await self._rows(objects.THERE))[0]
        self.tables += (objects.table(large["readable"]),) if large["readable"] else ()
        self.notes = tuple(row["note"] for row in await self._rows(queries.LEFT_OUT))
        if large["hidden"]:
            self.notes += (f"{large['hidden']} large objects may not be read, and are not in the snapshot.",)

    def read(self, table: DumpTable) -> Iterator[Batch]:
        """Give the rows of a table; see `headwater.engines.Dump`."""
        statement = objects.COPY_OUT if objects.holds(table) else copy_out(table)
        return self._copied(statement, len(table.columns))

    def follows(self, table: DumpTable, then: Then) -> bool:
        """See `headwater.engines.Follows`."""
        return following.comparable(self.product, dict(self.moment), table, then)

    def count(self, table: DumpTable, then: Then) -> tuple[int, int]:
        """See `headwater.engines.Follows`."""
        ((pages, version),) = self._asked(following.size(table))
        parts = following.halves(int(pages), int(version))
        queries = [following.counting(table, following.is_new(then), part) for part in parts]
        with ThreadPoolExecutor(len(parts), thread_name_prefix="snapshot-count") as threads:
            found = [row for (row,) in threads.map(self._asked, queries)]
        new = sum(int(row[0]) for row in found)
        return new, sum(int(row[1]) for row in found) - new

    def changed(self, table: DumpTable, then: Then, firsts: Sequence[Key]) -> Iterator[tuple[Any, Batch]]:
        """See `headwater.engines.Follows`."""
        yield from self._numbered(
            following.changed_rows(table, following.is_new(then), firsts), [column.name for column in table.columns]
        )

    def unchanged(self, table: DumpTable, then: Then, firsts: Sequence[Key]) -> Mapping[int, int]:
        """See `headwater.engines.Follows`."""
        found = self._asked(following.old_by_range(table, following.is_new(then), firsts))
        return {int(place): int(count) for place, count in found}

    def keys(self, table: DumpTable, firsts: Sequence[Key], ranges: Sequence[int]) -> Iterator[tuple[Any, Batch]]:
        """See `headwater.engines.Follows`."""
        yield from self._numbered(following.keys_in(table, firsts, ranges), [str(place) for place in table.key])

    def between(self, table: DumpTable, low: Key | None, high: Key | None) -> Iterator[Batch]:
        """See `headwater.engines.Follows`."""
        return self._copied(copy_out(table, following.condition(table, low, high)), len(table.columns))

    def _numbered(self, statement: str, columns: Sequence[str]) -> Iterator[tuple[Any, Batch]]:
        for batch in self._copied(statement, 1 + len(columns)):
            numbers = batch.column(0).cast(pa.string()).cast(pa.int64()).to_numpy()
            rest = [batch.column(place) for place in range(1, batch.num_columns)]
            yield numbers, pa.RecordBatch.from_arrays(rest, [str(place) for place in range(len(rest))])

    def _asked(self, query: str) -> list[Sequence[Any]]:
        with self._connected() as connection:
            return connection.execute(query.encode()).fetchall()

    @contextlib.contextmanager
    def _connected(self) -> Iterator[psycopg.Connection[Any]]:
        """Give a connection that sees the moment; one on which something went wrong is not used again."""
        connection = self._reader()
        try:
            yield connection
        except psycopg.Error as error:
            connection.close()
            raise broken(error, 0, 0) from error
        except BaseException:
            connection.close()
            raise
        with self._lock:
            self._idle.append(connection)

    def _copied(self, statement: str, columns: int) -> Iterator[Batch]:
        with self._connected() as connection:
            yield from bulk.copied(connection, statement, columns)

    def _reader(self) -> psycopg.Connection[Any]:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        seen = f"SET TRANSACTION SNAPSHOT {literal(self._snapshot)}"
        connection = connected(self._address, self._seconds, (*SETTINGS, _BEGIN, seen))
        with self._lock:
            self._all.append(connection)
        return connection

    def cancel(self) -> None:
        """End what is being read."""
        with self._lock:
            for connection in self._all:
                with contextlib.suppress(psycopg.Error, OSError):
                    connection.cancel_safe(timeout=5)

    async def close(self) -> None:
        """Close all connections."""
        with self._lock:
            found, self._all, self._idle = self._all, [], []
        for connection in found:
            with contextlib.suppress(psycopg.Error, OSError):
                await asyncio.to_thread(connection.close)
        await self._session.close()

    async def _rows(self, query: str) -> list[dict[str, Any]]:
        listed = f"SELECT coalesce(json_agg(q), '[]')::text FROM ({query}) q"  # noqa: S608 (queries of ours)
        try:
            row = await (await self._session.connection.execute(listed.encode())).fetchone()
        except psycopg.Error as error:
            raise broken(error, 0, 0) from error
        found: list[dict[str, Any]] = msgspec.json.decode(row[0]) if row else []
        return found


async def opened(address: Address, seconds: float, session: Session) -> PostgresDump:
    """Return a dump over a session of ours, which it closes."""
    assert isinstance(session, PostgresSession)
    dump = PostgresDump(address, seconds, session)
    try:
        await dump.open()
    except BaseException:
        await dump.close()
        raise
    return dump


def _table(schema: str | None, name: str, row: Mapping[str, Any]) -> DumpTable:
    columns = tuple(DumpColumn(column, kind, hint(kind)) for column, kind in row["columns"])
    names = [column.name for column in columns]
    key = tuple(names.index(column) for column in row["key"] or ())
    facts = {"oid": row["oid"], "file": row["file"], "columns": row["numbers"], "heap": row["heap"]}
    return DumpTable(schema, name, columns, key, row["rows"], facts)


def hint(kind: str) -> Hint:
    """Return what the text of a type looks like."""
    if kind.startswith("timestamp"):
        return "timestamptz" if kind.endswith("with time zone") else "timestamp"
    return _HINTS.get(kind, "text")


def copy_out(table: DumpTable, condition: str = "true") -> str:
    """Return the statement that reads a table: only its own rows, not those of tables that inherit from it."""
    names = [quote(column.name) for column in table.columns]
    order = f" ORDER BY {', '.join(names[place] for place in table.key)}" if table.key else ""
    place = quote(table.schema, table.name)
    return f"COPY (SELECT {', '.join(names)} FROM ONLY {place} WHERE {condition}{order}) TO STDOUT"  # noqa: S608 (all quoted)
