"""All SQL on the rows of policies, their runs and alerts."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Row, and_, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.models import User
from headwater.features.accounts.repository.reaches import within
from headwater.features.accounts.rights import Reach
from headwater.features.databases.models import Database
from headwater.features.policies.models import Alert, PolicyRun, SnapshotPolicy
from headwater.kit.ids import new_id

Due = Literal["due_at", "verify_at", "drill_at"]
RETAIN_EVERY = timedelta(hours=1)


async def get(db: AsyncSession, database_id: uuid.UUID, *, lock: bool = False) -> SnapshotPolicy | None:
    """Return the policy of a database, if any; with `lock`, its row is locked until the end of the transaction."""
    query = select(SnapshotPolicy).where(SnapshotPolicy.database_id == database_id)
    query = query.execution_options(populate_existing=True)
    return (await db.execute(query.with_for_update() if lock else query)).scalar_one_or_none()


async def due(db: AsyncSession, field: Due, at: datetime) -> Sequence[uuid.UUID]:
    """Return the databases whose policies are due, longest overdue first, without paused and deleted ones."""
    column = getattr(SnapshotPolicy, field)
    query = select(SnapshotPolicy.database_id).join(Database, Database.id == SnapshotPolicy.database_id)
    alive = and_(Database.deleted_at.is_(None), Database.project_id.is_not(None), ~SnapshotPolicy.paused)
    return (await db.execute(query.where(alive, column <= at).order_by(column).limit(500))).scalars().all()


async def claim(db: AsyncSession, database_id: uuid.UUID, field: Due, at: datetime) -> SnapshotPolicy | None:
    """Lock and return a policy that is still due; None if another process holds it or has already done it."""
    column = getattr(SnapshotPolicy, field)
    query = select(SnapshotPolicy).where(
        SnapshotPolicy.database_id == database_id, ~SnapshotPolicy.paused, column <= at
    )
    query = query.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    return (await db.execute(query)).scalar_one_or_none()


async def to_retain(db: AsyncSession, at: datetime) -> Sequence[uuid.UUID]:
    """Return the databases whose retention was last applied at least `RETAIN_EVERY` ago."""
    old = SnapshotPolicy.retained_at <= at - RETAIN_EVERY
    query = select(SnapshotPolicy.database_id).join(Database, Database.id == SnapshotPolicy.database_id)
    query = query.where(Database.deleted_at.is_(None), ~SnapshotPolicy.paused, SnapshotPolicy.retention != {}, old)
    return (await db.execute(query.limit(500))).scalars().all()


async def add_run(db: AsyncSession, **values: Any) -> uuid.UUID | None:
    """Insert a run and return its id; None if this time of the schedule already has one."""
    statement = insert(PolicyRun).values(id=new_id(), **values).on_conflict_do_nothing().returning(PolicyRun.id)
    return (await db.execute(statement)).scalar_one_or_none()


async def change_run(db: AsyncSession, run_id: uuid.UUID, **values: Any) -> None:
    """Set values of a run."""
    await db.execute(update(PolicyRun).where(PolicyRun.id == run_id).values(**values))


async def running(
    db: AsyncSession, database_id: uuid.UUID, kind: str, *, besides: uuid.UUID | None = None
) -> PolicyRun | None:
    """Return a run of a kind that has not ended, other than `besides`, if any."""
    query = select(PolicyRun).where(
        PolicyRun.database_id == database_id, PolicyRun.kind == kind, PolicyRun.outcome == "running"
    )
    if besides:
        query = query.where(PolicyRun.id != besides)
    return (await db.execute(query.order_by(PolicyRun.id).limit(1))).scalar_one_or_none()


async def all_running(db: AsyncSession) -> Sequence[uuid.UUID]:
    """Return the runs of all organizations that have not ended."""
    return (await db.execute(select(PolicyRun.id).where(PolicyRun.outcome == "running"))).scalars().all()


async def hold_run(db: AsyncSession, run_id: uuid.UUID) -> PolicyRun | None:
    """Lock and return a run that has not ended; None if another process holds it or has already ended it."""
    query = select(PolicyRun).where(PolicyRun.id == run_id, PolicyRun.outcome == "running")
    query = query.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    return (await db.execute(query)).scalar_one_or_none()


async def run(db: AsyncSession, run_id: uuid.UUID) -> PolicyRun | None:
    """Return a run by id."""
    query = select(PolicyRun).where(PolicyRun.id == run_id).execution_options(populate_existing=True)
    return (await db.execute(query)).scalar_one_or_none()


async def runs(db: AsyncSession, database_id: uuid.UUID, before: uuid.UUID | None, limit: int) -> Sequence[PolicyRun]:
    """Return the runs of a database, newest first."""
    query = select(PolicyRun).where(PolicyRun.database_id == database_id)
    if before:
        query = query.where(PolicyRun.id < before)
    return (await db.execute(query.order_by(PolicyRun.id.desc()).limit(limit + 1))).scalars().all()


async def last_run(db: AsyncSession, database_id: uuid.UUID, kind: str) -> PolicyRun | None:
    """Return the newest run of a kind."""
    query = select(PolicyRun).where(PolicyRun.database_id == database_id, PolicyRun.kind == kind)
    return (await db.execute(query.order_by(PolicyRun.id.desc()).limit(1))).scalar_one_or_none()


async def forget_runs(db: AsyncSession, database_id: uuid.UUID, before: datetime) -> None:
    """Delete the runs of a database that ended before a point in time."""
    old = PolicyRun.database_id == database_id, PolicyRun.finished_at < before
    await db.execute(delete(PolicyRun).where(*old))


async def open_alert(db: AsyncSession, at: datetime, **values: Any) -> Alert:
    """Open an alert, or increase the count of an open one of the same kind."""
    fresh = {"id": new_id(), "created_at": at, "last_at": at, "status": "open", "times": 1}
    again = {name: values[name] for name in ("message", "snapshot_id", "job_id")}
    statement = insert(Alert).values(**fresh, **values)
    statement = statement.on_conflict_do_update(
        index_elements=["database_id", "kind"],
        index_where=text("status = 'open'"),
        set_={**again, "last_at": at, "times": Alert.times + 1},
    )
    connection = statement.returning(Alert).execution_options(populate_existing=True)
    return (await db.execute(connection)).scalar_one()


async def count_again(db: AsyncSession, database_id: uuid.UUID, kind: str, at: datetime, message: str) -> bool:
    """Increase the count of an acknowledged alert of this kind; return False if there is none."""
    known = Alert.database_id == database_id, Alert.kind == kind, Alert.status == "acknowledged"
    values = {"times": Alert.times + 1, "last_at": at, "message": message}
    return bool((await db.execute(update(Alert).where(*known).values(**values).returning(Alert.id))).first())


async def last_alert_at(db: AsyncSession, database_id: uuid.UUID, kind: str) -> datetime | None:
    """Return when an alert of a kind was last opened or counted for a database; None if there was none."""
    query = select(func.max(Alert.last_at)).where(Alert.database_id == database_id, Alert.kind == kind)
    last: datetime | None = (await db.execute(query)).scalar_one()
    return last


async def resolve(db: AsyncSession, database_id: uuid.UUID, kinds: Sequence[str], at: datetime) -> None:
    """Resolve the alerts of some kinds."""
    known = Alert.database_id == database_id, Alert.kind.in_(kinds), Alert.status.in_(["open", "acknowledged"])
    await db.execute(update(Alert).where(*known).values(status="resolved", resolved_at=at))


async def alerted(db: AsyncSession, kind: str) -> set[uuid.UUID]:
    """Return the databases with an alert of a kind that is not resolved."""
    query = select(Alert.database_id).where(Alert.kind == kind, Alert.status != "resolved")
    return set((await db.execute(query)).scalars())


async def alert(db: AsyncSession, alert_id: uuid.UUID, *, lock: bool = False) -> Alert | None:
    """Return an alert; with `lock`, its row is locked until the end of the transaction."""
    query = select(Alert).where(Alert.id == alert_id).execution_options(populate_existing=True)
    return (await db.execute(query.with_for_update() if lock else query)).scalar_one_or_none()


async def alerts(
    db: AsyncSession,
    reach: Reach,
    *,
    status: str | None,
    database_id: uuid.UUID | None,
    alert_id: uuid.UUID | None = None,
    before: uuid.UUID | None,
    limit: int,
) -> list[tuple[Alert, Database, str | None]]:
    """Return (alert, database, name of the user who acknowledged it) within reach, newest first."""
    query = select(Alert, Database, User.name).join(Database, Database.id == Alert.database_id)
    query = query.outerjoin(User, User.id == Alert.acknowledged_by)
    query = query.where(
        within(reach, Alert.organization_id, project=Database.project_id, database=Database.id),
        Database.deleted_at.is_(None),
    )
    for column, value in ((Alert.status, status), (Alert.database_id, database_id), (Alert.id, alert_id)):
        if value is not None:
            query = query.where(column == value)
    if before:
        query = query.where(Alert.id < before)
    rows = await db.execute(query.order_by(Alert.id.desc()).limit(limit + 1))
    return [(row[0], row[1], row[2]) for row in rows]


_FIGURES = text(
    """
    SELECT count(*) FILTER (WHERE NOT p.paused) AS active, count(*) FILTER (WHERE p.paused) AS paused,
        count(*) FILTER (WHERE NOT p.paused AND p.due_at < now() - interval '15 minutes') AS overdue,
        count(*) FILTER (WHERE NOT p.paused AND s.newest IS NULL) AS without_snapshot,
        extract(epoch FROM now() - min(s.newest) FILTER (WHERE NOT p.paused))::float AS oldest_seconds
    FROM snapshot_policies p JOIN databases d ON d.id = p.database_id AND d.deleted_at IS NULL
    LEFT JOIN LATERAL (
        SELECT max(taken_at) AS newest FROM snapshots WHERE database_id = p.database_id AND status = 'complete'
    ) s ON true
    """
)
_FAILING = text(
    """
    SELECT r.kind, count(*) FROM snapshot_policies p JOIN databases d ON d.id = p.database_id AND d.deleted_at IS NULL
    CROSS JOIN LATERAL (
        SELECT DISTINCT ON (kind) kind, outcome FROM policy_runs
        WHERE database_id = p.database_id AND finished_at IS NOT NULL ORDER BY kind, id DESC
    ) r
    WHERE NOT p.paused AND r.outcome IN ('failed', 'missed', 'damaged') GROUP BY r.kind
    """
)


async def policy_figures(db: AsyncSession) -> Row[*tuple[Any, ...]]:
    """Return the numbers of policies: active, paused, overdue, without_snapshot, and the oldest_seconds."""
    return (await db.execute(_FIGURES)).one()


async def failing_kinds(db: AsyncSession) -> Sequence[tuple[str, int]]:
    """Return (kind, number) of the active policies whose last run of a kind has failed."""
    return [(row[0], row[1]) for row in await db.execute(_FAILING)]


async def open_alerts(db: AsyncSession) -> Sequence[tuple[str, int]]:
    """Return (kind, number) of the alerts that are not resolved."""
    query = select(Alert.kind, func.count()).where(Alert.status != "resolved").group_by(Alert.kind)
    return [(row[0], row[1]) for row in await db.execute(query)]
