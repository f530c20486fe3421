"""Converts CREATE, ALTER, DROP, RENAME and COMMENT statements to changes of the catalog."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from sqlglot import exp

from headwater.catalog import changes as c
from headwater.catalog import sqltext
from headwater.catalog.apply import SchemaDraft
from headwater.catalog.model import Column, Enum, Index, Origin, Relation
from headwater.readers.sql.tables import column_of, is_temporary, names_of, relation_of, with_column, with_constraint

_DEFINITION = re.compile(
    r"(create|alter|drop|rename|comment)\b|exec(ute)?\s+(\w+\.)?sp_rename\b|select\b.{1,2000}?\binto\b",
    re.IGNORECASE | re.DOTALL,
)
# Definitions that do not affect tables and columns, and can be ignored.
_BESIDE = re.compile(
    r"(create|alter|drop|comment\s+on)\s+(or\s+(?:replace|alter)\s+)?(constraint\s+|event\s+)?(\w+\s*=\s*\S+\s+)*(function|procedure|proc|trigger"
    r"|extension|role|user|policy|sequence|server|domain|cast|aggregate|operator|collation|text\s+search|publication|subscription"
    r"|database|schema|event|rule|statistics|default\s+privileges|language|login|synonym|assembly|fulltext|partition|tablespace|view"
    r"|unique|index|clustered|nonclustered|type|access|group|conversion)\b"
    r"|alter\s+table\s+(if\s+exists\s+)?(only\s+)?\S+\s+(owner|enable|disable|cluster|set\b(?!\s+schema)|reset|replica|validate|attach|detach|inherit"
    r"|no\s+inherit|rename\s+(constraint|index|key)|with\s+(no)?check|check|nocheck|auto_increment|engine|convert|comment|force|no\s+force"
    r"|default|character|row_format|partition|drop\s+(partition|check)|add\s+partition|order)\b"
    r"|alter\s+table\s+(if\s+exists\s+)?(only\s+)?\S+\s+alter\s+(column\s+)?\S+\s+(set\s+(statistics|storage|compression|generated)|add\s+generated|drop\s+identity|restart)\b",
    re.IGNORECASE,
)
_NAME = r"((?:[\w$]+|\"[^\"]+\"|`[^`]+`|\[[^\]]+\])(?:\.(?:[\w$]+|\"[^\"]+\"|`[^`]+`|\[[^\]]+\]))*)"
_RENAME_TABLE = re.compile(rf"{_NAME}\s+TO\s+{_NAME}", re.IGNORECASE)
_ADD_VALUE = re.compile(rf"ALTER\s+TYPE\s+{_NAME}\s+ADD\s+VALUE\s+(?:IF\s+NOT\s+EXISTS\s+)?'([^']*)'", re.IGNORECASE)
_ADD_MANY = re.compile(r"\bADD\s+(?:COLUMN\s+)?\(", re.IGNORECASE)
_SET_SCHEMA = re.compile(rf"ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?{_NAME}\s+SET\s+SCHEMA\s+{_NAME}", re.IGNORECASE)
# libSQL: a column is redefined in place.
_REDECLARE = re.compile(
    rf"ALTER\s+TABLE\s+{_NAME}\s+ALTER\s+COLUMN\s+{_NAME}\s+TO\s+{_NAME}\s+([^;]*)$", re.IGNORECASE | re.DOTALL
)


def is_definition(text: str) -> bool:
    """Return True if a statement defines something (as opposed to reading or changing rows)."""
    return _DEFINITION.match(text) is not None


_RENAME_COLUMN = re.compile(
    rf"ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?{_NAME}\s+RENAME\s+(?!(?:TO|AS|COLUMN|INDEX|KEY|CONSTRAINT)\b){_NAME}\s+TO\s+{_NAME}\s*;?$",
    re.IGNORECASE,
)


def changes_of(
    text: str, schema: SchemaDraft, origin: Origin, dialects: tuple[str, ...] | None = None
) -> list[c.Change] | None:
    """Return the changes of one statement to a Schema; None if it affects tables and is not understood.

    Args:
        text: the statement.
        schema: the Schema before it.
        origin: where it stands.
        dialects: the dialects to try, likeliest first; None to judge by the statement.
    """
    if match := _RENAME_COLUMN.match(text):  # sqlglot takes it for a new name of the table
        return [c.RenameColumn(_bare(match[1]), None, _bare(match[2]), _bare(match[3]))]
    trees, dialect = sqltext.parse(_spread(text) if text[:5].upper() == "ALTER" else text, dialects)
    changes: list[c.Change] = []
    for tree in trees:
        handler = _HANDLERS.get(type(tree))
        if handler:
            changes += handler(tree, schema, dialect, origin)
    known = any(type(tree) in _HANDLERS for tree in trees)
    if known or changes:
        return changes
    by_text = list(_by_text(text, schema, origin))
    return by_text or ([] if _BESIDE.match(text) or (trees and isinstance(trees[0], exp.Query)) else None)


def _create(tree: exp.Create, schema: SchemaDraft, dialect: str, origin: Origin) -> Iterator[c.Change]:
    kind = (tree.kind or "").upper()
    if kind in ("TABLE", "VIEW") and not is_temporary(tree):
        relation = relation_of(tree, schema, dialect, origin)
        exists = relation and schema.relation(relation.name, relation.schema)
        if relation and not (exists and tree.args.get("exists")):
            yield c.AddTable(relation.name, relation.schema, relation)
    elif kind == "INDEX" and isinstance(tree.this, exp.Index):
        yield from _create_index(tree, dialect)
    elif kind == "TYPE" and isinstance(tree.expression, exp.DataType):
        values = tuple(value.name for value in tree.expression.expressions)
        yield c.AddEnum(tree.this.name, None, Enum(tree.this.name, values, tree.this.db or None))


def _create_index(tree: exp.Create, dialect: str) -> Iterator[c.Change]:
    index = tree.this
    table, params = index.args.get("table"), index.args.get("params")
    if table is None or params is None:
        return
    where = params.args.get("where")
    condition = where.this.sql(dialect=dialect) if where else None
    columns = names_of(params.args.get("columns") or [])
    added = Index(index.name or None, columns, bool(tree.args.get("unique")), condition)
    yield c.AddIndex(table.name, table.db or None, added)


def _alter(tree: exp.Alter, schema: SchemaDraft, dialect: str, origin: Origin) -> Iterator[c.Change]:
    table = tree.this
    if not isinstance(table, exp.Table) or (tree.args.get("kind") or "").upper() not in ("TABLE", "VIEW"):
        return
    name, space = table.name, table.db or None
    known = schema.relation(name, space)
    for comment in tree.find_all(exp.SchemaCommentProperty):
        if known:
            yield c.AddTable(known.name, known.schema, replace(known, comment=comment.this.name or None))
    for action in tree.args.get("actions") or []:
        handler = _ACTIONS.get(type(action))
        if handler:
            yield from handler(action, name, space, schema, dialect, origin)


def _add_column(
    action: exp.ColumnDef, table: str, space: str | None, schema: SchemaDraft, dialect: str, origin: Origin
) -> Iterator[c.Change]:
    alone = with_column(Relation(table), action, dialect, origin)
    yield c.AddColumn(table, space, alone.columns[0])
    yield from _keys(alone, table, space)


def _keys(alone: Relation, table: str, space: str | None) -> Iterator[c.Change]:
    """Yield the changes that add the keys, indexes and checks of a single column definition."""
    if alone.primary_key:
        yield c.SetPrimaryKey(table, space, alone.primary_key)
    yield from (c.AddForeignKey(table, space, key) for key in alone.foreign_keys)
    yield from (c.AddIndex(table, space, index) for index in alone.indexes)
    yield from (c.AddCheck(table, space, check) for check in alone.checks)


def _add_constraint(
    action: exp.AddConstraint, table: str, space: str | None, schema: SchemaDraft, dialect: str, origin: Origin
) -> Iterator[c.Change]:
    alone = Relation(table)
    for part in action.expressions:
        alone = with_constraint(alone, part, dialect)
    yield from _keys(alone, table, space)


def _drop_part(
    action: exp.Drop, table: str, space: str | None, schema: SchemaDraft, dialect: str, origin: Origin
) -> Iterator[c.Change]:
    kind = (action.args.get("kind") or "COLUMN").upper()
    for target in action.args.get("tables") or []:
        if kind == "COLUMN":
            yield c.DropColumn(table, space, target.name)
        elif kind == "INDEX":
            yield c.DropIndex(table, space, target.name)
        else:
            yield c.DropCheck(table, space, target.name)


def _alter_column(
    action: exp.AlterColumn, table: str, space: str | None, schema: SchemaDraft, dialect: str, origin: Origin
) -> Iterator[c.Change]:
    if dtype := action.args.get("dtype"):
        yield c.AlterType(table, space, action.name, dtype.sql(dialect=dialect).lower())
    if action.args.get("allow_null") is not None:
        yield c.SetNullable(table, space, action.name, bool(action.args["allow_null"]))
    elif default := action.args.get("default"):
        yield c.SetDefault(table, space, action.name, default.sql(dialect=dialect))
    elif action.args.get("drop"):
        yield c.SetDefault(table, space, action.name, None)


def _modify_column(
    action: exp.ModifyColumn, table: str, space: str | None, schema: SchemaDraft, dialect: str, origin: Origin
) -> Iterator[c.Change]:
    old = action.args.get("rename_from")
    if not isinstance(action.this, exp.ColumnDef):
        return
    column: Column = column_of(action.this, dialect, origin)
    if old is not None and old.name != column.name:
        yield c.RenameColumn(table, space, old.name, column.name)
    yield c.AlterType(table, space, column.name, column.type)
    yield c.SetNullable(table, space, column.name, column.nullable)
    yield c.SetDefault(table, space, column.name, column.default)


def _rename_column(
    action: exp.RenameColumn, table: str, space: str | None, schema: SchemaDraft, dialect: str, origin: Origin
) -> Iterator[c.Change]:
    yield c.RenameColumn(table, space, action.this.name, action.args["to"].name)


def _rename_table(
    action: exp.AlterRename, table: str, space: str | None, schema: SchemaDraft, dialect: str, origin: Origin
) -> Iterator[c.Change]:
    yield c.RenameTable(table, space, action.this.name)


def _drop(tree: exp.Drop, schema: SchemaDraft, dialect: str, origin: Origin) -> Iterator[c.Change]:
    kind = (tree.args.get("kind") or "").upper()
    for target in tree.args.get("tables") or ([tree.this] if tree.this else []):
        space = target.db or None if isinstance(target, exp.Table) else None
        if kind in ("TABLE", "VIEW"):
            yield c.DropTable(target.name, space, schema.relation(target.name, space))
        elif kind == "INDEX":
            yield c.DropIndex("", None, target.name)
        elif kind == "TYPE":
            yield c.DropEnum(target.name, space)


def _execute(tree: exp.Execute, schema: SchemaDraft, dialect: str, origin: Origin) -> Iterator[c.Change]:
    if tree.this.name.lower() != "sp_rename" or len(tree.expressions) < 2:
        return
    path = [part.strip("[]") for part in tree.expressions[0].name.split(".")]
    new = tree.expressions[1].name
    if len(tree.expressions) > 2 and tree.expressions[2].name.upper() == "COLUMN":
        yield c.RenameColumn(path[-2], None, path[-1], new)
    elif len(tree.expressions) == 2:
        yield c.RenameTable(path[-1], None, new)


def _select_into(tree: exp.Select, schema: SchemaDraft, dialect: str, origin: Origin) -> Iterator[c.Change]:
    into = tree.args.get("into")
    if into is None or not isinstance(into.this, exp.Table) or into.this.name.startswith(("#", "@")):
        return
    query = tree.copy()
    query.set("into", None)
    create = exp.Create(this=into.this.copy(), kind="TABLE", expression=query)
    relation = relation_of(create, schema, dialect, origin)
    if relation and relation.columns:
        yield c.AddTable(relation.name, relation.schema, relation)


_HANDLERS: dict[type, Callable[[Any, SchemaDraft, str, Origin], Iterator[c.Change]]] = {
    exp.Create: _create,
    exp.Alter: _alter,
    exp.Drop: _drop,
    exp.Execute: _execute,
    exp.Select: _select_into,
    exp.Comment: lambda tree, schema, dialect, origin: iter(()),
}
_ACTIONS: dict[type, Callable[[Any, str, str | None, SchemaDraft, str, Origin], Iterator[c.Change]]] = {
    exp.ColumnDef: _add_column,
    exp.AddConstraint: _add_constraint,
    exp.Drop: _drop_part,
    exp.AlterColumn: _alter_column,
    exp.ModifyColumn: _modify_column,
    exp.RenameColumn: _rename_column,
    exp.AlterRename: _rename_table,
}


def _by_text(text: str, schema: SchemaDraft, origin: Origin) -> Iterator[c.Change]:
    """Yield the changes of statements of which the parser knows only the first word."""
    if re.match(r"RENAME\s+TABLE\b", text, re.IGNORECASE):
        for old, new in _RENAME_TABLE.findall(text[len("RENAME TABLE") :]):
            yield c.RenameTable(_bare(old), None, _bare(new))
    elif match := _ADD_VALUE.match(text):
        known = next((enum for enum in schema.enums.values() if enum.name == _bare(match[1])), None)
        if known:
            yield c.AddEnum(known.name, None, replace(known, values=(*known.values, match[2])))
    elif match := _REDECLARE.match(text):
        yield from _redeclare(_bare(match[1]), _bare(match[2]), _bare(match[3]), match[4], origin)
    elif match := _SET_SCHEMA.match(text):
        moved = schema.relation(_bare(match[1]))
        if moved:
            yield c.DropTable(moved.name, moved.schema, moved)
            yield c.AddTable(moved.name, _bare(match[2]), replace(moved, schema=_bare(match[2])))


def _redeclare(table: str, old: str, new: str, rest: str, origin: Origin) -> Iterator[c.Change]:
    trees, dialect = sqltext.parse(f'CREATE TABLE x ("{new}" {rest})', ("sqlite",))
    alone = (
        relation_of(trees[0], SchemaDraft(), dialect, origin) if trees and isinstance(trees[0], exp.Create) else None
    )
    if alone and alone.columns:
        if old != new:
            yield c.RenameColumn(table, None, old, new)
        yield c.AlterType(table, None, new, alone.columns[0].type)
        yield c.SetNullable(table, None, new, alone.columns[0].nullable)


def _spread(text: str) -> str:
    """Rewrite MySQL's `ADD (a int, b int)` as `ADD COLUMN a int, ADD COLUMN b int`, which the parser supports."""
    while opening := _ADD_MANY.search(text):
        parts, depth, start = [], 0, opening.end()
        for at in range(opening.end(), len(text)):
            depth += {"(": 1, ")": -1}.get(text[at], 0)
            if depth < 0 or (depth == 0 and text[at] == ","):
                parts.append(f"ADD COLUMN {text[start:at].strip()}")
                start = at + 1
            if depth < 0:
                break
        if depth >= 0:
            return text
        text = text[: opening.start()] + ", ".join(parts) + text[start:]
    return text


def _bare(name: str) -> str:
    """Return the last part of a dotted name without its quotes."""
    parts: list[str] = re.findall(r"[\w$]+|\"[^\"]+\"|`[^`]+`|\[[^\]]+\]", name)
    return parts[-1].strip('"`[]')
