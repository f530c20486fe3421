"""Scores a scan against what an application really did (see bench/dynamic_truth.py).

Recall: of the column values read and set, at the very line, and of the columns in WHERE, ON and DELETE, in a function
that was on the stack, how many we claim. Precision: of our claims on lines that ran, in the kinds that the recorder
sees, how many are among the facts; the rules below say which claims it could not have seen.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from headwater.catalog.model import Schema
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
    roots = inheritance(result.schema)
    claims = [u for u in result.usages if u.sub_type not in ("implicit", "lazy") and u.tier in ("A", "B")]
    facts = _Facts(truth, roots)
    actual = Score(how=truth["how"])
    _recall(actual, facts, claims)
    _precision(actual, facts, claims)
    return actual


def inheritance(schema: Schema) -> dict[str, str]:
    """Return the root of each table of joined inheritance: its primary key refers to the primary key of its parent.

    Which of the tables a value comes from depends on the class that an object has at run time.
    """
    parents = {}
    for relation in schema:
        for key in relation.foreign_keys:
            if key.columns == relation.primary_key and key.ref_table != relation.name:
                parents[relation.name] = key.ref_table
    return parents


class _Facts:
    def __init__(self, truth: dict[str, Any], roots: dict[str, str]) -> None:
        self.root = lambda table: roots.get(table, table)
        values = [(f, line, fn, self.root(t), c) for f, line, fn, t, c in (*truth["reads"], *truth["sets"])]
        self.values = {(f, line, t, c) for f, line, _, t, c in values}
        self.wanted = {row for row in values if not row[2].endswith("__init__")}
        self.sets = {(f, line, fn, self.root(t), c) for f, line, fn, t, c in truth["sets"]}
        self.constructed = {(t, c) for _, _, fn, t, c in self.sets if fn.endswith("__init__")}
        self.set_in = {(f, fn.split(".")[-1], t, c) for f, _, fn, t, c in self.sets}
        self.clauses = {(f, fn.split(".")[-1], self.root(t), c) for f, fn, t, c, _ in truth["clauses"]}
        self.queried = {row[:2] for row in self.clauses}
        self.ran = {(f, line) for f, ranges in truth["lines"].items() for a, b in ranges for line in range(a, b + 1)}


def _recall(found: Score, facts: _Facts, claims: list[Usage]) -> None:
    """A read counts at its very line; a constructor over several lines runs at its first, so a set may stand below."""
    values = [u for u in claims if u.usage_type in ("read", "write", "update")]
    at_line = {(u.file_path, u.line_number, facts.root(u.table_name), u.column_name) for u in values}
    writes = [u for u in values if u.usage_type != "read"]
    inside = {(u.file_path, u.symbol.split(".")[-1], facts.root(u.table_name), u.column_name) for u in writes}
    for file, line, function, table, column in sorted(facts.wanted):
        is_set = (file, line, function, table, column) in facts.sets
        by_function = is_set and (file, function.split(".")[-1], table, column) in inside
        if (file, line, table, column) not in at_line and not by_function:
            found.missed.append((file, line, function, table, column))
    found.wanted = len(facts.wanted)
    found.recall = 1 - len(found.missed) / max(found.wanted, 1)


def _precision(found: Score, facts: _Facts, claims: list[Usage]) -> None:
    """Claims of one column name at one place are alternatives (a model picked at run time): one seen is enough."""
    places: dict[tuple[str, int, int, str], list[Usage]] = defaultdict(list)
    for usage in claims:
        if (usage.file_path, usage.line_number) in facts.ran:
            places[usage.file_path, usage.line_number, usage.start_column, usage.column_name].append(usage)
    for alternatives in places.values():
        on_class = any(usage.usage_type == "projection" for usage in alternatives)
        verdicts = [_was_seen(usage, facts, on_class) for usage in alternatives]
        known = [verdict for verdict in verdicts if verdict is not None]
        if known:
            found.judged += 1
            if not any(known):
                found.false.append(alternatives[0])
    found.precision = 1 - len(found.false) / max(found.judged, 1)


def _was_seen(usage: Usage, facts: _Facts, on_class: bool) -> bool | None:
    """Return whether a claim is among the facts; None where the recorder could not have seen it."""
    key = (facts.root(usage.table_name), usage.column_name)
    function = (usage.file_path, usage.symbol.split(".")[-1])
    if usage.usage_type in ("read", "write", "update"):
        if on_class and usage.usage_type == "read":
            return None  # a column named on its class is no value of a row
        if any("row was loaded by column" in step.text for step in usage.evidence):
            return None  # a plain row of a query has no instrumented attributes
        if (usage.file_path, usage.line_number, *key) in facts.values:
            return True
        if usage.usage_type != "read" and (*function, *key) in facts.set_in:
            return True
        if usage.usage_type == "write" and key in facts.constructed:
            return None  # its model's own __init__ passes keywords on: who called it was not recorded
        # SQL computes with a column named on its class, and a bulk update sets one: no instance is touched.
        return None if (*function, *key) in facts.clauses else False
    if usage.usage_type in ("filter", "join"):
        return (*function, *key) in facts.clauses if function in facts.queried else None
    return None  # objects are deleted by the flush, whose statements are not the application's
