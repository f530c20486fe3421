"""Turns point-in-time recovery of databases on and off, shows its status, and creates restore points."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.engines import RecoverySupport
from headwater.features.accounts.rights import SYSTEM, Actor
from headwater.features.accounts.service import projects
from headwater.features.databases.models import Database
from headwater.features.databases.service import databases, instances, readiness
from headwater.features.databases.service.instances import LocalInstance
from headwater.features.jobs.models import Job
from headwater.features.jobs.service import queue
from headwater.features.jobs.service.queue import ForDatabase
from headwater.features.recovery import repository
from headwater.features.recovery.models import Archive, ArchiveBase, ArchivePoint
from headwater.features.recovery.service import wal_archiver
from headwater.features.recovery.service.timeline import ContinuousRange, continuous_ranges
from headwater.features.recovery.service.wal_archiver import marked
from headwater.features.snapshots.service.storage import vault_locations
from headwater.kit.clock import now
from headwater.kit.errors import BadInput, Conflict, HeadwaterError, Unavailable
from headwater.kit.settings import Settings
from headwater.store.context import Context

log = structlog.get_logger()
# How long turning recovery off may wait for the last segments to be stored.
LAST_SECONDS = 60.0
_POINT = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._:-]{0,62}")


@dataclass(frozen=True, slots=True)
class BaseView:
    """A base backup with its job; it is `usable` if the log that it needs is in the vault."""

    base: ArchiveBase
    job: Job | None
    usable: bool

    @property
    def status(self) -> str:
        """Status of the base backup: it has failed if it is not complete although its job has ended."""
        alive = self.job is not None and self.job.state in {"pending", "running", "completed"}
        return "failed" if self.base.status == "taking" and not alive else self.base.status


@dataclass(frozen=True, slots=True)
class ArchiveView:
    """The archive of a database, and the moments it can restore; `archive` is None if it has none."""

    database: Database
    engine: RecoverySupport
    archive: Archive | None
    ranges: Sequence[ContinuousRange] = ()
    bases: Sequence[BaseView] = ()
    points: Sequence[ArchivePoint] = ()
    log_bytes: int = 0

    @property
    def covered_at(self) -> datetime | None:
        """All transactions committed before this time are in the vault."""
        return marked(self.archive.covered).at if self.archive and self.archive.covered else None

    @property
    def lag_bytes(self) -> int:
        """How much of the log was not in the vault yet when the server was last asked."""
        archive = self.archive
        if archive is None or not archive.seen or archive.archived_to is None or not archive.enabled:
            return 0
        quiet = archive.covered and archive.covered["at"] == archive.seen["at"]
        return 0 if quiet else max(0, archive.seen["position"] - archive.archived_to)

    @property
    def windows(self) -> list[tuple[datetime, datetime]]:
        """The ranges of times that can be restored, oldest first."""
        return [log_range.window for log_range in self.ranges if log_range.window]


async def view(db: AsyncSession, actor: Actor, database_id: uuid.UUID) -> ArchiveView:
    """Return the archive of a database, even if it was deleted but not yet destroyed."""
    database = await databases.find(db, actor, database_id, deleted=True)
    return await seen(db, database)


async def seen(db: AsyncSession, database: Database) -> ArchiveView:
    """Return the archive of a database; the caller has checked the actor's rights."""
    engine = instances.recovers(database)
    archive = await repository.of_database(db, database.id)
    if archive is None:
        return ArchiveView(database, engine, None)
    bases = await repository.bases(db, archive.id)
    covered = marked(archive.covered).at if archive.covered else None
    logs = await repository.logs(db, archive.id)
    ranges = continuous_ranges(bases, logs, covered, archive.archived_to, archive.breaks)
    usable = {base.id for log_range in ranges for base in log_range.bases}
    jobs = await queue.get_many(db, [base.job_id for base in bases if base.job_id])
    views = [BaseView(base, jobs.get(base.job_id) if base.job_id else None, base.id in usable) for base in bases]
    points = await repository.points(db, archive.id)
    return ArchiveView(database, engine, archive, ranges, views, points, await repository.stored(db, archive.id))


@dataclass(frozen=True, slots=True)
class Wish:
    """Requested settings: on or off, the retention in days, and the days between base backups."""

    enabled: bool
    window_days: int
    base_days: int


async def change(context: Context, actor: Actor, database_id: uuid.UUID, wish: Wish) -> ArchiveView:
    """Turn point-in-time recovery on or off, or change its settings; its server is restarted if that is needed.

    A base backup is requested when it is turned on. Before it is turned off, everything that is committed is archived;
    the archive is kept for its retention.
    """
    if not wish.enabled:
        await _archive_the_rest(context, actor, database_id)
    async with context.store.transaction() as db:
        database = await databases.find(db, actor, database_id, "database:admin", lock=True)
        instances.recovers(database)
        archive = await repository.of_database(db, database_id, lock=True)
        begins = wish.enabled and (archive is None or not archive.enabled)
        if begins:
            archive = await _begin_range(db, context.settings, actor, database, archive)
        if archive:
            archive.enabled, archive.window_days, archive.base_days = wish.enabled, wish.window_days, wish.base_days
            await db.flush()
        await instances.archive(db, database_id, on=wish.enabled)
        databases.record(
            db,
            actor,
            "recovery.change",
            database,
            enabled=wish.enabled,
            window_days=wish.window_days,
            base_days=wish.base_days,
        )
        if archive and begins:
            await begin_base(db, actor, database, archive)
    await readiness.notify_supervisor(context.settings, database_id)
    async with context.store.transaction() as db:
        return await view(db, actor, database_id)


