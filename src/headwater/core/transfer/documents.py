"""Plans a table as a collection: rows become documents, the key the `_id`, types and NOT NULL a validator."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from headwater.catalog.model import Check, Column, Index, Relation
from headwater.catalog.value_kinds import TypeSpelling, ValueKind
from headwater.core.transfer import constraints, loss_rules
from headwater.core.transfer.column_kinds import column_kinds, with_nulls
from headwater.core.transfer.json_checks import is_json_check
from headwater.core.transfer.mapping_context import MappingContext
from headwater.core.transfer.plan import ColumnPlan, TablePlan

ID = "_id"
NESTED = frozenset({"json", "array"})
_UNBOUNDED = frozenset({"text", "binary", "json", "array", "other"})


def collection(relation: Relation, work: MappingContext) -> tuple[Relation, TablePlan]:
    """Return the plan of a table, and record every loss."""
    name = work.names[relation.schema, relation.name]
    kinds = column_kinds(relation, work)
    relation = with_nulls(relation, kinds, work)
    paths = _paths(relation, kinds, work)
    loss_rules.table_losses(relation, kinds, work)
    assert work.target.types
    columns, plans, fields = [], [], {}
    for column in relation.columns:
        kind = kinds[column.name]
        field = work.target.types.spell(kind, False)
        fields[column.name] = field
        _tell(relation, column, kind, field, work)
        nullable = column.nullable and column.name not in relation.primary_key
        columns.append(Column(paths[column.name], field.type, nullable))
        note = "; ".join(field.changes)
        plans.append(ColumnPlan(column.name, column.type, field.type, kind, note, paths[column.name]))
    _tell_of_constraints(relation, kinds, work)
    largest = work.target.max_row_megabytes
    if largest and any(kind.size is None and kind.name in _UNBOUNDED for kind in kinds.values()):
        work.record_loss("risk", "", relation.name, f"rows of more than {largest} MB are refused")
    built = Relation(
        name,
        tuple(columns),
        kind="collection",
        primary_key=(ID,),
        indexes=tuple(_indexes(relation, kinds, fields, paths, work)),
        checks=(Check(json.dumps(_validator(relation, kinds, fields, paths), ensure_ascii=False), "validator"),),
    )
    return built, TablePlan(relation.schema, relation.name, None, name, tuple(plans), (), relation.rows)


def _paths(relation: Relation, kinds: Mapping[str, ValueKind], work: MappingContext) -> dict[str, str]:
    """Return the path of each column in a document: the key as `_id`, or as parts of it."""
    table_name, key = relation.qualified_name, relation.primary_key
    if any(kinds[name].name in NESTED for name in key if name in kinds):
        work.record_loss(
            "left_out", table_name, ", ".join(key), "a key of JSON or arrays: the server generates an _id instead"
        )
        key = ()
    elif not key:
        work.record_loss(
            "changed", table_name, ID, "a table without a key: the server generates an _id for each document"
        )
    paths: dict[str, str] = {}
    for column in relation.columns:
        name = column.name.replace(".", "_").replace("\0", "_") or "_"
        name = f"_{name[1:]}" if name.startswith("$") else name
        name = f"{name}_" if name == ID and column.name not in key else name
        while name in paths.values():
            name += "_"
        if name != column.name and key != (column.name,):
            work.record_loss(
                "changed",
                table_name,
                column.name,
                f"is renamed to {name}: fields cannot have this name, or another field has it",
            )
        paths[column.name] = name
    if len(key) == 1:
        paths[key[0]] = ID
        if key[0] != ID:
            work.record_loss("changed", table_name, key[0], "the key becomes the _id, and is not a separate field")
    elif key:
        paths |= {name: f"{ID}.{paths[name]}" for name in key}
        work.record_loss(
            "changed", table_name, ", ".join(key), "the key becomes the _id: a document with the key columns in order"
        )
    return paths


def _tell(relation: Relation, column: Column, kind: ValueKind, field: TypeSpelling, work: MappingContext) -> None:
    table_name = relation.qualified_name
    for sentence in field.changes:
        work.record_loss("changed", table_name, column.name, sentence)
    for sentence in (field.risk, loss_rules.risk(kind, column, relation, work)):
        if sentence:
            work.record_loss("risk", table_name, column.name, sentence)
    loss_rules.column_losses(column, table_name, work)
    finer = kind.name == "timestamp" and (kind.scale is None or kind.scale > work.target.timestamp_digits)
    if finer and column.name in _telling_apart(relation):
        work.record_loss("risk", table_name, column.name, "keys that differ by less than a millisecond are refused")
    if column.identity or loss_rules.is_counter(relation, column, work):
        work.record_loss("left_out", table_name, column.name, "new documents are not numbered automatically")
    elif column.default is not None and not column.generated and not column.default.upper().startswith("NULL"):
        work.record_loss("left_out", table_name, column.name, f"the default {column.default} is not kept")


def _telling_apart(relation: Relation) -> set[str]:
    names = set(relation.primary_key)
    return names.union(*(constraints.plain_columns(index) for index in relation.indexes if index.unique))


def _tell_of_constraints(relation: Relation, kinds: Mapping[str, ValueKind], work: MappingContext) -> None:
    table_name = relation.qualified_name
    for key in relation.foreign_keys:
        work.record_loss("left_out", table_name, key.name or ", ".join(key.columns), "foreign keys are not kept")
    for check in relation.checks:
        if not any(is_json_check(check, column) for column in kinds):
            work.record_loss("left_out", table_name, check.name or check.expression, f"the check ({check.expression})")


def _indexes(
    relation: Relation,
    kinds: Mapping[str, ValueKind],
    fields: Mapping[str, TypeSpelling],
    paths: Mapping[str, str],
    work: MappingContext,
) -> list[Index]:
    result = []
    for index in relation.indexes:
        table_name, name = relation.qualified_name, index.name or ", ".join(index.columns)
        attrs = dict(index.attrs)
        keys = {paths[key.column]: -1 if key.descending else 1 for key in constraints.keys(index)}
        if set(keys) == {ID}:
            continue  # it always exists
        why = constraints.reason_unindexable(index, attrs, constraints.plain_columns(index), kinds, work)
        if why or (index.where and index.unique):
            what = "a unique index" if index.unique else "an index"
            work.record_loss("left_out", table_name, name, f"{what} {why or 'with a condition'}")
            continue
        if index.where:
            work.record_loss("changed", table_name, name, "a partial index becomes an index of all rows")
        constraints.record_attribute_losses(attrs, table_name, name, work, supported="nulls_not_distinct")
        if index.comment:
            work.record_comment_loss(table_name, name)
        where = None
        if index.unique and "nulls_not_distinct" not in attrs:
            where = _without_null(relation, index, fields, paths)
        if where:
            work.record_loss("changed", table_name, name, "a unique index does not contain rows with NULL")
        result.append(
            Index(
                index.name or "_".join(f"{key}_{way}" for key, way in keys.items()),
                tuple(keys),
                index.unique,
                json.dumps(where, ensure_ascii=False) if where else None,
                attrs=(("keys", json.dumps(keys, ensure_ascii=False)),),
            )
        )
    return result


def _without_null(
    relation: Relation, index: Index, fields: Mapping[str, TypeSpelling], paths: Mapping[str, str]
) -> dict[str, Any]:
    """Return the filter of a unique index: NULLs are distinct in SQL, but equal here."""
    nullable = {
        column.name for column in relation.columns if column.nullable and column.name not in relation.primary_key
    }
    columns = [name for name in constraints.plain_columns(index) if name in nullable]
    return {paths[name]: {"$type": list(fields[name].stored_types)} for name in columns}


def _validator(
    relation: Relation, kinds: Mapping[str, ValueKind], fields: Mapping[str, TypeSpelling], paths: Mapping[str, str]
) -> dict[str, Any]:
    """Return types, lengths, lists of values and NOT NULL as a validator."""
    whole: dict[str, Any] = {"bsonType": "object", "required": [], "properties": {}}
    for column in relation.columns:
        needed = not column.nullable or column.name in relation.primary_key
        rule = _rule(kinds[column.name], fields[column.name], needed)
        outer, _, inner = paths[column.name].partition(".")
        into, name = whole, outer
        if inner:
            into = whole["properties"].setdefault(outer, {"bsonType": "object", "required": [], "properties": {}})
            name = inner
        if needed:
            into["required"].append(name)
        if rule:
            into["properties"][name] = rule
    return {"$jsonSchema": {key: value for key, value in whole.items() if value}}


def _rule(kind: ValueKind, field: TypeSpelling, needed: bool) -> dict[str, Any]:
    if not field.stored_types:
        return {}
    rule: dict[str, Any] = {"bsonType": [*field.stored_types, *(() if needed else ("null",))]}
    if kind.name == "enum":
        rule["enum"] = [*kind.values, *(() if needed else (None,))]
    if kind.name == "text" and kind.size:
        rule["maxLength"] = kind.size
    return rule
