"""Reduces a Schema to some of its tables, so that the rest can be created by itself."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from headwater.catalog.model import Relation, Routine, Schema

# Kinds of relations that have rows; views do not.
FILLED = frozenset({"table", "collection"})
_WORD = re.compile(r"\w+")


def cut(schema: Schema, wanted: Collection[str], present: Collection[str] = ()) -> tuple[Schema, tuple[str, ...]]:
    """Return the part of a Schema with only these tables, by qualified names, and what else was left out.

    Types stay. Foreign keys to other tables are dropped, unless those are `present` at the target; so are sequences
    that number them, views, and routines and triggers whose text names one of them.
    """
    gone = [relation for relation in schema if relation.kind in FILLED and relation.qualified_name not in wanted]
    if not gone:
        return schema, ()
    absent = {(relation.schema, relation.name) for relation in gone if relation.qualified_name not in present}
    views = [relation for relation in schema if relation.kind not in FILLED]
    names = _Names(relation.name for relation in [*gone, *views])
    routines = [routine for routine in schema.routines if not names.in_text(_text(routine))]
    saved = {id(routine) for routine in routines}
    lost = [routine for routine in schema.routines if id(routine) not in saved]
    called = _Names(routine.name for routine in lost)
    left = [f"view {view.qualified_name}" for view in views] + [f"routine {routine.name}" for routine in lost]

    def alone(table: Relation) -> Relation:
        keys = tuple(
            foreign_key
            for foreign_key in table.foreign_keys
            if (foreign_key.ref_schema or table.schema, foreign_key.ref_table) not in absent
        )
        triggers = tuple(
            trigger
            for trigger in table.triggers
            if not called.in_text(trigger.definition) and not names.in_text(trigger.definition)
        )
        left.extend(f"key {key.name}" for key in table.foreign_keys if key not in keys)
        left.extend(f"trigger {trigger.name}" for trigger in table.triggers if trigger not in triggers)
        return replace(table, foreign_keys=keys, triggers=triggers)

    tables = tuple(
        alone(relation) for relation in schema if relation.kind in FILLED and relation.qualified_name in wanted
    )
    owners = {table.name for table in tables}
    sequences = tuple(
        sequence for sequence in schema.sequences if sequence.owned_by is None or sequence.owned_by[0] in owners
    )
    return replace(schema, relations=tables, routines=tuple(routines), sequences=sequences), tuple(left)


class _Names:
    """Names to look for in texts: all plain words at once, whatever their number."""

    def __init__(self, names: Iterable[str]) -> None:
        self._words: set[str] = set()
        self._others: list[re.Pattern[str]] = []
        for name in names:
            if _WORD.fullmatch(name):
                self._words.add(name)
            else:
                self._others.append(re.compile(rf"(?<!\w){re.escape(name)}(?!\w)"))

    def in_text(self, text: str) -> bool:
        """Return True if one of the names is in the text as a whole word."""
        return not self._words.isdisjoint(_WORD.findall(text)) or any(name.search(text) for name in self._others)


def _text(routine: Routine) -> str:
    return f"{routine.arguments} {routine.returns} {routine.definition or ''}"


def without_rows(schema: Schema, filled: Collection[str]) -> set[str]:
    """Return the tables without rows of their own, such as partitioned ones, which an engine does not read."""
    return {relation.qualified_name for relation in schema if relation.kind in FILLED} - set(filled)


def extras_of(extras: Mapping[str, Any], schema: Schema) -> dict[str, Any]:
    """Return the extras of a snapshot that belong to these tables: values of their sequences and counters."""
    own, tables = (
        {(sequence.schema, sequence.name) for sequence in schema.sequences},
        {relation.name for relation in schema},
    )
    generators = extras.get("generators", {})
    return {
        "sequences": [sequence for sequence in extras.get("sequences", ()) if (sequence[0], sequence[1]) in own],
        "counters": [counter for counter in extras.get("counters", ()) if counter[0] in tables],
        "generators": {name: generators[name] for _, name in own if name in generators},
    }
