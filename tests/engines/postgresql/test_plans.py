"""Plans have the figures of PostgreSQL's own text plans, serial and parallel."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from engines.postgresql.place import missing
from engines.test_every_engine import subject
from headwater.catalog.plans import PlanNode
from headwater.testing.engines.subject import connected, rows, run_all

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())
QUERIES = (Path(__file__).parent / "plans.sql").read_text().splitlines()
TABLES = """
CREATE TABLE person (id int PRIMARY KEY, name text, city text);
CREATE TABLE purchase (id int PRIMARY KEY, person_id int, amount int, at timestamptz);
INSERT INTO person SELECT i, 'n' || i, 'c' || i % 10 FROM generate_series(1, 2000) i;
INSERT INTO purchase SELECT i, i % 1500, i % 1000, timestamptz '2026-01-01' + i * interval '1 min' FROM generate_series(1, 20000) i;
CREATE INDEX ON purchase (person_id);
VACUUM ANALYZE person, purchase;
"""
SERIAL = "SET max_parallel_workers_per_gather = 0"
PARALLEL = """
SET max_parallel_workers_per_gather = 2; SET min_parallel_table_scan_size = 0; SET min_parallel_index_scan_size = 0;
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0
"""
_FIGURES = re.compile(
    r"rows=(\d+) width=\d+\) \((?:actual (?:time=[\d.]+ )?rows=([\d.]+) loops=(\d+)|never executed)\)"
)


def nodes(node: PlanNode) -> Iterator[PlanNode]:
    yield node
    for child in node.children:
        yield from nodes(child)


def deepest_first(node: PlanNode) -> Iterator[tuple[PlanNode, PlanNode]]:
    for child in node.children:
        yield node, child
        yield from deepest_first(child)


async def test_serial_plans_have_the_figures_of_the_text_plan() -> None:
    tested = subject("postgresql")
    async with connected(tested, TABLES) as session:
        await run_all(session, SERIAL)
        for query in QUERIES:
            text = await rows(session, f"EXPLAIN (ANALYZE, TIMING OFF) {query}")
            expected = [_FIGURES.search(line) for (line,) in text]
            plan = await tested.engine.explain.plan(session, query, run=True)
            assert [(node.rows_expected, node.rows_actual, node.loops) for node in nodes(plan.root)] == [
                (float(figures[1]), float(figures[2] or 0), int(figures[3] or 0)) for figures in expected if figures
            ], query


async def test_parallel_plans_compare_rows_of_one_process_and_share_the_time() -> None:
    tested = subject("postgresql")
    parallel = 0
    async with connected(tested, TABLES) as session:
        await run_all(session, PARALLEL)
        for query in QUERIES:
            plan = await tested.engine.explain.plan(session, query, run=True)
            assert plan.execution_ms is not None
            for parent, child in deepest_first(plan.root):
                assert child.processes <= max(child.loops, 1)
                assert (child.milliseconds or 0) <= plan.execution_ms + 0.1, (query, child.operation)
                if parent.processes == 1 < child.processes:
                    parallel += 1
                    total = (child.rows_actual or 0) * child.loops
                    assert total + child.loops >= (parent.rows_actual or 0), query  # a LIMIT may read fewer
    assert parallel > 10
