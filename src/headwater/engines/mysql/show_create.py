"""Reads the server's own CREATE statement of every object of a database: what a snapshot holds of its schema."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import pymysql
from pymysql.cursors import DictCursor

from headwater.catalog.model import Schema
from headwater.engines import SchemaArchive
from headwater.engines.mysql import queries, triggers
from headwater.engines.mysql.ddl import quote
from headwater.engines.mysql.schema_archive import (
    Kind,
    MysqlObject,
    MysqlSchema,
    dumped,
    in_order,
    names_database,
    text_of,
    trigger_body,
    without_counter,
    without_database,
)
from headwater.engines.mysql.session import MysqlSession

# Texts are read as they are stored: what the server would convert to UTF-8 is not always valid afterwards.
_AS_STORED = "SET SESSION character_set_results = binary"
_AS_UTF8 = "SET SESSION character_set_results = utf8mb4"
# Codes of errors about a view, routine, trigger and event that was dropped meanwhile.
_GONE = frozenset({1146, 1305, 1360, 1539})
_ROUTINES: Mapping[str, Kind] = {
    "FUNCTION": "function",
    "PROCEDURE": "procedure",
    "PACKAGE": "package",
    "PACKAGE BODY": "package body",
}
# Where the result of SHOW CREATE has the statement.
_STATEMENTS: Mapping[Kind, str] = {"sequence": "create table", "trigger": "sql original statement"}


async def read(session: MysqlSession, schema: Schema) -> SchemaArchive:
    """Read the CREATE statements in the session's transaction; `schema` was inspected in it.

    The server does not keep earlier versions of a definition, but it waits with changes of tables that the transaction
    has read; everything is read at its beginning.
    """
    rows = {
        name: await session.ask(getattr(queries, name))
        for name in ("SCHEMA", "TABLES", "TRIGGERS", "ROUTINES", "EVENTS", "SHOWN_TO")
    }
    broken = {relation.name for relation in schema if relation.kind == "view" and not relation.columns}
    return await session.worker.call(lambda: _Reading(session.connection, session.database, rows, broken).archive())


class _Reading:
    """One run over all objects."""

    def __init__(
        self, connection: Any, database: str, rows: Mapping[str, list[dict[str, Any]]], broken: Collection[str]
    ) -> None:
        self._connection, self._database, self._rows, self._broken = connection, database.encode(), rows, broken
        self._notes: list[str] = []
        held = {row["privilege_type"] for row in rows["SHOWN_TO"]}
        for privilege in ("TRIGGER", "EVENT"):
            if privilege not in held:
                self._notes.append(
                    f"Without the privilege {privilege}, this user may not see all {privilege.lower()}s: "
                    "the snapshot may lack some."
                )

    def archive(self) -> SchemaArchive:
        """Return the archive, and sentences about what it lacks."""
        self._connection.query(_AS_STORED)
        try:
            objects = (*self._tables(), *self._routines(), *in_order(list(self._views())), *self._triggers())
            events = tuple(self._events())
        finally:
            self._connection.query(_AS_UTF8)
        (schema,) = self._rows["SCHEMA"] or [{"default_collation_name": ""}]
        content = MysqlSchema(schema["default_collation_name"], (*objects, *events))
        return SchemaArchive(dumped(content), tuple(self._notes))

    def _tables(self) -> Iterator[MysqlObject]:
        """Yield the sequences, which defaults use, and the tables."""
        for row in sorted(self._rows["TABLES"], key=lambda row: row["table_type"] != "SEQUENCE"):
            if row["table_type"] == "VIEW":
                continue
            kind: Kind = "sequence" if row["table_type"] == "SEQUENCE" else "table"
            text, _ = self._show(kind, row["table_name"])
            if text:
                yield MysqlObject(
                    kind, row["table_name"], text_of(without_counter(without_database(text, self._database)))
                )

    def _views(self) -> Iterator[MysqlObject]:
        for row in self._rows["TABLES"]:
            if row["table_type"] != "VIEW":
                continue
            text, given = self._show("view", row["table_name"])
            valid = row["table_name"] not in self._broken
            if not valid:
                self._notes.append(
                    f"The view {row['table_name']} refers to something that does not exist or may not be used. "
                    "A restore may have to leave it out."
                )
            if text:
                yield MysqlObject(
                    "view",
                    row["table_name"],
                    text_of(without_database(text, self._database)),
                    character_set=given["character_set_client"],
                    collation=given["collation_connection"],
                    valid=valid,
                )

    def _routines(self) -> Iterator[MysqlObject]:
        order = list(_ROUTINES)
        for row in sorted(self._rows["ROUTINES"], key=lambda row: order.index(row["routine_type"])):
            text, given = self._show(_ROUTINES[row["routine_type"]], row["routine_name"])
            if text:
                yield _with_settings(_ROUTINES[row["routine_type"]], row["routine_name"], text, given)

    def _triggers(self) -> Iterator[MysqlObject]:
        """Yield the triggers in the order in which they fire, which is that of their creation."""
        for row in self._rows["TRIGGERS"]:
            text, given = self._show("trigger", row["trigger_name"])
            if text:
                body = triggers.without_check(trigger_body(text))
                yield _with_settings(
                    "trigger",
                    row["trigger_name"],
                    triggers.head(row).encode() + b" " + body,
                    given,
                    table=row["event_object_table"],
                )

    def _events(self) -> Iterator[MysqlObject]:
        for row in self._rows["EVENTS"]:
            text, given = self._show("event", row["event_name"])
            if text:
                yield _with_settings(
                    "event", row["event_name"], text, given, time_zone=given["time_zone"], altered=int(row["altered"])
                )

    def _show(self, kind: Kind, name: str) -> tuple[bytes | None, dict[str, str]]:
        """Return the statement of an object and its settings; None if it may not be read, which is noted."""
        try:
            with self._connection.cursor(DictCursor) as cursor:
                cursor.execute(f"SHOW CREATE {kind.upper()} {quote(name)}")
                row = {key.lower(): value for key, value in cursor.fetchone().items()}
        except pymysql.Error as error:
            code, reason = error.args[0], error.args[-1]
            if kind in {"table", "sequence"} or not isinstance(code, int) or code >= 2000:
                raise
            if code not in _GONE:
                self._notes.append(f"The snapshot does not contain the {kind} {name}: {reason}.")
            return None, {}
        text = row.pop(_STATEMENTS.get(kind, f"create {kind}"))
        if text is None:
            self._notes.append(f"The snapshot does not contain the {kind} {name}: this user may not see its text.")
            return None, {}
        data = text if isinstance(text, bytes) else text.encode()
        self._note_database(kind, name, data)
        return data, {key: _plain(value) for key, value in row.items()}

    def _note_database(self, kind: Kind, name: str, text: bytes) -> None:
        """Note code that names its own database, which tables and views do not need."""
        body = trigger_body(text) if kind == "trigger" else text
        if kind not in {"table", "view", "sequence"} and names_database(body, self._database):
            self._notes.append(
                f"The {kind} {name} names the database {self._database.decode()} in its text. Restored into another "
                "database, it still uses that one."
            )


def _plain(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _with_settings(kind: Kind, name: str, text: bytes, given: Mapping[str, str], **more: Any) -> MysqlObject:
    return MysqlObject(
        kind,
        name,
        text_of(text),
        sql_mode=given["sql_mode"],
        character_set=given["character_set_client"],
        collation=given["collation_connection"],
        database_collation=given["database collation"],
        **more,
    )
