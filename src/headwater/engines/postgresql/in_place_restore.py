"""Restores tables of a PostgreSQL database in use, in one transaction on one connection.

Foreign keys to and from the tables are dropped and added again at the end, which checks them; user triggers are
disabled meanwhile. If anything fails, the rollback undoes all of that.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import psycopg

from headwater.engines import (
    Address,
    Batch,
    InPlaceRestore,
    InPlaceRestoreSupport,
    SnapshotTable,
    TableRestoreRequest,
    TableRestoreResult,
    When,
)
from headwater.engines._removals import check_rows
from headwater.engines.postgresql import own_search_path
from headwater.engines.postgresql.bulk_load import SETTINGS, copy_in_statement, counted, send_rows
from headwater.engines.postgresql.change_tracking import copy_statement, names_objects
from headwater.engines.postgresql.connection import connect_sync
from headwater.engines.postgresql.copy_out import copy_batches
from headwater.engines.postgresql.ddl import literal, quote
from headwater.engines.postgresql.errors import error_from
from headwater.engines.postgresql.snapshot_reader import FORMAT

_KEYS = """
SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
       format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint
WHERE contype = 'f' AND conparentid = 0
  AND (conrelid::regclass::text = ANY (%s) OR confrelid::regclass::text = ANY (%s))
ORDER BY conrelid::regclass::text, conname
"""
_THERE = "SELECT to_regclass(%s) IS NOT NULL"
_TRIGGERS = """
SELECT format('ALTER TABLE %%s DISABLE TRIGGER %%I', tgrelid::regclass, tgname),
       format('ALTER TABLE %%s ENABLE %%s TRIGGER %%I', tgrelid::regclass,
              CASE tgenabled WHEN 'A' THEN 'ALWAYS' WHEN 'R' THEN 'REPLICA' ELSE '' END, tgname)
