"""All SQL on the rows of recovery."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Float, Row, delete, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.recovery.models import Archive, ArchiveBase, ArchiveLog, ArchivePoint, Recovery


async def of_database(db: AsyncSession, database_id: uuid.UUID, *, lock: bool = False) -> Archive | None:
    """Return the archive of a database; with `lock`, its row is locked until the end of the transaction."""
    query = select(Archive).where(Archive.database_id == database_id).execution_options(populate_existing=True)
    return (await db.execute(query.with_for_update() if lock else query)).scalar_one_or_none()


async def get(db: AsyncSession, archive_id: uuid.UUID) -> Archive | None:
    """Return an archive."""
    query = select(Archive).where(Archive.id == archive_id).execution_options(populate_existing=True)
    return (await db.execute(query)).scalar_one_or_none()


async def archives(db: AsyncSession) -> Sequence[Archive]:
    """Return the archives of all organizations, for maintenance."""
    return (await db.execute(select(Archive).order_by(Archive.id))).scalars().all()


async def take_turn(db: AsyncSession, archive_id: uuid.UUID) -> bool:
    """Try to get the lock for shipping a log, held until the end of the transaction; return False if it is taken."""
    key = f"archive {archive_id}"
    query = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:key, 0))")
    return bool((await db.execute(query, {"key": key})).scalar_one())


async def note(db: AsyncSession, archive_id: uuid.UUID, **values: Any) -> None:
    """Set values of an archive."""
    await db.execute(update(Archive).where(Archive.id == archive_id).values(**values))


async def forget(db: AsyncSession, archive_id: uuid.UUID) -> None:
    """Delete the row of an empty archive."""
    await db.execute(delete(Archive).where(Archive.id == archive_id))


async def logs(db: AsyncSession, archive_id: uuid.UUID) -> Sequence[ArchiveLog]:
    """Return the log segments in the vault, in log order."""
    query = select(ArchiveLog).where(ArchiveLog.archive_id == archive_id, ArchiveLog.status == "complete")
    query = query.order_by(ArchiveLog.timeline, ArchiveLog.first).execution_options(populate_existing=True)
    return (await db.execute(query)).scalars().all()


async def keep_log(db: AsyncSession, values: dict[str, Any]) -> None:
    """Record that log segments are in the vault, unless that is recorded already."""
    await db.execute(insert(ArchiveLog).values(**values).on_conflict_do_nothing())


async def reach(db: AsyncSession, archive_id: uuid.UUID, ends: int, until: datetime) -> None:
    """Record that all commits before `until` lie before `ends`, in the row of the segments that end there."""
    statement = update(ArchiveLog).where(ArchiveLog.archive_id == archive_id, ArchiveLog.ends == ends)
    later = or_(ArchiveLog.reaches.is_(None), ArchiveLog.reaches < until)
    await db.execute(statement.where(later).values(reaches=until))


async def base(db: AsyncSession, base_id: uuid.UUID, *, lock: bool = False) -> ArchiveBase | None:
    """Return a base backup; with `lock`, its row is locked until the end of the transaction."""
    query = select(ArchiveBase).where(ArchiveBase.id == base_id).execution_options(populate_existing=True)
    return (await db.execute(query.with_for_update() if lock else query)).scalar_one_or_none()


async def bases(db: AsyncSession, archive_id: uuid.UUID) -> Sequence[ArchiveBase]:
    """Return the base backups of an archive, newest first, except those that are being deleted."""
    query = select(ArchiveBase).where(ArchiveBase.archive_id == archive_id, ArchiveBase.status != "deleting")
    query = query.order_by(ArchiveBase.id.desc()).execution_options(populate_existing=True)
    return (await db.execute(query)).scalars().all()


async def drop(db: AsyncSession, bases: Sequence[uuid.UUID], logs: Sequence[str]) -> None:
    """Mark base backups and log segments as being deleted."""
    await db.execute(update(ArchiveBase).where(ArchiveBase.id.in_(bases)).values(status="deleting"))
    await db.execute(update(ArchiveLog).where(ArchiveLog.name.in_(logs)).values(status="deleting"))


@dataclass(frozen=True, slots=True)
class Dropped:
    """Base backups and log segments that are being deleted."""

    bases: Sequence[ArchiveBase]
    logs: Sequence[ArchiveLog]

    def names(self, base_name: Callable[[uuid.UUID], str]) -> dict[uuid.UUID, list[str]]:
        """Return the names of their manifests, by the vaults in which they are."""
        names = defaultdict(list)
        for base in self.bases:
            names[base.vault_id].append(base_name(base.id))
        for log in self.logs:
            names[log.vault_id].append(log.name)
        return dict(names)


async def dropped(db: AsyncSession, archive_id: uuid.UUID) -> Dropped:
    """Return the base backups and log segments that are being deleted."""
    bases = select(ArchiveBase).where(ArchiveBase.archive_id == archive_id, ArchiveBase.status == "deleting")
    logs = select(ArchiveLog).where(ArchiveLog.archive_id == archive_id, ArchiveLog.status == "deleting")
    return Dropped((await db.execute(bases)).scalars().all(), (await db.execute(logs)).scalars().all())


async def forget_dropped(db: AsyncSession, rows: Dropped) -> None:
    """Delete the rows of base backups and log segments that were deleted from their vaults."""
    await db.execute(delete(ArchiveBase).where(ArchiveBase.id.in_([base.id for base in rows.bases])))
    await db.execute(delete(ArchiveLog).where(ArchiveLog.name.in_([log.name for log in rows.logs])))


async def points(db: AsyncSession, archive_id: uuid.UUID) -> Sequence[ArchivePoint]:
    """Return the restore points of an archive, newest first."""
    query = select(ArchivePoint).where(ArchivePoint.archive_id == archive_id).order_by(ArchivePoint.id.desc())
    return (await db.execute(query)).scalars().all()


async def forget_points(db: AsyncSession, archive_id: uuid.UUID, before: int) -> None:
    """Delete the restore points before a log position."""
    await db.execute(delete(ArchivePoint).where(ArchivePoint.archive_id == archive_id, ArchivePoint.position < before))


async def recovery(db: AsyncSession, recovery_id: uuid.UUID, *, lock: bool = False) -> Recovery | None:
    """Return a recovery; with `lock`, its row is locked until the end of the transaction."""
    query = select(Recovery).where(Recovery.id == recovery_id).execution_options(populate_existing=True)
    return (await db.execute(query.with_for_update() if lock else query)).scalar_one_or_none()


async def recoveries(
    db: AsyncSession, archive_id: uuid.UUID, before: uuid.UUID | None, limit: int
) -> Sequence[Recovery]:
    """Return the recoveries from an archive, newest first."""
    query = select(Recovery).where(Recovery.archive_id == archive_id)
    if before:
        query = query.where(Recovery.id < before)
    return (await db.execute(query.order_by(Recovery.id.desc()).limit(limit + 1))).scalars().all()


async def unfinished(db: AsyncSession) -> Sequence[Recovery]:
    """Return the recoveries that have a target and no result: they are running, or were abandoned."""
    query = select(Recovery).where(Recovery.target_id.is_not(None), Recovery.result == {})
    return (await db.execute(query)).scalars().all()


async def unfinished_bases(db: AsyncSession, archive_id: uuid.UUID) -> Sequence[ArchiveBase]:
    """Return the base backups that are being created, or were abandoned."""
    query = select(ArchiveBase).where(ArchiveBase.archive_id == archive_id, ArchiveBase.status == "taking")
    return (await db.execute(query)).scalars().all()


async def forget_target(db: AsyncSession, recovery_id: uuid.UUID) -> None:
    """Clear the target of a recovery, because that database is deleted."""
    await db.execute(update(Recovery).where(Recovery.id == recovery_id).values(target_id=None))


async def stored(db: AsyncSession, archive_id: uuid.UUID) -> int:
    """Return how many bytes of the vault the log uses."""
    query = select(func.coalesce(func.sum(ArchiveLog.stored_bytes), 0))
    query = query.where(ArchiveLog.archive_id == archive_id, ArchiveLog.status == "complete")
    return int((await db.execute(query)).scalar_one())


async def archive_figures(db: AsyncSession) -> Row[*tuple[Any, ...]]:
    """Return the numbers of archives that are on: ok, problem, oldest_seconds of a problem, spooled segments."""
    has_problem = Archive.problem != ""
    oldest = func.extract("epoch", func.now() - func.min(Archive.problem_at).filter(has_problem)).cast(Float)
    columns = (
        func.count().filter(~has_problem).label("ok"),
        func.count().filter(has_problem).label("problem"),
        oldest.label("oldest_seconds"),
        func.sum(Archive.spooled).label("spooled"),
    )
    return (await db.execute(select(*columns).where(Archive.enabled))).one()
