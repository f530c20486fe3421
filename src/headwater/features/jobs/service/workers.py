"""The workers that are alive, and the figures about their work."""

from __future__ import annotations

import os
import socket
import uuid
from typing import TypeAlias

from prometheus_client import Gauge
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from headwater.features.jobs import repository
from headwater.features.jobs.models import Worker

# How the entry points call what they hold of a worker, whose row is not theirs to import.
Process: TypeAlias = Worker
BEAT_SECONDS = 3.0
DEAD_SECONDS = 15.0
JOBS = Gauge("headwater_jobs", "Jobs by kind and state.", ["kind", "state"])
OLDEST = Gauge("headwater_jobs_oldest_pending_seconds", "Age of the job that waits longest.", ["kind"])
WORKERS = Gauge("headwater_workers", "Workers that are alive.")


def this_process() -> Worker:
    """Return a worker for this process."""
    return Worker(id=uuid.uuid4(), host=socket.gethostname(), pid=os.getpid())


async def beat(db: AsyncSession, worker: Worker) -> None:
    """Say that a worker is alive."""
    await repository.beat_worker(db, worker)


async def leave(db: AsyncSession, worker: Worker) -> None:
    """Say that a worker ends."""
    await repository.remove_worker(db, worker.id)


async def alive(connection: AsyncConnection) -> bool:
    """Say whether any worker is alive."""
    return await repository.live_workers(connection, DEAD_SECONDS) > 0


async def observe(db: AsyncSession) -> None:
    """Bring the figures up to date."""
    JOBS.clear()
    OLDEST.clear()
    for row in await repository.depths(db):
        JOBS.labels(row.kind, row.state).set(row.number)
        if row.state == "pending":
            OLDEST.labels(row.kind).set(row.oldest_seconds)
    WORKERS.set(await repository.live_workers(db, DEAD_SECONDS))
