"""Query plans with advice, and the sessions of a server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class PlanNode:
    """A node of a query plan; times and actual rows are None unless the query was run.

    Args:
        operation: what it does, in the engine's own words.
        target: the table, index or function that it reads.
        detail: further properties, in the engine's own words.
        cost: the estimated total cost, in the engine's unit.
        rows_expected: the estimated rows of one execution; in a parallel plan, of one process.
        rows_actual: the average rows of one execution, as the engine counts them: comparable with `rows_expected`.
        loops: how often it was executed, by all processes together; 0 if it never was.
        processes: how many processes executed it at the same time; 1 unless the plan is parallel.
        milliseconds: the time that passed in it and the nodes below it, over all its loops; processes of a parallel
            plan share the loops.
        children: the nodes that it reads from.
    """

    operation: str
    target: str = ""
    detail: Mapping[str, str] = field(default_factory=dict)
    cost: float | None = None
    rows_expected: float | None = None
    rows_actual: float | None = None
    loops: int = 1
    processes: int = 1
    milliseconds: float | None = None
    children: tuple[PlanNode, ...] = ()


@dataclass(frozen=True, slots=True)
class Advice:
    """Advice on a plan with the figures behind it; `statement` would fix the problem."""

    kind: Literal["missing_index", "bad_estimate", "sequential_scan", "spill", "other"]
    text: str
    figures: Mapping[str, float] = field(default_factory=dict)
    statement: str | None = None


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """A query plan and advice on it."""

    root: PlanNode
    advice: tuple[Advice, ...] = ()
    planning_ms: float | None = None
    execution_ms: float | None = None
    raw: str = ""


@dataclass(frozen=True, slots=True)
class ServerSession:
    """A session on a server, as its administrator sees it."""

    id: str
    user: str
    database: str
    client: str
    state: str
    query: str
    seconds: float
    waits_for: str = ""
    blocked_by: tuple[str, ...] = ()
