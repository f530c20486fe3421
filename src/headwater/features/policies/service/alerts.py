"""Alerts: opened when a run of a policy fails or finds a problem; acknowledged by users; resolved by a success."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.rights import SYSTEM, Actor, Reach, missing, reach
from headwater.features.accounts.service import audit
from headwater.features.databases.models import Database
from headwater.features.databases.service import databases
from headwater.features.policies import repository
from headwater.features.policies.models import Alert
from headwater.kit.clock import now
from headwater.kit.errors import Conflict, NotFound
from headwater.kit.paging import Page, cut

Kind = Literal["failed", "missed", "grew", "damaged", "verify_failed", "drill_failed", "not_restorable", "not_running"]
# These last until a later run succeeds, so an acknowledged one is only counted. The others are single events: each one
# after an acknowledgement opens a new alert.
LASTING: frozenset[Kind] = frozenset(
    {"failed", "missed", "verify_failed", "drill_failed", "not_restorable", "not_running"}
)


@dataclass(frozen=True, slots=True)
class AlertView:
    """An alert with its database; `by` is the name of the user who acknowledged it."""

    alert: Alert
    database: Database
    by: str | None


async def raise_alert(
    db: AsyncSession,
    database: Database,
    kind: Kind,
    message: str,
    at: datetime,
    *,
    snapshot_id: uuid.UUID | None = None,
    job_id: uuid.UUID | None = None,
) -> None:
    """Open an alert, or increase the count of an open one, or of an acknowledged one if its kind is lasting."""
    if kind in LASTING and await repository.count_again(db, database.id, kind, at, message):
        return
    alert = await repository.open_alert(
        db,
        at,
        organization_id=database.organization_id,
        database_id=database.id,
        kind=kind,
        message=message,
        snapshot_id=snapshot_id,
        job_id=job_id,
    )
    if alert.times == 1:
        _note(db, SYSTEM, "alert.open", alert, database.name)


async def resolve(db: AsyncSession, database_id: uuid.UUID, at: datetime, *kinds: Kind) -> None:
    """Resolve the alerts of some kinds."""
    await repository.resolve(db, database_id, kinds, at)


async def listed(
    db: AsyncSession, actor: Actor, *, status: str | None, database_id: uuid.UUID | None, cursor: str | None, limit: int
) -> Page[AlertView]:
    """Return the alerts that the actor may read, newest first."""
    rows = await repository.alerts(
        db,
        reach(actor, "database:read"),
        status=status,
        database_id=database_id,
        before=audit.before_id(cursor),
        limit=limit,
    )
    return cut([AlertView(*row) for row in rows], limit, lambda item: (str(item.alert.id),))


async def acknowledge(db: AsyncSession, actor: Actor, alert_id: uuid.UUID) -> AlertView:
    """Acknowledge an alert."""
    alert = await repository.alert(db, alert_id, lock=True)
    if alert is None or alert.organization_id not in actor.roles:
        raise missing(alert, "There is no such alert.")
    await databases.find(db, actor, alert.database_id, "database:write", deleted=True)
    if alert.status != "open":
        raise Conflict(f"This alert is already {alert.status}.")
    alert.status, alert.acknowledged_by, alert.acknowledged_at = "acknowledged", actor.user_id, now()
    await db.flush()
    view = await _view(db, alert)
    _note(db, actor, "alert.acknowledge", alert, view.database.name)
    return view


async def _view(db: AsyncSession, alert: Alert) -> AlertView:
    rows = await repository.alerts(
        db, Reach([alert.organization_id]), status=None, database_id=None, alert_id=alert.id, before=None, limit=1
    )
    if not rows:
        raise NotFound("The database of this alert was deleted.")
    return AlertView(*rows[0])


def _note(db: AsyncSession, actor: Actor, action: str, alert: Alert, name: str) -> None:
    audit.record(
        db,
        actor,
        action,
        "alert",
        alert.id,
        name,
        organization_id=alert.organization_id,
        what=alert.kind,
        message=alert.message,
    )
