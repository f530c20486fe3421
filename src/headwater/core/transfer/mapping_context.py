"""The state of a mapping: the Schema it reads, the names it has used, the losses it has recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from headwater.catalog.dialect import Dialect
from headwater.catalog.model import Column, Domain, Enum, Relation, Schema
from headwater.catalog.value_kinds import ValueKind
from headwater.core.transfer.json_checks import is_json_check
from headwater.core.transfer.losses import Severity


@dataclass(slots=True)
class MappingContext:
    """The state of planning a copy: Schema, dialects, used names, and losses so far."""

    schema: Schema
    source: Dialect
    target: Dialect
    names: dict[tuple[str | None, str], str] = field(default_factory=dict)
    enums: list[Enum] = field(default_factory=list)
    losses: dict[tuple[Severity, str, str], list[str]] = field(default_factory=dict)
    index_names: set[str] = field(default_factory=set)

    def record_loss(self, severity: Severity, table: str, of: str, sentence: str) -> None:
        """Record a loss; equal losses of one table are combined."""
        known = self.losses.setdefault((severity, table, sentence), [])
        if of not in known:
            known.append(of)

    def record_comment_loss(self, table: str, of: str) -> bool:
        """Record a comment that the target does not support; return True if there is one."""
        if not self.target.has_comments:
            self.record_loss("left_out", table, of, f"{self.target.display_name} does not support comments")
        return not self.target.has_comments


def assign_names(chosen: Sequence[Relation], work: MappingContext) -> None:
    """Assign each table its name at the target: schemas are dropped, and duplicate names are made unique."""
    bare = {_folded(_cut(relation.name, work), work) for relation in chosen}
    taken: set[str] = set()
    for relation in chosen:
        name = _cut(relation.name, work)
        if _folded(name, work) in taken:
            wanted, number = f"{relation.schema or 'other'}_{relation.name}", 2
            name = _cut(wanted, work)
            while _folded(name, work) in taken | bare:
                name, number = _cut(wanted, work, f"_{number}"), number + 1
            sentence = f"is renamed to {name}: another table is named {relation.name} there"
            work.record_loss("changed", relation.qualified_name, relation.name, sentence)
        elif name != relation.name:
            work.record_loss("changed", relation.qualified_name, relation.name, f"the name is shortened to {name}")
        taken.add(_folded(name, work))
        work.names[relation.schema, relation.name] = name
        if relation.schema and relation.schema not in {work.source.default_schema, work.target.default_schema}:
            work.record_loss("changed", "", relation.schema, "the namespace is not kept: all tables are created in one")


def _folded(name: str, work: MappingContext) -> str:
    """Return a name as the target compares it."""
    return name.casefold() if work.target.case_insensitive_tables else name


def _cut(name: str, work: MappingContext, end: str = "") -> str:
    longest = work.target.max_identifier_length - len(end)
    if work.target.identifier_bytes:
        return name.encode()[:longest].decode(errors="ignore") + end
    return name[:longest] + end


def column_kind(column: Column, relation: Relation, work: MappingContext) -> ValueKind:
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
    return _raw(written, work)


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
