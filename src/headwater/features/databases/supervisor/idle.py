"""Checks running databases: puts idle ones to sleep, enforces quotas, and collects metrics.

A database is idle if, for its `sleep_after` seconds, no client of the proxy sent a byte, nothing in Headwater asked for
it, and no session is active or in a transaction. A connection that is only open keeps nothing awake: it ends with
PostgreSQL's error 57P01, on which connection pools reconnect, and that wakes the database.
"""

from __future__ import annotations

import time

import structlog
from sqlalchemy.exc import SQLAlchemyError

from headwater.features.databases.supervisor.managed_instance import ManagedInstance
from headwater.features.databases.supervisor.reconciler import Supervisor
from headwater.kit.errors import HeadwaterError

log = structlog.get_logger()
LOOK_SECONDS = 1.0
WATCH_SECONDS = 10.0
MEASURE_SECONDS = 60.0
# Beyond its disk quota a database is read-only; if it still grows by this factor, it is stopped.
PATIENCE, PATIENCE_MB = 1.2, 64


async def watch_instances(supervisor: Supervisor) -> None:
    """Check every running database once."""
    for instance in list(supervisor.instances.values()):
        if instance.running and not instance.lock.locked():
            supervisor.soon(_check_instance(supervisor, instance))


async def _check_instance(supervisor: Supervisor, instance: ManagedInstance) -> None:
    async with instance.lock:
        if not supervisor.up(instance):
            return
        try:
            if instance.sleep_after and time.monotonic() - instance.seen >= instance.sleep_after:
                await _sleep_unless_busy(supervisor, instance)
            elif time.monotonic() - instance.watched >= WATCH_SECONDS:
                instance.watched = time.monotonic()
                await _watch(supervisor, instance)
        except (HeadwaterError, OSError, SQLAlchemyError) as error:
            log.warning("supervisor.activity_unknown", database=str(instance.spec.id), error=str(error))
        except Exception:  # of one database: the others are checked all the same
            log.exception("supervisor.check_crashed", database=str(instance.spec.id))


async def _sleep_unless_busy(supervisor: Supervisor, instance: ManagedInstance) -> None:
    activity = await supervisor.driver.activity(instance.spec)
    if activity.busy:
        instance.seen = time.monotonic()
    elif time.monotonic() - instance.seen >= instance.sleep_after:
        await supervisor.sleep(instance)


async def _watch(supervisor: Supervisor, instance: ManagedInstance) -> None:
    instance.disk_bytes = await supervisor.driver.disk_bytes(instance.spec)
    quota = int(instance.spec.quotas.get("disk_mb", 0)) * 2**20
    if quota and instance.disk_bytes > quota * PATIENCE + PATIENCE_MB * 2**20:
        reason = (
            f"It uses {instance.disk_bytes // 2**20} MB of disk, its quota is {quota // 2**20} MB. Raise the quota."
        )
        await supervisor.sleep(instance, "stopped", reason)
        return
    await supervisor.driver.enforce(instance.spec, full=bool(quota and instance.disk_bytes > quota))
    if time.monotonic() - instance.measured >= MEASURE_SECONDS:
        instance.measured = time.monotonic()
        values = dict(await supervisor.driver.metrics(instance.spec))
        more = {"clients": float(instance.clients), "disk_bytes": float(instance.disk_bytes)}
        await supervisor.save_metrics(instance, values | more)
