"""Converts foreign keys for another engine: to tables that are copied, between columns that it can compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from headwater.catalog.model import ForeignKey, Index, Relation
from headwater.core.transfer import key_types
from headwater.core.transfer.constraints import UNCHECKED, plain_columns
from headwater.core.transfer.mapping_context import MappingContext


def foreign_keys(relation: Relation, work: MappingContext) -> tuple[ForeignKey, ...]:
    """Return the foreign keys that the target can have; the others are recorded as losses."""
    made = (_foreign_key(relation, key, work) for key in relation.foreign_keys)
    return tuple(key for key in made if key is not None)


def _foreign_key(relation: Relation, key: ForeignKey, work: MappingContext) -> ForeignKey | None:
    target, label = work.referred(key), key.name or ", ".join(key.columns)
    why = _refusal(relation, key, work)
    if target is None or why:
        work.record_loss("left_out", relation.qualified_name, label, why)
        return None
    if not work.source.enforces_foreign_keys and work.target.enforces_foreign_keys:
        work.record_loss(
            "risk", relation.qualified_name, label, "rows that refer to a row that does not exist are refused"
        )
    on_delete, on_update = (_rule(relation, key, rule, label, work) for rule in (key.on_delete, key.on_update))
    attrs = dict(key.attrs)
    deferred = "deferrable" in attrs and work.target.has_deferrable_keys
    if "deferrable" in attrs and not deferred:
        work.record_loss("changed", relation.qualified_name, label, "the foreign key is checked immediately")
    return ForeignKey(
        key.columns,
        work.names[target.schema, target.name],
        key.ref_columns or target.primary_key,
        work.free_name(key.name, relation) if key.name else None,
        work.target.default_schema,
        on_delete,
        on_update,
        (("deferrable", attrs["deferrable"]),) if deferred else (),
    )


def _refusal(relation: Relation, key: ForeignKey, work: MappingContext) -> str:
    """Return why the target would refuse a foreign key or its rows, as a loss; empty if it does not."""
    if work.referred(key) is None:
        return "a foreign key to a table that is not copied"
    if UNCHECKED & {name for name, _ in key.attrs}:
        return "a foreign key that its rows may violate (NOT VALID or NOT ENFORCED)"
    for first, second in key_types.connected_columns(relation, key, work):
        kinds = work.kinds[first], work.kinds[second]
        if not key_types.comparable(*kinds, work):
            return f"a foreign key between columns of different types ({kinds[0].written} and {kinds[1].written})"
    return ""


def _rule(relation: Relation, key: ForeignKey, rule: str | None, label: str, work: MappingContext) -> str | None:
    """Return what happens to a row whose target changes, as the target supports it."""
    if rule == "SET DEFAULT" and not work.target.has_set_default:
        work.record_loss("changed", relation.qualified_name, label, "SET DEFAULT becomes NO ACTION")
        return None
    required = {column.name for column in relation.columns if not column.nullable} | set(relation.primary_key)
    if rule == "SET NULL" and required & set(key.columns) and not work.target.sets_required_columns_to_null:
        work.record_loss("changed", relation.qualified_name, label, "SET NULL of a required column becomes NO ACTION")
        return None
    return rule


def with_references(relations: Sequence[Relation], sources: Sequence[Relation], work: MappingContext) -> list[Relation]:
    """Return the tables with what their foreign keys refer to: a key or index, as the target requires it.

    An index is added if that is enough; otherwise the foreign key is left out.
    """
    tables = {relation.name: relation for relation in relations}
    for relation, source in zip(relations, sources, strict=True):
        for key in relation.foreign_keys:
            target = tables[key.ref_table]
            if _is_key(target, key.ref_columns, work):
                continue
            label = key.name or ", ".join(key.columns)
            if work.target.refers_to_any_index:
                name = work.free_name(f"{target.name}_{'_'.join(key.ref_columns)}", source)
                tables[target.name] = replace(target, indexes=(*target.indexes, Index(name, key.ref_columns)))
                work.record_loss("changed", source.qualified_name, label, f"{target.name} gets an index for it")
                continue
            referring = tables[relation.name]
            left = tuple(other for other in referring.foreign_keys if other is not key)
            tables[relation.name] = replace(referring, foreign_keys=left)
            sentence = "a foreign key to columns that no unique index contains"
            work.record_loss("left_out", source.qualified_name, label, sentence)
    return [tables[relation.name] for relation in relations]


def _is_key(table: Relation, columns: tuple[str, ...], work: MappingContext) -> bool:
    if work.target.refers_to_any_index:
        size = len(columns)
        starts = [table.primary_key[:size], *(plain_columns(index)[:size] for index in table.indexes)]
        return columns in starts
    unique = [table.primary_key, *(plain_columns(index) for index in table.indexes if index.unique and not index.where)]
    return any(set(columns) == set(key) for key in unique)
