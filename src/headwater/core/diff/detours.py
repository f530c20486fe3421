"""What both sides have but has to make way for a change: it is dropped before and added again after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from headwater.catalog import changes as c
from headwater.catalog.apply import mentions
from headwater.catalog.dialect import Dialect
from headwater.catalog.model import ForeignKey, Index, Relation, Schema
from headwater.core.diff.sides import TableKey, is_plain, referred, table_key, target_of

_VIEWS = ("view", "materialized_view")


def detours(changes: Sequence[c.Change], before: Schema, dialect: Dialect | None) -> list[c.Change]:
    """Return the changes that take what is in the way, and bring it back."""
    effects = {table_key(relation): _Effects() for relation in before}
    dropped: set[TableKey] = set()
    for change in changes:
        _note(change, effects, dropped)
    steps: list[c.Change] = []
    for table in before:
        if table.kind == "table" and table_key(table) not in dropped:
            steps += _computed(table, effects[table_key(table)])
    for table in before:
        if table.kind == "table" and table_key(table) not in dropped:
            steps += _checks(table, effects[table_key(table)])
            steps += _indexes(table, effects[table_key(table)])
            steps += _foreign_keys(table, before, effects, dialect)
    return steps + list(_views(before, effects, dropped))


@dataclass(slots=True)
class _Effects:
    """What changes do to a table: columns of another type, columns that are replaced, and lost keys and indexes."""

    altered: set[str] = field(default_factory=set)
    dropped: set[str] = field(default_factory=set)
    replaced: set[str] = field(default_factory=set)
    lost: list[tuple[str, ...]] = field(default_factory=list)
    gone: set[object] = field(default_factory=set)

    @property
    def disturbed(self) -> set[str]:
        """The columns that an expression cannot use meanwhile."""
        return self.altered | self.replaced


def _note(change: c.Change, effects: dict[TableKey, _Effects], dropped: set[TableKey]) -> None:
    own = effects.get((change.schema, change.table), _Effects())
    match change:
        case c.DropTable():
            dropped.add((change.schema, change.table))
        case c.AlterType(column=column):
            own.altered.add(column)
        case c.DropColumn(column=column):
            own.dropped.add(column)
        case c.AddColumn(column=column) if column.name in own.dropped:
            own.replaced.add(column.name)
        case c.SetPrimaryKey(was=was):
            own.lost.append(was or ())
        case c.DropIndex(was=was) if was:
            own.lost.append(was.columns)
            own.gone.add(was)
        case c.DropForeignKey(was=was) | c.DropCheck(was=was) if was:
            own.gone.add(was)


def _computed(table: Relation, effects: _Effects) -> Iterator[c.Change]:
    for column in table.columns:
        text = column.generated or ""
        if column.name in effects.dropped or not any(mentions(text, name) for name in effects.disturbed):
            continue
        effects.dropped.add(column.name)
        effects.replaced.add(column.name)
        yield c.DropColumn(table.name, table.schema, column.name, column)
        yield c.AddColumn(table.name, table.schema, column)


def _checks(table: Relation, effects: _Effects) -> Iterator[c.Change]:
    for check in table.checks:
        if check not in effects.gone and any(mentions(check.expression, name) for name in effects.disturbed):
            yield c.DropCheck(table.name, table.schema, check.name or "", check)
            yield c.AddCheck(table.name, table.schema, check)


def _indexes(table: Relation, effects: _Effects) -> Iterator[c.Change]:
    for index in table.indexes:
        if index not in effects.gone and _is_disturbed(index, effects):
            effects.lost.append(index.columns)
            yield c.DropIndex(table.name, table.schema, index.name or "", index)
            yield c.AddIndex(table.name, table.schema, index)


def _is_disturbed(index: Index, effects: _Effects) -> bool:
    if effects.replaced & set(index.columns):
        return True
    if is_plain(index) and not index.where:
        return False
    texts = [*(name for name in index.columns if name.startswith("(")), index.where or ""]
    return any(mentions(text, name) for text in texts for name in effects.disturbed)


def _foreign_keys(
    table: Relation, before: Schema, effects: dict[TableKey, _Effects], dialect: Dialect | None
) -> Iterator[c.Change]:
    for key in table.foreign_keys:
        if key not in effects[table_key(table)].gone and _is_in_the_way(key, table, before, effects, dialect):
            yield c.DropForeignKey(table.name, table.schema, key.name, key.columns, key)
            yield c.AddForeignKey(table.name, table.schema, key)


def _is_in_the_way(
    key: ForeignKey, table: Relation, before: Schema, effects: dict[TableKey, _Effects], dialect: Dialect | None
) -> bool:
    own = effects[table_key(table)]
    target = target_of(key, table, before)
    other = effects[table_key(target)] if target else _Effects()
    if own.disturbed & set(key.columns) or other.disturbed & set(referred(key, before)):
        return True
    if any(set(columns) & set(referred(key, before)) for columns in other.lost):
        return True
    return bool(dialect and dialect.indexes_foreign_keys) and any(
        set(columns) & set(key.columns) for columns in own.lost
    )


def _views(before: Schema, effects: dict[TableKey, _Effects], dropped: set[TableKey]) -> Iterator[c.Change]:
    """Yield the views that use a changed table, and those that use such views."""
    changed = {name for (_, name), own in effects.items() if own.disturbed or own.dropped}
    moved = {name for _, name in dropped}
    for view in before:
        used = changed | moved
        if (
            view.kind in _VIEWS
            and table_key(view) not in dropped
            and any(mentions(view.definition or "", n) for n in used)
        ):
            moved.add(view.name)
            yield c.DropTable(view.name, view.schema, view)
            yield c.AddTable(view.name, view.schema, view)
