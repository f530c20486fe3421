"""Metrics of databases: their states, the sessions of this server on them, and the supervisor with its proxy."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from prometheus_client import Gauge
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.databases import repository
from headwater.features.databases.service.pool import SessionPool
from headwater.features.databases.supervisor import client
from headwater.kit.errors import HeadwaterError
from headwater.store.context import Context

SUPERVISOR_SECONDS = 2.0
DATABASES = Gauge("headwater_databases", "Databases by origin and state.", ["origin", "state"])
SESSIONS = Gauge("headwater_sessions", "Sessions of this server on databases.", ["state"])
STORE_CONNECTIONS = Gauge("headwater_store_connections", "Connections of this server to its own store.", ["state"])
SUPERVISOR = Gauge("headwater_supervisor_up", "1 if the supervisor of the databases answers.")
SUPERVISED: Mapping[str, Gauge] = {
    "started": Gauge("headwater_supervisor_start_time_seconds", "When the supervisor was started, as Unix time."),
    "resident_bytes": Gauge("headwater_supervisor_resident_memory_bytes", "Resident memory of the supervisor."),
    "cpu_seconds": Gauge("headwater_supervisor_cpu_seconds", "Processor time of the supervisor since it started."),
    "running": Gauge("headwater_instances_running", "Database servers that the supervisor has running."),
    "failing": Gauge("headwater_instances_failing", "Database servers that did not start, and are tried again."),
    "faults": Gauge("headwater_supervisor_faults", "Rounds of the supervisor that failed since it started."),
    "clients": Gauge("headwater_proxy_connections", "Clients that have signed in through the proxy."),
    "pending": Gauge("headwater_proxy_pending_connections", "Clients of the proxy that have not signed in yet."),
}


async def observe(db: AsyncSession, context: Context) -> None:
    """Update the metrics; those of a supervisor that does not answer are absent."""
    DATABASES.clear()
    for origin, state, number in await repository.count_states(db):
        DATABASES.labels(origin, state).set(number)
    busy, idle = context.service(SessionPool).counts()
    SESSIONS.labels("busy").set(busy)
    SESSIONS.labels("idle").set(idle)
    in_use, open_ = context.store.connections()
    STORE_CONNECTIONS.labels("in_use").set(in_use)
    STORE_CONNECTIONS.labels("idle").set(max(0, open_ - in_use))
    await _observe_supervisor(context)


async def _observe_supervisor(context: Context) -> None:
    try:
        async with asyncio.timeout(SUPERVISOR_SECONDS):
            values = await client.measure(context.settings)
    except (HeadwaterError, TimeoutError):
        values = {}
    SUPERVISOR.set(1 if values else 0)
    for name, gauge in SUPERVISED.items():
        gauge.set(values.get(name, float("nan")))
