"""A schema diff for users: a row for each difference with the line that declares it, as JSON and Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any, Literal

import msgspec

from headwater.catalog import changes as c
from headwater.catalog.model import Check, Column, ForeignKey, Index, Origin, Relation, Schema
from headwater.core.diff.compare import SchemaDiff
from headwater.core.diff.renames import RenameCandidate

Part = Literal[
    "table", "view", "column", "type", "null", "default", "primary_key", "foreign_key", "index", "check", "enum"
]


class DiffLine(msgspec.Struct, frozen=True):
    """Where a side declares something."""

    file: str
    line: int


class DiffRow(msgspec.Struct, frozen=True):
    """One difference: what each side has, None for nothing, and the lines that declare it."""

    table: str
    part: Part
    name: str
    a: str | None
    b: str | None
    at_a: DiffLine | None = None
    at_b: DiffLine | None = None


class RenameRow(msgspec.Struct, frozen=True):
    """A rename that may have happened; `column` is None for a table."""

    table: str
    column: str | None
    new_name: str
    score: float
    reason: str


class DiffReport(msgspec.Struct, frozen=True):
    """A comparison of two sides."""

    a: str
    b: str
    differences: tuple[DiffRow, ...]
    renames: tuple[RenameRow, ...] = ()
    not_compared: tuple[str, ...] = ()


def report_of(diff: SchemaDiff, labels: tuple[str, str]) -> DiffReport:
    """Return the report of a comparison; the labels are what users call the sides."""
    rows = [row for change in diff.changes if (row := _row(change, *diff.sides)) is not None]
    order = {name: number for number, name in enumerate(dict.fromkeys(row.table for row in rows))}
    rows.sort(key=lambda row: order[row.table])
    return DiffReport(*labels, tuple(rows), tuple(map(_rename, diff.renames)), diff.not_compared)


def to_json(report: DiffReport) -> str:
    """Return a report as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n"


def to_markdown(report: DiffReport) -> str:
    """Return a report as Markdown: a table of differences, then candidates for renames and what was not compared."""
    return "\n".join(_markdown(report)) + "\n"


def _markdown(report: DiffReport) -> Iterator[str]:
    yield f"### Schema drift: {counted(report)}"
    if report.differences:
        yield from ("", f"| | {_escaped(report.a)} | {_escaped(report.b)} |", "| --- | --- | --- |")
    for _, rows in groupby(report.differences, key=lambda row: row.table):
        for row in rows:
            yield f"| {_escaped(title(row))} | {_cell(row.a, row.at_a)} | {_cell(row.b, row.at_b)} |"
    if report.renames:
        yield from ("", "Possible renames:", "", *(f"- {rename_text(item)}: {item.reason}" for item in report.renames))
    if report.not_compared:
        yield from ("", "Not compared:", "", *(f"- {sentence}" for sentence in report.not_compared))


def counted(report: DiffReport) -> str:
    """Return the number of differences in words."""
    number = len(report.differences)
    return f"{number:,} difference{'' if number == 1 else 's'}" if number else "no differences"


def _cell(value: str | None, line: DiffLine | None) -> str:
    text = f"`{_escaped(value)}`" if value else "—" if value is None else ""
    return f"{text} {line.file}:{line.line}".strip() if line and value is not None else text


def _escaped(text: str) -> str:
    return " ".join(text.replace("|", "\\|").replace("`", "'").split())


_TITLES: dict[Part, str] = {
    "table": "table {table}",
    "view": "view {table}",
    "column": "column {table}.{name}",
    "type": "type of {table}.{name}",
    "null": "NULL in {table}.{name}",
    "default": "default of {table}.{name}",
    "primary_key": "primary key of {table}",
    "foreign_key": "foreign key of {table}",
    "index": "index of {table}",
    "check": "check of {table}",
    "enum": "enum {table}",
}


def title(row: DiffRow) -> str:
    """Return what differs, in words."""
    return _TITLES[row.part].format(table=row.table, name=row.name)


def rename_text(row: RenameRow) -> str:
    """Return a rename in the notation in which it is confirmed."""
    return f"{row.table}.{row.column}={row.new_name}" if row.column else f"{row.table}={row.new_name}"


def _rename(item: RenameCandidate) -> RenameRow:
    change = item.change
    column = change.column if isinstance(change, c.RenameColumn) else None
    return RenameRow(change.table, column, change.new_name, item.score, item.reason)


def _row(change: c.Change, a: Schema, b: Schema) -> DiffRow | None:
    make = _ROWS.get(type(change))
    if make is None:
        return None
    part, name, left, right = make(change, a, b)
    old, new = _relation(a, change), _relation(b, change)
    if isinstance(change, c.AddEnum | c.DropEnum):
        return DiffRow(change.table, part, name, left, right)
    return DiffRow(_shown(old or new, change), part, name, left, right, _line(old, name), _line(new, name))


