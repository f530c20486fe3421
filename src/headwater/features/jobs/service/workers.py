"""Heartbeats of workers, and Prometheus metrics of jobs and workers."""

from __future__ import annotations

import os
import socket
import uuid
from typing import TypeAlias

from prometheus_client import Gauge
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from headwater.features.jobs import repository
from headwater.features.jobs.models import Worker

# The name by which entry points refer to a worker: they must not import the model.
Process: TypeAlias = Worker
BEAT_SECONDS = 3.0
DEAD_SECONDS = 15.0
JOBS = Gauge("headwater_jobs", "Jobs by kind and state.", ["kind", "state"])
OLDEST = Gauge("headwater_jobs_oldest_pending_seconds", "Age of the oldest pending job.", ["kind"])
WORKERS = Gauge("headwater_workers", "Workers that are alive.")


def this_process() -> Worker:
    """Return the worker row of this process."""
    return Worker(id=uuid.uuid4(), host=socket.gethostname(), pid=os.getpid())


async def beat(db: AsyncSession, worker: Worker) -> None:
    """Store the heartbeat of a worker."""
    await repository.beat_worker(db, worker)


async def leave(db: AsyncSession, worker: Worker) -> None:
    """Remove a worker that ends."""
    await repository.remove_worker(db, worker.id)


async def alive(connection: AsyncConnection) -> bool:
    """Return True if any worker is alive."""
    return await repository.live_workers(connection, DEAD_SECONDS) > 0


async def observe(db: AsyncSession) -> None:
    """Update the metrics."""
    JOBS.clear()
    OLDEST.clear()
    for row in await repository.depths(db):
        JOBS.labels(row.kind, row.state).set(row.number)
        if row.state == "pending":
            OLDEST.labels(row.kind).set(row.oldest_seconds)
    WORKERS.set(await repository.live_workers(db, DEAD_SECONDS))
