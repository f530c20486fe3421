"""What in a schema itself needs a column or table, so that no code has to: keys, relations, views, routines, triggers.

An index on one column, and a check of one column, do not count: they are dropped with it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from headwater.catalog.model import Relation, Schema

_WORD = re.compile(r"\w+")
_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class SchemaDependencies:
    """By table and column in lower case: what needs a column, what a column refers to; and what needs a table."""

    columns: Mapping[_Key, tuple[str, ...]]
    references: Mapping[_Key, str]
    tables: Mapping[str, tuple[str, ...]]


def dependencies(schema: Schema) -> SchemaDependencies:
    """Return what in a schema needs its columns and tables, in words."""
    columns: dict[_Key, list[str]] = defaultdict(list)
    tables: dict[str, list[str]] = defaultdict(list)
    references: dict[_Key, str] = {}
    for relation in schema:
        for column, reason in _inside(relation):
            columns[_key(relation.name, column)].append(reason)
        for key in relation.foreign_keys:
            target = f"{key.ref_table}.{', '.join(key.ref_columns)}" if key.ref_columns else key.ref_table
            for column in key.columns:
                references[_key(relation.name, column)] = target
            for column in key.ref_columns:
                columns[_key(key.ref_table, column)].append(f"{relation.name}.{', '.join(key.columns)} refers to it")
    for kind, name, words in _texts(schema):
        for relation in schema:
            if relation.name.casefold() in words and relation.name.casefold() != name.casefold():
                tables[relation.name.casefold()].append(f"{kind} {name} names it")
                for item in relation.columns:
                    if item.name.casefold() in words:
                        columns[_key(relation.name, item.name)].append(f"{kind} {name} names it")
    return SchemaDependencies(_unique(columns), references, {name: _once(reasons) for name, reasons in tables.items()})


def _inside(relation: Relation) -> Iterator[tuple[str, str]]:
    """Yield (column, reason) of what in a table needs its columns."""
    for column in relation.primary_key:
        yield column, "it is part of the primary key" if len(relation.primary_key) > 1 else "it is the primary key"
    for index in relation.indexes:
        if index.unique and len(index.columns) > 1:
            yield from (
                (column, f"it is part of the unique index {index.name or ''}".rstrip()) for column in index.columns
            )
    expressions = [(f"check {check.name or ''}".rstrip(), check.expression) for check in relation.checks]
    names = {column.name.casefold(): column.name for column in relation.columns}
    for what, expression in expressions:
        compared = [names[word] for word in _words(expression) if word in names]
        if len(compared) > 1:
            yield from ((column, f"{what} compares it with another column") for column in compared)
    for item in relation.columns:
        for word in _words(item.generated) & names.keys() - {item.name.casefold()}:
            yield names[word], f"{item.name} is computed from it"
    for trigger in relation.triggers:
        yield from (
            (names[word], f"trigger {trigger.name} names it") for word in _words(trigger.definition) & names.keys()
        )


def _texts(schema: Schema) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Yield (kind, name, words) of what is defined by SQL."""
    for relation in schema:
        if relation.definition:
            yield relation.kind.replace("_", " "), relation.name, _words(relation.definition)
    for routine in schema.routines:
        if routine.definition:
            yield routine.kind, routine.name, _words(routine.definition)


def _words(text: str | None) -> frozenset[str]:
    return frozenset(word.casefold() for word in _WORD.findall(text or ""))


def _key(table: str, column: str) -> _Key:
    return table.casefold(), column.casefold()


def _once(reasons: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(reasons))


def _unique(reasons: Mapping[_Key, list[str]]) -> dict[_Key, tuple[str, ...]]:
    return {key: _once(items) for key, items in reasons.items()}
