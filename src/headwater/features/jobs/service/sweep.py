"""Puts the jobs of dead workers back into the queue, and sends lost messages for pending jobs again.

Runs in every worker and in the server; row locks prevent conflicts.
"""

from __future__ import annotations

import structlog
from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.jobs import repository
from headwater.features.jobs.service import attempts
from headwater.features.jobs.service.workers import DEAD_SECONDS

log = structlog.get_logger()
EVERY_SECONDS = 3.0
CALL_AGAIN_SECONDS = 10.0
RETURNED = Counter("headwater_jobs_returned_total", "Jobs put back into the queue after their worker died.", ["kind"])


async def sweep(db: AsyncSession) -> int:
    """Put lost jobs back into the queue; return how many were taken from dead workers."""
    lost = await repository.lost_jobs(db, DEAD_SECONDS)
    for job in lost:
        await attempts.take_back(db, job, "The worker stopped responding. The job goes back to the queue.")
        RETURNED.labels(job.kind).inc()
        log.warning("job.requeued", job_id=str(job.id), attempts=job.attempts)
    for job in await repository.uncalled_jobs(db, CALL_AGAIN_SECONDS):
        await repository.defer(db, job)
    await repository.drop_stalled_messages(db, DEAD_SECONDS * 2)
    await repository.remove_dead_workers(db, DEAD_SECONDS * 4)
    return len(lost)


async def release_process(db: AsyncSession, host: str, pid: int) -> None:
    """Put the jobs of a worker process that has ended back into the queue, without waiting for its heartbeat."""
    worker = await repository.worker_of_process(db, host, pid)
    if worker is None:
        return
    for job in await repository.jobs_of_worker(db, worker.id):
        await attempts.take_back(db, job, "The worker process ended. The job goes back to the queue.")
        RETURNED.labels(job.kind).inc()
    await repository.remove_worker(db, worker.id)
