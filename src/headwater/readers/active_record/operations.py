"""What each method of a migration does to the schema: `add_column`, `rename_table`, `change_table` and the like."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import msgspec

from headwater.catalog import changes as c
from headwater.catalog import fact_queries as q
from headwater.catalog import facts as f
from headwater.catalog.apply import SchemaDraft
from headwater.catalog.model import Check, Column, Enum, Index, Origin
from headwater.readers import _literals as s
from headwater.readers import sql
from headwater.readers.active_record.columns import DeclaredColumns
from headwater.readers.active_record.scripts import MEMBERS, OPERATIONS, Changes, SchemaScript, added

_DEFINES = re.compile(r"\b(create|alter|drop|rename)\s+(\w+\s+){0,3}(table|view|type)\b", re.IGNORECASE)


def _create_table(script: SchemaScript, call: f.Call) -> Changes:
    name = script.argument(call, 0)
    if name and (script.draft.relation(name) is None or s.keyword(call, "force") is not None):
        name = name.rpartition(".")[2]
        yield c.AddTable(name, None, script.table_of(call, name))


def _create_join_table(script: SchemaScript, call: f.Call) -> Changes:
    names = [script.argument(call, 0), script.argument(call, 1)]
    if not names[0] or not names[1]:
        return
    both = sorted(name for name in names if name)
    name = script.text(s.keyword(call, "table_name")) or join_table(*both)
    origins = (Origin(script.file.path, q.line_of(script.file.source, call.start)),)
    columns = tuple(
        Column(f"{script.inflector.singular(table)}_id", "bigint", nullable=False, origins=origins)
        for table in names
        if table
    )
    plain = msgspec.structs.replace(call, keywords=(f.Keyword(0, 0, "id", f.Const(0, 0, "false")),))
    relation = script.table_of(plain, name)
    yield c.AddTable(name, None, replace(relation, columns=(*columns, *relation.columns)))


def join_table(first: str, second: str) -> str:
    """Return the name of the join table of two tables: a prefix that both have is written once."""
    pair = f"{first}\0{second}"
    return re.sub(r"^(.*[._])(.+)\0\1(.+)", r"\1\2_\3", pair).replace("\0", "_")


def _change_table(script: SchemaScript, call: f.Call) -> Changes:
    name = script.argument(call, 0)
    if name:
        before = dict(script.tables)
        yield from _unapplied(script, call, name)
        script.tables = before


def _unapplied(script: SchemaScript, call: f.Call, name: str) -> Changes:
    """Yield the changes of a block without applying them: who asked for the operation does."""
    inner = SchemaScript(
        script.file, SchemaDraft(script.draft.schema()), script.inflector, script.functions, script.constants
    )
    yield from inner.block(call, name)


def _drop_table(script: SchemaScript, call: f.Call) -> Changes:
    for name in s.texts(f.SequenceExpr(0, 0, call.args), script.constants):
        yield c.DropTable(name, None, script.draft.relation(name))


def _rename_table(script: SchemaScript, call: f.Call) -> Changes:
    old, new = script.argument(call, 0), script.argument(call, 1)
    if old and new:
        yield c.RenameTable(old, None, new)


def _add_column(script: SchemaScript, call: f.Call) -> Changes:
    table, kind = script.argument(call, 0), script.argument(call, 2)
    names = s.texts(call.args[1], script.constants) if len(call.args) > 1 else ()
    for name in names if table else ():
        column = script.declarer().column(name, kind or "", call, call.args[1].start)
        yield c.AddColumn(table or "", None, column)


def _add_columns(script: SchemaScript, call: f.Call) -> Changes:
    table, kind = script.argument(call, 0), script.text(s.keyword(call, "type"))
    for arg in call.args[1:] if table else ():
        if name := script.text(arg):
            yield c.AddColumn(table or "", None, script.declarer().column(name, kind or "", call, arg.start))


def _remove_columns(script: SchemaScript, call: f.Call) -> Changes:
    table = script.argument(call, 0)
    args = call.args[1:] if s.called(call) in ("remove_columns", "remove") else call.args[1:2]
    for arg in args if table else ():
        for name in s.texts(arg, script.constants):
            yield c.DropColumn(table or "", None, name, _known(script, table or "", name))


def _known(script: SchemaScript, table: str, column: str) -> Column | None:
    relation = script.draft.relation(table)
    return relation.column(column) if relation else None


def _rename_column(script: SchemaScript, call: f.Call) -> Changes:
    table, old, new = (script.argument(call, at) for at in range(3))
    if table and old and new:
        yield c.RenameColumn(table, None, old, new)


def _change_column(script: SchemaScript, call: f.Call) -> Changes:
    table, name, kind = (script.argument(call, at) for at in range(3))
    if not table or not name:
        return
    was = _known(script, table, name)
    column = script.declarer().column(name, kind or "", call, call.start)
    if column.type:
        yield c.AlterType(table, None, name, column.type, was.type if was else None)
    if s.keyword(call, "null") is not None:
        yield c.SetNullable(table, None, name, column.nullable)
    if s.keyword(call, "default") is not None:
        yield c.SetDefault(table, None, name, column.default, was.default if was else None)


def _change_null(script: SchemaScript, call: f.Call) -> Changes:
    table, name = script.argument(call, 0), script.argument(call, 1)
    if table and name and len(call.args) > 2:
        yield c.SetNullable(table, None, name, s.is_true(call.args[2]))


def _change_default(script: SchemaScript, call: f.Call) -> Changes:
    table, name = script.argument(call, 0), script.argument(call, 1)
    value = s.keyword(call, "to") or (call.args[2] if len(call.args) > 2 else None)
    if table and name and value is not None:
        holder = f.Call(0, 0, f.Name(0, 0, "default"), (), (f.Keyword(0, 0, "default", value),))
        column = script.declarer().column(name, "", holder, call.start)
        yield c.SetDefault(table, None, name, column.default)


def _add_reference(script: SchemaScript, call: f.Call) -> Changes:
    table = script.argument(call, 0)
    if table and len(call.args) > 1:
        declared = DeclaredColumns()
        for name in call.args[1:]:
            script.declarer().reference(name, call, declared)
        yield from added(table, declared)


def _remove_reference(script: SchemaScript, call: f.Call) -> Changes:
    table = script.argument(call, 0)
    for arg in call.args[1:] if table else ():
        name = script.text(arg)
        for column in (f"{name}_id", f"{name}_type") if name else ():
            known = _known(script, table or "", column)
            if known:
                yield c.DropColumn(table or "", None, column, known)


def _add_timestamps(script: SchemaScript, call: f.Call) -> Changes:
    table = script.argument(call, 0)
    for column in script.declarer().timestamps(call) if table else ():
        yield c.AddColumn(table or "", None, column)


def _remove_timestamps(script: SchemaScript, call: f.Call) -> Changes:
    table = script.argument(call, 0)
    for name in ("created_at", "updated_at") if table else ():
        yield c.DropColumn(table or "", None, name, _known(script, table or "", name))


def _add_index(script: SchemaScript, call: f.Call) -> Changes:
    table = script.argument(call, 0)
    columns = s.texts(call.args[1], script.constants) if len(call.args) > 1 else ()
    if table and columns:
        name = script.text(s.keyword(call, "name"))
        unique = s.is_true(s.keyword(call, "unique"))
        where = script.text(s.keyword(call, "where"))
        yield c.AddIndex(table, None, Index(name, columns, unique, where))


def _remove_index(script: SchemaScript, call: f.Call) -> Changes:
    name = script.text(s.keyword(call, "name"))
    if name:
        yield c.DropIndex(script.argument(call, 0) or "", None, name)


def _add_foreign_key(script: SchemaScript, call: f.Call) -> Changes:
    table = script.argument(call, 0)
    key = script.declarer().foreign_key(script.without_table(call)) if table else None
    if table and key:
        yield c.AddForeignKey(table.rpartition(".")[2], None, key)


def _remove_foreign_key(script: SchemaScript, call: f.Call) -> Changes:
    table, other = script.argument(call, 0), script.argument(call, 1)
    column = script.text(s.keyword(call, "column"))
    if not column and other:
        column = f"{script.inflector.singular(other)}_id"
    if table and column:
        yield c.DropForeignKey(table, None, None, (column,))


def _add_check(script: SchemaScript, call: f.Call) -> Changes:
    table, expression = script.argument(call, 0), script.argument(call, 1)
    if table and expression:
        yield c.AddCheck(table, None, Check(expression, script.text(s.keyword(call, "name"))))


def _create_enum(script: SchemaScript, call: f.Call) -> Changes:
    name = script.argument(call, 0)
    values = s.texts(call.args[1], script.constants) if len(call.args) > 1 else ()
    if name and values:
        yield c.AddEnum(name, None, Enum(name, values))


def _execute(script: SchemaScript, call: f.Call) -> Changes:
    text = script.argument(call, 0)
    if text and _DEFINES.search(text):
        yield from sql.changes(text, script.draft.schema(), script.file.path)


_OPERATIONS: dict[str, Callable[[SchemaScript, f.Call], Changes]] = {
    "create_table": _create_table,
    "create_join_table": _create_join_table,
    "change_table": _change_table,
    "drop_table": _drop_table,
    "drop_join_table": _drop_table,
    "rename_table": _rename_table,
    "add_column": _add_column,
    "add_columns": _add_columns,
    "remove_column": _remove_columns,
    "remove_columns": _remove_columns,
    "rename_column": _rename_column,
    "change_column": _change_column,
    "change_column_null": _change_null,
    "change_column_default": _change_default,
    "add_reference": _add_reference,
    "add_belongs_to": _add_reference,
    "remove_reference": _remove_reference,
    "remove_belongs_to": _remove_reference,
    "add_timestamps": _add_timestamps,
    "remove_timestamps": _remove_timestamps,
    "add_index": _add_index,
    "remove_index": _remove_index,
    "add_foreign_key": _add_foreign_key,
    "remove_foreign_key": _remove_foreign_key,
    "add_check_constraint": _add_check,
    "create_enum": _create_enum,
    "execute": _execute,
}
# Methods of a table definition that are operations on its table.
_MEMBERS = {
    "remove": "remove_columns",
    "rename": "rename_column",
    "change": "change_column",
    "change_null": "change_column_null",
    "change_default": "change_column_default",
    "remove_references": "remove_reference",
    "remove_belongs_to": "remove_reference",
    "remove_timestamps": "remove_timestamps",
    "index": "add_index",
    "remove_index": "remove_index",
    "foreign_key": "add_foreign_key",
    "remove_foreign_key": "remove_foreign_key",
    "check_constraint": "add_check_constraint",
}
OPERATIONS.update(_OPERATIONS)
MEMBERS.update(_MEMBERS)
