"""Metrics of snapshots: how many there are, what they occupy, and what could not be verified."""

from __future__ import annotations

from prometheus_client import Gauge
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.snapshots import repository
from headwater.store.context import Context

SNAPSHOTS = Gauge("headwater_snapshots", "Snapshots by status.", ["status"])
STORED = Gauge("headwater_snapshots_added_bytes", "Bytes that complete snapshots have added to their vaults.")
NEWEST = Gauge(
    "headwater_snapshot_last_success_timestamp_seconds",
    "When the newest complete snapshot was taken; 0 if there is none.",
)
DAMAGED = Gauge("headwater_snapshots_damaged", "Complete snapshots whose last verification has found damage.")


async def observe(db: AsyncSession, _: Context) -> None:
    """Update the metrics."""
    SNAPSHOTS.clear()
    added, newest, damaged = 0, 0.0, 0
    for row in await repository.snapshot_figures(db):
        SNAPSHOTS.labels(row.status).set(row.number)
        if row.status == "complete":
            added, newest, damaged = row.added, row.newest or 0.0, row.damaged
    STORED.set(added)
    NEWEST.set(newest)
    DAMAGED.set(damaged)
