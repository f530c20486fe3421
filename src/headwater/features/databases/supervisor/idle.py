"""Looks after the databases that run: idle ones sleep, greedy ones are held to their quotas, all are measured.

A database is idle when for its time to sleep no client of the proxy sent a byte, nobody in Headwater asked for it, and
no session is at work or in a transaction. A connection that only stays open keeps nothing awake: it is ended with
PostgreSQL's 57P01, which pools take as the sign to connect again, and that wakes the database.
"""

from __future__ import annotations

import time

import structlog
from sqlalchemy.exc import SQLAlchemyError

from headwater.features.databases.supervisor.managed_instance import Kept
from headwater.features.databases.supervisor.reconciler import Keeper
from headwater.kit.errors import HeadwaterError

log = structlog.get_logger()
LOOK_SECONDS = 1.0
WATCH_SECONDS = 10.0
MEASURE_SECONDS = 60.0
# Past its disk quota a database is read-only; who writes all the same has it stopped at this share beyond.
PATIENCE, PATIENCE_MB = 1.2, 64


async def look_after(keeper: Keeper) -> None:
    """Look once at every database that runs."""
    for kept in list(keeper.kept.values()):
        if kept.running and not kept.lock.locked():
            keeper.soon(_look_at(keeper, kept))


async def _look_at(keeper: Keeper, kept: Kept) -> None:
    async with kept.lock:
        if not keeper.up(kept):
            return
        try:
            if kept.sleep_after and time.monotonic() - kept.seen >= kept.sleep_after:
                await _sleep_unless_busy(keeper, kept)
            elif time.monotonic() - kept.watched >= WATCH_SECONDS:
                kept.watched = time.monotonic()
                await _watch(keeper, kept)
        except (HeadwaterError, OSError, SQLAlchemyError) as error:
            log.warning("keeper.not_seen", database=str(kept.spec.id), error=str(error))


async def _sleep_unless_busy(keeper: Keeper, kept: Kept) -> None:
    activity = await keeper.driver.activity(kept.spec)
    if activity.busy:
        kept.seen = time.monotonic()
    elif time.monotonic() - kept.seen >= kept.sleep_after:
        await keeper.sleep(kept)


async def _watch(keeper: Keeper, kept: Kept) -> None:
    kept.disk_bytes = await keeper.driver.disk_bytes(kept.spec)
    quota = int(kept.spec.quotas.get("disk_mb", 0)) * 2**20
    if quota and kept.disk_bytes > quota * PATIENCE + PATIENCE_MB * 2**20:
        reason = f"It takes {kept.disk_bytes // 2**20} MB of disk and may take {quota // 2**20}: raise the quota."
        await keeper.sleep(kept, "stopped", reason)
        return
    await keeper.driver.enforce(kept.spec, full=bool(quota and kept.disk_bytes > quota))
    if time.monotonic() - kept.measured >= MEASURE_SECONDS:
        kept.measured = time.monotonic()
        values = dict(await keeper.driver.metrics(kept.spec))
        more = {"clients": float(kept.clients), "disk_bytes": float(kept.disk_bytes)}
        await keeper.keep_metrics(kept, values | more)
