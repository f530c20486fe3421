"""Metrics of policies: what is overdue, what has failed, and how old the newest snapshots are."""

from __future__ import annotations

from prometheus_client import Gauge
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.policies import repository
from headwater.store.context import Context

POLICIES = Gauge("headwater_policies", "Policies of snapshots.", ["state"])
OVERDUE = Gauge("headwater_policies_overdue", "Active policies whose next run is late by more than 15 minutes.")
FAILED = Gauge("headwater_policies_failing", "Active policies whose last run of this kind has failed.", ["kind"])
AGE = Gauge(
    "headwater_policy_oldest_snapshot_age_seconds",
    "Of all databases with an active policy, the greatest age of their newest snapshot; 0 if there is none.",
)
WITHOUT = Gauge("headwater_policies_without_snapshot", "Active policies whose database has no complete snapshot.")
ALERTS = Gauge("headwater_alerts_open", "Open alerts by kind.", ["kind"])


async def observe(db: AsyncSession, _: Context) -> None:
    """Update the metrics."""
    state = await repository.policy_figures(db)
    POLICIES.labels("active").set(state.active)
    POLICIES.labels("paused").set(state.paused)
    OVERDUE.set(state.overdue)
    WITHOUT.set(state.without_snapshot)
    AGE.set(state.oldest_seconds or 0)
    FAILED.clear()
    for kind, number in await repository.failing_kinds(db):
        FAILED.labels(kind).set(number)
    ALERTS.clear()
    for kind, number in await repository.open_alerts(db):
        ALERTS.labels(kind).set(number)
