"""Restores tables of a SQLite file in use, in one transaction.

Changes of the schema are part of a transaction in SQLite, so triggers are dropped and recreated in it. Foreign keys are
not enforced meanwhile, and are checked before its end.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from headwater.catalog.statements import Statement
from headwater.engines import (
    Address,
    Batch,
    InPlaceRestore,
    InPlaceRestoreSupport,
    Session,
    SnapshotTable,
    TableRestoreRequest,
    TableRestoreResult,
    When,
    dangling_reference_error,
)
from headwater.engines._removals import check_rows
from headwater.engines.sqlite import archive_plan, queries, schema_archive
from headwater.engines.sqlite.bulk_load import insert, value_of
from headwater.engines.sqlite.ddl import quote
from headwater.engines.sqlite.errors import refusal
from headwater.engines.sqlite.parser import content_of
from headwater.engines.sqlite.rows import batches as batches_of
from headwater.engines.sqlite.session import SqliteSession, connect
from headwater.engines.sqlite.stored_schema import free_rowid_name
from headwater.engines.sqlite.transfer import SqliteTransfer

_REMOVED = "headwater_removed"


class SqliteInPlaceRestore:
    """Restores tables of a database in use."""

    def __init__(self, session: SqliteSession) -> None:
        self._session = session

    def restore_tables(self, request: TableRestoreRequest) -> list[TableRestoreResult]:
        """Restore the tables in one transaction."""
        with self._session.our_own() as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
                results = _Work(connection, request).put()
                connection.execute("COMMIT")
                return results
            except sqlite3.Error as error:
                raise refusal(error, Statement("INSERT", 0), 0, read_only=False) from error
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def cancel(self) -> None:
        """Interrupt the restore."""
        self._session.connection.interrupt()

    async def close(self) -> None:
        """Close the session."""
        await self._session.close()


class _Work:
    """One restore within its transaction."""

    def __init__(self, connection: sqlite3.Connection, request: TableRestoreRequest) -> None:
        self._connection, self._request = connection, request

    def put(self) -> list[TableRestoreResult]:
        pre_data, post_data = self._missing()
        for statement in pre_data:
            self._connection.execute(statement)
        tables = [table for table, _ in self._request.tables]
        names = {table.name.lower() for table in tables}
        triggers = [row for row in self._rows(queries.TRIGGERS) if row[1].lower() in names]
        for name, _, _ in triggers:
            self._connection.execute(f"DROP TRIGGER {quote(name)}")
        virtual = {name.lower(): content_of(sql) for name, sql in self._rows(queries.VIRTUAL)}
        before = [self._count(table) for table in tables]
        if self._request.mode != "overwrite":
            self._read_back("before", virtual)
        for table, rows in zip(tables, self._request.removed, strict=False):
            self._remove(table, rows)
        given = [self._fill(table, batches, virtual) for table, batches in self._request.tables]
        for name, content in virtual.items():
            if content and {name, content.lower()} & names:
                self._connection.execute(f"INSERT INTO {quote(name)} ({quote(name)}) VALUES ('rebuild')")  # noqa: S608
        counts = [self._count(table) for table in tables]
        self._read_back("after", virtual)
        self._go_on(tables)
        self._check_keys(names)
        for statement in (*post_data, *(sql for _, _, sql in triggers)):
            self._connection.execute(statement)
        missing = self._request.mode == "append_missing"
        return [
            TableRestoreResult(was, now - was if missing else rows, now)
            for was, rows, now in zip(before, given, counts, strict=True)
        ]

    def _missing(self) -> tuple[Sequence[str], Sequence[str]]:
        """Return the statements that create what is missing, before the rows and after them."""
        request = self._request
        if request.archive is None:
            return request.pre_data, request.post_data
        content = schema_archive.loaded(request.archive)
        existing = [str(name) for (name,) in self._rows(queries.EXISTING)]
        selection = archive_plan.additions(content, [name for _, name in request.missing], existing)
        for name in selection.parts_left_out:
            request.note(f"Left out, because it needs a table that does not exist: {name}.")
        new = selection.of("table")
        first = (*(item.sql for item in new), *archive_plan.configurations(content, new))
        return first, [item.sql for item in selection.of("index", "view", "trigger")]

    def _remove(self, table: SnapshotTable, batches: Iterable[Batch]) -> None:
        """Delete rows by their keys, once they are found to be as given."""
        names, places = [quote(column.name) for column in table.columns], list(table.key)
        key = ", ".join(names[place] for place in places)
        keys = replace(table, name=_REMOVED, schema=None, columns=tuple(table.columns[place] for place in places))
        condition = f"FROM {quote(table.name)} WHERE ({key}) IN (SELECT * FROM {_REMOVED})"  # noqa: S608 (quoted)
        for batch in batches:
            empty = f"SELECT {key} FROM {quote(table.name)} LIMIT 0"  # noqa: S608 (quoted)
            self._connection.execute(f"CREATE TEMPORARY TABLE {_REMOVED} AS {empty}")
            insert(self._connection, keys, [batch.select(places)])
            check_rows(table, batch, batches_of(self._connection, names, condition))
            self._connection.execute(f"DELETE {condition}")
            self._connection.execute(f"DROP TABLE temp.{_REMOVED}")

    def _fill(self, table: SnapshotTable, batches: Iterable[Batch], virtual: dict[str, str | None]) -> int:
        """Insert the rows of one table and return how many.

        The conflict clauses of constraints, which could silently replace or skip rows, are not applied. A search index
        over another table has no rows of its own: it is rebuilt from that table at the end.
        """
        if virtual.get(table.name.lower()):  # of a snapshot that was taken before indexes were stored as they are
            return sum(batch.num_rows for batch in batches)
        is_virtual, mode = table.name.lower() in virtual, self._request.mode
        if mode == "overwrite":
            self._connection.execute(f"DELETE FROM {quote(table.name)}")  # noqa: S608 (quoted)
        if mode == "append_missing" and is_virtual:
            batches = self._without_known(table, batches)
        fitted = self._fitted(table, virtual)
        if len(fitted.columns) < len(table.columns):
            batches = (batch.select(range(len(fitted.columns))) for batch in batches)
        tail = " ON CONFLICT DO NOTHING" if mode == "append_missing" and not is_virtual else ""
        return insert(self._connection, fitted, batches, "INSERT OR ABORT", tail)

    def _read_back(self, when: When, virtual: Mapping[str, str | None]) -> None:
        """Pass on the rows of the tables, in no order, but not those of search indexes over other tables."""
        read_back = self._request.read_back
        if read_back is None:
            return
        for table, _ in self._request.tables:
            if not virtual.get(table.name.lower()):
                fitted = replace(self._fitted(table, virtual), key=())
                names = [quote(column.name) for column in fitted.columns]
                rest = f"FROM {quote(table.name)} NOT INDEXED"
                read_back(fitted, when, batches_of(self._connection, names, rest))

    def _fitted(self, table: SnapshotTable, virtual: Mapping[str, str | None]) -> SnapshotTable:
        """Return a table as it takes rows: without rowids if they are added to others, or if it has none.

        Rows that are added to a table without an index of its own get new rowids: the old ones may have been given to
        other rows since.
        """
        *others, last = table.columns
        columns = tuple(others)
        if not last.hidden:
            return table
        names = [str(name) for (name,) in self._rows("SELECT name FROM pragma_table_xinfo(?)", (table.name,))]
        ((without_rowid,),) = self._rows("SELECT wr FROM pragma_table_list(?) WHERE schema = 'main'", (table.name,))
        rowid = free_rowid_name(names)
        keeps_rowids = self._request.mode == "overwrite" or table.name.lower() in virtual
        if keeps_rowids and rowid and not without_rowid:
            return replace(table, columns=(*columns, replace(last, name=rowid)))
        return replace(table, columns=columns)

    def _without_known(self, table: SnapshotTable, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Yield the rows of a virtual table whose rowid it does not have."""
        if not table.key:
            yield from batches
            return
        name = quote(table.columns[table.key[0]].name)
        query = f"SELECT 1 FROM {quote(table.name)} WHERE {name} = ?"  # noqa: S608 (quoted)
        for batch in batches:
            rowids = map(value_of, batch.column(table.key[0]).to_pylist())
            yield batch.filter(pa.array([not self._rows(query, (rowid,)) for rowid in rowids], pa.bool_()))

    def _go_on(self, tables: Sequence[SnapshotTable]) -> None:
        """Set counters past those of the snapshot, and never backwards."""
        names = {name for (name,) in self._rows(queries.COUNTING)} & {table.name for table in tables}
        for name, value in self._request.extras.get("counters", ()):
            if name in names:
                self._connection.execute(queries.COUNT_ON, (int(value), name))
                self._connection.execute(queries.COUNT_FROM, (name, int(value), name))

    def _check_keys(self, names: set[str]) -> None:
        """Check the foreign keys of the tables, and those that refer to them."""
        for child, parent in self._rows(queries.REFERENCES):
            if not {child.lower(), parent.lower()} & names:
                continue
            for table, key in self._rows(queries.BROKEN_KEYS, (child, parent)):
                raise dangling_reference_error(table, parent, key)

    def _count(self, table: SnapshotTable) -> int:
        ((count,),) = self._rows(f"SELECT count(*) FROM {quote(table.name)}")  # noqa: S608 (quoted)
        return int(count)

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        return self._connection.execute(query, values).fetchall()


async def open_restore(session: Session) -> SqliteInPlaceRestore:
    """Return an in-place restore over a new session, which it closes."""
    assert isinstance(session, SqliteSession)
    await SqliteTransfer(session).begin_load()
    return SqliteInPlaceRestore(session)


class SqliteInPlaceRestores(InPlaceRestoreSupport):
    """Opens databases for in-place restores."""

    removes_rows = True

    async def open(self, address: Address, *, seconds: float = 15.0) -> InPlaceRestore:
        return await open_restore(await connect(address, seconds=seconds))
