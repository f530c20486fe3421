"""What a worker does with a job: it claims it, sends heartbeats, and ends the attempt in one of the allowed ways.

Each function works in the caller's short transaction and is fenced by the attempt's token.
"""

from __future__ import annotations

import random
import uuid
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.jobs import repository
from headwater.features.jobs.models import Job, JobLog
from headwater.kit.clock import now

BACKOFF_SECONDS, BACKOFF_LIMIT = 2.0, 300.0


class AttemptLost(Exception):
    """The attempt no longer has its job: another attempt has it, or the job was deleted."""


async def claim(db: AsyncSession, job_id: uuid.UUID, worker_id: uuid.UUID) -> tuple[Job, uuid.UUID] | None:
    """Begin an attempt; return None if the job is not pending any more."""
    token = uuid.uuid4()
    job = await repository.claim(db, job_id, worker_id, token)
    if job is None:
        return None
    note = "Started." if job.attempts == 1 else f"Started again (attempt {job.attempts})."
    db.add(JobLog(job_id=job.id, level="info", message=note))
    return job, token


async def pulse(db: AsyncSession, job_id: uuid.UUID, token: uuid.UUID, progress: dict[str, Any] | None) -> bool:
    """Store heartbeat and progress of the attempt; return whether the job was cancelled.

    Raises:
        AttemptLost: another attempt has the job.
    """
    stop = await repository.pulse(db, job_id, token, progress)
    if stop is None:
        raise AttemptLost
    return stop


def log(db: AsyncSession, job_id: uuid.UUID, level: str, message: str) -> None:
    """Add a line to the log of a job."""
    db.add(JobLog(job_id=job_id, level=level, message=message))


async def complete(db: AsyncSession, job_id: uuid.UUID, token: uuid.UUID, progress: dict[str, Any]) -> None:
    """Complete the job; raise AttemptLost if the attempt no longer has it, which rolls back the job's results."""
    values = {"state": "completed", "finished_at": now(), "progress": progress, "cancel_requested": False}
    if await repository.end_attempt(db, job_id, token, **values) is None:
        raise AttemptLost
    log(db, job_id, "info", "Completed.")


async def give_up(db: AsyncSession, job_id: uuid.UUID, token: uuid.UUID, state: str, error: str | None) -> None:
    """End the attempt and the job, as `failed` with a reason or as `cancelled`."""
    job = await repository.end_attempt(db, job_id, token, state=state, error=error, finished_at=now())
    if job is None:
        raise AttemptLost
    log(db, job_id, "error" if error else "info", error or "Cancelled.")


async def fail(db: AsyncSession, job: Job, token: uuid.UUID, error: str) -> None:
    """End the attempt after an unexpected error: retry later, or fail if all attempts are used up."""
    if job.attempts - job.losses >= job.max_attempts:
        await give_up(db, job.id, token, "failed", error)
        return
    wait = backoff(job.attempts - job.losses)
    await _again(db, job.id, token, f"{error} Next attempt in {wait:.0f} seconds.", wait)


async def put_back(db: AsyncSession, job_id: uuid.UUID, token: uuid.UUID, reason: str) -> None:
    """End the attempt for a reason outside the job: it goes back to the queue, and the attempt does not count."""
    await _again(db, job_id, token, reason, 0.0, losses=Job.losses + 1)


async def _again(
    db: AsyncSession, job_id: uuid.UUID, token: uuid.UUID, reason: str, wait: float, **values: Any
) -> None:
    job = await repository.end_attempt(db, job_id, token, state="pending", **values)
    if job is None:
        raise AttemptLost
    log(db, job_id, "warning", reason)
    await repository.defer(db, job, at=now() + timedelta(seconds=wait) if wait else None)


async def take_back(db: AsyncSession, job: Job, reason: str) -> None:
    """Put a locked, running job whose worker has died back into the queue, or fail it if all attempts are used up.

    A lost attempt counts: a job that kills or blocks its worker would otherwise never end.
    """
    job.version += 1
    job.attempt_token = job.worker_id = None
    if job.cancel_requested:
        job.state, job.finished_at = "cancelled", now()
        log(db, job.id, "info", "Cancelled.")
    elif job.attempts - job.losses >= job.max_attempts:
        job.state, job.finished_at = "failed", now()
        job.error = f"{reason.split('. ')[0]}. That was the last of {job.max_attempts} attempts."
        log(db, job.id, "error", job.error)
    else:
        job.state = "pending"
        log(db, job.id, "warning", reason)
        await repository.defer(db, job)


def backoff(attempt: int) -> float:
    """Return the seconds to wait after that many attempts: exponential, limited, with jitter."""
    return float(min(BACKOFF_LIMIT, BACKOFF_SECONDS * 2 ** (attempt - 1))) * random.uniform(0.8, 1.2)  # noqa: S311
