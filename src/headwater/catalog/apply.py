"""Applies changes to a Schema: a list of migrations becomes the tables that they leave behind.

A change of a table or column that does not exist leaves the Schema as it was: real migrations say IF EXISTS, or use
tables that another tool created. `apply_all` returns the Schema after all changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import reduce
from typing import Any

from headwater.catalog import changes as c
from headwater.catalog.model import Column, ForeignKey, Index, Relation, Schema


def apply_all(schema: Schema, steps: Iterable[c.Change]) -> Schema:
    """Return the Schema after all changes, in order."""
    return reduce(apply, steps, schema)


def apply(schema: Schema, change: c.Change) -> Schema:
    """Return the Schema after one change."""
    on_schema = _ON_SCHEMA.get(type(change))
    if on_schema:
        return on_schema(schema, change)
    relation = schema.relation(change.table, change.schema)
    if relation is None:
        return schema
    changed = _ON_RELATION[type(change)](relation, change)
    return replace(schema, relations=tuple(changed if r is relation else r for r in schema.relations))


def _add_table(schema: Schema, change: c.AddTable) -> Schema:
    return schema.with_relation(change.relation)


def _drop_table(schema: Schema, change: c.DropTable) -> Schema:
    return schema.without_relation(change.table, change.schema)


def _rename_table(schema: Schema, change: c.RenameTable) -> Schema:
    old = schema.relation(change.table, change.schema)
    if old is None:
        return schema

    def follow(relation: Relation) -> Relation:
        name = change.new_name if relation is old else relation.name
        keys = tuple(
            replace(key, ref_table=change.new_name) if key.ref_table == old.name else key
            for key in relation.foreign_keys
        )
        return replace(relation, name=name, foreign_keys=keys)

    return schema.map_relations(follow)


def _rename_column(schema: Schema, change: c.RenameColumn) -> Schema:
    owner = schema.relation(change.table, change.schema)
    if owner is None or owner.column(change.column) is None:
        return schema

    def follow(relation: Relation) -> Relation:
        keys = tuple(_follow_ref(key, owner.name, change) for key in relation.foreign_keys)
        relation_with_keys = replace(relation, foreign_keys=keys)
        return _rename_own(relation_with_keys, change) if relation is owner else relation_with_keys

    return schema.map_relations(follow)


def _follow_ref(key: ForeignKey, owner: str, change: c.RenameColumn) -> ForeignKey:
    if key.ref_table != owner:
        return key
    return replace(key, ref_columns=_renamed(key.ref_columns, change))


def _renamed(names: tuple[str, ...], change: c.RenameColumn) -> tuple[str, ...]:
    return tuple(change.new_name if name == change.column else name for name in names)


def _rename_own(relation: Relation, change: c.RenameColumn) -> Relation:
    old = relation.column(change.column)
    return replace(
        relation,
        columns=tuple(replace(col, name=change.new_name) if col is old else col for col in relation.columns),
        primary_key=_renamed(relation.primary_key, change),
        foreign_keys=tuple(replace(k, columns=_renamed(k.columns, change)) for k in relation.foreign_keys),
        indexes=tuple(replace(i, columns=_renamed(i.columns, change)) for i in relation.indexes),
    )


def _add_column(relation: Relation, change: c.AddColumn) -> Relation:
    if relation.column(change.column.name):
        return relation
    return replace(relation, columns=(*relation.columns, change.column))


def _drop_column(relation: Relation, change: c.DropColumn) -> Relation:
    gone = relation.column(change.column)
    if gone is None:
        return relation
    return replace(
        relation,
        columns=tuple(col for col in relation.columns if col is not gone),
        primary_key=() if gone.name in relation.primary_key else relation.primary_key,
        foreign_keys=tuple(key for key in relation.foreign_keys if gone.name not in key.columns),
        indexes=tuple(index for index in relation.indexes if gone.name not in index.columns),
    )


def _change_column(relation: Relation, name: str, change: Callable[[Column], Column]) -> Relation:
    old = relation.column(name)
    return replace(relation, columns=tuple(change(col) if col is old else col for col in relation.columns))


def _alter_type(relation: Relation, change: c.AlterType) -> Relation:
    return _change_column(relation, change.column, lambda col: replace(col, type=change.type))


def _set_nullable(relation: Relation, change: c.SetNullable) -> Relation:
    return _change_column(relation, change.column, lambda col: replace(col, nullable=change.nullable))


def _set_default(relation: Relation, change: c.SetDefault) -> Relation:
    return _change_column(relation, change.column, lambda col: replace(col, default=change.default))


def _set_primary_key(relation: Relation, change: c.SetPrimaryKey) -> Relation:
    keyed = tuple(replace(col, nullable=False) if col.name in change.columns else col for col in relation.columns)
    return replace(relation, primary_key=change.columns, columns=keyed)


def _add_foreign_key(relation: Relation, change: c.AddForeignKey) -> Relation:
    return replace(relation, foreign_keys=(*relation.foreign_keys, change.key))


def _drop_foreign_key(relation: Relation, change: c.DropForeignKey) -> Relation:
    def gone(key: ForeignKey) -> bool:
        return key.name == change.name if change.name else key.columns == change.columns

    return replace(relation, foreign_keys=tuple(key for key in relation.foreign_keys if not gone(key)))


def _add_index(relation: Relation, change: c.AddIndex) -> Relation:
    return replace(relation, indexes=(*relation.indexes, change.index))


def _drop_index(schema: Schema, change: c.DropIndex) -> Schema:
    def keep(index: Index) -> bool:
        return index.name != change.name

    def without(relation: Relation) -> Relation:
        if change.table and relation.name != change.table:
            return relation
        return replace(relation, indexes=tuple(filter(keep, relation.indexes)))

    return schema.map_relations(without)


def _add_check(relation: Relation, change: c.AddCheck) -> Relation:
    return replace(relation, checks=(*relation.checks, change.check))


def _drop_check(relation: Relation, change: c.DropCheck) -> Relation:
    return replace(
        relation,
        checks=tuple(check for check in relation.checks if check.name != change.name),
        foreign_keys=tuple(key for key in relation.foreign_keys if key.name != change.name),
        indexes=tuple(index for index in relation.indexes if index.name != change.name),
    )


def _add_enum(schema: Schema, change: c.AddEnum) -> Schema:
    enums = tuple(enum for enum in schema.enums if enum.name != change.enum.name)
    return replace(schema, enums=(*enums, change.enum))


def _drop_enum(schema: Schema, change: c.DropEnum) -> Schema:
    return replace(schema, enums=tuple(enum for enum in schema.enums if enum.name != change.table))


# The value types are Any because each function takes its own change type; `apply` selects the function by type.
_ON_SCHEMA: dict[type[c.Change], Callable[[Schema, Any], Schema]] = {
    c.AddTable: _add_table,
    c.DropTable: _drop_table,
    c.RenameTable: _rename_table,
    c.RenameColumn: _rename_column,
    c.DropIndex: _drop_index,
    c.AddEnum: _add_enum,
    c.DropEnum: _drop_enum,
}
_ON_RELATION: dict[type[c.Change], Callable[[Relation, Any], Relation]] = {
    c.AddColumn: _add_column,
    c.DropColumn: _drop_column,
    c.AlterType: _alter_type,
    c.SetNullable: _set_nullable,
    c.SetDefault: _set_default,
    c.SetPrimaryKey: _set_primary_key,
    c.AddForeignKey: _add_foreign_key,
    c.DropForeignKey: _drop_foreign_key,
    c.AddIndex: _add_index,
    c.AddCheck: _add_check,
    c.DropCheck: _drop_check,
}
