"""Creates the schema of a snapshot from its archive, each object under the settings with which it was created."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import pymysql

from headwater.catalog.results import QueryError
from headwater.catalog.statements import Statement
from headwater.engines import ArchivePlan, ArchiveRefusal, ArchiveStatement
from headwater.engines._archives import RefusedStatements
from headwater.engines.mysql import archive_plan, errors, queries, schema_archive, script_rules
from headwater.engines.mysql.ddl import literal
from headwater.engines.mysql.schema_archive import MysqlObject, MysqlSchema
from headwater.kit.errors import HeadwaterError

# Definitions that the source has are accepted as they are: dates that are invalid today, and options of tables that
# InnoDB ignores. The server may not have a setting, or the user not the right to change it.
_LENIENT = (
    "SET SESSION innodb_strict_mode = 0",
    "SET SESSION sql_require_primary_key = 0",
    "SET SESSION sql_generate_invisible_primary_key = 0",
)
TABLES_MODE = "NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES"
_NO_PRIVILEGE = frozenset({1044, 1045, 1142, 1143, 1227, 1370, 1419, 1449})
_UNKNOWN_TIME_ZONE = 1298
# The settings of the loader's session, which loads the rows.
_BACK = ("SET NAMES utf8mb4", "SET SESSION time_zone = '+00:00'", "SET SESSION timestamp = DEFAULT")


def settings(item: MysqlObject) -> list[str]:
    """Return the statements that set what the meaning of an object's statement depends on."""
    if item.kind in {"table", "sequence", "database"}:
        return [f"SET SESSION sql_mode = '{TABLES_MODE}'"]
    parts = [f"SESSION sql_mode = {literal(item.sql_mode)}"]
    parts += [f"SESSION character_set_client = {literal(item.character_set)}"] if item.character_set else []
    parts += [f"SESSION collation_connection = {literal(item.collation)}"] if item.collation else []
    parts += [f"SESSION time_zone = {literal(item.time_zone)}"] if item.time_zone else []
    return [f"SET {', '.join(parts)}"]


class SchemaWriter:
    """Creates objects over a connection, whose settings are afterwards what they were."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def create(self, item: MysqlObject) -> list[str]:
        """Create an object; return sentences about what differs from the source. Blocks.

        Raises:
            pymysql.Error: the server refused.
        """
        mode, collation = self._value("@@sql_mode"), self._value("@@collation_database")
        other_default = item.database_collation and item.database_collation != collation
        try:
            with contextlib.suppress(pymysql.Error):
                if other_default:  # parameters of routines have it if they name no other
                    self._connection.query(f"ALTER DATABASE COLLATE {literal(item.database_collation)}")
            for statement in settings(item):
                self._connection.query(statement)
            if item.kind == "event" and item.altered is not None:
                # An event that has ended in the meantime would be dropped as soon as it is created.
                with contextlib.suppress(pymysql.Error):
                    self._connection.query(f"SET SESSION timestamp = {int(item.altered)}")
            return self._sent(item)
        finally:
            with contextlib.suppress(pymysql.Error):
                for statement in (*_BACK, f"SET SESSION sql_mode = {literal(mode)}"):
                    self._connection.query(statement)
            with contextlib.suppress(pymysql.Error):
                if other_default:
                    self._connection.query(f"ALTER DATABASE COLLATE {literal(collation)}")

    def prepare(self) -> None:
        """Prepare the session for definitions."""
        for statement in _LENIENT:
            with contextlib.suppress(pymysql.Error):
                self._connection.query(statement)

    def _sent(self, item: MysqlObject) -> list[str]:
        """Send the statement: as it is, or with what this server or this user allows instead."""
        try:
            self._connection.query(item.data)
            return []
        except pymysql.Error as error:
            first = error
        if first.args[0] in script_rules.NO_PRIVILEGE:
            head = script_rules.plain_head(item.text[:4000])
            changed, definer = script_rules.without_definer(item.data, head)
            if definer:
                self._connection.query(changed)
                account = definer.partition("=")[2].strip()
                return [f"The definer {account} of {item.display_name} was replaced by the current user."]
        if first.args[0] == script_rules.UNKNOWN_COLLATION:
            for changed, sentence in script_rules.other_collations(item.data):
                with contextlib.suppress(pymysql.Error):
                    self._connection.query(changed)
                    return [f"{item.display_name}: {sentence}"]
        raise first

    def _value(self, expression: str) -> str:
        with self._connection.cursor() as cursor:
            cursor.execute(f"SELECT {expression}")
            return str(cursor.fetchone()[0])


class MysqlArchiveRestore:
    """Creates the objects of an archive in a database."""

    def __init__(self, connection: Any, call: Callable[[Callable[[], Any]], Any]) -> None:
        self._connection, self._call = connection, call
        self._writer = SchemaWriter(connection)
        self._objects: Mapping[int, MysqlObject] = {}
        self._content = MysqlSchema("", ())
        self._refused = RefusedStatements()

    def plan(
        self, archive: bytes, extras: Mapping[str, Any], tables: Collection[tuple[str | None, str]]
    ) -> ArchivePlan:
        """Return the plan, compared with what the database has already."""
        with self._connection.cursor() as cursor:
            cursor.execute(queries.EXISTING)
            existing = [(str(kind), str(name)) for kind, name in cursor.fetchall()]
        content = schema_archive.loaded(archive)
        plan, self._objects = archive_plan.plan(content, extras, [name for _, name in tables], existing)
        self._writer.prepare()
        return plan

    async def check(self, plan: ArchivePlan) -> None:
        """Do nothing: a server of MySQL has no extensions."""

    async def unavailable(self, plan: ArchivePlan) -> Sequence[tuple[str, str]]:
        """Return nothing: a server of MySQL has no extensions."""
        return ()

    async def create(self, statement: ArchiveStatement) -> str | ArchiveRefusal | None:
        """Create an object, unless it needs one that was refused."""
        if refusal := self._refused.needed_by(statement):
            return refusal
        item = self._objects[statement.number]
        try:
            notes: list[str] = await self._call(lambda: self._writer.create(item))
        except pymysql.Error as error:
            reason = errors.refusal(error, Statement(item.text, 0), 0)
            if not isinstance(reason, QueryError) or reason.transient:
                raise reason from error
            unsupported = left_out_because(item, error)
            sentence = f"{unsupported} ({reason.message})" if unsupported else reason.message
            return self._refused.refuse(statement, sentence, supported=unsupported is None, hint=reason.hint)
        return " ".join(notes) or None


def left_out_because(item: MysqlObject, error: pymysql.Error) -> str | None:
    """Return why an object is left out after an error; None if the restore must end."""
    if item.kind in {"table", "sequence"} or error.args[0] in errors.GONE:
        return None
    if item.kind == "database":
        return "this server does not accept it"
    if error.args[0] in _NO_PRIVILEGE:
        return "this user may not create it"
    if error.args[0] == _UNKNOWN_TIME_ZONE:
        return "this server does not know its time zone"
    return None if item.valid else "it did not work in the database of the snapshot either"


def refused(item: MysqlObject, error: pymysql.Error) -> HeadwaterError:
    """Return the server's error, with the object that it is about."""
    reason = errors.refusal(error, Statement(item.text, 0), 0)
    if not isinstance(reason, QueryError):
        return reason
    return QueryError(
        f"The database refused to create {item.display_name}: {reason.message}",
        hint=reason.hint,
        sqlstate=reason.sqlstate,
        detail=reason.detail,
    )
