"""Scores a scan against what an application really did (see bench/ctfd_truth.py).

Recall: of the column values read and set, at the very line, and of the columns in WHERE, ON and DELETE, in a function
that was on the stack, how many we claim. Precision: of our claims on lines that ran, in the kinds that the recorder
sees, how many are among the facts; the rules below say which claims it could not have seen.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from headwater.catalog.usages import Usage
from headwater.core.lineage.result import ScanResult


@dataclass
class Score:
    """The outcome, with the lists behind the figures."""

    precision: float = 0.0
    recall: float = 0.0
    judged: int = 0
    wanted: int = 0
    how: str = ""
    false: list[Usage] = field(default_factory=list)
    missed: list[tuple[Any, ...]] = field(default_factory=list)


def score(truth: dict[str, Any], result: ScanResult) -> Score:
    """Return precision and recall of a scan on these facts."""
    claims = [u for u in result.usages if u.sub_type not in ("implicit", "lazy") and u.tier in ("A", "B")]
    facts = _Facts(truth)
    found = Score(how=truth["how"])
    _recall(found, facts, claims)
    _precision(found, facts, claims)
    return found


class _Facts:
    def __init__(self, truth: dict[str, Any]) -> None:
        self.values = {(f, line, t, c) for f, line, _, t, c in (*truth["reads"], *truth["sets"])}
        self.reads = {(f, line, fn, t, c) for f, line, fn, t, c in truth["reads"]}
        # `super().__init__(**kwargs)` and the like set columns that no line names: they are no explicit references.
        self.sets = {(f, line, fn, t, c) for f, line, fn, t, c in truth["sets"] if not fn.endswith("__init__")}
        self.clauses = {(f, fn.split(".<locals>")[0].split(".")[-1], t, c) for f, fn, t, c, _ in truth["clauses"]}
        self.ran = {(f, line) for f, ranges in truth["lines"].items() for a, b in ranges for line in range(a, b + 1)}
        self.in_function = defaultdict(set)
        for f, _, fn, t, c in (*truth["reads"], *truth["sets"]):
            self.in_function[f, fn.split(".")[-1]].add((t, c))


def _recall(found: Score, facts: _Facts, claims: list[Usage]) -> None:
    at_line = {(u.file_path, u.line_number, u.table_name, u.column_name) for u in claims}
    in_function = {(u.file_path, u.symbol.split(".")[-1], u.table_name, u.column_name) for u in claims}
    wanted = 0
    for file, line, function, table, column in facts.reads:
        wanted += 1
        if not any((file, line + step, table, column) in at_line for step in (0,)):
            found.missed.append(("read", file, line, function, table, column))
    for file, line, function, table, column in facts.sets:
        wanted += 1
        # A constructor call over several lines runs at its first line: its function is what can be compared.
        if (file, line, table, column) not in at_line and (
            file,
            function.split(".")[-1],
            table,
            column,
        ) not in in_function:
            found.missed.append(("set", file, line, function, table, column))
    found.wanted = wanted
    found.recall = 1 - len(found.missed) / max(wanted, 1)


def _precision(found: Score, facts: _Facts, claims: list[Usage]) -> None:
    for usage in claims:
        place = (usage.file_path, usage.line_number)
        if place not in facts.ran:
            continue
        seen = _was_seen(usage, facts)
        if seen is None:
            continue
        found.judged += 1
        if not seen:
            found.false.append(usage)
    found.precision = 1 - len(found.false) / max(found.judged, 1)


def _was_seen(usage: Usage, facts: _Facts) -> bool | None:
    """Return whether a claim is among the facts; None for a kind that the recorder cannot see there."""
    key = (usage.table_name, usage.column_name)
    function = usage.symbol.split(".")[-1]
    if usage.usage_type in ("read", "update", "write"):
        if (usage.file_path, usage.line_number, *key) in facts.values:
            return True
        return key in facts.in_function[usage.file_path, function]
    if usage.usage_type in ("filter", "join", "delete"):
        if not any(f == usage.file_path and fn == function for f, fn, _, _ in facts.clauses):
            return None  # no statement of this function ran
        return (usage.file_path, function, *key) in facts.clauses
    return None
