"""The state of a mapping: the Schema it reads, the names it has used, the losses it has recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from headwater.catalog.dialect import Dialect
from headwater.catalog.model import Enum, ForeignKey, Relation, Schema
from headwater.catalog.value_kinds import ObservedValues, ValueKind
from headwater.core.transfer.choices import CopyChoices
from headwater.core.transfer.losses import Severity

# The schema, table and name of a column of the source.
ColumnId: TypeAlias = tuple[str | None, str, str]


@dataclass(slots=True)
class MappingContext:
    """The state of planning a copy: Schema, dialects, used names, kinds of columns, and losses so far."""

    schema: Schema
    source: Dialect
    target: Dialect
    names: dict[tuple[str | None, str], str] = field(default_factory=dict)
    enums: list[Enum] = field(default_factory=list)
    losses: dict[tuple[Severity, str, str], list[str]] = field(default_factory=dict)
    index_names: set[str] = field(default_factory=set)
    kinds: dict[ColumnId, ValueKind] = field(default_factory=dict)
    counters: set[ColumnId] = field(default_factory=set)
    observed: ObservedValues = field(default_factory=ObservedValues)
    choices: CopyChoices = field(default_factory=CopyChoices)

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

    def referred(self, key: ForeignKey) -> Relation | None:
        """Return the table that a foreign key refers to, if it is copied, too."""
        exact = (key.ref_schema, key.ref_table)
        # A table of the same name in another schema is a different table.
        if exact not in self.names and key.ref_schema:
            return None
        folded = key.ref_table.casefold()
        name = (
            exact if exact in self.names else next((item for item in self.names if item[1].casefold() == folded), None)
        )
        if name is None:
            return None
        return next((table for table in self.schema if (table.schema, table.name) == name), None)

    def free_name(self, name: str, relation: Relation) -> str:
        """Return an unused name for an index or key in the database: in some engines they share a namespace."""
        longest = 63
        wanted = name[:longest]
        fold = str.casefold if self.target.case_insensitive_indexes else str
        taken = {*self.index_names, *map(fold, self.names.values())}
        if fold(wanted) in taken:
            wanted = f"{relation.name}_{name}"[:longest]
        number = 2
        while fold(wanted) in taken:
            wanted, number = f"{relation.name}_{name}"[: longest - 3] + f"_{number}", number + 1
        self.index_names.add(fold(wanted))
        return wanted


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