async def _archive_the_rest(context: Context, actor: Actor, database_id: uuid.UUID) -> None:
    """Archive what is committed, before archiving is turned off; a problem is recorded in the archive."""
    async with context.store.transaction() as db:
        await databases.find(db, actor, database_id, "database:admin")
        archive = await repository.of_database(db, database_id)
    if archive and archive.enabled:
        try:
            await ship_now(context, archive.id, LAST_SECONDS)
        except (HeadwaterError, TimeoutError) as error:
            log.warning("recovery.end_not_archived", archive=str(archive.id), error=str(error))


async def _begin_range(
    db: AsyncSession, settings: Settings, actor: Actor, database: Database, archive: Archive | None
) -> Archive:
    """Return the archive of a database, prepared for a new range of log that does not continue the last one."""
    vault_record = await vault_locations.current(db, actor, database.organization_id)
    empty: dict[str, Any] = {"seen": {}, "covered": {}, "pending": {}}
    if archive is None:
        archive = Archive(
            organization_id=database.organization_id,
            database_id=database.id,
            vault_id=vault_record.id,
            breaks=[],
            created_by=actor.user_id,
            **empty,
        )
        db.add(archive)
        return archive
    local = await instances.local(db, settings, database)
    spooled = await asyncio.to_thread(local.engine.spooled_segments, local.instance) if local.here else []
    ends = [part.end for part in spooled] + [archive.archived_to or 0]
    archive.vault_id, archive.breaks = vault_record.id, [*archive.breaks, max(ends)]
    for name, value in empty.items():
        setattr(archive, name, value)
    return archive


async def use_current_vault(db: AsyncSession, archive: Archive) -> None:
    """Let new base backups and log segments go into the vault of new snapshots."""
    current = await vault_locations.current(db, SYSTEM, archive.organization_id)
    archive.vault_id = current.id


async def make_base(db: AsyncSession, actor: Actor, database_id: uuid.UUID) -> Job:
    """Request a base backup of a database, which a job creates."""
    database = await databases.find(db, actor, database_id, "database:write", lock=True)
    archive = await enabled(db, database)
    for base in await repository.unfinished_bases(db, archive.id):
        jobs = await queue.get_many(db, [base.job_id] if base.job_id else [])
        if any(job.state not in queue.DONE for job in jobs.values()):
            raise Conflict(
                f"A base backup of {database.name} is already being created.", hint="Wait until it is complete."
            )
    return await begin_base(db, actor, database, archive)


async def begin_base(db: AsyncSession, actor: Actor, database: Database, archive: Archive) -> Job:
    """Insert the row of a base backup and enqueue its job."""
    if database.project_id is None:
        raise Conflict(f"The project of {database.name} was deleted.")
    row = ArchiveBase(archive_id=archive.id, vault_id=archive.vault_id, status="taking", created_by=actor.user_id)
    db.add(row)
    await db.flush()
    project = await projects.get(db, actor, database.project_id, "database:read")
    job = await queue.enqueue(
        db,
        actor,
        ForDatabase(project, database.id),
        kind="recovery.base",
        title=f"Base backup of {database.name}",
        args={"base_id": str(row.id)},
    )
    row.job_id = job.id
    databases.record(db, actor, "recovery.base", database, base_id=str(row.id))
    await db.flush()
    return job


async def enabled(db: AsyncSession, database: Database) -> Archive:
    """Return the archive of a database; raise Conflict if point-in-time recovery is off."""
    instances.recovers(database)
    archive = await repository.of_database(db, database.id)
    if archive is None or not archive.enabled:
        raise Conflict(
            f"Point-in-time recovery of {database.name} is off.", hint="Enable it: headwater recovery enable"
        )
    return archive


async def name_point(context: Context, actor: Actor, database_id: uuid.UUID, name: str) -> ArchivePoint:
    """Create a restore point in the log of a database; this wakes the database."""
    if not _POINT.fullmatch(name):
        raise BadInput(
            f"{name!r} cannot be the name of a restore point.",
            hint="Use at most 63 letters, digits, spaces and . _ : -, and start with a letter or digit.",
        )
    async with context.store.transaction() as db:
        database = await databases.find(db, actor, database_id, "database:write")
        archive = await enabled(db, database)
        if any(point.name == name for point in await repository.points(db, archive.id)):
            raise Conflict(f"There is already a restore point called {name!r}.", hint="Choose another name.")
        local = await instances.local(db, context.settings, database)
    await awake(context.settings, local)
    at = now()
    position = await local.engine.create_restore_point(local.instance, name)
    async with context.store.transaction() as db:
        row = ArchivePoint(archive_id=archive.id, name=name, position=position, at=at, created_by=actor.user_id)
        db.add(row)
        await db.flush()
        databases.record(
            db, actor, "recovery.point", database, point=name, position=local.engine.format_position(position)
        )
    return row


async def awake(settings: Settings, local: LocalInstance) -> None:
    """Wake a database; raise Unavailable if its files are on another machine."""
    await instances.wake(settings, local)
    if not local.here:
        raise Unavailable(
            "The files of this database are on another machine.", hint="Use the Headwater on that machine."
        )


async def ship_now(context: Context, archive_id: uuid.UUID, seconds: float = 300.0) -> None:
    """Ship everything that is committed by now into the vault; raise TimeoutError after some seconds."""
    await asyncio.wait_for(wal_archiver.until_shipped(context, archive_id, flush=True), seconds)
