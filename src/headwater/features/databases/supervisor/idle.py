"""Looks after the databases that run: idle ones sleep, greedy ones are held to their quotas, all are measured.

A database is idle when for its time to sleep no client of the proxy sent a byte, nobody in Headwater asked for it, and
no session is at work or in a transaction. A connection that only stays open keeps nothing awake: it is ended with
PostgreSQL's 57P01, which pools take as the sign to connect again, and that wakes the database.
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
# Past its disk quota a database is read-only; who writes all the same has it stopped at this share beyond.
PATIENCE, PATIENCE_MB = 1.2, 64


async def watch_instances(keeper: Supervisor) -> None:
    """Look once at every database that runs."""
    for instance in list(keeper.instances.values()):
        if instance.running and not instance.lock.locked():
            keeper.soon(_check_instance(keeper, instance))


async def _check_instance(keeper: Supervisor, instance: ManagedInstance) -> None:
    async with instance.lock:
        if not keeper.up(instance):
            return
        try:
            if instance.sleep_after and time.monotonic() - instance.seen >= instance.sleep_after:
                await _sleep_unless_busy(keeper, instance)
            elif time.monotonic() - instance.watched >= WATCH_SECONDS:
                instance.watched = time.monotonic()
                await _watch(keeper, instance)
        except (HeadwaterError, OSError, SQLAlchemyError) as error:
            log.warning("keeper.not_seen", database=str(instance.spec.id), error=str(error))


async def _sleep_unless_busy(keeper: Supervisor, instance: ManagedInstance) -> None:
    activity = await keeper.driver.activity(instance.spec)
    if activity.busy:
        instance.seen = time.monotonic()
    elif time.monotonic() - instance.seen >= instance.sleep_after:
        await keeper.sleep(instance)


async def _watch(keeper: Supervisor, instance: ManagedInstance) -> None:
    instance.disk_bytes = await keeper.driver.disk_bytes(instance.spec)
    quota = int(instance.spec.quotas.get("disk_mb", 0)) * 2**20
    if quota and instance.disk_bytes > quota * PATIENCE + PATIENCE_MB * 2**20:
        reason = f"It takes {instance.disk_bytes // 2**20} MB of disk and may take {quota // 2**20}: raise the quota."
        await keeper.sleep(instance, "stopped", reason)
        return
    await keeper.driver.enforce(instance.spec, full=bool(quota and instance.disk_bytes > quota))
    if time.monotonic() - instance.measured >= MEASURE_SECONDS:
        instance.measured = time.monotonic()
        values = dict(await keeper.driver.metrics(instance.spec))
        more = {"clients": float(instance.clients), "disk_bytes": float(instance.disk_bytes)}
        await keeper.save_metrics(instance, values | more)
