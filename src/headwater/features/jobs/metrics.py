"""Metrics of jobs and workers, read from the store: whatever process has the job."""

from __future__ import annotations

from prometheus_client import Gauge
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.jobs import repository
from headwater.features.jobs.service.feed import JobFeed
from headwater.features.jobs.service.workers import DEAD_SECONDS
from headwater.store.context import Context

JOBS = Gauge("headwater_jobs", "Jobs by kind and state.", ["kind", "state"])
OLDEST = Gauge("headwater_jobs_oldest_pending_seconds", "Age of the oldest pending job.", ["kind"])
WORKERS = Gauge("headwater_workers", "Workers that are alive.")
WORKER_MEMORY = Gauge("headwater_workers_resident_memory_bytes", "Resident memory of all workers that are alive.")
WORKER_CPU = Gauge("headwater_workers_cpu_seconds", "Processor time of all workers that are alive, since each started.")
STREAMS = Gauge("headwater_event_streams", "Streams of events that are open in this server.")


async def observe(db: AsyncSession, context: Context) -> None:
    """Update the metrics."""
    JOBS.clear()
    OLDEST.clear()
    for row in await repository.depths(db):
        JOBS.labels(row.kind, row.state).set(row.number)
        if row.state == "pending":
            OLDEST.labels(row.kind).set(row.oldest_seconds)
    number, memory, cpu = await repository.worker_usage(db, DEAD_SECONDS)
    WORKERS.set(number)
    WORKER_MEMORY.set(memory)
    WORKER_CPU.set(cpu)
    STREAMS.set(context.service(JobFeed).streams)
