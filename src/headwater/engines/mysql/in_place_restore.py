"""Restores tables of a MySQL or MariaDB database in use, in one transaction of InnoDB.

Statements that change the schema would end the transaction, so missing tables, counters and triggers come before it.
Within it, existing rows are locked by counting them, rows are deleted and inserted, and the foreign keys, which are not
enforced meanwhile, are checked. See docs/decisions/0012.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

import pymysql

from headwater.catalog.results import QueryError
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
from headwater.engines.mysql import (
    archive_plan,
    bulk_load,
    errors,
    history,
    queries,
    schema_archive,
    snapshot_reader,
    transfer,
    triggers,
)
from headwater.engines.mysql.archive_restore import SchemaWriter, refused
from headwater.engines.mysql.connection import kill_query
from headwater.engines.mysql.ddl import quote
from headwater.engines.mysql.session import MysqlSession, connect
from headwater.kit.errors import HeadwaterError

# Duplicate keys must be detected although that costs time; lock waits are limited.
SETTINGS = (
    *bulk_load.SETTINGS,
    "SET SESSION unique_checks = 1",
    "SET SESSION net_write_timeout = 3600",
    "SET SESSION lock_wait_timeout = 10",
    "SET SESSION innodb_lock_wait_timeout = 30",
)
_AT_ONCE = 500  # rows that one condition names


class MysqlInPlaceRestore:
    """Restores tables of a database in use."""

    def __init__(self, to: Address, session: MysqlSession, most: int) -> None:
        self._to, self._session, self._most = to, session, most
        self._connection = session.connection
        self._lock, self._stoppable = threading.Lock(), False

    def restore_tables(self, request: TableRestoreRequest) -> list[TableRestoreResult]:
        """Restore the tables."""
        try:
            return self._put(request)
        except pymysql.Error as error:
            raise errors.refusal(error, Statement("INSERT", 0), 0) from error

    def _put(self, request: TableRestoreRequest) -> list[TableRestoreResult]:
        names = [table.name for table, _ in request.tables]
        if self._rows(queries.RESTORING) != [(1,)]:
            raise QueryError("Another restore into this database is running.", hint="Wait until it has finished.")
        self._check_engines(names)
        self._create(request)
        self._go_on(request)
        triggers_ = self._triggers(names)
        try:
            triggers.hold_off(self._connection, triggers_)
            return self._in_transaction(request)
        finally:
            with contextlib.suppress(pymysql.Error):
                triggers.put_back(self._connection, [str(row["event_object_table"]) for row in triggers_])

    def _create(self, request: TableRestoreRequest) -> None:
        """Create the missing tables, and what belongs to them and does not exist."""
        if request.archive is None:
            for statement in (*request.pre_data, *request.post_data):
                self._connection.query(statement)
            return
        existing = [(str(kind), str(name)) for kind, name in self._rows(queries.EXISTING)]
        writer = SchemaWriter(self._connection)
        writer.prepare()
        missing = [name for _, name in request.missing]
        selection = archive_plan.additions(schema_archive.loaded(request.archive), missing, existing)
        for name in selection.parts_left_out:
            request.note(f"Left out, because it needs a table that does not exist: {name}.")
        for item in selection.objects:
            try:
                notes = writer.create(item)
            except pymysql.Error as error:
                raise refused(item, error) from error
            for sentence in notes:
                request.note(sentence)

    def _check_engines(self, names: Sequence[str]) -> None:
        """Refuse tables without transactions: a failed restore could not be rolled back."""
        loose = [f"{name} ({engine})" for name, engine in self._rows(queries.LOOSE) if name in names]
        if loose:
            raise QueryError(
                f"These tables do not support transactions, so a restore could not be rolled back: {', '.join(loose)}.",
                hint="Restore into a new database, or change them first: ALTER TABLE … ENGINE = InnoDB.",
            )

    def _go_on(self, request: TableRestoreRequest) -> None:
        """Set counters past those of the snapshot, and never backwards."""
        names, there = {table.name for table, _ in request.tables}, dict(self._rows(queries.COUNTERS))
        for name, value in request.extras.get("counters", ()):
            if name in names and name in there and int(value) > int(there[name]):
                self._connection.query(f"ALTER TABLE {quote(name)} AUTO_INCREMENT = {int(value)}")
        generators = request.extras.get("generators", {})
        for (name,) in self._rows(queries.SEQUENCES):
            if name in generators:
                value, cycle = generators[name]
                self._rows(f"SELECT SETVAL({quote(name)}, {int(value)}, 0, {int(cycle)})")

    def _triggers(self, names: Sequence[str]) -> list[triggers.Row]:
        """Return the triggers of the tables, or refuse if they cannot be disabled.

        MySQL cannot replace a trigger atomically: a process that is killed in between would leave a table without it.
        """
        if self._session.mariadb:
            return triggers.put_back(self._connection, names)
        existing = triggers.of(self._connection, names)
        if not existing and self._rows(queries.MAKES_TRIGGERS):
            return []
        listed = ", ".join(f"{row['trigger_name']} of {row['event_object_table']}" for row in existing)
        raise QueryError(
            f"MySQL cannot disable triggers: {listed}."
            if existing
            else "Without the privilege TRIGGER, Headwater cannot see whether these tables have triggers.",
            hint="Restore into a new database, or choose tables without triggers."
            if existing
            else "Grant the privilege to the user.",
        )

    def _in_transaction(self, request: TableRestoreRequest) -> list[TableRestoreResult]:
        """Count, delete and insert rows, check the keys and count again, all or nothing."""
        try:
            with self._lock:
                self._stoppable = True
            self._connection.query(triggers.QUIET)
            self._connection.query("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
            self._connection.query("START TRANSACTION")
            done = self._moved(request)
            self._connection.query("COMMIT")
            return done
        finally:
            with self._lock:
                self._stoppable = False
            with contextlib.suppress(pymysql.Error):
                self._connection.query("DO 0")  # a late KILL hits the next statement
            with contextlib.suppress(pymysql.Error):
                self._connection.query("ROLLBACK")
                self._connection.query(triggers.LOUD)

    def _moved(self, request: TableRestoreRequest) -> list[TableRestoreResult]:
        tables = [table for table, _ in request.tables]
        before = [self._count(table, " FOR UPDATE") for table in tables]
        if request.mode != "overwrite":
            self._read_back(request, "before")
        if request.mode == "overwrite":
            for table in tables:
                self._connection.query(f"DELETE FROM {quote(table.name)}")  # noqa: S608 (quoted)
        for table, rows in zip(tables, request.removed, strict=False):
            self._remove(history.current(table), rows)
        given = []
        for table, batches in request.tables:
            missing = request.mode == "append_missing" and table.columns
            name = quote(table.columns[0].name) if missing else ""
            tail = f" ON DUPLICATE KEY UPDATE {name} = {name}" if missing else ""
            fitted, rows = history.fitted(table, batches)
            given.append(bulk_load.insert(self._connection, fitted, rows, self._most, tail.encode()))
        self._check_keys({table.name for table in tables})
        counts = [self._count(table) for table in tables]
        self._read_back(request, "after")
        return [
            TableRestoreResult(was, now - was if request.mode == "append_missing" else rows, now)
            for was, rows, now in zip(before, given, counts, strict=True)
        ]

    def _remove(self, table: SnapshotTable, batches: Iterable[Batch]) -> None:
        """Delete rows by their keys, once they are found to be as given."""
        key = [table.columns[place] for place in table.key]
        names = ", ".join(quote(column.name) for column in key)
        for batch in batches:
            for start in range(0, batch.num_rows, _AT_ONCE):
                piece = batch.slice(start, _AT_ONCE)
                values = b", ".join(bulk_load.constants(key, piece.select(list(table.key))))
                condition = f"({names}) IN (".encode() + values + b")"
                current = snapshot_reader.rows(self._connection, replace(table, key=()), condition)
                check_rows(table, piece, current)
                self._connection.query(f"DELETE FROM {quote(table.name)} WHERE ".encode() + condition)  # noqa: S608

    def _read_back(self, request: TableRestoreRequest, when: When) -> None:
        """Pass on the rows of the tables, in no order."""
        if request.read_back is None:
            return
        for table, _ in request.tables:
            unordered = replace(history.current(table), key=())
            request.read_back(unordered, when, snapshot_reader.rows(self._connection, unordered))

    def _check_keys(self, names: set[str]) -> None:
        """Check the foreign keys of the tables, and those that refer to them, also from other databases."""
        for key, child, parent, columns in self._keys():
            if not {child, parent} & {(self._session.database, name) for name in names}:
                continue
            given = " AND ".join(f"c.{quote(here)} IS NOT NULL" for here, _ in columns)
            same = " AND ".join(f"p.{quote(there)} = c.{quote(here)}" for here, there in columns)
            lost = (
                f"SELECT 1 FROM {quote(*child)} c WHERE {given} "  # noqa: S608 (quoted)
                f"AND NOT EXISTS (SELECT 1 FROM {quote(*parent)} p WHERE {same}) LIMIT 1"
            )
            if self._rows(lost):
                raise dangling_reference_error(child[1], parent[1], key)

    def _keys(self) -> Iterator[tuple[str, tuple[str, str], tuple[str, str], list[tuple[str, str]]]]:
        """Yield name, table, referenced table, and pairs of columns of every foreign key from and to the database."""
        for (key, *child), group in groupby(self._rows(queries.REFERENCES), lambda row: row[:3]):
            rows = list(group)
            yield key, (child[0], child[1]), (rows[0][4], rows[0][5]), [(row[3], row[6]) for row in rows]

    def _count(self, table: SnapshotTable, lock: str = "") -> int:
        ((count,),) = self._rows(f"SELECT count(*) FROM {quote(table.name)}{lock}")  # noqa: S608 (quoted)
        return int(count)

    def _rows(self, query: str) -> list[Any]:
        with self._connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    def cancel(self) -> None:
        """Interrupt the restore; the triggers are restored anyway."""
        with self._lock:
            if self._stoppable:
                with contextlib.suppress(HeadwaterError, pymysql.Error, OSError):
                    kill_query(self._to, self._connection.thread_id())

    async def close(self) -> None:
        """Close the session."""
        await self._session.close()


async def open_restore(to: Address, session: Session) -> MysqlInPlaceRestore:
    """Return an in-place restore over a new session, which it closes."""
    assert isinstance(session, MysqlSession)
    for statement in SETTINGS:
        await session.ask(statement)
    (most,) = await session.ask(transfer.MOST)
    return MysqlInPlaceRestore(to, session, int(most["bytes"]))


class MysqlInPlaceRestores(InPlaceRestoreSupport):
    """Opens databases for in-place restores."""

    removes_rows = True

    async def open(self, address: Address, *, seconds: float = 15.0) -> InPlaceRestore:
        return await open_restore(address, await connect(address, seconds=seconds))