FROM pg_trigger
WHERE NOT tgisinternal AND tgparentid = 0 AND tgenabled <> 'D' AND tgrelid::regclass::text = ANY (%s)
ORDER BY 1
"""


class PostgresInPlaceRestore:
    """Restores tables of a database in use."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def restore_tables(self, request: TableRestoreRequest) -> list[TableRestoreResult]:
        """Restore the tables in one transaction."""
        try:
            with self._connection.transaction():
                return self._put(request)
        except psycopg.Error as error:
            raise error_from(error, 0, 0) from error

    def _put(self, request: TableRestoreRequest) -> list[TableRestoreResult]:
        self._run(*request.pre_data)
        tables = [table for table, _ in request.tables]
        names = [self._name(table) for table in tables]
        if names:
            self._run(f"LOCK TABLE {', '.join(f'ONLY {name}' for name in names)} IN ACCESS EXCLUSIVE MODE")
        keys = self._connection.execute(_KEYS.encode(), (names, names)).fetchall()
        triggers = self._connection.execute(_TRIGGERS.encode(), (names,)).fetchall()
        self._run(*(row[0] for row in (*keys, *triggers)))
        before = [counted(self._connection, table) for table in tables]
        if request.mode != "overwrite":
            self._read_back(request, "before")
        if request.mode == "overwrite" and names:
            self._run(f"TRUNCATE {', '.join(f'ONLY {name}' for name in names)}")
        for table, batches in zip(tables, request.removed, strict=False):
            self._remove(table, batches)
        written = [self._fill(table, batches, request) for table, batches in request.tables]
        self._run(*(row[1] for row in (*keys, *triggers)), *request.post_data)
        for schema, name, value, called in request.extras.get("sequences", ()):
            there = self._connection.execute(_THERE.encode(), (quote(schema, name),)).fetchone()
            if there == (True,):
                self._run(_set(quote(schema, name), value, called))
        counts = [counted(self._connection, table) for table in tables]
        self._read_back(request, "after")
        return [TableRestoreResult(*numbers) for numbers in zip(before, written, counts, strict=True)]

    def _read_back(self, request: TableRestoreRequest, when: When) -> None:
        """Pass on the rows of the tables, in the format in which they were given and in no order."""
        if request.read_back is None:
            return
        self._run(*FORMAT)
        for table, _ in request.tables:
            statement = copy_statement(replace(table, key=()))
            self._run(own_search_path.EMPTY if names_objects(table) else own_search_path.USE)
            request.read_back(table, when, copy_batches(self._connection, statement, len(table.columns)))
        self._run(own_search_path.EMPTY)

    def _name(self, table: SnapshotTable) -> str:
        """Return a table in the spelling of `regclass`, for queries on the catalog."""
        table_name = literal(quote(table.schema, table.name))
        row = self._connection.execute(f"SELECT {table_name}::regclass::text".encode()).fetchone()
        return str(row[0]) if row else ""

    def _fill(self, table: SnapshotTable, batches: Iterable[Batch], request: TableRestoreRequest) -> int:
        if request.mode != "append_missing":
            return self._copy(copy_in_statement(table), batches)
        table_name, names = quote(table.schema, table.name), ", ".join(quote(column.name) for column in table.columns)
        empty = f"SELECT {names} FROM {table_name} WITH NO DATA"  # noqa: S608 (quoted)
        self._run(f"CREATE TEMPORARY TABLE headwater_missing ON COMMIT DROP AS {empty}")
        self._copy(f"COPY headwater_missing ({names}) FROM STDIN", batches)
        insert = (
            f"INSERT INTO {table_name} ({names}) OVERRIDING SYSTEM VALUE "  # noqa: S608 (quoted)
            f"SELECT {names} FROM headwater_missing ON CONFLICT DO NOTHING"
        )
        written = self._connection.execute(insert.encode()).rowcount
        self._run("DROP TABLE headwater_missing")
        return written

    def _remove(self, table: SnapshotTable, batches: Iterable[Batch]) -> None:
        """Delete rows by their keys, once they are found to be as given."""
        name, keys = quote(table.schema, table.name), [quote(table.columns[at].name) for at in table.key]
        listed, condition = ", ".join(keys), f"({', '.join(keys)}) IN (TABLE headwater_removed)"
        for batch in batches:
            self._run(f"CREATE TEMPORARY TABLE headwater_removed ON COMMIT DROP AS SELECT {listed} FROM {name} LIMIT 0")  # noqa: S608
            self._copy(f"COPY headwater_removed ({listed}) FROM STDIN", [batch.select(list(table.key))])
            self._run("ANALYZE headwater_removed")  # few rows are looked up by the index of the key
            self._run(*FORMAT, own_search_path.EMPTY if names_objects(table) else own_search_path.USE)
            statement = copy_statement(replace(table, key=()), condition)
            check_rows(table, batch, copy_batches(self._connection, statement, len(table.columns)))
            delete = f"DELETE FROM ONLY {name} WHERE {condition}"  # noqa: S608 (quoted)
            self._run(own_search_path.EMPTY, delete, "DROP TABLE headwater_removed")

    def _copy(self, statement: str, batches: Iterable[Batch]) -> int:
        with self._connection.cursor() as cursor:
            return send_rows(cursor, statement, batches)

    def _run(self, *statements: str) -> None:
        for statement in statements:
            self._connection.execute(statement.encode())

    def cancel(self) -> None:
        """Interrupt the restore."""
        with contextlib.suppress(psycopg.Error, OSError):
            self._connection.cancel_safe(timeout=5)

    async def close(self) -> None:
        """Close the connection."""
        with contextlib.suppress(psycopg.Error, OSError):
            await asyncio.to_thread(self._connection.close)


def _set(name: str, value: object, called: bool) -> str:
    """Return the statement that sets a sequence past a value, and never backwards."""
    further = f"CASE WHEN is_called THEN last_value ELSE last_value - 1 END < {int(str(value)) - (not called)}"
    done = "true" if called else "false"
    return f"SELECT setval({literal(name)}, {int(str(value))}, {done}) FROM {name} WHERE {further}"  # noqa: S608


async def open_restore(address: Address, seconds: float) -> PostgresInPlaceRestore:
    """Return an in-place restore over a new connection."""
    settings = (*SETTINGS, "SET search_path = ''")
    return PostgresInPlaceRestore(await asyncio.to_thread(connect_sync, address, seconds, settings))


class PostgresInPlaceRestores(InPlaceRestoreSupport):
    """Opens databases for in-place restores."""

    removes_rows = True

    async def open(self, address: Address, *, seconds: float = 15.0) -> InPlaceRestore:
        return await open_restore(address, seconds)
