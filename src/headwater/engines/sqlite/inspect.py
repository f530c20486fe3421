"""Reads the whole Schema of a file: from SQLite's pragmas, and from the stored CREATE statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from headwater.catalog.model import Column, Index, Relation, Schema, Trigger
from headwater.catalog.results import QueryError
from headwater.engines import Session
from headwater.engines.sqlite import attributes as a
from headwater.engines.sqlite import parser, queries
from headwater.engines.sqlite.ddl import standard_name
from headwater.engines.sqlite.session import SqliteSession
from headwater.engines.sqlite.values import OddText

VIRTUAL, STORED = 2, 3  # values of `hidden` for generated columns; 1 is a hidden column of a virtual table


async def inspect(session: Session) -> Schema:
    """Read the whole Schema of the file."""
    assert isinstance(session, SqliteSession)
    objects = _readable(await session.ask(queries.OBJECTS))
    columns: dict[str, list[Any]] = defaultdict(list)
    for table, *column in _readable(await session.ask(queries.COLUMNS)):
        columns[table].append(column)
    rows, sizes = await _figures(session)
    indexes = [row for row in objects if row[0] == "index"]
    triggers = [row for row in objects if row[0] == "trigger"]
    relations = []
    for type_, name, _, sql, kind, without_rowid, strict in objects:
        if type_ not in {"table", "view"} or kind == "shadow":
            continue
        marks: dict[str, object] = {a.STRICT: bool(strict), a.WITHOUT_ROWID: bool(without_rowid)}
        if type_ == "view":
            relation = await _view(session, name, sql)
        elif kind == "virtual":
            relation = _virtual(name, sql, columns[name])
        else:
            relation = _table(name, sql, columns[name], [row for row in indexes if _same(row[2], name)], marks)
        relations.append(_with(relation, [row for row in triggers if _same(row[2], name)], rows, sizes))
    # Tables by name, because a change may recreate one; views in declaration order, each after those it uses.
    relations.sort(key=lambda item: (1, "") if item.kind == "view" else (0, item.name))
    return Schema(tuple(relations))


def _readable(rows: Iterable[Any]) -> list[list[Any]]:
    """Return rows in which texts that are not UTF-8 are plain ones, with a sign for what cannot be read."""
    return [
        [cell.stored.decode(errors="replace") if isinstance(cell, OddText) else cell for cell in row] for row in rows
    ]


def _same(left: str, right: str) -> bool:
    return left.casefold() == right.casefold()


async def _figures(session: SqliteSession) -> tuple[dict[str, int], dict[str, int]]:
    """Return the row counts and sizes of tables, where SQLite has statistics."""
    rows: dict[str, int] = {}
    sizes: dict[str, int] = {}
    if (await session.ask(queries.HAS_ESTIMATES))[0][0]:
        rows = dict(await session.ask(queries.ESTIMATES))
    if (await session.ask(queries.HAS_SIZES))[0][0]:
        sizes = dict(await session.ask(queries.SIZES))
    return rows, sizes


def _with(relation: Relation, triggers: list[Any], rows: dict[str, int], sizes: dict[str, int]) -> Relation:
    return Relation(
        relation.name,
        relation.columns,
        None,
        relation.kind,
        relation.primary_key,
        relation.foreign_keys,
        relation.indexes,
        relation.checks,
        None,
        relation.definition,
        triggers=tuple(Trigger(row[1], row[3]) for row in triggers),
        rows=rows.get(relation.name),
        size_bytes=sizes.get(relation.name),
        attrs=relation.attrs,
    )


def _table(name: str, sql: str, columns: list[Any], indexes: list[Any], marks: dict[str, object]) -> Relation:
    parsed = parser.table(sql)
    key = tuple(row[0] for row in sorted(columns, key=lambda row: int(row[4])) if row[4])
    alias = key[0] if len(key) == 1 and not marks[a.WITHOUT_ROWID] and not parsed.key_terms else None
    marks |= {
        a.AUTOINCREMENT: parsed.autoincrement,
        a.PRIMARY_KEY_NAME: None if parsed.autoincrement else parsed.key_name,
        a.PRIMARY_KEY_TERMS: parsed.key_terms,
    }
    return Relation(
        name,
        tuple(_column(row, parsed, alias) for row in columns),
        primary_key=key,
        foreign_keys=tuple(parsed.foreign_keys),
        checks=tuple(parsed.checks),
        indexes=(*(_unique(name, unique) for unique in parsed.uniques), *(_index(row) for row in indexes)),
        attrs=a.attrs(**marks),
    )


def _column(row: Any, declared: parser.TableText, alias: str | None) -> Column:
    """Return a column; an INTEGER PRIMARY KEY is the rowid and never NULL, whatever its definition says."""
    name, type_, not_null, default, _, hidden = row
    text = declared.columns.get(name.casefold(), parser.ColumnText())
    numbers = name == alias and type_.upper() == "INTEGER"
    given = {a.COLLATION: text.collation, a.STORED: hidden == STORED, a.CONFLICT: text.conflict}
    return Column(
        name,
        type_,
        not (not_null or numbers),
        default,
        text.generated if hidden in {VIRTUAL, STORED} else None,
        numbers and declared.autoincrement,
        attrs=a.attrs(**given),
    )


def _unique(table: str, constraint: parser.Unique) -> Index:
    name = constraint.name or standard_name(table, constraint.columns, unique=True)
    return Index(name, constraint.columns, unique=True, attrs=a.attrs(constraint=True, conflict=constraint.conflict))


def _index(row: Any) -> Index:
    keys, where = parser.index(row[3])
    return Index(row[1], keys, row[3].split(None, 2)[1].upper() == "UNIQUE", where)


def _virtual(name: str, sql: str, columns: list[Any]) -> Relation:
    visible = tuple(Column(row[0], row[1]) for row in columns if row[5] != 1)
    return Relation(name, visible, attrs=a.attrs(module=parser.module(sql)))


async def _view(session: SqliteSession, name: str, sql: str) -> Relation:
    query = queries.COLUMNS_OF_VIEW.format(name="'" + name.replace("'", "''") + "'")
    try:
        columns = _readable(await session.ask(query))
    except QueryError:  # it uses a missing table
        columns = []
    return Relation(name, tuple(Column(*row) for row in columns), kind="view", definition=parser.view(sql))
