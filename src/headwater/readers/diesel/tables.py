"""`table!` declarations as relations: columns with their names in SQL, keys, and the foreign keys of `joinable!`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from headwater.catalog import facts as f
from headwater.catalog.model import ASSUMED, Column, ForeignKey, Origin, Relation
from headwater.readers import _rust as r

# diesel::sql_types, as PostgreSQL, MySQL and SQLite spell them.
_TYPES = {
    **dict.fromkeys(("Bool", "Tinyint"), "boolean"),
    **dict.fromkeys(("SmallInt", "Int2", "SmallSerial"), "smallint"),
    **dict.fromkeys(("Integer", "Int4", "Serial"), "integer"),
    **dict.fromkeys(("BigInt", "Int8", "BigSerial"), "bigint"),
    **dict.fromkeys(("Float", "Float4"), "real"),
    **dict.fromkeys(("Double", "Float8"), "double precision"),
    **dict.fromkeys(("Numeric", "Decimal"), "numeric"),
    **dict.fromkeys(("Text", "Mediumtext", "Longtext"), "text"),
    **dict.fromkeys(("VarChar", "Varchar"), "varchar"),
    **dict.fromkeys(("Char", "Bpchar"), "char"),
    **dict.fromkeys(("Binary", "Bytea", "Blob", "Varbinary"), "bytea"),
    **dict.fromkeys(("Timestamptz", "TimestamptzSqlite"), "timestamp with time zone"),
    **dict.fromkeys(("Timestamp", "Datetime"), "timestamp"),
    "Date": "date",
    "Time": "time",
    "Uuid": "uuid",
    "Json": "json",
    "Jsonb": "jsonb",
    "Inet": "inet",
    "Unsigned": "bigint",
}


def is_table(stmt: f.Class) -> bool:
    """Return True for the facts of a `table!`."""
    return stmt.kind == "table"


def sql_name(decorators: tuple[f.Expr, ...], name: str) -> str:
    """Return the name in the database: as `#[sql_name = "…"]` says."""
    for call in r.attributes(decorators, "sql_name"):
        if call.args and (text := r.text_of(call.args[0])):
            return text
    return name


def columns(stmt: f.Class) -> Iterator[tuple[f.Name, Column]]:
    """Yield the columns of a table with their names in Rust."""
    for field in stmt.body:
        target = field.targets[0] if isinstance(field, f.Assign) else None
        if isinstance(field, f.Assign) and isinstance(target, f.Name):
            kind, nullable = field.annotation, False
            while isinstance(kind, f.Subscript) and r.last(kind.value) == "Nullable":
                kind, nullable = kind.index, True
            yield target, Column(sql_name(field.decorators, target.id), sql_type(kind), nullable)


def sql_type(kind: f.Expr | None) -> str:
    """Return the SQL type of a type of `diesel::sql_types`; other types as they are."""
    if isinstance(kind, f.Subscript) and r.last(kind.value) == "Array":
        return f"{sql_type(_inner(kind.index))}[]"
    name = r.last(kind)
    return _TYPES.get(name, name)


def _inner(kind: f.Expr) -> f.Expr:
    return kind.index if isinstance(kind, f.Subscript) and r.last(kind.value) == "Nullable" else kind


def relation(stmt: f.Class, path: str, lines: r.Lines) -> Relation:
    """Return the relation that a `table!` declares."""
    known = {target.id: (target, column) for target, column in columns(stmt)}
    placed = tuple(
        replace(column, origins=(Origin(path, lines.line(path, target.start)),)) for target, column in known.values()
    )
    said = {keyword.name: keyword.value for keyword in stmt.keywords}
    listed = said.get("primary_key")
    names = [item.id for item in getattr(listed, "items", ()) if isinstance(item, f.Name)] or ["id"]
    key = tuple(known[name][1].name for name in names if name in known)
    origin = Origin(path, lines.line(path, stmt.start))
    schema = r.text_of(said.get("schema"))
    return Relation(sql_name(stmt.decorators, stmt.name), placed, schema, primary_key=key, origins=(origin,))


def joins(body: tuple[f.Stmt, ...]) -> Iterator[tuple[str, str, str]]:
    """Yield (child, parent, column) of each `joinable!(child -> parent (column))`."""
    for stmt in body:
        if isinstance(stmt, f.Class) and stmt.kind == "module":
            yield from joins(stmt.body)
        call = stmt.value if isinstance(stmt, f.Do) else None
        if not isinstance(call, f.Call) or r.last(call.func) != "joinable" or len(call.args) != 2:
            continue
        parent = call.args[1]
        if isinstance(parent, f.Call) and parent.args:
            yield r.last(call.args[0]), r.last(parent.func), r.last(parent.args[0])


def with_key(child: Relation, column: str, parent: Relation) -> Relation:
    """Return a table with a key to the primary key of another; `joinable!` says how to join, not what is enforced."""
    key = ForeignKey((column,), parent.name, parent.primary_key, attrs=((ASSUMED, "key"),))
    return child if key in child.foreign_keys else replace(child, foreign_keys=(*child.foreign_keys, key))
