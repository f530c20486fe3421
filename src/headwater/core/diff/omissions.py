"""What was not compared because a side does not declare it, in sentences.

Models declare an aspect, such as defaults, if they do so at least as often as they leave it out: many ORMs know nothing
of what migrations that were written by hand say.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Literal

from headwater.catalog.changes import Change

Aspect = Literal[
    "columns",
    "types",
    "nullability",
    "defaults",
    "primary_keys",
    "foreign_keys",
    "unique",
    "indexes",
    "conditions",
    "checks",
    "enums",
    "views",
    "definitions",
    "declarations",
    "objects",
]
_SENTENCES: dict[Aspect, tuple[str, str]] = {
    "columns": ("{} of tables for which the models declare none: not compared.", "column"),
    "types": ("The types of {} are not declared, or are of no type of the database: not compared.", "column"),
    "nullability": ("The models do not say of {} that it forbids NULL: not compared.", "column"),
    "defaults": ("{} that the models do not declare: not compared.", "default"),
    "primary_keys": ("The primary keys of {} that the models do not declare: not compared.", "table"),
    "foreign_keys": ("{} that the models do not declare: not compared.", "foreign key"),
    "unique": ("{} that the models do not declare: not compared.", "unique constraint"),
    "indexes": ("{} that the models do not declare: not compared.", "index"),
    "conditions": ("{} with a condition or an expression that the models do not declare: not compared.", "index"),
    "checks": ("{} that the models do not declare: not compared.", "check"),
    "enums": ("{} that the models do not declare: not compared.", "enum type"),
    "views": ("{} that the models do not declare, or read like a table: not compared.", "view"),
    "definitions": ("The queries of {}, which each side spells in its own way: not compared.", "view"),
    "declarations": ("{} of tables that code declares more than once: not compared.", "further declaration"),
    "objects": ("Triggers, routines, sequences and domains are not compared; {} on one side only.", "object"),
}
_PLURALS = {"index": "indexes"}


class Omissions:
    """Counts what is not compared, by aspect, and weighs what models leave out against what they declare."""

    def __init__(self) -> None:
        self._counts: Counter[Aspect] = Counter()
        self._agreed: Counter[Aspect] = Counter()
        self._omitted: dict[Aspect, list[Change]] = defaultdict(list)

    def count(self, aspect: Aspect, number: int = 1) -> None:
        """Count something that is not compared."""
        if number:
            self._counts[aspect] += number

    def agree(self, aspect: Aspect, number: int = 1) -> None:
        """Count something that models and the other side declare."""
        self._agreed[aspect] += number

    def omit(self, aspect: Aspect, change: Change) -> Change:
        """Note a change that is only there because models do not declare something."""
        self._omitted[aspect].append(change)
        return change

    def compared(self, changes: Iterable[Change]) -> Iterator[Change]:
        """Yield changes without those of aspects that the models leave out more often than they declare them."""
        dropped: set[int] = set()
        for aspect, omitted in self._omitted.items():
            if len(omitted) > self._agreed[aspect]:
                self.count(aspect, len(omitted))
                dropped |= set(map(id, omitted))
        yield from (change for change in changes if id(change) not in dropped)

    def sentences(self) -> tuple[str, ...]:
        """Return a sentence for each aspect that was not compared."""
        return tuple(_sentence(aspect, self._counts[aspect]) for aspect in _SENTENCES if self._counts[aspect])


def _sentence(aspect: Aspect, number: int) -> str:
    words, noun = _SENTENCES[aspect]
    return words.format(f"{number:,} {noun if number == 1 else _PLURALS.get(noun, noun + 's')}")
