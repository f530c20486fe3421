"""MySQL and MariaDB as source and target of bulk transfers: one consistent read, multi-row INSERTs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pymysql

from headwater.catalog.results import QueryError
from headwater.catalog.statements import Statement
from headwater.engines import STANDALONE_ROWS, Columns, Session, SqlTransfer
from headwater.engines.mysql import errors
from headwater.engines.mysql.session import DRIVER_ERRORS, MysqlSession

READING = (
    "SET SESSION time_zone = '+00:00'",
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
)
# A zero in an AUTO_INCREMENT column stays zero; backslashes in texts are not escapes.
LOADING = (
    "SET SESSION time_zone = '+00:00'",
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,NO_ZERO_DATE,NO_ZERO_IN_DATE'",
)
MOST = "SELECT @@max_allowed_packet AS bytes"  # the server's limit for one message
# The setting under which an object can be dropped: MariaDB before 11 parses packages in the mode ORACLE only.
_DROPPING = {"table": ("foreign_key_checks", "0"), "package": ("sql_mode", "'ORACLE'")}
_FLOAT = re.compile(r"float\b", re.IGNORECASE)
_PIECE = 512 * 1024


def inserts(
    table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], escape: Callable[[Any], str], most: int
) -> Iterator[str]:
    """Yield multi-row INSERTs, each well below the server's size limit, or with one larger row.

    Raises:
        QueryError: a single row has more than the `most` bytes that the server takes.
    """
    head = f"INSERT INTO {table} ({', '.join(columns)}) VALUES "  # noqa: S608
    held: list[str] = []
    size = 0
    for row in rows:
        line = "(" + ",".join(_constant(value, escape) for value in row) + ")"
        if len(line) * 4 + 1000 > most and (bytes_ := len(line.encode()) + len(head) + 100) > most:
            raise QueryError(
                f"A row needs {bytes_:,} bytes as a statement, but the server accepts at most {most:,}.",
                hint="Raise max_allowed_packet on the server and connect again.",
            )
        if held and size + len(line) > _PIECE:
            yield head + ",".join(held)
            held, size = [], 0
        held.append(line)
        size += len(line)
    if held:
        yield head + ",".join(held)


def _constant(value: Any, escape: Callable[[Any], str]) -> str:
    match value:
        case None:
            return "NULL"
        case bool():
            return "1" if value else "0"
        case int():
            return str(value)
        case float():
            return (
                f"{value!r}e0"
                if "e" not in repr(value) and value == value and abs(value) != float("inf")
                else repr(value)
            )
        case bytes():
            return f"x'{value.hex()}'"
        case _:
            return escape(value)


class MysqlTransfer(SqlTransfer):
    """A session that is read from or loaded."""

    def __init__(self, session: Session) -> None:
        assert isinstance(session, MysqlSession)
        self.session: MysqlSession = session

    async def begin_read(self) -> None:
        for statement in READING:
            await self.session.ask(statement)

    def select_expression(self, column: str, type_: str) -> str:
        # The server shows a FLOAT with six digits; cast to DOUBLE it has all digits.
        return f"({column} * 1e0) AS {column}" if _FLOAT.match(type_) else column

    async def begin_load(self) -> None:
        for statement in LOADING:
            await self.session.ask(statement)
        self.session.max_packet = int((await self.session.ask(MOST))[0]["bytes"])

    async def load(self, table: str, columns: Columns, rows: Sequence[Sequence[Any]]) -> None:
        try:
            await self.session.worker.call(lambda: self._insert(table, [name for name, _ in columns], rows))
        except DRIVER_ERRORS as error:
            raise errors.refusal(error, Statement("INSERT", 0), 0) from error

    def _insert(self, table: str, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows in a transaction, or after a savepoint of the open transaction."""
        connection, savepoint = self.session.connection, "SAVEPOINT headwater_load"
        with connection.cursor() as cursor:
            began = not self.session.in_transaction
            cursor.execute("BEGIN" if began else savepoint)
            try:
                for statement in inserts(table, names, rows, connection.escape, self.session.max_packet):
                    cursor.execute(statement)
            except (pymysql.Error, QueryError):
                cursor.execute("ROLLBACK" if began else f"ROLLBACK TO {savepoint}")
                raise
            cursor.execute("COMMIT" if began else f"RELEASE {savepoint}")

    async def finish_load(self, counters: Sequence[tuple[str, str]]) -> None:
        """Do nothing: AUTO_INCREMENT continues by itself."""

    async def drop(self, kind: str, name: str) -> None:
        """Drop an object; tables also if others refer to them, and routines of both kinds if the kind is not known."""
        if kind == STANDALONE_ROWS:  # dropped with the table whose history they are
            return
        setting, value = _DROPPING.get(kind, ("foreign_key_checks", "@@foreign_key_checks"))
        await self.session.ask(f"SET @headwater_setting = @@{setting}, SESSION {setting} = {value}")
        try:
            for word in ("function", "procedure") if kind == "routine" else (kind,):
                await super().drop(word, name)
        finally:
            await self.session.ask(f"SET SESSION {setting} = @headwater_setting")
