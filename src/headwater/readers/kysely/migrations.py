"""Kysely migrations as changes: `db.schema.createTable("users").addColumn("id", "uuid", col => col.primaryKey())`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from headwater.catalog import changes as c
from headwater.catalog import fact_queries as q
from headwater.catalog import facts as f
from headwater.catalog.model import Column, ForeignKey, Origin, Relation
from headwater.readers import CodeProject, SourceFile

Changes = Iterator[c.Change]
Calls = list[f.Call]


def changes(project: CodeProject, file: SourceFile) -> Changes:
    """Yield the changes of the function `up` of a migration, or of all functions if it has none."""
    module = project.module(file.path)
    body = module.body if module else ()
    ups = [node for node in _functions(body) if node.name == "up"]
    for node in ups or [node for node in _functions(body) if node.name != "down"]:
        for call in _calls(node.body):
            yield from _statement(file, call)


def _functions(body: Iterable[f.Stmt]) -> Iterator[f.Function]:
    for stmt in body:
        if isinstance(stmt, f.Function):
            yield stmt
        elif isinstance(stmt, f.Assign) and isinstance(stmt.value, f.Lambda):
            name = q.last_name(stmt.targets[0])
            yield f.Function(stmt.start, stmt.end, name, stmt.value.params, None, (), stmt.value.body)
        elif isinstance(stmt, f.Class):
            yield from _functions(stmt.body)


def _calls(node: object) -> Iterator[f.Call]:
    """Yield the outermost calls in a body, in the order of the source."""
    if isinstance(node, f.Call) and _chain(node):
        yield node
    elif isinstance(node, tuple):
        for item in node:
            yield from _calls(item)
    elif isinstance(node, f.Node):
        for name in type(node).__struct_fields__:
            yield from _calls(getattr(node, name))


def _chain(call: f.Expr) -> Calls:
    """Return the calls on a schema builder in order, or nothing if this is no such chain."""
    calls: Calls = []
    while isinstance(call, f.Call) and isinstance(call.func, f.Attr):
        calls.insert(0, call)
        call = call.func.value
    return calls if isinstance(call, f.Attr) and call.name == "schema" else []


def _statement(file: SourceFile, call: f.Call) -> Changes:
    calls = [part for part in _chain(call) if q.called_name(part) not in ("withSchema", "execute", "ifNotExists")]
    name = q.literal_text(q.argument(calls[0], 0)) if calls else None
    if not name:
        return
    name = name.rpartition(".")[2]
    first = q.called_name(calls[0])
    if first == "createTable":
        yield _created(file, name, calls)
    elif first == "dropTable":
        yield c.DropTable(name, None)
    elif first == "alterTable":
        for part in calls[1:]:
            operation = _ALTERS.get(q.called_name(part))
            if operation is not None:
                yield from operation(file, name, part)


def _created(file: SourceFile, name: str, calls: Calls) -> c.Change:
    added = [call for call in calls[1:] if q.called_name(call) == "addColumn" and q.literal_text(q.argument(call, 0))]
    columns = tuple(_column(file, call) for call in added)
    keys = tuple(key for call in added if (key := _key(call)))
    primary = tuple(c.name for c, call in zip(columns, added, strict=True) if "primaryKey" in _modifiers(call))
    for call in calls[1:]:
        texts = tuple(q.literal_text(item) or "" for item in q.items(q.argument(call, 1)))
        if q.called_name(call) == "addPrimaryKeyConstraint":
            primary = texts
        elif q.called_name(call) == "addForeignKeyConstraint":
            others = tuple(q.literal_text(item) or "" for item in q.items(q.argument(call, 3)))
            keys = (*keys, ForeignKey(texts, q.literal_text(q.argument(call, 2)) or "", others))
    origins = (Origin(file.path, q.line_of(file.source, calls[0].args[0].start)),)
    return c.AddTable(name, None, Relation(name, columns, primary_key=primary, foreign_keys=keys, origins=origins))


def _modifiers(call: f.Call) -> dict[str, f.Call]:
    """Return the calls in the function that describes a column, by name."""
    made = q.returned_value(q.argument(call, 2))
    calls: dict[str, f.Call] = {}
    while isinstance(made, f.Call) and isinstance(made.func, f.Attr):
        calls[made.func.name] = made
        made = made.func.value
    return calls


def _column(file: SourceFile, call: f.Call) -> Column:
    modifiers, start = _modifiers(call), call.args[0].start
    return Column(
        q.literal_text(q.argument(call, 0)) or "",
        q.literal_text(q.argument(call, 1)) or "",
        nullable=modifiers.keys().isdisjoint({"notNull", "primaryKey"}),
        identity="autoIncrement" in modifiers,
        origins=(Origin(file.path, q.line_of(file.source, start)),),
    )


def _key(call: f.Call) -> ForeignKey | None:
    target = q.literal_text(q.argument(_modifiers(call).get("references"), 0))
    table, _, column = (target or "").rpartition(".")
    return ForeignKey((q.literal_text(q.argument(call, 0)) or "",), table, (column,)) if table else None


def _add(file: SourceFile, table: str, call: f.Call) -> Changes:
    if q.literal_text(q.argument(call, 0)):
        yield c.AddColumn(table, None, _column(file, call))


def _drop(file: SourceFile, table: str, call: f.Call) -> Changes:
    name = q.literal_text(q.argument(call, 0))
    if name:
        yield c.DropColumn(table, None, name)


def _rename_column(file: SourceFile, table: str, call: f.Call) -> Changes:
    old, new = q.literal_text(q.argument(call, 0)), q.literal_text(q.argument(call, 1))
    if old and new:
        yield c.RenameColumn(table, None, old, new)


def _rename(file: SourceFile, table: str, call: f.Call) -> Changes:
    new = q.literal_text(q.argument(call, 0))
    if new:
        yield c.RenameTable(table, None, new)


_ALTERS: dict[str, Callable[[SourceFile, str, f.Call], Changes]] = {
    "addColumn": _add,
    "dropColumn": _drop,
    "renameColumn": _rename_column,
    "renameTo": _rename,
}
