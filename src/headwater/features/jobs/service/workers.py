"""Heartbeats of workers."""

from __future__ import annotations

import os
import socket
import uuid
from typing import TypeAlias

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from headwater.features.jobs import repository
from headwater.features.jobs.models import Worker

# The name by which entry points refer to a worker: they must not import the model.
Process: TypeAlias = Worker
BEAT_SECONDS = 3.0
DEAD_SECONDS = 15.0


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


async def hosts_of_others(db: AsyncSession, job_id: uuid.UUID) -> list[str]:
    """Return the host of each live worker but the one that runs a job."""
    return list(await repository.hosts_of_other_workers(db, DEAD_SECONDS, job_id))
