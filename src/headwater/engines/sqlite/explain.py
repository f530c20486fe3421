"""Query plans of SQLite as a tree."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from headwater.catalog.plans import Advice, PlanNode, QueryPlan
from headwater.catalog.results import Cell, Limits, QueryError, Rows
from headwater.engines import ExplainSupport, Parameters, Session
from headwater.engines import _statements as texts
from headwater.engines.sqlite.dialect import GRAMMAR
from headwater.engines.sqlite.inspect import inspect

_STEP = re.compile(r"(?P<what>SCAN|SEARCH) (?:TABLE )?(?P<table>\S+)(?: AS (?P<alias>\S+))?(?: USING (?P<how>.*))?")
LARGE = 10_000


def _nodes(parent: Cell, children: dict[Cell, list[tuple[Cell, str]]]) -> tuple[PlanNode, ...]:
    return tuple(_node(detail, _nodes(id_, children)) for id_, detail in children.get(parent, ()))


def _node(detail: str, below: tuple[PlanNode, ...]) -> PlanNode:
    step = _STEP.match(detail)
    if step is None:
        return PlanNode(detail, children=below)
    how = {"Using": step["how"]} if step["how"] else {}
    return PlanNode(step["what"], step["table"], how, children=below)


def _advice(steps: list[tuple[Cell, ...]], sizes: dict[str, int | None]) -> Iterator[Advice]:
    """Advise on a full scan of a large table, and on a temporary index for one query."""
    for row in steps:
        detail = str(row[3])
        step = _STEP.match(detail)
        if step is None:
            continue
        rows = sizes.get(step["table"].casefold())
        if "AUTOMATIC" in detail:
            keys = re.findall(r"(\w+)=\?", detail)
            statement = f'CREATE INDEX "{step["table"]}_{"_".join(keys)}_idx" ON "{step["table"]}" ({", ".join(keys)})'
            text = f"SQLite builds a temporary index on {step['table']} each time this query runs."
            known = sizes.get(step["table"].casefold(), ...) is not ...
            yield Advice("missing_index", text, {}, statement if keys and known else None)
        elif step["what"] == "SCAN" and not step["how"] and rows is not None and rows >= LARGE:
            yield Advice(
                "sequential_scan",
                f"Full scan of {step['table']}: about {rows:,} rows.",
                {"rows": float(rows)},
            )


class SqliteExplain(ExplainSupport):
    """Query plans."""

    async def plan(self, session: Session, text: str, parameters: Parameters = None, *, run: bool = False) -> QueryPlan:
        """Return the plan of one statement; SQLite measures nothing, so `run` makes no difference."""
        statements = texts.statements(text, GRAMMAR)
        if len(statements) != 1:
            raise QueryError("Only one statement can be explained at a time.", hint="Select one statement.")
        opening = "EXPLAIN QUERY PLAN "
        rows: list[tuple[Cell, ...]] = []
        try:
            async for frame in session.run(opening + statements[0].text, parameters, Limits(rows=None, bytes=None)):
                if isinstance(frame, Rows):
                    rows += frame.rows
        except QueryError as error:
            if error.position is not None:
                error.position += statements[0].start - len(opening)
            raise
        children: dict[Cell, list[tuple[Cell, str]]] = defaultdict(list)
        for id_, parent, _, detail in rows:
            children[parent].append((id_, str(detail)))
        sizes = {relation.name.casefold(): relation.rows for relation in await inspect(session)}
        nodes = _nodes(0, children)
        root = nodes[0] if len(nodes) == 1 else PlanNode("QUERY", children=nodes)
        raw = "\n".join(str(row[3]) for row in rows)
        return QueryPlan(root, tuple(_advice(rows, sizes)), raw=raw)
