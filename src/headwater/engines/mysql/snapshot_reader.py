"""Reads a consistent MySQL or MariaDB snapshot: one consistent-snapshot transaction of InnoDB.

The server concatenates each row to one text, so that values need not be parsed one by one: text is escaped as in
PostgreSQL's COPY, bytes are hexadecimal digits, and a FLOAT has all digits of a DOUBLE.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pymysql

from headwater.catalog.model import Relation, Schema
from headwater.catalog.statements import Statement
from headwater.engines import Batch, Hint, SchemaArchiver, Session, SnapshotColumn, SnapshotTable
from headwater.engines import _copy_text as fields
from headwater.engines._archives import ReadSchemaArchiver
from headwater.engines.mysql import archive_objects, errors, history, packets, queries, show_create
from headwater.engines.mysql import attributes as a
from headwater.engines.mysql.ddl import quote
from headwater.engines.mysql.history import Period
from headwater.engines.mysql.inspect import inspect
from headwater.engines.mysql.session import MysqlSession

# `sql_mode` determines what backslashes mean in our own statements; zero dates are read unchanged in any mode.
SETTINGS = (
    "SET SESSION sql_mode = ''",
    "SET NAMES utf8mb4",
    "SET SESSION time_zone = '+00:00'",
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "SET SESSION net_write_timeout = 3600",
    "SET SESSION sql_quote_show_create = 1",
)
_BEGIN = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"
_KINDS: tuple[tuple[re.Pattern[str], Hint], ...] = (
    (re.compile(r"(tiny|small|medium|big)?int|bit\b|year"), "integer"),
    (re.compile(r"float|double|real"), "float"),
    (re.compile(r"date$"), "date"),
    (re.compile(r"datetime|timestamp"), "timestamp"),
    (re.compile(r"uuid"), "uuid"),
    (re.compile(r"(var)?binary|(tiny|medium|long)?blob|(multi)?(point|linestring|polygon)|geom|vector"), "hex"),
)
_UNESCAPED = re.compile(r"(tiny|small|medium|big)?int|bit\b|year|float|double|real|decimal|numeric|date|time|uuid|inet")


class MysqlSnapshotReader:
    """A consistent snapshot of a database, open for reading."""

    max_readers = 1
    change_tracking = None
    catch_up = None

    def __init__(self, session: MysqlSession) -> None:
        self._session = session
        self._one = threading.Lock()
        self.schema_archiver: SchemaArchiver | None = None
        self.product, self.schema = "", Schema()
        self.moment: Mapping[str, Any] = {}
        self.extras: Mapping[str, Any] = {}
        self.notes: tuple[str, ...] = ()
        self.tables: tuple[SnapshotTable, ...] = ()

    async def open(self) -> None:
        """Begin the transaction and read everything but the rows."""
        ask = self._session.ask
        for statement in (*SETTINGS, _BEGIN):
            await ask(statement)
        ((version,),) = [row.values() for row in await ask("SELECT VERSION() AS version")]
        self.product = f"{'MariaDB' if self._session.mariadb else 'MySQL'} {version}"
        self.moment = {row["variable_name"]: row["value"] for row in await ask(queries.POSITION)}
        self.schema = await inspect(self._session)
        archive = await show_create.read(self._session, self.schema)
        self.schema_archiver = ReadSchemaArchiver(archive, archive_objects.objects, archive_objects.are_equivalent)
        tables = [relation for relation in self.schema if relation.kind == "table"]
        periods = {
            str(row["table_name"]): Period(str(row["row_start"]), str(row["row_end"]), row["period"] == "timestamp")
            for row in await ask(history.VERSIONED)
        }
        if not await ask(history.SUPPORTED):  # it could not be restored into a server of the same version
            periods = {name: replace(period, timed=False) for name, period in periods.items()}
        self.tables = tuple(_tables(tables, periods))
        self.notes = tuple(_notes(tables, [name for name, period in periods.items() if not period.timed]))
        generators = {}
        for sequence in self.schema.sequences:
            (row,) = await ask(f"SELECT next_not_cached_value, cycle_count FROM {quote(sequence.name)}")  # noqa: S608
            generators[sequence.name] = [int(row["next_not_cached_value"]), int(row["cycle_count"])]
        counters = [[row["table_name"], int(row["auto_increment"])] for row in await ask(queries.COUNTERS)]
        self.extras = {"counters": counters, "generators": generators}

    def read(self, table: SnapshotTable) -> Iterator[Batch]:
        """Yield the rows of a table; one table at a time."""
        with self._one:
            try:
                yield from rows(self._session.connection, table)
            except pymysql.Error as error:
                raise errors.refusal(error, Statement(select(table), 0), 0) from error

    def cancel(self) -> None:
        """Interrupt the read."""
        self._session.connection._force_close()

    async def close(self) -> None:
        """Close the session, and with it the transaction."""
        await self._session.close()


async def open_reader(session: Session) -> MysqlSnapshotReader:
    """Return a snapshot reader over a new session, which the reader closes."""
    assert isinstance(session, MysqlSession)
    dump = MysqlSnapshotReader(session)
    try:
        await dump.open()
    except BaseException:
        await dump.close()
        raise
    return dump


def _tables(relations: Sequence[Relation], periods: Mapping[str, Period]) -> Iterator[SnapshotTable]:
    """Yield the tables, each versioned one with the table of its history."""
    for relation in relations:
        table, period = _table(relation), periods.get(relation.name)
        yield from history.with_history(table, period) if period and period.timed else (table,)


def _notes(tables: Sequence[Relation], versioned: Sequence[str]) -> Iterator[str]:
    """Yield what the rows of a snapshot lack."""
    if loose := [table.name for table in tables if (a.get(table.attrs, a.ENGINE) or "InnoDB") != "InnoDB"]:
        yield f"Not consistent, because their storage engines have no transactions: {', '.join(loose)}."
    if versioned:
        yield (
            "The history of system-versioned tables is not in the snapshot, only their current rows: "
            f"{', '.join(versioned)}."
        )


def _table(relation: Relation) -> SnapshotTable:
    columns = tuple(
        SnapshotColumn(column.name, column.type or "", hint(column.type or ""))
        for column in relation.columns
        if not column.generated
    )
    names = [column.name for column in columns]
    keyed = relation.primary_key and set(relation.primary_key) <= set(names)
    return SnapshotTable(
        None, relation.name, columns, tuple(map(names.index, relation.primary_key)) if keyed else (), relation.rows
    )


def hint(kind: str) -> Hint:
    """Return the hint for a type: what its texts look like."""
    return next((hint_ for pattern, hint_ in _KINDS if pattern.match(kind.lower())), "text")


def rows(connection: Any, table: SnapshotTable, condition: bytes = b"") -> Iterator[Batch]:
    """Yield the rows of a table, or those that meet a condition.

    The time zone of the connection is UTC, and its `sql_mode` keeps backslashes.

    Raises:
        pymysql.Error: what the server answered.
    """
    query: str | bytes = select(table)
    if condition:
        query = select(table).encode() + b" WHERE " + condition
    for data, starts in packets.rows(connection, query):
        yield fields.split_rows(data, starts, len(table.columns))


def select(table: SnapshotTable) -> str:
    """Return the query that gives each row as one text."""
    parts = ", ".join(text_expression(column) for column in table.columns)
    order = ", ".join(quote(table.columns[ordinal].name) for ordinal in table.key)
    text = f"CONCAT(CONCAT_WS('\\t', {parts}), '\\n')"
    return f"SELECT {text} FROM {history.source_of(table)}" + (f" ORDER BY {order}" if order else "")  # noqa: S608


def text_expression(column: SnapshotColumn) -> str:
    """Return the expression for the text of a value.

    A text that is too long for the server becomes NULL, which CONCAT_WS leaves out: the field is then missing instead
    of empty.
    """
    name, kind = quote(column.name), column.type.lower()
    if column.hint == "hex":
        text = f"LOWER(HEX({name}))"
    elif kind.startswith("bit"):
        text = f"{name} + 0"
    elif kind.startswith("float"):
        text = f"{name} * 1e0"
    elif _UNESCAPED.match(kind):
        text = name
    else:
        text = f"CAST(CONVERT({name} USING utf8mb4) AS BINARY)"  # searching bytes is many times faster
        for raw, escaped in (("\\\\", "\\\\\\\\"), ("\\t", "\\\\t"), ("\\n", "\\\\n")):
            text = f"REPLACE({text}, '{raw}', '{escaped}')"
    return f"IF({name} IS NULL, '\\\\N', {text})"
