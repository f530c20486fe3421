"""Results, plans and edits as their wire shapes."""

from __future__ import annotations

from typing import Any

from headwater.catalog.plans import PlanNode, QueryPlan
from headwater.catalog.results import QueryError, ResultColumn
from headwater.engines import AlterStep
from headwater.features.query import schemas as shapes
from headwater.features.query.models import SavedQuery
from headwater.features.query.service import structure
from headwater.features.query.service.rows import Page
from headwater.features.query.service.runs import Outcome, Result
from headwater.kit.errors import HeadwaterError


def outcome(found: Outcome, in_transaction: bool = False) -> shapes.QueryOut:
    """Return what a run gave."""
    return shapes.QueryOut(
        run_id=found.run_id,
        results=[result(one) for one in found.results if one.finished],
        error=problem(found.error) if found.error else None,
        milliseconds=found.milliseconds,
        in_transaction=in_transaction,
    )


def result(one: Result) -> shapes.ResultOut:
    """Return the result of one statement."""
    started, finished = one.started, one.finished
    assert finished is not None
    return shapes.ResultOut.model_construct(
        statement=started.statement, start=started.start, end=started.end, command=finished.command,
        columns=None if started.columns is None else [column(each) for each in started.columns],
        rows=[list(row) for row in one.rows], affected=finished.affected, truncated=finished.truncated,
        milliseconds=finished.seconds * 1000, notices=list(finished.notices),
    )  # fmt: skip


def column(one: ResultColumn) -> shapes.ResultColumnOut:
    """Return a column of a result."""
    return shapes.ResultColumnOut(
        name=one.name, type=one.type, kind=one.kind, schema_=one.schema, table=one.table, column=one.column
    )


def problem(error: HeadwaterError) -> shapes.QueryProblem:
    """Return why a run ended early."""
    known = error if isinstance(error, QueryError) else None
    return shapes.QueryProblem(
        message=error.message, hint=error.hint, code=error.code,
        detail=known.detail if known else "", sqlstate=known.sqlstate if known else "",
        position=known.position if known else None, statement=known.statement if known else 0,
    )  # fmt: skip


def plan(found: QueryPlan) -> shapes.PlanOut:
    """Return a plan."""
    return shapes.PlanOut(
        root=_node(found.root),
        advice=[shapes.AdviceOut.model_validate(one) for one in found.advice],
        planning_ms=found.planning_ms, execution_ms=found.execution_ms, raw=found.raw,
    )  # fmt: skip


def _node(node: PlanNode) -> shapes.PlanNodeOut:
    fields: dict[str, Any] = {
        name: getattr(node, name) for name in shapes.PlanNodeOut.model_fields if name not in {"children", "detail"}
    }
    return shapes.PlanNodeOut(**fields, detail=dict(node.detail), children=[_node(child) for child in node.children])


def saved(query: SavedQuery, user_id: object) -> shapes.SavedQueryOut:
    """Return a saved query as one user sees it."""
    fields = {name: getattr(query, name) for name in shapes.SavedQueryOut.model_fields if name != "mine"}
    return shapes.SavedQueryOut(**fields, mine=query.owner_id == user_id)


def page(found: Page) -> shapes.RowsOut:
    """Return a page of a table."""
    return shapes.RowsOut.model_construct(
        name=found.name, columns=[column(one) for one in found.columns], rows=[list(row) for row in found.rows],
        cut=[list(place) for place in found.cut], key=list(found.key), why=found.why, next=found.next,
        count=found.count, count_is_estimate=found.count_is_estimate, sql=found.sql, milliseconds=found.milliseconds,
    )  # fmt: skip


def changes(found: structure.Outcome) -> shapes.SchemaChangesOut:
    """Return what changes of a schema would do, or did."""
    return shapes.SchemaChangesOut(
        steps=[_step(step) for step in found.steps], applied=found.applied, error=found.error,
        failed_step=found.failed_step,
    )  # fmt: skip


def _step(step: AlterStep) -> shapes.StepOut:
    return shapes.StepOut(
        change=structure.spelt(step.change), statements=list(step.statements),
        hazards=[shapes.HazardOut.model_validate(one) for one in step.hazards], transactional=step.transactional,
    )  # fmt: skip
