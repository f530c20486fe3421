"""Decides which columns number their rows at the target: engines allow it for different columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from headwater.catalog.model import Column, Index, Relation
from headwater.core.transfer.mapping_context import MappingContext

_DROPPED = {
    "indexed": "is not numbered automatically: only one column of a table can be",
    "primary_key": "is not numbered automatically: only a primary key of one column can be",
}


def supported(relation: Relation, columns: Sequence[Column], work: MappingContext) -> tuple[Column, ...]:
    """Return the columns of a table, of which only those are counters that can be at the target; the rest is told."""
    rule = work.target.counter_columns
    counters = [column.name for column in columns if column.identity]
    allowed = set(counters)
    if rule == "indexed":
        allowed = {min(counters, key=lambda name: _rank(name, relation))} if counters else set()
    if rule == "primary_key":
        allowed = {name for name in counters if relation.primary_key == (name,)}
    for name in counters:
        if name not in allowed:
            work.record_loss("changed", relation.qualified_name, name, _DROPPED[rule])
    return tuple(replace(column, identity=column.name in allowed) for column in columns)


def _rank(name: str, relation: Relation) -> int:
    """Return how well a column suits as the only counter: as the key, as its beginning, or as any column."""
    if relation.primary_key[:1] == (name,):
        return 0 if len(relation.primary_key) == 1 else 1
    return 2


def with_index(source: Relation, built: Relation, work: MappingContext) -> Relation:
    """Return a table with an index for its counter, if the target requires one and there is none."""
    if work.target.counter_columns != "indexed":
        return built
    for column in built.columns:
        starts = {built.primary_key[:1], *(index.columns[:1] for index in built.indexes)}
        if column.identity and (column.name,) not in starts:
            name = work.free_name(f"{built.name}_{column.name}", source)
            sentence = "an index is added: a column that is numbered automatically must have one"
            work.record_loss("changed", source.qualified_name, column.name, sentence)
            return replace(built, indexes=(*built.indexes, Index(name, (column.name,))))
    return built
