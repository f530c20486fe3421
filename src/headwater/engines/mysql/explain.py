"""Query plans of MySQL and MariaDB, which use different JSON, and advice on them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from headwater.catalog.plans import Advice, PlanNode, QueryPlan
from headwater.catalog.results import Limits, QueryError, Rows
from headwater.engines import ExplainSupport, Parameters, Session
from headwater.engines import _statements as texts
from headwater.engines.mysql.ddl import quote
from headwater.engines.mysql.dialect import GRAMMAR
from headwater.engines.mysql.session import MysqlSession

LARGE, SELECTIVE, OFF = 10_000, 0.1, 10.0
SHOWN = (
    "access_type",
    "possible_keys",
    "key",
    "key_length",
    "used_key_parts",
    "ref",
    "filtered",
    "r_filtered",
    "attached_condition",
    "index_condition",
    "using_index",
    "sort_key",
    "r_sort_passes",
    "r_used_priority_queue",
    "using_filesort",
    "using_temporary_table",
)
_COMPARED = re.compile(
    r"(?:`?(?P<table>\w+)`?\.)?`?(?P<column>\w+)`?\s*(?:=|<|>|<=|>=|like|in)\s*[(\d'-]", re.IGNORECASE
)


async def _quietly(session: Session, statement: str) -> None:
    async for _ in session.run(statement):
        pass


def _node(name: str, plan: Mapping[str, Any]) -> PlanNode:
    """Return a plan node; every JSON object with nested steps is one, because the servers use different keys."""
    operation = f"table ({plan['access_type']})" if "access_type" in plan else name.replace("_", " ")
    cost = (
        plan.get("cost") or plan.get("cost_info", {}).get("query_cost") or plan.get("cost_info", {}).get("prefix_cost")
    )
    loops = int(plan.get("r_loops", 1) or 1)
    each = plan.get("r_table_time_ms", plan.get("r_total_time_ms"))
    return PlanNode(
        operation,
        plan.get("table_name", ""),
        {key: _text(plan[key]) for key in SHOWN if key in plan},
        float(cost) if cost is not None else None,
        plan.get("rows", plan.get("rows_examined_per_scan")),
        plan.get("r_rows"),
        loops,
        milliseconds=each,
        children=tuple(_children(plan)),
    )


def _children(plan: Mapping[str, Any]) -> Iterator[PlanNode]:
    for name, value in plan.items():
        if name in {"cost_info", "used_columns"}:
            continue
        if isinstance(value, dict):
            yield _node(name, value)
        elif isinstance(value, list):
            for child in value:
                if isinstance(child, dict):
                    # A list contains steps, each under its own name: {"table": {…}}.
                    held = [(key, inner) for key, inner in child.items() if isinstance(inner, dict)]
                    yield from (_node(*pair) for pair in held) if len(held) == len(child) else [_node(name, child)]


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _tables(plan: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(plan, dict):
        if "table_name" in plan:
            yield plan
        for value in plan.values():
            yield from _tables(value)
    elif isinstance(plan, list):
        for value in plan:
            yield from _tables(value)


def _advice(plan: Mapping[str, Any]) -> Iterator[Advice]:
    for table in _tables(plan):
        yield from _on_scan(table)
        yield from _on_estimate(table)


def _on_scan(table: Mapping[str, Any]) -> Iterator[Advice]:
    """Advise an index on the filtered columns of a table that is scanned for few of its rows."""
    read = table.get("r_rows", table.get("rows", table.get("rows_examined_per_scan"))) or 0
    if table.get("access_type") != "ALL" or "attached_condition" not in table or read < LARGE:
        return
    share = float(table.get("r_filtered", table.get("filtered", 100))) / 100
    name = table["table_name"]
    comparisons = _COMPARED.finditer(table["attached_condition"])
    columns = list(dict.fromkeys(match["column"] for match in comparisons if match["table"] in {None, name}))
    if share > SELECTIVE and "r_filtered" in table:
        return
    statement = f"ALTER TABLE {quote(name)} ADD INDEX ({', '.join(map(quote, columns))})"
    yield Advice(
        "missing_index",
        f"Full scan of {name}: about {read:,.0f} rows. An index on the filtered columns "
        f"({', '.join(columns) or table['attached_condition']}) would avoid it.",
        {"rows_read": float(read), "share_kept": share},
        statement if columns else None,
    )


def _on_estimate(table: Mapping[str, Any]) -> Iterator[Advice]:
    if "r_rows" not in table or "rows" not in table or table["r_rows"] is None:
        return
    expected, actual = max(float(table["rows"]), 1.0), max(float(table["r_rows"]), 1.0)
    ratio = max(expected / actual, actual / expected)
    if ratio >= OFF and max(expected, actual) >= 1000:
        name = table["table_name"]
        yield Advice(
            "bad_estimate",
            f"{expected:,.0f} rows were expected from {name}, but {actual:,.0f} were read: its statistics are old.",
            {"expected": expected, "actual": actual, "ratio": round(ratio, 1)},
            f"ANALYZE TABLE {quote(name)}",
        )


class MysqlExplain(ExplainSupport):
    """Query plans."""

    async def plan(self, session: Session, text: str, parameters: Parameters = None, *, run: bool = False) -> QueryPlan:
        """Return the plan of one statement; with `run`, MariaDB executes and measures it; MySQL only estimates."""
        assert isinstance(session, MysqlSession)
        statements = texts.statements(text, GRAMMAR)
        if len(statements) != 1:
            raise QueryError("Only one statement can be explained at a time.", hint="Select one statement.")
        measured = run and session.mariadb
        opening = "ANALYZE FORMAT=JSON " if measured else "EXPLAIN FORMAT=JSON "
        raw = ""
        try:
            if measured:
                await _quietly(session, "START TRANSACTION")
            limits = Limits(rows=None, bytes=None, seconds=60)
            async for frame in session.run(opening + statements[0].text, parameters, limits):
                if isinstance(frame, Rows):
                    raw = str(frame.rows[0][0])
        except QueryError as error:
            if error.position is not None:
                error.position += statements[0].start - len(opening)
            raise
        finally:
            if measured:
                await _quietly(session, "ROLLBACK")
        block = msgspec.json.decode(raw)["query_block"]
        took = block.get("r_total_time_ms")
        return QueryPlan(_node("query_block", block), tuple(_advice(block)), execution_ms=took, raw=raw)
