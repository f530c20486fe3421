"""Reads what a file stores of its schema: what a snapshot of it holds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from headwater.catalog.model import Relation, Schema
from headwater.engines import STANDALONE_ROWS, SchemaArchive, SnapshotColumn, SnapshotTable
from headwater.engines.sqlite import attributes as a
from headwater.engines.sqlite import parser, queries
from headwater.engines.sqlite.archive_restore import PRAGMAS
from headwater.engines.sqlite.ddl import quote
from headwater.engines.sqlite.schema_archive import SHADOWS, SqliteObject, SqliteSchema, dumped
from headwater.engines.sqlite.session import SqliteSession
from headwater.engines.sqlite.values import OddText

ROWID_NAMES = ("rowid", "_rowid_", "oid")
_ORDER = ("table", "index", "view", "trigger")
_WORD = re.compile(r"\w+")
# Virtual tables whose rows have a rowid that other tables may refer to, and those whose first column is the rowid.
_NUMBERED = frozenset({"fts3", "fts4", "fts5", "geopoly"})
_STORING = _NUMBERED | {"rtree", "rtree_i32"}
_LANGUAGE = re.compile(r"\blanguageid\s*=\s*['\"`\[]?(\w+)", re.IGNORECASE)


async def read(session: SqliteSession, schema: Schema) -> SchemaArchive:
    """Read the schema in the session's transaction."""
    objects, notes = [], []
    for type_, name, table, sql, kind, *_ in await session.ask(queries.OBJECTS):
        if isinstance(sql, OddText) or isinstance(name, OddText):
            notes.append(f"The snapshot does not contain the {type_} {name}: its text is not UTF-8.")
        elif kind != "shadow":
            objects.append(SqliteObject(type_, str(name), str(table), str(sql)))
    pragmas = {name: (await session.ask(f"PRAGMA {name}"))[0][0] for name in PRAGMAS}
    configuration = {}
    for relation in schema:
        if module_of(relation) == "fts5":
            rows = await session.ask(queries.CONFIGURATION.format(name=quote(relation.name + "_config")))
            configuration[relation.name] = [list(row) for row in rows]
    statistics = {
        table: [[_plain(value) for value in row] for row in await session.ask(f"SELECT * FROM {table}")]  # noqa: S608
        for (table,) in await session.ask(queries.STATISTICS)
    }
    objects.sort(key=lambda item: _ORDER.index(item.type))  # as a restore creates them: the same schema, the same bytes
    content = SqliteSchema(tuple(objects), pragmas, {k: v for k, v in configuration.items() if v}, statistics)
    return SchemaArchive(dumped(content), tuple(notes))


def _plain(value: Any) -> Any:
    return {"blob": value.hex()} if isinstance(value, bytes) else value


def module_of(relation: Relation) -> str:
    """Return the name of a virtual table's module; "" for other relations."""
    module = a.get(relation.attrs, a.MODULE)
    match = _WORD.match(module) if module else None
    return match[0].lower() if match else ""


def is_shadowed(relation: Relation) -> bool:
    """Return True for a full-text index without text of its own: its shadow tables say what is in it."""
    if module_of(relation) not in _NUMBERED:
        return False
    return parser.content_of(f"CREATE VIRTUAL TABLE t USING {a.get(relation.attrs, a.MODULE)}") is not None


async def tables(session: SqliteSession, schema: Schema) -> tuple[SnapshotTable, ...]:
    """Return the tables of a snapshot: those with rows, and the shadow tables of indexes without text."""
    numbered = {name for (name,) in await session.ask(queries.NUMBERED)}
    columns = await session.ask(queries.COLUMNS)
    result: list[SnapshotTable] = []
    for relation in schema:
        if relation.kind != "table":
            continue
        module = module_of(relation)
        if is_shadowed(relation):
            result += _shadow_tables(relation.name, columns)
        elif not module or module in _STORING:
            result.append(_table(relation, has_rowid=module in _NUMBERED or relation.name in numbered))
    return tuple(result)


def _table(relation: Relation, *, has_rowid: bool) -> SnapshotTable:
    """Return a table; a rowid that is none of its columns is a hidden one, and the key of a table without a key."""
    columns = [
        SnapshotColumn(column.name, column.type or "", hint(column.type or ""))
        for column in relation.columns
        if not column.generated
    ]
    names = [column.name for column in columns]
    never_null = {column.name for column in relation.columns if not column.nullable}
    keyed = relation.primary_key and (
        a.get(relation.attrs, a.WITHOUT_ROWID) or never_null.issuperset(relation.primary_key)
    )
    key = tuple(names.index(name) for name in relation.primary_key) if keyed else ()
    if language := _LANGUAGE.search(a.get(relation.attrs, a.MODULE) or ""):
        columns.append(SnapshotColumn(language[1], "INTEGER", "integer", hidden=True))
    rowid = free_rowid_name(column.name for column in relation.columns) if has_rowid else None
    if rowid:
        key = key or (len(columns),)
        columns.append(SnapshotColumn(rowid, "INTEGER", "integer", hidden=True))
    return SnapshotTable(None, relation.name, tuple(columns), key, relation.rows)


def free_rowid_name(names: Iterator[str] | Sequence[str]) -> str | None:
    """Return a name of the rowid that is not the name of a column; None if there is none."""
    taken = {name.casefold() for name in names}
    return next((name for name in ROWID_NAMES if name not in taken), None)


def _shadow_tables(name: str, columns: Sequence[Any]) -> Iterator[SnapshotTable]:
    for suffix in SHADOWS:
        own = [row for row in columns if row[0] == f"{name}_{suffix}"]
        if own:
            key = tuple(at for _, at in sorted((row[5], at) for at, row in enumerate(own) if row[5]))
            listed = tuple(SnapshotColumn(row[1], row[2], hint(row[2])) for row in own)
            yield SnapshotTable(None, f"{name}_{suffix}", listed, key, facts={STANDALONE_ROWS: True})


def hint(declared: str) -> Any:
    """Return the hint for a column by its affinity (SQLite, Datatypes, 3.1)."""
    upper = declared.upper()
    if "INT" in upper:
        return "integer"
    return "hex" if any(word in upper for word in ("REAL", "FLOA", "DOUB")) else "text"
