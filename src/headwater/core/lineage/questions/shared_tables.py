"""Tables that several code bases share, and where their definitions diverge.

A table is shared if its name is the same, apart from case and spelling (`order_lines`, `OrderLines`), and if at least
half of the columns of the smaller definition are in the other one. Types are compared as they are spelled if all
schemas are of one dialect, else by their families: `varchar(20)` and `String` are both texts. Views are not compared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from headwater.catalog.model import Column, Relation, Schema
from headwater.catalog.names import words
from headwater.core.lineage.questions.type_families import family_of

DifferenceKind = Literal["missing", "type", "nullability"]
_VIEWS = ("view", "materialized_view")


class NamedSchema(msgspec.Struct, frozen=True):
    """A schema of a code base, and what users call it."""

    name: str
    schema: Schema


class ColumnDefinition(msgspec.Struct, frozen=True):
    """How one code base defines a column, such as `varchar(20) not null`; empty if it has no such column."""

    codebase: str
    definition: str


class Divergence(msgspec.Struct, frozen=True):
    """A column that code bases define in different ways, most serious difference first."""

    column_name: str
    kinds: tuple[DifferenceKind, ...]
    definitions: tuple[ColumnDefinition, ...]


class SharedTable(msgspec.Struct, frozen=True):
    """A table of several code bases: how many columns all of them define alike, and those that diverge."""

    table_name: str
    codebases: tuple[str, ...]
    same_columns: int
    divergences: tuple[Divergence, ...]


_Member = tuple[NamedSchema, Relation]


def shared_tables(schemas: Sequence[NamedSchema]) -> list[SharedTable]:
    """Return the tables that at least two schemas share, those with the most divergent columns first."""
    members: dict[str, list[_Member]] = defaultdict(list)
    for item in schemas:
        for relation in item.schema:
            known = {member.name for member, _ in members[_key(relation.name)]}
            if relation.kind not in _VIEWS and item.name not in known:
                members[_key(relation.name)].append((item, relation))
    shared = [_compared(group) for own in members.values() for group in _overlapping(own)]
    return sorted(shared, key=lambda table: (-len(table.divergences), table.table_name))


def _overlapping(members: Sequence[_Member]) -> Iterable[list[_Member]]:
    """Yield the groups of tables of one name that have enough columns in common with the first of the group."""
    left = list(members)
    while len(left) > 1:
        first, *others = left
        group = [first, *(other for other in others if _is_overlapping(first[1], other[1]))]
        if len(group) > 1:
            yield group
        left = [other for other in others if other not in group]


def _is_overlapping(first: Relation, other: Relation) -> bool:
    columns, others = set(_columns(first)), set(_columns(other))
    return bool(columns and others) and 2 * len(columns & others) >= min(len(columns), len(others))


def _compared(group: Sequence[_Member]) -> SharedTable:
    names: dict[str, str] = {}
    for _, relation in group:
        for key, column in _columns(relation).items():
            names.setdefault(key, column.name)
    divergences = [divergence for key, name in names.items() if (divergence := _divergence(key, name, group))]
    return SharedTable(
        group[0][1].name,
        tuple(item.name for item, _ in group),
        len(names) - len(divergences),
        tuple(divergences),
    )


def _divergence(key: str, name: str, group: Sequence[_Member]) -> Divergence | None:
    columns = [(item, _columns(relation).get(key)) for item, relation in group]
    present = [(item, column) for item, column in columns if column is not None]
    dialects = {item.schema.dialect for item, _ in present}
    as_spelled = len(dialects) == 1 and "" not in dialects
    types = {column.type.casefold() if as_spelled else family_of(column.type) for _, column in present if column.type}
    differs: dict[DifferenceKind, bool] = {
        "missing": len(present) < len(columns),
        "type": len(types) > 1,
        "nullability": len({column.nullable for _, column in present}) > 1,
    }
    kinds = tuple(kind for kind, is_so in differs.items() if is_so)
    definitions = tuple(ColumnDefinition(item.name, _text(column)) for item, column in columns)
    return Divergence(name, kinds, definitions) if kinds else None


def _text(column: Column | None) -> str:
    if column is None:
        return ""
    return f"{column.type or 'no type'}{'' if column.nullable else ' not null'}"


def _columns(relation: Relation) -> dict[str, Column]:
    return {_key(column.name): column for column in relation.columns}


def _key(name: str) -> str:
    return "".join(words(name)) or name.casefold()
