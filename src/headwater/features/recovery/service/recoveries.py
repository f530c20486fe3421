"""Plans, starts and lists recoveries; `recovery_job` runs them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.engines import engine
from headwater.features.accounts.rights import Actor, authorize, missing
from headwater.features.accounts.service import audit, projects
from headwater.features.databases.models import Database
from headwater.features.databases.service import databases
from headwater.features.databases.service.specs import DatabaseSpec
from headwater.features.jobs.models import Job
from headwater.features.jobs.service import queue
from headwater.features.jobs.service.queue import ForDatabase
from headwater.features.recovery import repository
from headwater.features.recovery.models import ArchiveBase, ArchivePoint, Recovery
from headwater.features.recovery.service import archives
from headwater.features.recovery.service.archives import ArchiveView
from headwater.features.recovery.service.timeline import OutOfReach, RecoveryPath, to_position, to_time
from headwater.kit.clock import now
from headwater.kit.errors import Conflict, Invalid, NotFound, did_you_mean
from headwater.kit.paging import Page, cut
from headwater.kit.settings import Settings
from headwater.store.context import Context
from headwater.store.encryption import SecretCipher


@dataclass(frozen=True, slots=True)
class RecoveryRequest:
    """The moment to restore to (exactly one of time, position and point), and the name of the new database.

    `inclusive` says whether transactions committed exactly then are included; by default they are for a time, and are
    not for a position.
    """

    name: str
    time: datetime | None = None
    position: str | None = None
    point: str | None = None
    inclusive: bool | None = None
    project_id: uuid.UUID | None = None

    @property
    def including(self) -> bool:
        """Whether transactions committed exactly at the moment are included."""
        return self.position is None if self.inclusive is None else self.inclusive


@dataclass(frozen=True, slots=True)
class RecoveryPlan:
    """What a recovery would do: the base backup it starts from, the size of the log it replays, and sentences."""

    target_name: str
    base: ArchiveBase | None
    log_bytes: int
    moment: str
    sentences: tuple[str, ...]
    refusals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecoveryView:
    """A recovery with its job."""

    recovery: Recovery
    job: Job | None


def find_path(view: ArchiveView, order: RecoveryRequest) -> RecoveryPath:
    """Return the base backup and the log that lead to a moment; raise OutOfReach, BadInput or NotFound."""
    if order.time is not None:
        return to_time(view.ranges, order.time)
    if order.point is not None:
        point = _point(view, order.point)
        return to_position(view.ranges, point.position, f"the restore point {point.name}")
    assert order.position is not None
    return to_position(view.ranges, view.engine.parse_position(order.position), order.position)


def _point(view: ArchiveView, name: str) -> ArchivePoint:
    for point in view.points:
        if point.name == name:
            return point
    raise NotFound(
        f"There is no restore point {name!r}.", hint=did_you_mean(name, [point.name for point in view.points])
    )


async def plan(db: AsyncSession, actor: Actor, database_id: uuid.UUID, order: RecoveryRequest) -> RecoveryPlan:
    """Return what a recovery would do, without doing it."""
    view = await _view(db, actor, database_id, order)
    refusals = []
    path: RecoveryPath | None = None
    try:
        path = _plan_path(view, order)
    except OutOfReach as error:
        refusals.append(f"{error.message} {error.hint or ''}".strip())
    log = sum(segment.ends - segment.first for segment in path.logs) if path else 0
    moment = _moment(order)
    sentences = (
        f"{view.database.name} is restored to {moment}, into the new database {order.name}.",
        *([_from_base(path.base)] if path else []),
        f"{view.database.name} itself is not changed. The new database gets its own password.",
    )
    return RecoveryPlan(order.name, path.base if path else None, log, moment, sentences, tuple(refusals))


def _from_base(base: ArchiveBase) -> str:
    finished = base.finished_at or base.created_at
    return (
        f"The recovery starts from the base backup of {finished:%Y-%m-%d %H:%M:%S} UTC and replays the log from there."
    )


def _moment(order: RecoveryRequest) -> str:
    if order.time is not None:
        return f"{order.time.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}".rstrip("0").rstrip(".") + " UTC"
    return f"the restore point {order.point}" if order.point is not None else f"position {order.position}"


def _plan_path(view: ArchiveView, order: RecoveryRequest) -> RecoveryPath:
    """Return the path to a moment; for one that is not archived yet, the path to the newest archived moment."""
    archive = view.archive
    assert archive
    if order.time is not None and order.time > now():
        raise OutOfReach("This moment is in the future.", hint=_latest(view))
    newest = view.ranges[-1].window if view.ranges else None
    if archive.enabled and newest and order.time is not None and order.time > newest[1]:
        return to_time(view.ranges, newest[1])
    if (
        archive.enabled
        and newest
        and order.point is not None
        and _point(view, order.point).position > view.ranges[-1].ends
    ):
        return to_position(view.ranges, view.ranges[-1].ends, order.point)
    recovery_path = find_path(view, order)
    _check_version(view, recovery_path)
    return recovery_path


def _latest(view: ArchiveView) -> str | None:
    return (
        f"The latest moment that can be restored is {view.windows[-1][1]:%Y-%m-%d %H:%M:%S} UTC."
        if view.windows
        else None
    )


def _check_version(view: ArchiveView, path: RecoveryPath) -> None:
    provisioning = engine(view.database.engine).provisioning
    options = provisioning.options if provisioning else ()
    versions = next((option.choices for option in options if option.name == "version"), ())
    if versions and path.base.version not in versions:
        raise OutOfReach(
            f"The base backup is of version {path.base.version}, which is not installed here.",
            hint=f"Installed versions: {', '.join(versions)}.",
        )


async def _view(db: AsyncSession, actor: Actor, database_id: uuid.UUID, order: RecoveryRequest) -> ArchiveView:
    database = await databases.find(db, actor, database_id, "database:write", deleted=True)
    given = [order.time, order.position, order.point]
    if sum(value is not None for value in given) != 1:
        raise Invalid({"time": "Give exactly one of time, lsn and point."})
    if order.time is not None and order.time.tzinfo is None:
        raise Invalid({"time": "Give the time with its zone, such as 2026-11-21T10:00:00Z."})
    view = await archives.seen(db, database)
    if view.archive is None:
        raise Conflict(
            f"Point-in-time recovery of {database.name} is off.", hint="Enable it: headwater recovery enable"
        )
    return view


async def start(context: Context, actor: Actor, database_id: uuid.UUID, order: RecoveryRequest) -> RecoveryView:
    """Enqueue a recovery and create its new database, which cannot be used until the recovery is complete."""
    async with context.store.transaction() as db:
        view = await _view(db, actor, database_id, order)
        _plan_path(view, order)
        assert view.archive
        request: dict[str, Any] = {
            "time": order.time.isoformat() if order.time else None,
            "position": order.position,
            "point": order.point,
            "inclusive": order.including,
            "project_id": str(order.project_id or view.database.project_id or "") or None,
        }
        row = Recovery(
            organization_id=view.database.organization_id,
            archive_id=view.archive.id,
            target_name=order.name,
            request=request,
            result={},
            created_by=actor.user_id,
        )
        db.add(row)
        target = await create_target(db, actor, context.settings, view.database, row)
        row.target_id = target.id
        await db.flush()
        assert target.project_id
        project = await projects.get(db, actor, target.project_id, "database:read")
        job = await queue.enqueue(
            db,
            actor,
            ForDatabase(project, view.database.id),
            kind="recovery.restore",
            args={"recovery_id": str(row.id)},
            title=f"Restore {view.database.name} to {_moment(order)} as {target.name}",
        )
        row.job_id = job.id
        databases.record(
            db,
            actor,
            "recovery.restore",
            view.database,
            recovery_id=str(row.id),
            target=target.name,
            moment=_moment(order),
        )
        await db.flush()
        await db.refresh(row)
        return RecoveryView(row, job)


async def create_target(
    db: AsyncSession, actor: Actor, settings: Settings, source: Database, row: Recovery
) -> Database:
    """Request the new database of a recovery, with the options and quotas of the source; the job fills its files."""
    project = row.request.get("project_id")
    if project is None:
        raise Invalid(
            {"project_id": f"The project of {source.name} was deleted: choose a project for the new database."}
        )
    spec = DatabaseSpec(
        row.target_name,
        source.engine,
        options=source.options,
        quotas=source.quotas,
        sleep_after_seconds=source.sleep_after_seconds,
        building=True,
    )
    return await databases.create(db, actor, SecretCipher.of(settings), uuid.UUID(project), spec)


def request_of(row: Recovery) -> RecoveryRequest:
    """Return the request stored in a row."""
    given = row.request
    at = datetime.fromisoformat(given["time"]) if given["time"] else None
    return RecoveryRequest(row.target_name, at, given["position"], given["point"], given["inclusive"])


async def view(db: AsyncSession, actor: Actor, recovery_id: uuid.UUID) -> RecoveryView:
    """Return a recovery with its job."""
    row = await repository.recovery(db, recovery_id)
    if row is None or row.organization_id not in actor.roles:
        raise missing(row, "There is no such recovery.")
    archive = await repository.get(db, row.archive_id)
    if archive and archive.database_id:
        await databases.find(db, actor, archive.database_id, deleted=True)
    else:
        authorize(actor, "database:read", row)
    return (await _with_jobs(db, [row]))[0]


async def list_of_database(
    db: AsyncSession, actor: Actor, database_id: uuid.UUID, *, cursor: str | None, limit: int
) -> Page[RecoveryView]:
    """Return the recoveries of a database, newest first."""
    await databases.find(db, actor, database_id, deleted=True)
    archive = await repository.of_database(db, database_id)
    rows = await repository.recoveries(db, archive.id, audit.before_id(cursor), limit) if archive else []
    return cut(await _with_jobs(db, rows), limit, lambda item: (str(item.recovery.id),))


async def _with_jobs(db: AsyncSession, rows: Sequence[Recovery]) -> list[RecoveryView]:
    return [RecoveryView(*pair) for pair in await queue.with_jobs(db, rows)]
