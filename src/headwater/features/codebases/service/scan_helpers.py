"""The helpers of a large scan: jobs with which other workers fill the cache that the scan reads (decision 0041)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.rights import SYSTEM
from headwater.features.codebases.models import Codebase
from headwater.features.codebases.repository import codebases as repository
from headwater.features.codebases.service.codebases import ProjectOf
from headwater.features.jobs.service import queue, workers

KIND = "codebase.assist"
# Below this many bytes of source, a scan is over before a helper has read the files.
ASSIST_BYTES = 64_000_000
# Below that of other jobs: a worker helps only if nothing else is waiting.
PRIORITY = -10
# How long another job waits before a helper gives its worker up.
PATIENCE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class HelperPart:
    """The part of a scan with which a helper begins; `job_id` is the job of the scan."""

    job_id: uuid.UUID
    part: int
    parts: int


def part_of(job_args: Mapping[str, Any]) -> HelperPart:
    """Return the part that the arguments of a helper's job name."""
    part, parts = (int(job_args[name]) for name in ("part", "parts"))
    return HelperPart(uuid.UUID(str(job_args[queue.ASSISTED])), part, parts)


async def start(db: AsyncSession, codebase_id: uuid.UUID, job_id: uuid.UUID, host: str, *, limited: bool) -> int:
    """Start a helper for each other live worker that can help with the scan of a job; return how many parts there are.

    Args:
        db: the store.
        codebase_id: the codebase, an upload.
        job_id: the job that scans it.
        host: the host of the scan. Its other workers cannot help if the scan uses all of its cores already.
        limited: whether the scan uses a limited number of cores.
    """
    codebase = await repository.get(db, codebase_id, lock=True)
    hosts = await workers.hosts_of_others(db, job_id)
    count = sum(limited or other != host for other in hosts)
    if codebase is None or not count:
        return 1
    earlier = await queue.helpers_of(db, codebase_id, job_id)  # of an attempt that was lost
    taken = {part_of(job.args).part for job in earlier}
    for part in [part for part in range(1, count + 1) if part not in taken][: max(0, count - len(earlier))]:
        await _enqueue(db, codebase, HelperPart(job_id, part, count + 1))
    return count + 1


async def _enqueue(db: AsyncSession, codebase: Codebase, part: HelperPart) -> None:
    await queue.enqueue(
        db,
        SYSTEM,
        ProjectOf(codebase.project_id, codebase.organization_id),
        kind=KIND,
        title=f"Help with the scan of {codebase.name} (part {part.part + 1} of {part.parts})",
        codebase_id=codebase.id,
        args={queue.ASSISTED: str(part.job_id), "part": part.part, "parts": part.parts},
        priority=PRIORITY,
    )


async def dismiss(db: AsyncSession, codebase_id: uuid.UUID, job_id: uuid.UUID) -> None:
    """Cancel the helpers of a job that ends; those that run end by themselves."""
    for job in await queue.helpers_of(db, codebase_id, job_id):
        if job.state == "pending":
            queue.stop(db, job)


async def reason_to_end(db: AsyncSession, job_id: uuid.UUID) -> str:
    """Return why a helper of a job should end, as a sentence; empty while it can help."""
    job = (await queue.get_many(db, [job_id])).get(job_id)
    if job is None:
        return "The scan was deleted."
    if job.state in queue.DONE:
        return f"The scan is {job.state}."
    if await queue.another_waits(db, PATIENCE_SECONDS, but=KIND):
        return "Another job waits for a worker."
    return ""
