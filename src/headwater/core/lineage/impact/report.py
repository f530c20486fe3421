"""The impact of changes on a code base: lines that break, ranked, with the reason of each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from headwater.catalog.changes import Change
from headwater.core.lineage.impact import carriers, dependents, rules, sentences
from headwater.core.lineage.impact.code import ScannedCode
from headwater.core.lineage.impact.requests import Requested
from headwater.core.lineage.path_kinds import is_migration, is_test

Certainty = Literal["breaks", "may_break", "carries"]
_WEIGHTS = {"breaks": 60, "may_break": 30, "carries": 10}
# Changes of data weigh more than reads: a wrong write stays.
_KINDS = {"write": 20, "update": 20, "delete": 20, "filter": 15, "join": 15, "projection": 10, "read": 10}
# Code outside tests; where endpoints are known, by how many of them reach the line: none, one, two, three, more.
_OUTSIDE_TESTS = 20
_BY_REACH = (10, 14, 16, 18, 20)
_NAMED_ENDPOINTS = 3


class Break(msgspec.Struct, frozen=True):
    """A line that a change breaks, may break, or that carries the value on; `risk` is from 0 to 100.

    `endpoints` are the first of the HTTP endpoints that reach the line, `endpoint_count` is the number of all.
    """

    file_path: str
    line_number: int
    certainty: Certainty
    reason: str
    risk: int
    table_name: str
    column_name: str
    symbol: str = ""
    kind: str = ""
    language: str = ""
    code_snippet: str = ""
    is_test: bool = False
    endpoints: tuple[str, ...] = ()
    endpoint_count: int = 0


class SchemaDependent(msgspec.Struct, frozen=True):
    """An object of the schema that refers to what changes."""

    kind: str
    name: str
    reason: str


class ImpactReport(msgspec.Struct, frozen=True):
    """The impact of changes: broken lines by risk, dependents in the schema, and what could not be seen.

    `updated` counts the lines that would break and have been edited since the revision that was scanned.
    """

    change: tuple[str, ...]
    breaks: tuple[Break, ...]
    schema: tuple[SchemaDependent, ...]
    unseen: tuple[str, ...]
    updated: int = 0

    def worst(self) -> Certainty | None:
        """Return the highest certainty among the breaks, or None if there are none."""
        levels = {item.certainty for item in self.breaks}
        return next((level for level in LEVELS if level in levels), None)


LEVELS: tuple[Certainty, ...] = ("breaks", "may_break", "carries")


def impact_of(asked: Requested, code: ScannedCode) -> ImpactReport:
    """Return the impact of changes on a scanned code base whose texts are in memory."""
    wanted = carriers.searches(asked.changes, code)
    carried = (hit for path, text in code.texts.items() for hit in carriers.matches(wanted, path, text))
    return ranked(asked, code, (*used(asked.changes, code), *carried))


def used(changes: Iterable[Change], code: ScannedCode) -> tuple[rules.Hit, ...]:
    """Return the lines that changes break by usages and models."""
    return tuple(hit for change in changes for hit in rules.hits(change, code))


def ranked(asked: Requested, code: ScannedCode, hits: Iterable[rules.Hit]) -> ImpactReport:
    """Return the report: the riskiest hit of each line, in order of risk, and the dependents in the schema."""
    lines: dict[tuple[str, int], Break] = {}
    for hit in hits:
        if is_migration(hit.file_path):
            continue
        item = _break(hit, code)
        known = lines.get((item.file_path, item.line_number))
        if known is None or item.risk > known.risk:
            lines[item.file_path, item.line_number] = item
    breaks = sorted(lines.values(), key=lambda item: (-item.risk, item.file_path, item.line_number))
    objects = (SchemaDependent(*item) for change in asked.changes for item in dependents.of(change, code.schema))
    change = tuple(map(sentences.sentence, asked.changes))
    return ImpactReport(change, tuple(breaks), tuple(dict.fromkeys(objects)), asked.unseen + code.unseen)


def _break(hit: rules.Hit, code: ScannedCode) -> Break:
    in_test = is_test(hit.file_path)
    endpoints = _endpoints(hit, code)
    outside = _OUTSIDE_TESTS if code.reach is None else _BY_REACH[min(len(endpoints), len(_BY_REACH) - 1)]
    risk = _WEIGHTS[hit.certainty] + _KINDS.get(hit.kind, 5) + (0 if in_test else outside)
    return Break(
        hit.file_path,
        hit.line_number,
        hit.certainty,
        hit.reason,
        min(risk, 100),
        hit.table_name,
        hit.column_name,
        hit.symbol,
        hit.kind,
        hit.language,
        hit.code_snippet or _line(code, hit.file_path, hit.line_number),
        in_test,
        endpoints[:_NAMED_ENDPOINTS],
        len(endpoints),
    )


def _endpoints(hit: rules.Hit, code: ScannedCode) -> tuple[str, ...]:
    """Return the names of the endpoints that reach a line, those with the shortest way first."""
    callers = code.reach.of(hit.file_path, hit.symbol, hit.line_number) if code.reach else []
    callers.sort(key=lambda caller: (len(caller.reach.chain), caller.endpoint.path, caller.endpoint.method))
    return tuple(dict.fromkeys(caller.endpoint.name for caller in callers))


def reached_by(item: Break) -> str:
    """Return the endpoints that reach a line as words, "" if there are none."""
    more = item.endpoint_count - len(item.endpoints)
    return ", ".join(item.endpoints) + (f" and {more} more" if more > 0 else "")


def _line(code: ScannedCode, path: str, number: int) -> str:
    lines = code.texts.get(path, b"").splitlines()
    return lines[number - 1].decode("utf-8", "replace").strip() if 0 < number <= len(lines) else ""
