"""The order in which changes can be applied, and what has to make way for them.

A key that needs a column of another type is dropped before the type changes, and added after it; so are checks,
computed columns, and views. New tables come after the tables that they refer to; where they refer to each other, keys
are added last.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from typing import Any

from headwater.catalog import changes as c
from headwater.catalog.dialect import Dialect
from headwater.catalog.model import Relation, Schema
from headwater.core.diff.detours import detours
from headwater.core.diff.free_names import with_free_names
from headwater.core.diff.sides import TableKey, table_key, target_of

_VIEWS = ("view", "materialized_view")
_RANKS = (
    "new_enum",
    "gone_view",
    "gone_key",
    "gone_check",
    "gone_index",
    "gone_table",
    "freed_default",
    "gone_computed",
    "new_column",
    "type",
    "primary_key",
    "gone_column",
    "default",
    "nullable",
    "new_computed",
    "new_index",
    "new_table",
    "new_key",
    "new_check",
    "new_view",
    "gone_enum",
)


def ordered(
    changes: Sequence[c.Change], before: Schema, after: Schema, dialect: Dialect | None
) -> tuple[c.Change, ...]:
    """Return changes in an order that works, with the changes that it takes in between.

    Args:
        changes: what differs.
        before: the Schema to which they are applied.
        after: the Schema that they lead to.
        dialect: of the database that is changed, if it is known.
    """
    ranked = [(_rank(change), change) for change in (*changes, *detours(changes, before, dialect))]
    tables, keys = _new_tables([change for rank, change in ranked if rank == "new_table"])
    dropped, cut = _dropped_tables([change for rank, change in ranked if rank == "gone_table"])
    views = _views([change for rank, change in ranked if rank in ("new_view", "gone_view")], before, after)
    whole = ("new_table", "gone_table", "new_view", "gone_view")
    steps = [pair for pair in ranked if pair[0] not in whole]
    steps += [(_rank(change), change) for change in (*tables, *keys, *dropped, *cut, *views)]
    steps += [("freed_default", change) for change in _freed_defaults(changes)]
    steps.sort(key=lambda pair: _RANKS.index(pair[0]))
    return tuple(with_free_names((change for _, change in steps), before))


def _rank(change: c.Change) -> str:
    match change:
        case c.AddTable():
            return "new_view" if change.relation.kind in _VIEWS else "new_table"
        case c.DropTable():
            return "gone_view" if change.was and change.was.kind in _VIEWS else "gone_table"
        case c.AddColumn():
            return "new_computed" if change.column.generated else "new_column"
        case c.DropColumn():
            return "gone_computed" if change.was and change.was.generated else "gone_column"
    return _SIMPLE[type(change)]


_SIMPLE: dict[type[c.Change], str] = {
    c.AddEnum: "new_enum",
    c.DropEnum: "gone_enum",
    c.DropForeignKey: "gone_key",
    c.AddForeignKey: "new_key",
    c.DropCheck: "gone_check",
    c.AddCheck: "new_check",
    c.DropIndex: "gone_index",
    c.AddIndex: "new_index",
    c.AlterType: "type",
    c.SetDefault: "default",
    c.SetPrimaryKey: "primary_key",
    c.SetNullable: "nullable",
}


def _freed_defaults(changes: Sequence[c.Change]) -> Iterator[c.Change]:
    """Yield the defaults that go before the types of their columns change: they may not fit the new types."""
    altered = {(change.table, change.schema, change.column) for change in changes if isinstance(change, c.AlterType)}
    for change in changes:
        if isinstance(change, c.SetDefault) and (change.table, change.schema, change.column) in altered and change.was:
            yield c.SetDefault(change.table, change.schema, change.column, None, change.was)


def _in_order(relations: Sequence[Relation]) -> list[Relation]:
    """Return tables so that each comes after those it refers to, as far as they do not refer to each other."""
    own = Schema(tuple(relations))
    by_key = {table_key(relation): relation for relation in relations}
    waiting = {key: _referred_tables(relation, own) - {key} for key, relation in by_key.items()}
    while waiting:
        try:
            return [by_key[key] for key in TopologicalSorter(waiting).static_order()]
        except CycleError as error:
            cycle: list[TableKey] = error.args[1]
            waiting[cycle[1]] = waiting[cycle[1]] - {cycle[0]}
    return []


def _referred_tables(relation: Relation, among: Schema) -> set[TableKey]:
    targets = (target_of(key, relation, among) for key in relation.foreign_keys)
    return {table_key(target) for target in targets if target is not None}


def _new_tables(changes: Sequence[Any]) -> tuple[list[c.Change], list[c.Change]]:
    """Return the new tables in order, and the keys to tables that come later."""
    tables: list[c.Change] = []
    keys: list[c.Change] = []
    new = Schema(tuple(change.relation for change in changes))
    waiting = {table_key(relation) for relation in new}
    for relation in _in_order(new.relations):
        others = waiting - {table_key(relation)}
        late = [k for k in relation.foreign_keys if (to := target_of(k, relation, new)) and table_key(to) in others]
        early = tuple(key for key in relation.foreign_keys if key not in late)
        tables.append(c.AddTable(relation.name, relation.schema, replace(relation, foreign_keys=early)))
        keys += [c.AddForeignKey(relation.name, relation.schema, key) for key in late]
        waiting = others
    return tables, keys


def _dropped_tables(changes: Sequence[Any]) -> tuple[list[c.Change], list[c.Change]]:
    """Return the dropped tables so that each goes before those it refers to, and the keys that stand in the way."""
    old = Schema(tuple(change.was for change in changes if change.was))
    order = [table_key(relation) for relation in reversed(_in_order(old.relations))]
    drops = {(change.schema, change.table): change for change in changes}
    gone: set[TableKey] = set()
    cut: list[c.Change] = []
    for name in order:
        for other in old:
            if table_key(other) not in gone and table_key(other) != name:
                keys = [k for k in other.foreign_keys if (to := target_of(k, other, old)) and table_key(to) == name]
                cut += [c.DropForeignKey(other.name, other.schema, key.name, key.columns, key) for key in keys]
        gone.add(name)
    return [drops[name] for name in order] + [drops[name] for name in drops if name not in order], cut


def _views(views: Sequence[c.Change], before: Schema, after: Schema) -> list[c.Change]:
    """Return views that go, users before what they use, and views that come, the other way round."""
    old = {relation.name: number for number, relation in enumerate(before)}
    new = {relation.name: number for number, relation in enumerate(after)}
    gone = [change for change in views if isinstance(change, c.DropTable)]
    gone.sort(key=lambda change: -old.get(change.table, 0))
    come = [change for change in views if isinstance(change, c.AddTable)]
    come.sort(key=lambda change: new.get(change.table, old.get(change.table, 0)))
    return [*gone, *come]
