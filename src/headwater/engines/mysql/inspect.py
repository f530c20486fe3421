"""Reads the Schema of a database from information_schema, with a fixed number of queries.

MySQL and MariaDB report defaults, checks and expressions differently; both get the same form here.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any, TypeAlias

from headwater.catalog.model import Check, Column, ForeignKey, Index, Relation, Schema, Trigger
from headwater.catalog.model import Sequence as Counter
from headwater.engines import Session
from headwater.engines.mysql import attributes as a
from headwater.engines.mysql import queries, routines
from headwater.engines.mysql.ddl import literal, quote
from headwater.engines.mysql.session import MysqlSession
from headwater.engines.mysql.triggers import bare

Row: TypeAlias = Mapping[str, Any]
# InnoDB's default rule; MariaDB calls it RESTRICT, MySQL NO ACTION.
RULES = {"RESTRICT": None, "NO ACTION": None}
_TEXT_DEFAULT = re.compile(
    r"(?:var)?char|(?:tiny|medium|long)?text|enum|set\b|date|time|(?:var)?binary|json", re.IGNORECASE
)
_STRING = re.compile(r"'(?:[^'\\]|''|\\.)*'", re.DOTALL)


async def inspect(session: Session) -> Schema:
    """Read the whole Schema of the database."""
    assert isinstance(session, MysqlSession)
    rows = await _read(session)
    (database_row,) = rows["SCHEMA"] or [{}]
    database = str(database_row.get("schema_name", ""))
    for name, column in EXPRESSIONS:
        for row in rows[name]:
            _tidy(row, column, database, mariadb=session.mariadb)
    parts = _Parts(rows)
    relations, sequences = [], []
    for row in rows["TABLES"]:
        name = row["table_name"]
        if row["table_type"] == "SEQUENCE":
            sequences.append(_sequence(name, (await session.ask(queries.SEQUENCE.format(name=quote(name))))[0]))
        elif row["table_type"] != "VIEW":
            text = await _create_table(session, name) if "partitioned" in row["create_options"] else ""
            relations.append(_table(row, parts, text, database, mariadb=session.mariadb))
    views = [_view(row, parts) for row in rows["VIEWS"]]
    created = [
        routines.routine(row, parts.parameters[row["specific_name"]], database_row)
        for row in rows["ROUTINES"]
        if not row["routine_type"].startswith("PACKAGE")
    ]
    return Schema(
        (*relations, *_in_order(views)),
        sequences=tuple(sequences),
        routines=tuple(created),
        attrs=a.attrs(**{a.EVENT + row["event_name"]: routines.event(row) for row in rows["EVENTS"]}),
    )


async def _read(session: MysqlSession) -> dict[str, list[dict[str, Any]]]:
    checks = "CHECKS_OF_MARIADB" if session.mariadb else "CHECKS_OF_MYSQL"
    names = (
        "SCHEMA",
        "TABLES",
        "COLUMNS",
        "INDEXES",
        "FOREIGN_KEYS",
        checks,
        "VIEWS",
        "TRIGGERS",
        "ROUTINES",
        "PARAMETERS",
        "EVENTS",
    )
    return {name.partition("_OF_")[0]: await session.ask(getattr(queries, name)) for name in names}


# Columns with expressions, which contain the database name, and which MySQL (not MariaDB) escapes once more.
EXPRESSIONS = (
    ("COLUMNS", "generation_expression"),
    ("COLUMNS", "column_default"),
    ("INDEXES", "expression"),
    ("CHECKS", "check_clause"),
    ("VIEWS", "view_definition"),
)


def _tidy(row: dict[str, Any], column: str, database: str, *, mariadb: bool) -> None:
    text = row.get(column)
    if not text:
        return
    if column == "column_default" and not mariadb and "DEFAULT_GENERATED" not in row["extra"]:
        return
    if not mariadb and column != "view_definition":
        text = re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
    row[column] = _at_home(text, database)


async def _create_table(session: MysqlSession, name: str) -> str:
    (row,) = await session.ask(queries.CREATE_TABLE.format(name=quote(name)))
    return str(row["create table"])


class _Parts:
    """The parts of relations (columns, keys, indexes …), by relation name."""

    def __init__(self, rows: Mapping[str, list[dict[str, Any]]]) -> None:
        self.columns = _grouped(rows["COLUMNS"], "table_name")
        self.indexes = _grouped(rows["INDEXES"], "table_name")
        self.foreign_keys = _grouped(rows["FOREIGN_KEYS"], "table_name")
        self.checks = _grouped(rows["CHECKS"], "table_name")
        self.triggers = _grouped(rows["TRIGGERS"], "event_object_table")
        self.parameters = _grouped(rows["PARAMETERS"], "specific_name")


def _grouped(rows: Sequence[Row], name: str) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[name]].append(row)
    return groups


def _table(row: Row, parts: _Parts, text: str, database: str, *, mariadb: bool) -> Relation:
    name = row["table_name"]
    indexes = _grouped(parts.indexes[name], "index_name")
    primary = indexes.pop("PRIMARY", [])
    options = " ".join(word for word in row["create_options"].split() if word != "partitioned")
    given = {
        a.ENGINE: row["engine"],
        a.COLLATION: row["table_collation"],
        a.OPTIONS: options,
        a.PARTITIONS: _partitions(text),
    }
    return Relation(
        name,
        tuple(_column(column, row, mariadb=mariadb) for column in parts.columns[name]),
        primary_key=tuple(column["column_name"] for column in primary),
        foreign_keys=_foreign_keys(parts.foreign_keys[name], database),
        indexes=tuple(_index(index, keys) for index, keys in indexes.items()),
        checks=tuple(map(_check, parts.checks[name])),
        comment=row["table_comment"] or None,
        triggers=tuple(_trigger(trigger) for trigger in parts.triggers[name]),
        rows=row["table_rows"],
        size_bytes=(row["data_length"] or 0) + (row["index_length"] or 0),
        attrs=a.attrs(**given),
    )


def _partitions(text: str) -> str | None:
    """Return the PARTITION BY clause of a SHOW CREATE TABLE, which MySQL puts into a comment."""
    match = re.search(r"\n?(?:/\*!\d+)?\s*(PARTITION BY .*)$", text, re.DOTALL)
    return re.sub(r"\s*\*/\s*$", "", match[1]) if match else None


def _column(row: Row, table: Row, *, mariadb: bool) -> Column:
    extra = row["extra"].upper()
    generated = row["generation_expression"] or None
    updated = re.search(r"ON UPDATE (\S+)", extra)
    given = {
        a.COLLATION: row["collation_name"] if row["collation_name"] != table["table_collation"] else None,
        a.ON_UPDATE: updated[1].lower() if updated else None,
        a.STORED: "STORED" in extra or "PERSISTENT" in extra,
        a.INVISIBLE: "INVISIBLE" in extra,
    }
    return Column(
        row["column_name"],
        row["column_type"],
        row["is_nullable"] == "YES",
        None if generated else _default(row, mariadb=mariadb),
        generated,
        "AUTO_INCREMENT" in extra,
        row["column_comment"] or None,
        attrs=a.attrs(**given),
    )


def _default(row: Row, *, mariadb: bool) -> str | None:
    """Return the default as an expression: MariaDB reports one, MySQL the bare value of a constant."""
    default = row["column_default"]
    if default is None or mariadb:
        return None if default is None or str(default).upper() == "NULL" else str(default)
    if "DEFAULT_GENERATED" in row["extra"].upper():
        return str(default)
    if str(default).upper().startswith("CURRENT_TIMESTAMP") or str(default).startswith("b'"):
        return str(default)
    return literal(str(default)) if _TEXT_DEFAULT.match(row["column_type"]) else str(default)


def _foreign_keys(rows: Sequence[Row], database: str) -> tuple[ForeignKey, ...]:
    return tuple(
        ForeignKey(
            tuple(key["column_name"] for key in keys),
            keys[0]["referenced_table_name"],
            tuple(key["referenced_column_name"] for key in keys),
            name,
            other if (other := keys[0]["referenced_table_schema"]) != database else None,
            RULES.get(keys[0]["delete_rule"], keys[0]["delete_rule"]),
            RULES.get(keys[0]["update_rule"], keys[0]["update_rule"]),
        )
        for name, keys in _grouped(rows, "constraint_name").items()
    )


def _index(name: str, rows: Sequence[Row]) -> Index:
    first = rows[0]
    hidden = "IGNORED" if first.get("ignored") == "YES" else "INVISIBLE" if first.get("is_visible") == "NO" else None
    given = {a.METHOD: first["index_type"] if first["index_type"] != "BTREE" else None, a.INVISIBLE: hidden}
    full = first["index_type"] in {"FULLTEXT", "SPATIAL"}
    keys = tuple(_key(row, bare=full) for row in rows)
    return Index(
        name, keys, not int(first["non_unique"]), comment=first["index_comment"] or None, attrs=a.attrs(**given)
    )


def _key(row: Row, *, bare: bool) -> str:
    """Return one key of an index: a plain column name, or anything else in parentheses."""
    if row.get("expression"):
        return f"(({row['expression']}))"
    order = " DESC" if row["collation"] == "D" else ""
    length = f"({row['sub_part']})" if row["sub_part"] and not bare else ""
    return f"({quote(row['column_name'])}{length}{order})" if order or length else row["column_name"]


def _check(row: Row) -> Check:
    of_column = row["constraint_name"] if row.get("level") == "Column" else None
    given = {a.OF_COLUMN: of_column, a.NOT_ENFORCED: row.get("enforced") == "NO"}
    return Check(row["check_clause"], row["constraint_name"], a.attrs(**given))


def _trigger(row: Row) -> Trigger:
    head = f"CREATE TRIGGER {quote(row['trigger_name'])} {row['action_timing']} {row['event_manipulation']}"
    return Trigger(
        row["trigger_name"],
        f"{head} ON {quote(row['event_object_table'])} FOR EACH ROW {bare(row['action_statement'])}",
    )


def _view(row: Row, parts: _Parts) -> Relation:
    name = row["table_name"]
    algorithm = row.get("algorithm")
    given = {
        a.SECURITY: row["security_type"] if row["security_type"] != "DEFINER" else None,
        a.CHECK_OPTION: row["check_option"] if row["check_option"] != "NONE" else None,
        a.ALGORITHM: algorithm if algorithm != "UNDEFINED" else None,
    }
    columns = tuple(
        Column(column["column_name"], column["column_type"], column["is_nullable"] == "YES")
        for column in parts.columns[name]
    )
    return Relation(name, columns, kind="view", definition=row["view_definition"], attrs=a.attrs(**given))


def _at_home(text: str, database: str) -> str:
    """Return SQL without the name of its own database; quoted texts are not changed."""
    own = f"{quote(database)}."
    pieces, at = [], 0
    for string in _STRING.finditer(text):
        pieces += [text[at : string.start()].replace(own, ""), string[0]]
        at = string.end()
    return "".join([*pieces, text[at:].replace(own, "")])


def _in_order(views: list[Relation]) -> list[Relation]:
    """Return the views so that each comes after the views that it uses."""
    names = {view.name: view for view in views}
    needs = {
        view.name: {name for name in names if name != view.name and quote(name) in (view.definition or "")}
        for view in views
    }
    try:
        return [names[name] for name in TopologicalSorter(needs).static_order()]
    except CycleError:  # a column has the name of a view; the order is uncertain
        return views


def _sequence(name: str, row: Row) -> Counter:
    given = {
        a.START: row["start_value"],
        a.MINIMUM: row["minimum_value"],
        a.MAXIMUM: row["maximum_value"],
        a.INCREMENT: row["increment"],
        a.CACHE: row["cache_size"] or None,
        a.CYCLE: bool(row["cycle_option"]),
    }
    return Counter(name, attrs=a.attrs(**given))
