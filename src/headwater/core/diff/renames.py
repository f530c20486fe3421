"""Candidates for renames: what was dropped and what was added may be the same thing. The user decides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from headwater.catalog import changes as c
from headwater.catalog.model import Column, Relation
from headwater.catalog.names import snake, words
from headwater.core.diff.equality import Equality

_LIKELY = 0.5
_SAME_TABLE = 0.6


@dataclass(frozen=True, slots=True)
class RenameCandidate:
    """A rename that may have happened: `score` is from 0 to 1, `reason` a sentence."""

    change: c.RenameTable | c.RenameColumn
    score: float
    reason: str


def candidates(changes: Sequence[c.Change], equality: Equality) -> Iterator[RenameCandidate]:
    """Yield candidates, the likeliest first; each table and column is in one at most."""
    scored = sorted([*_of_tables(changes, equality), *_of_columns(changes, equality)], key=lambda item: -item.score)
    old: set[tuple[Any, ...]] = set()
    new: set[tuple[Any, ...]] = set()
    for item in scored:
        change = item.change
        column = change.column if isinstance(change, c.RenameColumn) else ""
        before, after = (change.table, column), (change.table if column else "", change.new_name)
        if before not in old and after not in new:
            old.add(before)
            new.add(after)
            yield item


def _of_tables(changes: Sequence[c.Change], equality: Equality) -> Iterator[RenameCandidate]:
    gone = [change.was for change in changes if isinstance(change, c.DropTable) and change.was]
    new = [change.relation for change in changes if isinstance(change, c.AddTable)]
    for a in gone:
        for b in new:
            if a.kind == b.kind == "table" and (score := _shared(a, b, equality)) >= _SAME_TABLE:
                percent = round(100 * score)
                reason = f"{percent} % of the columns of {a.name} and {b.name} have the same name and type."
                yield RenameCandidate(c.RenameTable(a.name, a.schema, b.name), round(score, 2), reason)


def _shared(a: Relation, b: Relation, equality: Equality) -> float:
    """Return the share of the columns that both tables have, with the same type."""
    names = {column.name.casefold() for column in (*a.columns, *b.columns)}
    pairs = ((column, b.column(column.name)) for column in a.columns)
    same = sum(other is not None and equality.types(column, other) for column, other in pairs)
    return same / len(names) if names else 0.0


def _of_columns(changes: Sequence[c.Change], equality: Equality) -> Iterator[RenameCandidate]:
    gone = [change for change in changes if isinstance(change, c.DropColumn) and change.was]
    new = [change for change in changes if isinstance(change, c.AddColumn)]
    for drop in gone:
        others = [add.column for add in new if (add.table, add.schema) == (drop.table, drop.schema)]
        like = [other for other in others if drop.was and _is_like(drop.was, other, equality)]
        for other in like:
            likeness = _likeness(drop.column, other.name)
            alone = len(like) == 1 and sum(each.table == drop.table for each in gone) == 1
            if likeness >= _LIKELY or alone:
                yield _candidate(drop, other, likeness, alone=alone)


def _is_like(a: Column, b: Column, equality: Equality) -> bool:
    return a.name != b.name and equality.types(a, b) and bool(a.generated) == bool(b.generated)


def _likeness(a: str, b: str) -> float:
    if words(a) == words(b):
        return 1.0
    return SequenceMatcher(None, snake(a), snake(b)).ratio()


def _candidate(drop: c.DropColumn, other: Column, likeness: float, *, alone: bool) -> RenameCandidate:
    type_ = f" of type {other.type}" if other.type else ""
    if alone:
        reason = f"{drop.column} is the only column{type_} that {drop.table} lost, and {other.name} the only new one."
    else:
        reason = f"{drop.column} and {other.name} are similar names of columns{type_}."
    score = round(0.5 + likeness / 2 if alone else likeness, 2)
    return RenameCandidate(c.RenameColumn(drop.table, drop.schema, drop.column, other.name), min(score, 1.0), reason)
