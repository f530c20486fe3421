"""Query plans of PostgreSQL, and advice on them with the figures behind it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from headwater.catalog.plans import Advice, PlanNode, QueryPlan
from headwater.catalog.results import Limits, QueryError, Rows
from headwater.catalog.statements import split
from headwater.engines import ExplainSupport, Parameters, Session
from headwater.engines.postgresql.ddl import quote
from headwater.engines.postgresql.dialect import GRAMMAR

SHOWN = (
    "Filter",
    "Index Cond",
    "Recheck Cond",
    "Hash Cond",
    "Merge Cond",
    "Join Filter",
    "Join Type",
    "Sort Key",
    "Sort Method",
    "Sort Space Used",
    "Sort Space Type",
    "Group Key",
    "Rows Removed by Filter",
    "Heap Fetches",
    "Shared Hit Blocks",
    "Shared Read Blocks",
    "Temp Written Blocks",
    "Workers Launched",
    "Hash Batches",
    "Strategy",
)
_GATHERS = frozenset({"Gather", "Gather Merge"})
LARGE, SELECTIVE, OFF = 10_000, 0.1, 10.0
_COMPARED = re.compile(r"\(?(?:\w+\.)?(\"[^\"]+\"|\w+)\)?(?:::\w+)?\s*(?:=|<|>|<=|>=|~~|= ANY)\s")


async def _quietly(session: Session, statement: str) -> None:
    async for _ in session.run(statement):
        pass


def _node(plan: Mapping[str, Any], processes: int = 1) -> PlanNode:
    target = plan.get("Relation Name") or plan.get("CTE Name") or plan.get("Function Name") or ""
    index = plan.get("Index Name")
    detail = {name: _text(plan[name]) for name in SHOWN if name in plan}
    loops = int(plan.get("Actual Loops", 1))
    return PlanNode(
        operation=plan["Node Type"] + (f" ({plan['Join Type']})" if "Join Type" in plan else ""),
        target=f"{target} by {index}" if index and target else index or target,
        detail=detail,
        cost=plan.get("Total Cost"),
        rows_expected=plan.get("Plan Rows"),
        rows_actual=plan.get("Actual Rows"),
        loops=loops,
        processes=max(1, min(processes, loops)),
        milliseconds=_elapsed(plan, loops, processes),
        children=tuple(_node(child, _processes(plan, child, processes)) for child in plan.get("Plans", ())),
    )


def _elapsed(plan: Mapping[str, Any], loops: int, processes: int) -> float | None:
    """Return the time that passed in a node: PostgreSQL reports the average of its loops, which processes share."""
    return plan["Actual Total Time"] * loops / max(1, min(processes, loops)) if "Actual Total Time" in plan else None


def _processes(plan: Mapping[str, Any], child: Mapping[str, Any], processes: int) -> int:
    """Return how many processes execute a child: below a Gather, each of them counts as a loop."""
    if plan["Node Type"] not in _GATHERS or child.get("Parent Relationship") != "Outer":
        return processes
    loops = int(child.get("Actual Loops", 1))
    return max(1, math.ceil(loops / max(1, int(plan.get("Actual Loops", 1)))))


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _walk(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _walk(child)


def _advice(plan: Mapping[str, Any]) -> Iterator[Advice]:
    for node in _walk(plan):
        yield from _on_scan(node)
        yield from _on_estimate(node)
        yield from _on_spill(node)


def _on_scan(node: Mapping[str, Any]) -> Iterator[Advice]:
    """Advise an index on the filtered columns of a table that is scanned for few of its rows."""
    if node["Node Type"] != "Seq Scan" or "Filter" not in node or "Actual Rows" not in node:
        return
    loops = node.get("Actual Loops", 1)
    returned, removed = node["Actual Rows"] * loops, node.get("Rows Removed by Filter", 0) * loops
    read = returned + removed
    if read < LARGE or returned > read * SELECTIVE:
        return
    table = node["Relation Name"]
    columns = list(dict.fromkeys(name.strip('"') for name in _COMPARED.findall(node["Filter"])))
    statement = f"CREATE INDEX ON {quote(node.get('Schema'), table)} ({', '.join(map(quote, columns))})"
    yield Advice(
        "missing_index",
        f"Full scan of {table}: {read:,.0f} rows read, {returned:,.0f} kept. An index on the filtered columns "
        f"({', '.join(columns) or node['Filter']}) would find them.",
        {"rows_read": float(read), "rows_kept": float(returned)},
        statement if columns else None,
    )


def _on_estimate(node: Mapping[str, Any]) -> Iterator[Advice]:
    if not node.get("Actual Loops") or "Relation Name" not in node:  # not run, or never executed
        return
    expected, actual = max(node["Plan Rows"], 1), max(node["Actual Rows"], 1)
    ratio = max(expected / actual, actual / expected)
    if ratio >= OFF and max(expected, actual) >= 1000:
        table = node["Relation Name"]
        yield Advice(
            "bad_estimate",
            f"{expected:,.0f} rows were expected from {table}, but {actual:,.0f} were read: its statistics are old.",
            {"expected": float(expected), "actual": float(actual), "ratio": round(ratio, 1)},
            f"ANALYZE {quote(node.get('Schema'), table)}",
        )


def _on_spill(node: Mapping[str, Any]) -> Iterator[Advice]:
    disk = node.get("Sort Space Type") == "Disk"
    batches = node.get("Hash Batches", 1)
    if not disk and batches <= 1:
        return
    used = float(node.get("Sort Space Used" if disk else "Peak Memory Usage", 0))
    what = "A sort" if disk else f"A hash in {batches} parts"
    yield Advice(
        "spill",
        f"{what} did not fit in memory and was written to disk ({used:,.0f} kB).",
        {"kilobytes": used},
        f"SET work_mem = '{max(16, round(used / 1024 * 3))}MB'",
    )


class PostgresExplain(ExplainSupport):
    """Query plans."""

    async def plan(self, session: Session, text: str, parameters: Parameters = None, *, run: bool = False) -> QueryPlan:
        """Return the plan of one statement."""
        statements = list(split(text, GRAMMAR))
        if len(statements) != 1:
            raise QueryError("Only one statement can be explained at a time.", hint="Select one statement.")
        options = "FORMAT JSON, ANALYZE, BUFFERS" if run else "FORMAT JSON"
        opening = f"EXPLAIN ({options}) "
        limits = Limits(rows=None, bytes=None, seconds=60)
        rows: list[Any] = []
        try:
            if run:
                await _quietly(session, "BEGIN")
            async for frame in session.run(opening + statements[0].text, parameters, limits):
                if isinstance(frame, Rows):
                    rows += frame.rows
        except QueryError as error:
            if error.position is not None:
                error.position += statements[0].start - len(opening)
            raise
        finally:
            if run:
                await _quietly(session, "ROLLBACK")
        raw = "\n".join(str(row[0]) for row in rows)
        result = msgspec.json.decode(raw)[0]
        root = _node(result["Plan"])
        return QueryPlan(
            root, tuple(_advice(result["Plan"])), result.get("Planning Time"), result.get("Execution Time"), raw
        )
