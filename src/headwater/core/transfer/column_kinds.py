"""Determines the kind of each column that is copied: from its type, the choices of the copy, and observed values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from headwater.catalog.model import Column, Domain, Enum, Relation
from headwater.catalog.value_kinds import ValueKind
from headwater.core.transfer.json_checks import is_json_check
from headwater.core.transfer.mapping_context import MappingContext

ZERO_DATES = "zero dates (0000-00-00)"


def column_kinds(relation: Relation, work: MappingContext) -> dict[str, ValueKind]:
    """Return the kinds of the columns of a table, each determined once."""
    for column in relation.columns:
        id_ = (relation.schema, relation.name, column.name)
        if id_ not in work.kinds:
            work.kinds[id_] = _column_kind(column, relation, work)
            if column.identity:
                work.counters.add(id_)
    return {column.name: work.kinds[relation.schema, relation.name, column.name] for column in relation.columns}


def _column_kind(column: Column, relation: Relation, work: MappingContext) -> ValueKind:
    """Return the kind of a column; enums, domains and MariaDB's JSON are looked up."""
    written = column.type
    if enum := find_enum(written, work.schema.enums):
        return ValueKind("enum", values=enum.values, written=written)
    bare = written.rpartition(".")[2].strip('"')
    for domain in work.schema.domains:
        if domain.name == bare:
            work.record_loss(
                "changed", relation.qualified_name, column.name, f"the domain {bare} becomes its base type"
            )
            return _of_domain(domain, work)
    if work.source.declares_json_by_check and any(is_json_check(check, column.name) for check in relation.checks):
        return ValueKind("json", written="json")
    return decided(_raw(written, work), column, relation, work)


def find_enum(written: str, enums: Sequence[Enum]) -> Enum | None:
    """Return the enum of a type name: in its schema, or in `public` if it has none."""
    space, _, bare = written.rpartition(".")
    candidates = [enum for enum in enums if enum.name == bare.strip('"')]
    wanted = space.strip('"') or "public"
    return next((enum for enum in candidates if enum.schema == wanted), None) or next(iter(candidates), None)


def _raw(written: str, work: MappingContext) -> ValueKind:
    """Return the kind by which values of a type are copied; within one dialect, ambiguous types stay text."""
    types = work.source.types
    assert types and types.read
    kind = types.read(written)
    return types.same_dialect(kind) if work.source is work.target else kind


def _of_domain(domain: Domain, work: MappingContext) -> ValueKind:
    return _raw(domain.type, work)


def decided(kind: ValueKind, column: Column, relation: Relation, work: MappingContext) -> ValueKind:
    """Return the kind by which a column is copied, after the choices and what is known about its values."""
    types = work.source.types
    assert types
    if work.source is work.target or kind.name not in types.lax_kinds:
        return kind
    if kind.name != "boolean":
        is_key = column.name in relation.primary_key
        return replace(kind, invalid_as_null=work.choices.zero_dates == "null" and not is_key)
    deviates = (relation.schema, relation.name, column.name) in work.observed.deviating
    if deviates and work.choices.tinyint1 == "boolean":
        sentence = "stays a number: it has other values than 0 and 1"
        work.record_loss("changed", relation.qualified_name, column.name, sentence)
    if deviates or work.choices.tinyint1 == "number":
        return ValueKind("integer", 8, written=kind.written)
    return kind


def with_nulls(relation: Relation, kinds: Mapping[str, ValueKind], work: MappingContext) -> Relation:
    """Return a table whose columns may be NULL where invalid dates become NULL; record what becomes of them."""
    columns = tuple(
        replace(column, nullable=_may_be_null(kinds[column.name], column, relation, work))
        for column in relation.columns
    )
    return replace(relation, columns=columns)


def _may_be_null(kind: ValueKind, column: Column, relation: Relation, work: MappingContext) -> bool:
    id_, table = (relation.schema, relation.name, column.name), relation.qualified_name
    types, is_key = work.source.types, column.name in relation.primary_key
    lax = types is not None and kind.name in types.lax_kinds - {"boolean"} and work.source is not work.target
    if not lax or (id_ in work.observed.checked and id_ not in work.observed.deviating):
        return column.nullable
    if not kind.invalid_as_null:
        work.record_loss("risk", table, column.name, f"{ZERO_DATES}{' in a key' if is_key else ''} are refused")
        return column.nullable
    work.record_loss("changed", table, column.name, f"{ZERO_DATES} become NULL")
    if not column.nullable:
        work.record_loss("changed", table, column.name, "NOT NULL is not kept: zero dates become NULL")
    return True