def _relation(schema: Schema, change: c.Change) -> Relation | None:
    return schema.relation(change.table, change.schema) or schema.relation(change.table)


def _shown(relation: Relation | None, change: c.Change) -> str:
    return relation.name if relation is not None else change.table


def _line(relation: Relation | None, name: str) -> DiffLine | None:
    if relation is None:
        return None
    column = relation.column(name)
    origins: tuple[Origin, ...] = (*(column.origins if column else ()), *relation.origins)
    return DiffLine(origins[0].file, origins[0].line) if origins else None


_Made = tuple[Part, str, str | None, str | None]


def _kind(relation: Relation) -> Part:
    return "view" if relation.kind in ("view", "materialized_view") else "table"


def _size(relation: Relation) -> str:
    count = len(relation.columns)
    return f"{count} column{'' if count == 1 else 's'}"


def _column(column: Column) -> str:
    parts = [column.type or "type not declared", "" if column.nullable else "NOT NULL"]
    parts += [f"DEFAULT {column.default}"] if column.default is not None else []
    return " ".join(part for part in parts if part)


def _key(key: ForeignKey) -> str:
    target = f"{key.ref_table} ({', '.join(key.ref_columns)})" if key.ref_columns else key.ref_table
    rules = "".join(
        f" ON {word} {rule}" for word, rule in (("DELETE", key.on_delete), ("UPDATE", key.on_update)) if rule
    )
    return f"({', '.join(key.columns)}) → {target}{rules}"


def _index(index: Index) -> str:
    where = f" WHERE {index.where}" if index.where else ""
    return f"{'unique ' if index.unique else ''}({', '.join(index.columns)}){where}"


def _check(check: Check) -> str:
    return check.expression


def _was(a: Schema, b: Schema, change: Any, what: Callable[[Column], str]) -> tuple[str | None, str | None]:
    """Return what each side says of a column."""
    sides = (_relation(schema, change) for schema in (a, b))
    columns = [relation.column(change.column) if relation else None for relation in sides]
    left, right = (what(column) if column else None for column in columns)
    return left, right


def _null(column: Column) -> str:
    return "NULL" if column.nullable else "NOT NULL"


def _default(column: Column) -> str:
    return column.default if column.default is not None else "no default"


def _keys(names: tuple[str, ...] | None) -> str:
    return f"({', '.join(names)})" if names else "none"


_ROWS: dict[type[c.Change], Callable[[Any, Schema, Schema], _Made]] = {
    c.AddTable: lambda change, a, b: (_kind(change.relation), "", None, _size(change.relation)),
    c.DropTable: lambda change, a, b: (_kind(change.was), "", _size(change.was), None),
    c.RenameTable: lambda change, a, b: ("table", "", change.table, change.new_name),
    c.AddColumn: lambda change, a, b: ("column", change.column.name, None, _column(change.column)),
    c.DropColumn: lambda change, a, b: ("column", change.column, _column(change.was), None),
    c.RenameColumn: lambda change, a, b: ("column", change.column, change.column, change.new_name),
    c.AlterType: lambda change, a, b: ("type", change.column, change.was, change.type),
    c.SetNullable: lambda change, a, b: ("null", change.column, *_was(a, b, change, _null)),
    c.SetDefault: lambda change, a, b: ("default", change.column, *_was(a, b, change, _default)),
    c.SetPrimaryKey: lambda change, a, b: ("primary_key", "", _keys(change.was), _keys(change.columns)),
    c.AddForeignKey: lambda change, a, b: ("foreign_key", change.key.columns[0], None, _key(change.key)),
    c.DropForeignKey: lambda change, a, b: ("foreign_key", change.columns[0], _key(change.was), None),
    c.AddIndex: lambda change, a, b: ("index", change.index.columns[0], None, _index(change.index)),
    c.DropIndex: lambda change, a, b: ("index", change.was.columns[0], _index(change.was), None),
    c.AddCheck: lambda change, a, b: ("check", change.check.name or "", None, _check(change.check)),
    c.DropCheck: lambda change, a, b: ("check", change.name, _check(change.was), None),
    c.AddEnum: lambda change, a, b: ("enum", "", _values(a, change.table), ", ".join(change.enum.values)),
    c.DropEnum: lambda change, a, b: ("enum", "", ", ".join(change.was.values), None),
}


def _values(schema: Schema, name: str) -> str | None:
    enum = next((enum for enum in schema.enums if enum.name == name), None)
    return ", ".join(enum.values) if enum else None
