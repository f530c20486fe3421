"""The events of a job as server-sent events, resumable: an event id says how much the client has seen."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.rights import Actor
from headwater.features.jobs.api_models import JobOut, LogLineOut
from headwater.features.jobs.service import queue
from headwater.kit.errors import HeadwaterError
from headwater.kit.paging import encode_cursor
from headwater.store.session import Store

LOOK_SECONDS = 0.4
COMMENT_SECONDS = 15.0
LINES_AT_ONCE = 200
EVENT_ID = re.compile(r"(\d{1,18})\.(\d{1,18})")
Authenticate = Callable[[AsyncSession], Awaitable[Actor]]


@dataclass(frozen=True, slots=True)
class Seen:
    """How much of a job a client has seen: the version of the row and the last line of the log."""

    version: int = 0
    line: int = 0

    def __str__(self) -> str:
        return f"{self.version}.{self.line}"


def seen_from(last_event_id: str | None) -> Seen:
    """Return what a client that reconnects has seen; an unknown id counts as nothing."""
    match = EVENT_ID.fullmatch(last_event_id or "")
    return Seen(int(match[1]), int(match[2])) if match else Seen()


async def events(
    database: Store, authenticate: Authenticate, job_id: uuid.UUID, seen: Seen, stopping: asyncio.Event
) -> AsyncIterator[str]:
    """Yield the events after `seen`, until the job ends, the client loses its access, or the server stops."""
    yield "retry: 1000\n\n"
    spoken = time.monotonic()
    while not stopping.is_set():
        try:
            async with database.transaction() as db:
                chunks, seen, over = await _look(db, await authenticate(db), job_id, seen)
        except HeadwaterError:
            return
        except (SQLAlchemyError, OSError):
            chunks, over = [": the store cannot be reached\n\n"], False
        if not chunks and time.monotonic() - spoken > COMMENT_SECONDS:
            chunks = [": still here\n\n"]
        if chunks:
            spoken = time.monotonic()
            yield "".join(chunks)
        if over:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                await stopping.wait()


async def _look(db: AsyncSession, actor: Actor, job_id: uuid.UUID, seen: Seen) -> tuple[list[str], Seen, bool]:
    job = await queue.get(db, actor, job_id)
    page = await queue.log_page(db, actor, job_id, cursor=encode_cursor(seen.line), limit=LINES_AT_ONCE)
    chunks = []
    for line in page.items:
        seen = replace(seen, line=line.id)
        chunks.append(_event("log", LogLineOut.model_validate(line).model_dump(mode="json"), seen))
    body = JobOut.model_validate(job).model_dump(mode="json")
    if job.version > seen.version:
        seen = replace(seen, version=job.version)
        chunks.append(_event("job", body, seen))
    over = job.state in queue.DONE and page.next is None
    if over:
        chunks.append(_event("end", body, seen))
    return chunks, seen, over


def _event(name: str, data: object, seen: Seen) -> str:
    return f"id: {seen}\nevent: {name}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n"
