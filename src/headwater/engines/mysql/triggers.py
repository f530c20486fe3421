"""Disables MariaDB triggers for the one session that restores; they still fire for all others.

A trigger cannot be disabled for one session. So each trigger of a table is replaced (atomically in MariaDB) by one that
first checks a session variable, and replaced back afterwards. A killed restore leaves triggers that work as before; the
next restore replaces them, and the added check is never shown to users.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any, TypeAlias

import pymysql
from pymysql.charset import charset_by_name
from pymysql.cursors import DictCursor

from headwater.catalog.results import QueryError
from headwater.engines.mysql import queries
from headwater.engines.mysql.ddl import literal, quote

Row: TypeAlias = Mapping[str, Any]
QUIET, LOUD = "SET @headwater_restores = 1", "SET @headwater_restores = NULL"
_BEFORE = "BEGIN IF @headwater_restores IS NULL THEN /* held off while Headwater restores */ "
_AFTER = "\n; END IF; END"
_TRIES, _WAITED = 6, 1205


def bare(statement: str) -> str:
    """Return the body of a trigger without the check that a restore has added."""
    held = statement.startswith(_BEFORE) and statement.endswith(_AFTER)
    return statement[len(_BEFORE) : -len(_AFTER)] if held else statement


def without_check(body: bytes) -> bytes:
    """Return the bytes of a body without the check that a restore has added."""
    return bare(body.decode("latin-1")).encode("latin-1")


def of(connection: Any, tables: Iterable[str]) -> list[Row]:
    """Return the triggers of some tables, in the order in which they fire."""
    names = {name.lower() for name in tables}
    with connection.cursor(DictCursor) as cursor:
        cursor.execute(queries.TRIGGERS)
        rows = [{name.lower(): value for name, value in row.items()} for row in cursor.fetchall()]
    return [row for row in rows if str(row["event_object_table"]).lower() in names]


def hold_off(connection: Any, rows: Iterable[Row]) -> None:
    """Disable triggers in sessions that set `QUIET`.

    Raises:
        QueryError: the user may not make them as they are.
    """
    for row, order in _placed(rows):
        try:
            _replace(connection, row, order, f"{_BEFORE}{bare(row['action_statement'])}{_AFTER}")
        except pymysql.Error as error:
            name = f"{row['trigger_name']} of {row['event_object_table']}"
            raise QueryError(
                f"The trigger {name} cannot be disabled: {error.args[-1]}.",
                hint="Another session has locked the table. Try again later."
                if error.args[0] == _WAITED
                else f"Restore as {row['definer']}, or into a new database.",
            ) from error


def put_back(connection: Any, tables: Iterable[str]) -> list[Row]:
    """Restore disabled triggers; return those of the tables.

    A trigger whose table stays locked by others remains as it is, which makes no difference to users.
    """
    triggers = of(connection, tables)
    for row, order in _placed(triggers):
        if bare(row["action_statement"]) != row["action_statement"]:
            for _ in range(_TRIES):
                with contextlib.suppress(pymysql.Error):
                    _replace(connection, row, order, bare(row["action_statement"]))
                    break
    return [{**row, "action_statement": bare(row["action_statement"])} for row in triggers]


def _placed(rows: Iterable[Row]) -> list[tuple[Row, str]]:
    """Return triggers with the clause for their order among those of the same table, time and event."""
    placed = []
    for _, group in groupby(
        rows, lambda row: (row["event_object_table"], row["action_timing"], row["event_manipulation"])
    ):
        same = list(group)
        names = [quote(row["trigger_name"]) for row in same]
        others = [f"PRECEDES {names[1]}" if len(names) > 1 else "", *(f"FOLLOWS {name}" for name in names)]
        placed += list(zip(same, others, strict=False))
    return placed


def head(row: Row, verb: str = "CREATE") -> str:
    """Return the statement of a trigger up to its body, without the name of the database."""
    user, _, host = str(row["definer"]).rpartition("@")
    definer = f"{quote(user)}@{quote(host)}" if user else quote(host)  # a role has no host
    events = str(row["event_manipulation"]).replace(",", " OR ")
    return (
        f"{verb} DEFINER={definer} TRIGGER {quote(row['trigger_name'])} {row['action_timing']} {events} "
        f"ON {quote(row['event_object_table'])} FOR EACH ROW"
    )


def _replace(connection: Any, row: Row, order: str, statement: str) -> None:
    """Replace a trigger, with its definer, SQL mode and character set."""
    text = f"{head(row, 'CREATE OR REPLACE')} {order} {statement}"
    client = str(row["character_set_client"])
    try:
        sent = text.encode(charset_by_name(client).encoding)
    except (AttributeError, LookupError, UnicodeError) as error:
        raise pymysql.NotSupportedError(0, f"its character set {client} cannot be written") from error
    connection.query(
        f"SET @headwater_mode = @@sql_mode, SESSION sql_mode = {literal(str(row['sql_mode']))}, "
        f"SESSION character_set_client = {client}, SESSION collation_connection = {row['collation_connection']}"
    )
    try:
        connection.query(sent)
    finally:
        connection.query("SET SESSION sql_mode = @headwater_mode")
        connection.query("SET NAMES utf8mb4")
