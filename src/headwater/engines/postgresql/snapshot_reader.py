"""Reads a consistent PostgreSQL snapshot: an exported snapshot that any number of connections read from.

Values are read in COPY's text format under fixed settings, as pg_dump does: the input function of every type reads back
the text of its output function without loss.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import msgspec
import psycopg

from headwater.catalog.model import Schema
from headwater.catalog.results import QueryError
from headwater.engines import (
    Address,
    Batch,
    ChangeTracking,
    Hint,
    SchemaArchive,
    SchemaArchiver,
    Session,
    SnapshotColumn,
    SnapshotTable,
)
from headwater.engines.postgresql import (
    archive_objects,
    copy_out,
    large_objects,
    own_search_path,
    privileges,
    queries,
    transfer,
)
from headwater.engines.postgresql.change_tracking import PostgresChangeTracking, copy_statement, names_objects
from headwater.engines.postgresql.connection import connect_sync
from headwater.engines.postgresql.ddl import literal, quote
from headwater.engines.postgresql.errors import error_from
from headwater.engines.postgresql.inspect import inspect
from headwater.engines.postgresql.pg_dump import SchemaDump
from headwater.engines.postgresql.session import PostgresSession
from headwater.kit.errors import Cancelled, HeadwaterError

# Settings that determine the format of values.
FORMAT = (
    "SET TimeZone = 'UTC'",
    "SET DateStyle = 'ISO, YMD'",
    "SET IntervalStyle = 'postgres'",
    "SET bytea_output = 'hex'",
    "SET extra_float_digits = 3",
    "SET lc_monetary = 'C'",
    "SET xmloption = 'content'",
    "SET search_path = ''",
)
# They also prevent timeouts and row filters.
SETTINGS = (
    *FORMAT,
    "SET row_security = off",
    "SET statement_timeout = 0",
    "SET idle_in_transaction_session_timeout = 0",
    "SET lock_timeout = 0",
    "SET synchronize_seqscans = off",
    "SET enable_sort = off",
    "SET jit = off",
)
_SEQUENCES_AT_ONCE = 200
_BEGIN = "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
_HINTS: Mapping[str, Hint] = {
    "smallint": "integer",
    "integer": "integer",
    "bigint": "integer",
    "oid": "integer",
    "real": "float",
    "double precision": "float",
    "date": "date",
    "uuid": "uuid",
    "bytea": "hex",
}


class PostgresSnapshotReader:
    """A consistent snapshot of a database, open for reading."""

    max_readers = 2
    catch_up = None

    def __init__(self, address: Address, seconds: float, session: PostgresSession) -> None:
        self._address, self._seconds, self._session = address, seconds, session
        self._lock = threading.Lock()
        self._idle: list[psycopg.Connection[Any]] = []
        self._all: list[psycopg.Connection[Any]] = []
        self._snapshot = ""
        self._dump: SchemaDump | None = None
        self.product, self.schema = "", Schema()
        self.moment: Mapping[str, Any] = {}
        self.extras: Mapping[str, Any] = {}
        self.notes: tuple[str, ...] = ()
        self.tables: tuple[SnapshotTable, ...] = ()

    async def open(self) -> None:
        """Export the snapshot and read everything but the rows."""
        await transfer.run_statements(self._session.connection, *SETTINGS, _BEGIN)
        moment = dict((await self._rows(queries.MOMENT))[0])
        self._snapshot, self.product = moment.pop("snapshot"), moment.pop("product")
        if moment.pop("told"):
            moment.update((await self._rows(queries.SYSTEM))[0])
        self.moment = moment
        self.schema = await inspect(self._session)
        known = {(row["schema"], row["name"]): row for row in await self._rows(queries.DUMPED)}
        self.tables = tuple(
            _table(relation.schema, relation.name, known[relation.schema, relation.name])
            for relation in self.schema
            if (relation.schema, relation.name) in known
        )
        self.extras = {
            "sequences": await self._sequence_values(),
            "populated": [(row["schema"], row["name"]) for row in await self._rows(queries.POPULATED)],
            "extensions": {row["name"]: row["version"] for row in await self._rows(queries.VERSIONS)},
            "comments": [row["statement"] for row in await self._rows(privileges.COMMENTS)],
            "owners": [(row["role"], row["statement"]) for row in await self._rows(privileges.OWNERS)],
            "grants": [(row["role"], row["statement"]) for row in await self._rows(privileges.GRANTS)],
            "defaults": [
                (row["owner"], row["role"], row["statement"]) for row in await self._rows(privileges.DEFAULTS)
            ],
        }
        large = (await self._rows(large_objects.THERE))[0]
        self.tables += (large_objects.table(large["readable"]),) if large["readable"] else ()
        self.notes = tuple(row["note"] for row in await self._rows(queries.LEFT_OUT))
        if large["hidden"]:
            self.notes += (
                f"{large['hidden']} large objects are not in the snapshot, because the role may not read them.",
            )

    async def _sequence_values(self) -> list[tuple[str, str, int, bool]]:
        """Return schema, name, value and whether `nextval` has returned that value already.

        Only the sequence itself says where it restarts if it has not been called since.
        """
        rows = await self._rows(queries.COUNTS)
        idle = [row for row in rows if not row["called"] and row["readable"]]
        for start in range(0, len(idle), _SEQUENCES_AT_ONCE):
            some = idle[start : start + _SEQUENCES_AT_ONCE]
            values = " UNION ALL ".join(
                f"SELECT {number} AS number, last_value FROM {quote(row['schema'], row['name'])}"  # noqa: S608 (quoted)
                for number, row in enumerate(some)
            )
            for value in await self._rows(values):
                some[value["number"]]["value"] = value["last_value"]
        return [(row["schema"], row["name"], row["value"], row["called"]) for row in rows]

    def read(self, table: SnapshotTable) -> Iterator[Batch]:
        """Yield the rows of a table."""
        statement = large_objects.COPY_OUT if large_objects.is_large_objects(table) else copy_statement(table)
        return self.copy(statement, len(table.columns), own_path=not names_objects(table))

    @property
    def schema_archiver(self) -> SchemaArchiver:
        return self

    def write(self) -> SchemaArchive:
        """Return the schema as pg_dump writes it for this snapshot; without pg_dump, say what is missing."""
        dump = SchemaDump(self._address, self._seconds)
        with self._lock:
            self._dump = dump
        try:
            return SchemaArchive(dump.run(f"--snapshot={self._snapshot}"))
        except Cancelled:
            raise
        except HeadwaterError as error:
            reason = f"pg_dump could not read the schema, so a restore creates less of it: {error.message}"
            return SchemaArchive(None, (reason, *(str(row[0]) for row in self.query(queries.UNARCHIVED))))

    def objects(
        self, archive: bytes, tables: Collection[tuple[str | None, str]] | None = None
    ) -> Mapping[tuple[str, str], str]:
        return archive_objects.objects(archive, tables)

    def are_equivalent(self, first: str, second: str) -> bool:
        return archive_objects.are_equivalent(first, second)

    @property
    def change_tracking(self) -> ChangeTracking:
        return PostgresChangeTracking(self.product, self.moment, self.query, self.copy)

    def query(self, query: str) -> list[Sequence[Any]]:
        """Return the rows of a query in the snapshot."""
        try:
            with self._connected() as connection:
                return connection.execute(query.encode()).fetchall()
        except QueryError as error:
            if error.sqlstate not in own_search_path.UNRESOLVED_STATES:
                raise
        with self._connected_with_own_path() as connection:
            return connection.execute(query.encode()).fetchall()

    @contextlib.contextmanager
    def _connected(self) -> Iterator[psycopg.Connection[Any]]:
        """Yield a connection that uses the snapshot; a connection on which an error occurred is not used again."""
        connection = self._reader()
        try:
            yield connection
        except psycopg.Error as error:
            connection.close()
            raise error_from(error, 0, 0) from error
        except BaseException:
            connection.close()
            raise
        with self._lock:
            self._idle.append(connection)

    def copy(self, statement: str, columns: int, *, own_path: bool = True) -> Iterator[Batch]:
        """Yield the output of a COPY in the snapshot.

        If a name is not found, and with `own_path`, it is run again with the search path of the database.
        """
        begun = False
        try:
            with self._connected() as connection:
                for batch in copy_out.copy_batches(connection, statement, columns):
                    begun = True
                    yield batch
            return
        except QueryError as error:
            if begun or not own_path or error.sqlstate not in own_search_path.UNRESOLVED_STATES:
                raise
        with self._connected_with_own_path() as connection:
            yield from copy_out.copy_batches(connection, statement, columns)

    @contextlib.contextmanager
    def _connected_with_own_path(self) -> Iterator[psycopg.Connection[Any]]:
        with self._connected() as connection:
            connection.execute(own_search_path.USE.encode())
            yield connection
            connection.execute(own_search_path.EMPTY.encode())

    def _reader(self) -> psycopg.Connection[Any]:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        seen = f"SET TRANSACTION SNAPSHOT {literal(self._snapshot)}"
        connection = connect_sync(self._address, self._seconds, (*SETTINGS, _BEGIN, seen))
        with self._lock:
            self._all.append(connection)
        return connection

    def cancel(self) -> None:
        """Interrupt the read."""
        with self._lock:
            if self._dump:
                self._dump.cancel()
            for connection in self._all:
                with contextlib.suppress(psycopg.Error, OSError):
                    connection.cancel_safe(timeout=5)

    async def close(self) -> None:
        """Close all connections."""
        with self._lock:
            connections, self._all, self._idle = self._all, [], []
        for connection in connections:
            with contextlib.suppress(psycopg.Error, OSError):
                await asyncio.to_thread(connection.close)
        await self._session.close()

    async def _rows(self, query: str) -> list[dict[str, Any]]:
        listed = f"SELECT coalesce(json_agg(q), '[]')::text FROM ({query}) q"  # noqa: S608 (queries of ours)
        try:
            row = await (await self._session.connection.execute(listed.encode())).fetchone()
        except psycopg.Error as error:
            raise error_from(error, 0, 0) from error
        rows: list[dict[str, Any]] = msgspec.json.decode(row[0]) if row else []
        return rows


async def open_reader(address: Address, seconds: float, session: Session) -> PostgresSnapshotReader:
    """Return a snapshot reader over a new session, which the reader closes."""
    assert isinstance(session, PostgresSession)
    dump = PostgresSnapshotReader(address, seconds, session)
    try:
        await dump.open()
    except BaseException:
        await dump.close()
        raise
    return dump


def _table(schema: str | None, name: str, row: Mapping[str, Any]) -> SnapshotTable:
    columns = tuple(SnapshotColumn(column, kind, hint(kind)) for column, kind in row["columns"])
    names = [column.name for column in columns]
    key = tuple(names.index(column) for column in row["key"] or ())
    facts = {"oid": row["oid"], "file": row["file"], "columns": row["numbers"], "heap": row["heap"]}
    return SnapshotTable(schema, name, columns, key, row["rows"], facts)


def hint(kind: str) -> Hint:
    """Return the hint for a type: what its texts look like."""
    if kind.startswith("timestamp"):
        return "timestamptz" if kind.endswith("with time zone") else "timestamp"
    return _HINTS.get(kind, "text")
