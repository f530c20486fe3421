"""What a table has that no other engine takes over as it is, or only some: told alike for every target."""

from __future__ import annotations

from collections.abc import Mapping

from headwater.catalog.model import Column, Relation
from headwater.core.transfer.kinds import Kind
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


def of_table(relation: Relation, kinds: Mapping[str, Kind], work: Work) -> None:
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
    if work.source == "mysql" and any(kind.name in {"text", "enum"} for kind in kinds.values()):
        _collation(had.get("collation", ""), shown, work)


def _collation(collation: str, table: str, work: Work) -> None:
    if work.target == "mysql" and collation not in {"", "utf8mb4_bin"}:
        work.lose("changed", table, "table", f"the collation {collation} becomes utf8mb4_bin, by code point")
    if work.target != "mysql" and not (collation or "_bin").endswith("_bin"):
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


def risk(kind: Kind, work: Work) -> str:
    """Return what values the source allows and no spelling on the other side can hold."""
    if work.source == "sqlite" and kind.name not in {"text", "binary"}:
        return "SQLite checks no types: a value of another type is refused"
    if work.source == "sqlite" and kind.name == "text" and kind.size and work.target != "sqlite":
        return "SQLite checks no lengths: longer texts are refused"
    if work.source == "mysql" and kind.name == "boolean":
        return "numbers other than 0 and 1 are refused"
    if work.source == "mysql" and kind.name in {"date", "timestamp"}:
        return "zero dates (0000-00-00) are refused"
    if work.source == "mysql" and kind.name == "time":
        return "times below 0 and above 24 hours are refused" if work.target == "postgres" else ""
    if work.target == "postgres" and kind.name == "text":
        return "texts with a zero character are refused"
    return ""


def counts(relation: Relation, column: Column, work: Work) -> bool:
    """Whether a column numbers its rows by other means than an identity: a serial, or SQLite's row number."""
    if (column.default or "").startswith("nextval("):
        return True
    row_number = work.source == "sqlite" and relation.primary_key == (column.name,)
    return row_number and column.type.upper() == "INTEGER" and work.target != "sqlite"
