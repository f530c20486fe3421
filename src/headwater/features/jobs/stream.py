"""The events of a job as server-sent events, resumable: an event id says how much the client has seen."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
import uuid
from collections.abc import AsyncIterator

from sqlalchemy.exc import SQLAlchemyError

from headwater.features.accounts.rights import Actor
from headwater.features.jobs.api_models import JobOut, LogLineOut
from headwater.features.jobs.models import Job
from headwater.features.jobs.service.feed import JobFeed, JobNews, Seen, Subscription
from headwater.store.session import Store

COMMENT_SECONDS = 15.0
# A stream ends after this time and its client reconnects, so that a client that has vanished does not stay for ever.
STREAM_SECONDS = 50.0
EVENT_ID = re.compile(r"(\d{1,18})\.(\d{1,18})")


def seen_from(last_event_id: str | None) -> Seen:
    """Return what a client that reconnects has seen; an unknown id counts as nothing."""
    match = EVENT_ID.fullmatch(last_event_id or "")
    return Seen(int(match[1]), int(match[2])) if match else Seen()


async def events(
    feed: JobFeed, store: Store, actor: Actor, job_id: uuid.UUID, organization_id: uuid.UUID, seen: Seen
) -> AsyncIterator[str]:
    """Yield the events after `seen`, until the job ends, the client loses its access, or its time is over."""
    yield "retry: 1000\n\n"
    end = time.monotonic() + STREAM_SECONDS
    with feed.subscribed(actor, job_id, organization_id) as subscription:
        try:
            await feed.start(store, subscription, seen)
        except (SQLAlchemyError, OSError):
            yield ": the store cannot be reached\n\n"
            return
        while not subscription.is_over:
            text, seen, is_last = _take(subscription, seen)
            if text:
                yield text
            if is_last or (remaining := end - time.monotonic()) <= 0:
                return
            if not await _changed(subscription, min(COMMENT_SECONDS, remaining)):
                yield ": still here\n\n"


async def _changed(subscription: Subscription, seconds: float) -> bool:
    """Return True as soon as there are news, False after some seconds without."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await subscription.changed.wait()
    is_changed = subscription.changed.is_set()
    subscription.changed.clear()
    return is_changed


def _take(subscription: Subscription, seen: Seen) -> tuple[str, Seen, bool]:
    """Return the undelivered news as text, what the client has then seen, and whether nothing will follow."""
    chunks: list[str] = []
    news_list, subscription.news = subscription.news, []
    is_last = False
    for news in news_list:
        part, seen = _events(news, seen)
        chunks += part
        is_last = is_last or news.is_last
    return "".join(chunks), seen, is_last


def _events(news: JobNews, seen: Seen) -> tuple[list[str], Seen]:
    chunks = []
    for line in news.lines:
        if line.id > seen.line:
            seen = Seen(seen.version, line.id)
            chunks.append(_event("log", LogLineOut.model_validate(line).model_dump(mode="json"), seen))
    if news.job.version > seen.version:
        seen = Seen(news.job.version, seen.line)
        chunks.append(_event("job", _body(news.job), seen))
    if news.is_last:
        chunks.append(_event("end", _body(news.job), seen))
    return chunks, seen


def _body(job: Job) -> object:
    return JobOut.model_validate(job).model_dump(mode="json")


def _event(name: str, data: object, seen: Seen) -> str:
    return f"id: {seen}\nevent: {name}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n"
