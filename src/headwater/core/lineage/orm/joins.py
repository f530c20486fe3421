"""Joins along a relationship, or by the only foreign key between two tables."""

from __future__ import annotations

from headwater.core.lineage.orm.frame import Frame
from headwater.core.lineage.orm.index import CodeIndex
from headwater.core.lineage.orm.values import ColumnValue, RelationValue
from headwater.readers import Field

Places = list[tuple[str, str]]


def relation_columns(index: CodeIndex, model: str, field: Field) -> Places:
    """Return the columns that a relationship joins on, as (table, column)."""
    target = index.models.get(field.target or "")
    if target is None:
        return []
    mine = [owner for column in field.local if (owner := index.owner_of(model, column))]
    theirs = [owner for column in field.remote if (owner := index.owner_of(target.key, column))]
    middle = [(field.through, c) for c in (*field.through_local, *field.through_remote)] if field.through else []
    return [*mine, *middle, *theirs]


def join_relation(frame: Frame, relation: RelationValue, role: str) -> None:
    """Record the columns that a relationship joins on where it is joined or loaded by name."""
    field = frame.index.fields[relation.model][relation.attribute]
    model = frame.index.models[relation.model].name
    verb = "loaded" if role == "load" else "joined"
    for column in relation_columns(frame.index, relation.model, field):
        frame.record_usage(relation.model, column, relation.span, "join", f"{model}.{field.name} is {verb}.")


def compared(frame: Frame, relation: RelationValue) -> ColumnValue:
    """Return what a relationship that is compared to a row stands for: its foreign key."""
    field = frame.index.fields[relation.model][relation.attribute]
    if not frame.index.refers(relation.model, field):
        join_relation(frame, relation, "join")
        return ColumnValue()
    why = f"{field.name} is compared, a relationship of {frame.index.models[relation.model].name}."
    owned = [place for local in field.local if (place := frame.index.owner_of(relation.model, local))]
    drafts = [frame.record_usage(relation.model, p, relation.span, "filter", why, settled=False) for p in owned]
    return ColumnValue((relation.model,), None, None, tuple(drafts))


def implicit_join(frame: Frame, sources: tuple[str, ...], target: str, span: tuple[int, int]) -> None:
    """Record the columns of a join that names only a model, if exactly one foreign key matches."""
    others = tuple(source for source in sources if source != target) or sources
    pairs = _keys(frame.index, others, target)
    if len(pairs) != 1:
        return
    why = f"Joining {frame.index.models[target].name} uses the only foreign key between them."
    for column in pairs[0]:
        frame.record_usage(target, column, span, "join", why, tier="B")


def _keys(index: CodeIndex, sources: tuple[str, ...], target: str) -> list[Places]:
    """Return the foreign keys between a model and those before it; the models' own tables come first."""
    ends = index.tables(target)
    locations: list[Places] = []
    for source in reversed(sources):
        starts = index.tables(source)
        locations += _between(index, starts[:1], ends[:1])
    if locations:
        return locations
    for source in reversed(sources):
        locations += _between(index, index.tables(source), ends)
    return locations


def _between(index: CodeIndex, starts: tuple[str, ...], ends: tuple[str, ...]) -> list[Places]:
    return [
        places
        for start in starts
        for end in ends
        for near, other in ((start, end), (end, start))
        if start != end or (near, other) == (start, end)
        for places in _references(index, near, other)
    ]


def _references(index: CodeIndex, table: str, other: str) -> list[Places]:
    relation = index.relations.get(table)
    if relation is None:
        return []
    locations: list[Places] = []
    for key in relation.foreign_keys:
        if key.ref_table == other:
            refs = key.ref_columns or index.relations[other].primary_key if other in index.relations else ()
            locations.append([*((table, c) for c in key.columns), *((other, c) for c in refs)])
    return locations
