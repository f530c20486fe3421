"""HTTP endpoints of jobs."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query
from fastapi.responses import StreamingResponse

from headwater.features.accounts.api_models import ListOf
from headwater.features.accounts.guard import (
    DEFAULT_PAGE,
    Cursor,
    Db,
    Limit,
    Shared,
    allow,
)
from headwater.features.accounts.rights import Actor
from headwater.features.jobs import stream
from headwater.features.jobs.api_models import JobOut, JobState, LogLineOut
from headwater.features.jobs.filters import JobFilter
from headwater.features.jobs.service import queue
from headwater.features.jobs.service.feed import JobFeed

EVENT = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "event": {"enum": ["job", "log", "end"]}, "data": {"type": "string"}},
}
EVENTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Events; the schema is that of one.",
        "content": {"text/event-stream": {"schema": EVENT}},
    }
}
router = APIRouter(prefix="/jobs", tags=["jobs"])
Reader = Annotated[Actor, Depends(allow("job:read"))]
Writer = Annotated[Actor, Depends(allow("job:write"))]


@router.get("")
async def list_jobs(
    db: Db,
    actor: Reader,
    state: JobState | None = None,
    kind: Annotated[str | None, Query(max_length=100, pattern=r"^[a-z_.]*$")] = None,
    project_id: uuid.UUID | None = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_PAGE,
) -> ListOf[JobOut]:
    """List jobs, newest first."""
    page = await queue.list_jobs(db, actor, JobFilter(state, kind, project_id), cursor=cursor, limit=limit)
    return ListOf(items=[JobOut.model_validate(job) for job in page.items], next=page.next)


@router.get("/{job_id}")
async def get_job(job_id: uuid.UUID, db: Db, actor: Reader) -> JobOut:
    """Show a job."""
    return JobOut.model_validate(await queue.get(db, actor, job_id))


@router.get("/{job_id}/log")
async def get_job_log(
    job_id: uuid.UUID, db: Db, actor: Reader, cursor: Cursor = None, limit: Limit = DEFAULT_PAGE
) -> ListOf[LogLineOut]:
    """Show the log of a job, oldest line first."""
    page = await queue.log_page(db, actor, job_id, cursor=cursor, limit=limit)
    return ListOf(items=[LogLineOut.model_validate(line) for line in page.items], next=page.next)


@router.post("/{job_id}/cancel", status_code=202)
async def cancel_job(job_id: uuid.UUID, db: Db, actor: Writer) -> JobOut:
    """Cancel a job."""
    return JobOut.model_validate(await queue.cancel(db, actor, job_id))


@router.post("/{job_id}/retry", status_code=202)
async def retry_job(job_id: uuid.UUID, db: Db, actor: Writer) -> JobOut:
    """Retry a failed or cancelled job."""
    return JobOut.model_validate(await queue.retry(db, actor, job_id))


@router.get("/{job_id}/events", response_class=StreamingResponse, responses=EVENTS)
async def job_events(
    job_id: uuid.UUID,
    db: Db,
    server: Shared,
    actor: Reader,
    last_event_id: Annotated[str | None, Header(max_length=100)] = None,
) -> StreamingResponse:
    """Stream a job as server-sent events (`job`, `log`, `end`), resumable by Last-Event-ID."""
    job = await queue.get(db, actor, job_id)
    feed = server.context.service(JobFeed)
    feed.check_room(actor)
    seen = stream.seen_from(last_event_id)
    events = stream.events(feed, server.database, actor, job.id, job.organization_id, seen)
    headers = {"cache-control": "no-store", "x-accel-buffering": "no", "connection": "close"}
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)
