"""Converts results, plans and edits to response models."""

from __future__ import annotations

from typing import Any

from headwater.catalog.plans import PlanNode, QueryPlan
from headwater.catalog.results import QueryError, ResultColumn
from headwater.engines import AlterStep
from headwater.features.query import api_models as shapes
from headwater.features.query.change_schema import SchemaChange
from headwater.features.query.models import SavedQuery
from headwater.features.query.service import structure
from headwater.features.query.service.rows import RowsPage
from headwater.features.query.service.runs import QueryOutcome, Result
from headwater.kit.errors import HeadwaterError


def outcome(query_outcome: QueryOutcome) -> shapes.QueryOut:
    """Return the response model of a run."""
    return shapes.QueryOut(
        run_id=query_outcome.run_id,
        results=[result(item) for item in query_outcome.results if item.finished],
        error=problem(query_outcome.error) if query_outcome.error else None,
        milliseconds=query_outcome.milliseconds,
        in_transaction=query_outcome.in_transaction,
        rolled_back=query_outcome.rolled_back,
    )


def result(query_result: Result) -> shapes.ResultOut:
    """Return the response model of the result of one statement."""
    started, finished = query_result.started, query_result.finished
    assert finished is not None
    return shapes.ResultOut.model_construct(
        statement=started.statement,
        start=started.start,
        end=started.end,
        command=finished.command,
        columns=None if started.columns is None else [column(each) for each in started.columns],
        rows=[list(row) for row in query_result.rows],
        affected=finished.affected,
        truncated=finished.truncated,
        milliseconds=finished.seconds * 1000,
        notices=list(finished.notices),
        effect=query_result.effect,
    )


def column(result_column: ResultColumn) -> shapes.ResultColumnOut:
    """Return the response model of a column of a result."""
    return shapes.ResultColumnOut(
        name=result_column.name,
        type=result_column.type,
        kind=result_column.kind,
        schema_=result_column.schema,
        table=result_column.table,
        column=result_column.column,
    )


def problem(error: HeadwaterError) -> shapes.QueryProblem:
    """Return the response model of an error."""
    known = error if isinstance(error, QueryError) else None
    return shapes.QueryProblem(
        message=error.message,
        hint=error.hint,
        code=error.code,
        detail=known.detail if known else "",
        sqlstate=known.sqlstate if known else "",
        position=known.position if known else None,
        statement=known.statement if known else 0,
    )


def plan(query_plan: QueryPlan) -> shapes.PlanOut:
    """Return the response model of a plan."""
    return shapes.PlanOut(
        root=_node(query_plan.root),
        advice=[shapes.AdviceOut.model_validate(advice) for advice in query_plan.advice],
        planning_ms=query_plan.planning_ms,
        execution_ms=query_plan.execution_ms,
        raw=query_plan.raw,
    )


def _node(node: PlanNode) -> shapes.PlanNodeOut:
    fields: dict[str, Any] = {
        name: getattr(node, name) for name in shapes.PlanNodeOut.model_fields if name not in {"children", "detail"}
    }
    return shapes.PlanNodeOut(**fields, detail=dict(node.detail), children=[_node(child) for child in node.children])


def saved(query: SavedQuery, user_id: object) -> shapes.SavedQueryOut:
    """Return the response model of a saved query for one user."""
    fields = {name: getattr(query, name) for name in shapes.SavedQueryOut.model_fields if name != "mine"}
    return shapes.SavedQueryOut(**fields, mine=query.owner_id == user_id)


def page(rows_page: RowsPage) -> shapes.RowsOut:
    """Return the response model of a page of a table."""
    return shapes.RowsOut.model_construct(
        name=rows_page.name,
        columns=[column(each) for each in rows_page.columns],
        rows=[list(row) for row in rows_page.rows],
        cut=[list(position) for position in rows_page.cut],
        key=list(rows_page.key),
        why=rows_page.why,
        next=rows_page.next,
        count=rows_page.count,
        count_is_estimate=rows_page.count_is_estimate,
        sql=rows_page.sql,
        milliseconds=rows_page.milliseconds,
    )


def changes(result: structure.StructureResult) -> shapes.SchemaChangesOut:
    """Return the response model of schema changes."""
    return shapes.SchemaChangesOut(
        steps=[_step(step) for step in result.steps],
        applied=result.applied,
        error=result.error,
        failed_step=result.failed_step,
    )


def _step(step: AlterStep) -> shapes.StepOut:
    return shapes.StepOut(
        change=SchemaChange(structure.plan_changes(step.change)),
        statements=list(step.statements),
        hazards=[shapes.HazardOut.model_validate(hazard) for hazard in step.hazards],
        transactional=step.transactional,
    )
