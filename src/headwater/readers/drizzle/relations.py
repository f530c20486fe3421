"""Models of Drizzle tables: columns by their keys, and what `relations(table, ({ one, many }) => …)` declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from headwater.catalog import fact_queries as q
from headwater.catalog import facts as f
from headwater.readers import CodeProject, Field, Model
from headwater.readers.drizzle.tables import DrizzleTable, table_of

_Link = tuple[tuple[str, ...], tuple[str, ...]]


class _Declared(msgspec.Struct, frozen=True):
    """A relation as it is declared: `one(users, { fields, references })` or `many(posts)`."""

    name: str
    start: int
    path: str
    owner: DrizzleTable
    target: DrizzleTable
    many: bool
    label: str | None
    link: _Link | None


def models(project: CodeProject, tables: Mapping[str, DrizzleTable], sources: Mapping[str, bytes]) -> Iterator[Model]:
    """Yield the model of each table."""
    declared: dict[str, list[_Declared]] = {}
    for path in sources:
        module = project.module(path)
        for stmt in module.body if module else ():
            for relation in _relations(path, stmt, tables):
                declared.setdefault(relation.owner.key, []).append(relation)
    for key, table in tables.items():
        fields = [
            Field(c.key, c.name, line=q.line_of(sources[c.path], c.start)) for c in table.columns if c.path in sources
        ]
        own = [_field(relation, declared, sources) for relation in declared.get(key, ())]
        line = q.line_of(sources[table.path], table.start)
        yield Model(key, table.variable, "drizzle", table.path, line, table.name, table.schema, (*fields, *own))


def _relations(path: str, stmt: f.Stmt, tables: Mapping[str, DrizzleTable]) -> Iterator[_Declared]:
    call = stmt.value if isinstance(stmt, f.Assign) else None
    if q.called_name(call) != "relations" or not tables:
        return
    anchor = next(iter(tables.values()))
    owner = table_of(anchor, path, q.dotted_name(q.argument(call, 0)))
    listed = q.returned_value(q.argument(call, 1))
    for entry, name in q.option_entries(listed) if owner else ():
        kind = q.called_name(entry.value)
        target = table_of(anchor, path, q.dotted_name(q.argument(entry.value, 0)))
        if owner is None or target is None or kind not in ("one", "many"):
            continue
        options = q.options(q.argument(entry.value, 1))
        yield _Declared(
            name,
            entry.start,
            path,
            owner,
            target,
            kind == "many",
            q.literal_text(options.get("relationName")),
            _link(owner, target, options),
        )


def _link(owner: DrizzleTable, target: DrizzleTable, options: Mapping[str, f.Expr]) -> _Link | None:
    """Return the columns of both sides, if this side declares them."""
    local = [owner.column(item.name) for item in q.items(options.get("fields")) if isinstance(item, f.Attr)]
    remote = [target.column(item.name) for item in q.items(options.get("references")) if isinstance(item, f.Attr)]
    if not local or None in local or None in remote:
        return None
    return tuple(name for name in local if name), tuple(name for name in remote if name)


def _field(relation: _Declared, declared: Mapping[str, list[_Declared]], sources: Mapping[str, bytes]) -> Field:
    link = relation.link or _from_other_side(relation, declared)
    local, remote = link or ((), ())
    line = q.line_of(sources[relation.path], relation.start)
    return Field(relation.name, None, relation.target.key, relation.many, local, remote, line=line)


def _from_other_side(relation: _Declared, declared: Mapping[str, list[_Declared]]) -> _Link | None:
    others = [
        other
        for other in declared.get(relation.target.key, ())
        if other.target.key == relation.owner.key and other.link and other.label == relation.label
    ]
    if not others or others[0].link is None:
        return None
    remote, local = others[0].link
    return local, remote
