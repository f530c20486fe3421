"""Converts keys, indexes and checks of a table for another engine."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from headwater.catalog.model import Check, Index, Relation
from headwater.catalog.value_kinds import ValueKind
from headwater.core.transfer import expressions
from headwater.core.transfer.json_checks import is_json_check
from headwater.core.transfer.mapping_context import MappingContext

# `(name DESC)`, `("name" NULLS FIRST)`, `(`name`(10))`: a column followed by an order or a length.
_ORDERED = re.compile(
    r'\(\s*(?:"(?P<quoted>(?:[^"]|"")+)"|`(?P<ticked>(?:[^`]|``)+)`|(?P<name>[^"`()\s]+))(?P<length>\(\d+\))?'
    r"(?:\s+ASC)?(?P<desc>\s+DESC)?(?:\s+NULLS\s+(?:FIRST|LAST))?\s*\)",
    re.IGNORECASE,
)
# Attributes of foreign keys and checks that the stored rows may violate.
UNCHECKED = frozenset({"not_valid", "not_enforced"})


@dataclass(frozen=True, slots=True)
class Key:
    """A column of an index, its order, and whether only a prefix is indexed.

    Where PostgreSQL writes NULLS FIRST or LAST explicitly, it is the default order of the other engines.
    """

    column: str
    descending: bool = False
    length: bool = False


def keys(index: Index) -> tuple[Key, ...]:
    """Return the columns of an index with their orders; expressions are left out."""
    return tuple(parsed for key in index.columns if (parsed := _key(key)) is not None)


def _key(text: str) -> Key | None:
    match = _ORDERED.fullmatch(text)
    if not match:
        return None if text.startswith("(") else Key(text)
    quoted, ticked = match["quoted"], match["ticked"]
    name = quoted.replace('""', '"') if quoted else ticked.replace("``", "`") if ticked else match["name"]
    return Key(name, bool(match["desc"]), bool(match["length"]))


def plain_columns(index: Index) -> tuple[str, ...]:
    """Return the columns of an index without their orders; expressions are left out."""
    return tuple(key.column for key in keys(index))


def indexes(relation: Relation, kinds: Mapping[str, ValueKind], work: MappingContext) -> tuple[Index, ...]:
    """Return the indexes that the target supports."""
    return tuple(mapped for index in relation.indexes if (mapped := _index(relation, index, kinds, work)) is not None)


def _index(relation: Relation, index: Index, kinds: Mapping[str, ValueKind], work: MappingContext) -> Index | None:
    table_name, name = relation.qualified_name, index.name or ", ".join(index.columns)
    what = "a unique index" if index.unique else "an index"
    attrs = dict(index.attrs)
    columns = plain_columns(index)
    if work.source is work.target:
        return replace(index, name=work.free_name(index.name, relation) if index.name else None)
    if why := reason_unindexable(index, attrs, columns, kinds, work):
        work.record_loss("left_out", table_name, name, f"{what} {why}")
        return None
    where = None
    if index.where:
        if work.target.has_partial_indexes:
            where = expressions.translate(index.where, work.source, work.target)
        if where is None and index.unique:
            work.record_loss("left_out", table_name, name, "a partial unique index")
            return None
        if where is None:
            work.record_loss("changed", table_name, name, "a partial index becomes an index of all rows")
    record_attribute_losses(attrs, table_name, name, work)
    ordered = tuple(_spelt(key, name, relation, work) for key in keys(index))
    comment = None if index.comment and work.record_comment_loss(table_name, name) else index.comment
    return Index(work.free_name(index.name, relation) if index.name else None, ordered, index.unique, where, comment)


def record_attribute_losses(
    attrs: Mapping[str, str], table: str, index: str, work: MappingContext, supported: str = ""
) -> None:
    """Record the attributes of an index that only its engine has; `kept` is one that the target has, too."""
    for attribute, sentence in (
        ("include", "an index without its included columns"),
        ("nulls_not_distinct", "a unique index that allows several NULLs"),
        ("conflict", "a unique index without its conflict clause"),
        ("deferrable", "a unique constraint that is checked immediately"),
    ):
        if attribute in attrs and attribute != supported:
            work.record_loss("changed", table, index, sentence)


def _spelt(key: Key, index: str, relation: Relation, work: MappingContext) -> str:
    """Return a column of an index in the target's spelling."""
    if key.length:
        work.record_loss("changed", relation.qualified_name, index, "an index of whole values instead of prefixes")
    if not key.descending:
        return key.column
    mark = work.target.identifier_quote
    return f"({mark}{key.column.replace(mark, mark * 2)}{mark} DESC)"


def reason_unindexable(
    index: Index,
    attrs: Mapping[str, str],
    columns: tuple[str, ...],
    kinds: Mapping[str, ValueKind],
    work: MappingContext,
) -> str:
    """Return why an index cannot be created at the target, as words after "an index"; empty if it can."""
    if "exclude" in attrs:
        return "that excludes (EXCLUDE)"
    if (method := attrs.get("method", "BTREE").upper()) not in {"BTREE", "HASH"}:
        return f"by {method}"
    if len(columns) < len(index.columns):
        return "of an expression"
    if index.unique and any(key.length for key in keys(index)):
        return "of prefixes of text"
    nested = any(kinds[column].name in {"json", "array"} for column in columns if column in kinds)
    if nested and work.target.unindexable:
        return work.target.unindexable
    return ""


def _set_by_keys(relation: Relation) -> Iterator[str]:
    """Yield the columns whose values change when the rows change that they refer to."""
    for key in relation.foreign_keys:
        if key.on_update in {"CASCADE", "SET NULL"} or key.on_delete == "SET NULL":
            yield from key.columns


def checks(
    relation: Relation, kinds: Mapping[str, ValueKind], counters: Collection[str], work: MappingContext
) -> tuple[Check, ...]:
    """Return the checks that certainly mean the same at the target, and those that replace enums."""
    set_by_server = () if work.target.has_counter_checks else {*counters, *_set_by_keys(relation)}
    forbidden = [re.compile(rf"\b{re.escape(name)}\b") for name in set_by_server]
    result = []
    for check in relation.checks:
        name = check.name or check.expression
        if any(is_json_check(check, column) for column in kinds):
            continue
        same = work.source is work.target
        text = check.expression if same else expressions.translate(check.expression, work.source, work.target)
        unchecked = bool(UNCHECKED & {attribute for attribute, _ in check.attrs})
        if text is None or unchecked or any(name.search(check.expression) for name in forbidden):
            why = ", which its rows may violate" if unchecked else ""
            work.record_loss("left_out", relation.qualified_name, name, f"the check ({check.expression}){why}")
            continue
        result.append(Check(text, work.free_name(check.name, relation) if check.name else None))
    if work.target.has_enum_checks:
        for column, kind in kinds.items():
            if kind.name == "enum":
                values = ", ".join("'" + value.replace("'", "''") + "'" for value in kind.values)
                result.append(Check('"' + column.replace('"', '""') + f'" IN ({values})'))
    return tuple(result)
