"""Webhooks of git hosts: a push to the branch that is watched starts a scan.

A request is either authentic or refused with one and the same answer, whatever is wrong about it. However many come,
there is at most one scan that runs and one that is wanted after it.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.rights import SYSTEM
from headwater.features.codebases.models import Codebase, GitSource
from headwater.features.codebases.push_events import PushEvent, is_authentic, push_of
from headwater.features.codebases.repository import codebases as codebase_repository
from headwater.features.codebases.repository import git_sources as repository
from headwater.features.codebases.service import codebases
from headwater.features.codebases.service.git_sources import WEBHOOK_SECRET
from headwater.features.jobs.service import queue
from headwater.kit.clock import now
from headwater.kit.errors import Unauthenticated
from headwater.store.context import Context

# A webhook so soon after the last look at the repository waits for the next tick of a worker, so that a flood of
# recorded requests, which cannot be told from new ones, starts few jobs.
PAUSE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class HookOutcome:
    """What a webhook led to, and the job if one was started or is waiting."""

    outcome: Literal["started", "waiting", "unchanged", "ignored"]
    reason: str
    job_id: uuid.UUID | None = None


async def receive(context: Context, codebase_id: uuid.UUID, headers: Mapping[str, str], body: bytes) -> HookOutcome:
    """Start a scan if a request is about a push to the branch of a codebase.

    Raises:
        Unauthenticated: the signature is wrong, or the codebase has no webhook, or there is none.
    """
    async with context.store.transaction() as db:
        codebase = await codebase_repository.get(db, codebase_id)
        source = await repository.get(db, codebase_id)
        _authenticate(context, codebase, source, headers, body)
        push = push_of(headers, body)
        if push is None:
            return HookOutcome("ignored", "It is not about a push to a branch.")
        return await _receive_push(db, codebase_id, push)


def _authenticate(
    context: Context, codebase: Codebase | None, source: GitSource | None, headers: Mapping[str, str], body: bytes
) -> None:
    secret = ""
    if codebase and source and source.sealed_webhook_secret:
        secret = context.cipher.decrypt(
            source.sealed_webhook_secret, codebase.organization_id, codebase.id, WEBHOOK_SECRET
        )
    # Also without a secret the signature is computed, so that the time of the answer tells nothing.
    if not is_authentic(headers, body, secret or "none") or not secret:
        raise Unauthenticated("The signature of the webhook is missing or wrong.")


async def _receive_push(db: AsyncSession, codebase_id: uuid.UUID, push: PushEvent) -> HookOutcome:
    codebase = await codebase_repository.get(db, codebase_id, lock=True)
    source = await repository.get(db, codebase_id, lock=True)
    if codebase is None or source is None:
        raise Unauthenticated("The signature of the webhook is missing or wrong.")
    watched = source.branch or push.default_branch or source.default_branch
    if not push.commit:
        return HookOutcome("ignored", f"The branch {push.branch} was deleted.")
    if watched and push.branch != watched:
        return HookOutcome("ignored", f"The branch {push.branch} is not the one that is scanned.")
    scanned = await repository.scanned_commit(db, codebase_id) or {}
    same = (scanned.get("id"), scanned.get("url"), scanned.get("subfolder"))
    if same == (push.commit, source.url, source.subfolder) and not source.failure:
        return HookOutcome("unchanged", "This commit has been scanned already.")
    return await _start(db, codebase, source)


async def _start(db: AsyncSession, codebase: Codebase, source: GitSource) -> HookOutcome:
    """Start a scan; while another one runs, or one has just ended, it is started by the next tick of a worker."""
    if await queue.codebase_is_busy(db, codebase.id):
        jobs = await queue.get_many(db, [codebase.job_id] if codebase.job_id else [])
        if any(job.state == "pending" for job in jobs.values()):
            return HookOutcome("waiting", "A scan is about to start.", codebase.job_id)
        source.requested_at = source.requested_at or now()
        return HookOutcome("waiting", "A scan is running; the next one starts after it.", codebase.job_id)
    if source.checked_at and now() - source.checked_at < PAUSE:
        source.requested_at = source.requested_at or now()
        return HookOutcome("waiting", "The repository was read a moment ago; a scan starts soon.")
    source.requested_at = None
    job = await codebases.enqueue(db, SYSTEM, codebase, "webhook")
    return HookOutcome("started", "A scan was started.", job.id)
