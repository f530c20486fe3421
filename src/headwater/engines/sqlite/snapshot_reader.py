"""Reads a consistent SQLite snapshot: one read transaction, in which every value keeps its storage class.

The text of a value encodes its class: integers as written, `rx` and 16 hexadecimal digits for the bits of a real
number, `'` before text, `b` before a blob. So 1 and 1.0, or a text of digits and a number, are restored as what they
were.
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from headwater.catalog.model import Schema
from headwater.catalog.statements import Statement
from headwater.engines import Address, Batch, SchemaArchiver, Session, SnapshotTable
from headwater.engines._archives import ReadSchemaArchiver
from headwater.engines.sqlite import archive_objects, rows, stored_schema
from headwater.engines.sqlite.ddl import quote
from headwater.engines.sqlite.errors import refusal
from headwater.engines.sqlite.inspect import inspect
from headwater.engines.sqlite.session import SqliteSession
from headwater.engines.sqlite.transfer import SqliteTransfer

Connects: TypeAlias = Callable[[Address], Awaitable[Session]]


class SqliteSnapshotReader:
    """A consistent snapshot of a database, open for reading."""

    max_readers = 1
    change_tracking = None
    catch_up = None

    def __init__(self, session: SqliteSession, copy: Path | None) -> None:
        self._session, self._copy = session, copy
        self._one = threading.Lock()
        self.schema_archiver: SchemaArchiver | None = None
        self.product, self.schema = f"SQLite {sqlite3.sqlite_version}", Schema()
        self.moment: Mapping[str, Any] = {}
        self.extras: Mapping[str, Any] = {}
        self.notes: tuple[str, ...] = ()
        self.tables: tuple[SnapshotTable, ...] = ()

    async def open(self) -> None:
        """Begin the transaction, and read everything but the rows."""
        await SqliteTransfer(self._session).begin_read()
        self.schema = await inspect(self._session)
        archive = await stored_schema.read(self._session, self.schema)
        self.schema_archiver = ReadSchemaArchiver(archive, archive_objects.objects)
        self.tables = await stored_schema.tables(self._session, self.schema)
        settings = {
            name: (await self._session.ask(f"PRAGMA {name}"))[0][0] for name in ("user_version", "application_id")
        }
        rows = await self._session.ask("SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_sequence'")
        counters = await self._session.ask("SELECT name, seq FROM sqlite_sequence ORDER BY name") if rows[0][0] else []
        self.extras = {"settings": settings, "counters": [list(counter) for counter in counters]}
        ((version,),) = await self._session.ask("PRAGMA data_version")
        self.moment = {"data_version": version}

    def read(self, table: SnapshotTable) -> Iterator[Batch]:
        """Yield the rows of a table; one table at a time."""
        names = [quote(column.name) for column in table.columns]
        order = ", ".join(names[ordinal] for ordinal in table.key)
        rest = f"FROM {quote(table.name)} " + (f"ORDER BY {order}" if order else "NOT INDEXED")
        with self._one, self._session.our_own() as connection:
            try:
                yield from rows.batches(connection, names, rest)
            except sqlite3.Error as error:
                raise refusal(error, Statement(rest, 0), 0, read_only=True) from error

    def cancel(self) -> None:
        """Interrupt the read."""
        self._session.connection.interrupt()

    async def close(self) -> None:
        """Close the session, and with it the transaction."""
        await self._session.close()
        if self._copy:
            await asyncio.to_thread(shutil.rmtree, self._copy, ignore_errors=True)


async def open_reader(session: Session, connect: Connects) -> SqliteSnapshotReader:
    """Return a snapshot reader over a new session, which the reader closes.

    A file in WAL mode is read in one transaction, which does not block writers. In the other modes it would block them
    for the whole read; such a file is first copied, which is quick, and the copy is read.
    """
    assert isinstance(session, SqliteSession)
    copy = None
    try:
        if (await session.ask("PRAGMA journal_mode"))[0][0] != "wal":
            copy = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="headwater-snapshot-"))
            await session.copy(copy / "copy.db")
            await session.close()
            session = await connect(Address(path=copy / "copy.db"))
            assert isinstance(session, SqliteSession)
        dump = SqliteSnapshotReader(session, copy)
        await dump.open()
    except BaseException:
        await session.close()
        if copy:
            await asyncio.to_thread(shutil.rmtree, copy, ignore_errors=True)
        raise
    return dump
