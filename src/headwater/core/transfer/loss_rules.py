"""Losses that do not depend on the target: features of a table that no other engine, or only some, can take over."""

from __future__ import annotations

from collections.abc import Mapping

from headwater.catalog.model import Column, Relation
from headwater.catalog.value_kinds import ValueKind
from headwater.core.transfer.mapping_context import MappingContext

_ATTRIBUTES = {
    "partition_by": "the partitions become one table",
    "partitions": "the partitions become one table",
    "partition_of": "a partition is copied as a separate table, in addition to its rows in the partitioned table",
    "inherits": "inheritance is not copied: the table that it inherits from contains its rows, too",
    "row_security": "row-level security is not copied",
    "foreign": "a foreign table becomes an ordinary one",
    "module": "a virtual table becomes an ordinary one",
}


def table_losses(relation: Relation, kinds: Mapping[str, ValueKind], work: MappingContext) -> None:
    """Record the losses of triggers, partitions, policies, comments and text comparison."""
    table_name = relation.qualified_name
    for trigger in relation.triggers:
        work.record_loss("left_out", table_name, trigger.name, "triggers are not copied")
    for name, _ in relation.attrs:
        if name in _ATTRIBUTES:
            work.record_loss("changed", table_name, "table", _ATTRIBUTES[name])
        if name.startswith("policy:"):
            work.record_loss("left_out", table_name, name.removeprefix("policy:"), "policies are not copied")
    if relation.comment:
        work.record_comment_loss(table_name, relation.name)
    had = dict(relation.attrs)
    if "primary_key_terms" in had:
        work.record_loss(
            "changed", table_name, ", ".join(relation.primary_key), "order and collation of the key are not kept"
        )
    if work.source.has_table_collations and any(kind.name in {"text", "enum"} for kind in kinds.values()):
        _collation(had.get("collation", ""), table_name, work)


def _collation(collation: str, table: str, work: MappingContext) -> None:
    new = work.target.binary_collation
    if new and collation not in {"", new}:
        work.record_loss("changed", table, "table", f"the collation {collation} becomes {new}, by code point")
    if not new and not (collation or "_bin").endswith("_bin"):
        sentence = f"the collation {collation} is not kept: comparisons of text become sensitive to case and accents"
        work.record_loss("changed", table, "table", sentence)


def column_losses(column: Column, table: str, work: MappingContext) -> None:
    """Record the losses of collations, comments, and columns that some engines set by themselves."""
    attrs = dict(column.attrs)
    if "collation" in attrs:
        work.record_loss("changed", table, column.name, f"the collation {attrs['collation']} is not kept")
    if column.type.lower() == "citext" and work.target != work.source:
        work.record_loss(
            "changed", table, column.name, "comparisons of text become case-sensitive, unlike those of citext"
        )
    types = work.source.types
    assert types and types.read
    other = work.target is not work.source
    if other and (change := types.source_change(types.read(column.type), work.target)):
        work.record_loss("changed", table, column.name, change)
    if "on_update" in attrs:
        work.record_loss("left_out", table, column.name, "ON UPDATE is not kept: the column is not set automatically")
    if "invisible" in attrs:
        work.record_loss("changed", table, column.name, "an invisible column becomes visible")
    if column.comment:
        work.record_comment_loss(table, column.name)
    if column.generated:
        work.record_loss("changed", table, column.name, "a generated column becomes a plain one with its values")


def risk(kind: ValueKind, column: Column, relation: Relation, work: MappingContext) -> str:
    """Return which values the source allows and the target cannot store."""
    assert work.source.types
    if kind.name in work.source.types.lax_kinds and (
        kind.name != "boolean" or (relation.schema, relation.name, column.name) in work.observed.checked
    ):
        return ""
    sentence = work.source.types.source_risk(kind, work.target)
    if sentence is not None:
        return sentence
    if not work.target.stores_zero_characters and kind.name == "text":
        return "text with a NUL character is refused"
    return ""


def is_counter(relation: Relation, column: Column, work: MappingContext) -> bool:
    """Return True if a column numbers its rows without an identity: a serial, or an implicit rowid."""
    if (column.default or "").startswith("nextval("):
        return True
    row_number = work.source.has_implicit_counters and relation.primary_key == (column.name,)
    return row_number and column.type.upper() == "INTEGER" and not work.target.has_implicit_counters
