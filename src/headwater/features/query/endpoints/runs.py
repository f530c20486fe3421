"""HTTP endpoints of runs: run, cancel, explain, check, export, history."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response, StreamingResponse

from headwater.catalog.results import Limits
from headwater.features.accounts import relay
from headwater.features.accounts.api_models import ListOf
from headwater.features.accounts.guard import DEFAULT_PAGE, Cursor, Db, Limit, Shared, allow, sends
from headwater.features.accounts.rights import Actor
from headwater.features.query import api_models, serializers
from headwater.features.query.service import checks, exports, plans, runs

router = APIRouter(tags=["query"])
Reader = Annotated[Actor, Depends(allow("database:read"))]


def session_name(given: str | None) -> str:
    """Return the name of a session in the pool; empty if the run names none."""
    return f"tab:{given}" if given else ""


@router.post("/databases/{database_id}/query", response_model=api_models.QueryOut)
async def run_query(
    database_id: uuid.UUID, body: api_models.QueryIn, request: Request, server: Shared, actor: Reader
) -> api_models.QueryOut | Response:
    """Run one or more statements; an error of the database is part of the response.

    Statements of viewers, and those on a protected database without `confirmed`, run in a read-only transaction.
    """
    if body.session and (answer := await _answer_of_owner(request, actor, database_id, body.session)):
        return answer
    limits = Limits(rows=body.max_rows, seconds=body.seconds, read_only=body.read_only)
    order = runs.QueryRequest(
        body.text, body.parameters, limits, body.run_id, session_name(body.session), body.confirmed
    )
    return serializers.outcome(await runs.run(server.context, actor, database_id, order))


@router.post("/databases/{database_id}/runs/{run_id}/cancel", status_code=204, response_model=None)
async def cancel_query(
    database_id: uuid.UUID, run_id: uuid.UUID, request: Request, server: Shared, actor: Reader
) -> Response | None:
    """Cancel one of your runs by its id."""
    return await relay.run_where_known(request, runs.cancel(server.context, actor, database_id, run_id))


@router.delete("/databases/{database_id}/query-sessions/{session}", status_code=204, response_model=None)
async def end_query_session(
    database_id: uuid.UUID, session: str, request: Request, server: Shared, actor: Reader
) -> Response | None:
    """End a session that your runs have named; its open transaction is rolled back."""
    if answer := await _answer_of_owner(request, actor, database_id, session):
        return answer
    await runs.end_session(server.context, actor, database_id, session_name(session))
    return None


async def _answer_of_owner(request: Request, actor: Actor, database_id: uuid.UUID, session: str) -> Response | None:
    """Return the answer of the server process that keeps a session, or None if it is this one."""
    return await relay.answer_of_owner(request, database_id, actor.user_id, session)


@router.get("/databases/{database_id}/runs")
async def list_runs(
    database_id: uuid.UUID,
    db: Db,
    actor: Reader,
    search: Annotated[str, Query(max_length=200)] = "",
    cursor: Cursor = None,
    limit: Limit = DEFAULT_PAGE,
) -> ListOf[api_models.RunOut]:
    """List your runs on a database, newest first."""
    page = await runs.history(db, actor, database_id, search=search, cursor=cursor, limit=limit)
    return ListOf(items=[api_models.RunOut.model_validate(row) for row in page.items], next=page.next)


@router.post("/databases/{database_id}/explain")
async def explain_query(
    database_id: uuid.UUID, body: api_models.ExplainIn, server: Shared, actor: Reader
) -> api_models.PlanOut:
    """Return the query plan of a statement, with advice; with `run` it is executed and rolled back."""
    plan = await plans.explain(server.context, actor, database_id, body.text, body.parameters, run=body.run)
    return serializers.plan(plan)


@router.post("/databases/{database_id}/check")
async def check_query(
    database_id: uuid.UUID, body: api_models.CheckIn, server: Shared, actor: Reader
) -> api_models.CheckOut:
    """Check a text without running it, and return the positions of its errors."""
    syntax_findings = await checks.check(server.context, actor, database_id, body.text)
    return api_models.CheckOut(findings=[api_models.Finding.model_validate(finding) for finding in syntax_findings])


@router.post(
    "/databases/{database_id}/export",
    response_class=StreamingResponse,
    responses=sends(*exports.MEDIA_TYPES.values()),
)
async def export_query(
    database_id: uuid.UUID, body: api_models.ExportIn, server: Shared, actor: Reader
) -> StreamingResponse:
    """Stream the complete result of one SELECT as CSV, NDJSON, JSON, Arrow or Parquet."""
    request = exports.ExportRequest(body.text, body.format, body.parameters, body.run_id)
    chunks = await exports.export(server.context, actor, database_id, request)
    headers = {"content-disposition": f'attachment; filename="result.{exports.SUFFIXES[body.format]}"'}
    return StreamingResponse(chunks, media_type=exports.MEDIA_TYPES[body.format], headers=headers)
