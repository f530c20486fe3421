"""What a table has that no other engine takes over as it is, or only some: told alike for every target."""

from __future__ import annotations

from collections.abc import Mapping

from headwater.catalog.model import Column, Relation
from headwater.catalog.value_kinds import ValueKind
from headwater.core.transfer.work import Work

_ATTRIBUTES = {
    "partition_by": "the partitions become one table",
    "partitions": "the partitions become one table",
    "partition_of": "a partition is copied as a table of its own, besides the rows in its whole",
    "inherits": "inheritance is not copied",
    "row_security": "row-level security is not copied",
    "foreign": "a foreign table becomes an ordinary one",
    "module": "a virtual table becomes an ordinary one",
}


def of_table(relation: Relation, kinds: Mapping[str, ValueKind], work: Work) -> None:
    """Tell of triggers, partitions, policies, comments, and how texts are compared."""
    shown = relation.qualified_name
    for trigger in relation.triggers:
        work.lose("left_out", shown, trigger.name, "triggers are not copied")
    for name, _ in relation.attrs:
        if name in _ATTRIBUTES:
            work.lose("changed", shown, "table", _ATTRIBUTES[name])
        if name.startswith("policy:"):
            work.lose("left_out", shown, name.removeprefix("policy:"), "policies are not copied")
    if relation.comment:
        work.lose_comment(shown, relation.name)
    had = dict(relation.attrs)
    if "primary_key_terms" in had:
        work.lose("changed", shown, ", ".join(relation.primary_key), "order and collation of the key are not kept")
    if work.source.has_table_collations and any(kind.name in {"text", "enum"} for kind in kinds.values()):
        _collation(had.get("collation", ""), shown, work)


def _collation(collation: str, table: str, work: Work) -> None:
    new = work.target.binary_collation
    if new and collation not in {"", new}:
        work.lose("changed", table, "table", f"the collation {collation} becomes {new}, by code point")
    if not new and not (collation or "_bin").endswith("_bin"):
        sentence = f"the collation {collation} is not kept: texts are compared by their case and accents"
        work.lose("changed", table, "table", sentence)


def of_column(column: Column, table: str, work: Work) -> None:
    """Tell of collations, comments, and what columns of some engines do by themselves."""
    attrs = dict(column.attrs)
    if "collation" in attrs:
        work.lose("changed", table, column.name, f"the collation {attrs['collation']} is not kept")
    if column.type.lower() == "citext" and work.target != work.source:
        work.lose("changed", table, column.name, "texts are compared by their case, as citext does not")
    if "on_update" in attrs:
        work.lose("left_out", table, column.name, "ON UPDATE is not kept: nothing sets the column by itself")
    if "invisible" in attrs:
        work.lose("changed", table, column.name, "an invisible column becomes visible")
    if column.comment:
        work.lose_comment(table, column.name)
    if column.generated:
        work.lose("changed", table, column.name, "a generated column becomes a plain one with its values")


def risk(kind: ValueKind, work: Work) -> str:
    """Return what values the source allows and no spelling on the other side can hold."""
    assert work.source.types
    sentence = work.source.types.source_risk(kind, work.target)
    if sentence is not None:
        return sentence
    if not work.target.stores_zero_characters and kind.name == "text":
        return "texts with a zero character are refused"
    return ""


def counts(relation: Relation, column: Column, work: Work) -> bool:
    """Return True if a column numbers its rows by other means than an identity: a serial, or an implicit row number."""
    if (column.default or "").startswith("nextval("):
        return True
    row_number = work.source.has_implicit_counters and relation.primary_key == (column.name,)
    return row_number and column.type.upper() == "INTEGER" and not work.target.has_implicit_counters
