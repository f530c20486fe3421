"""Snapshots: asked for, found, listed, changed, deleted."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.catalog.codec import from_json
from headwater.catalog.model import Schema
from headwater.engines import engine
from headwater.features.accounts.rights import Actor, authorize
from headwater.features.accounts.service import audit, projects
from headwater.features.databases.service import databases, reachability, schema_cache
from headwater.features.jobs.models import Job
from headwater.features.jobs.service import queue
from headwater.features.snapshots import repository
from headwater.features.snapshots.models import Snapshot
from headwater.features.snapshots.service import engines
from headwater.features.snapshots.service.storage import vault_locations
from headwater.kit.errors import BadInput, Conflict, NotFound, did_you_mean
from headwater.kit.paging import Page, cut
from headwater.store.context import Context
from headwater.vault.errors import Missing

POINTS = 500


@dataclass(frozen=True, slots=True)
class SnapshotView:
    """A snapshot with the job that takes it; `by` is the name of who asked for it."""

    snapshot: Snapshot
    job: Job | None
    by: str | None

    @property
    def status(self) -> str:
        """How it stands: one that is not complete, and whose job has ended, has failed.

        A job that is completed was read after it completed the row, which was read before.
        """
        alive = self.job is not None and self.job.state in {"pending", "running", "completed"}
        return "failed" if self.snapshot.status == "taking" and not alive else self.snapshot.status

    @property
    def error(self) -> str | None:
        """Why it has failed."""
        if self.status != "failed":
            return None
        return (self.job and self.job.error) or "It was cancelled."


@dataclass(frozen=True, slots=True)
class SnapshotRequest:
    """What shall be in a snapshot: tables by their names with or without a schema; None for all.

    `scheduled` says that a rule asks for it and not somebody; `growth` is how many times the usual is unusual then.
    """

    label: str = ""
    tables: Sequence[str] | None = None
    exclude: Sequence[str] | None = None
    scheduled: bool = False
    growth: float | None = None

    @property
    def plain(self) -> dict[str, Any]:
        """What the row of the snapshot keeps of it."""
        return {
            "tables": list(self.tables) if self.tables is not None else None,
            "exclude": list(self.exclude) if self.exclude is not None else None,
        } | ({"scheduled": True, "growth": self.growth} if self.scheduled else {})


async def find(
    db: AsyncSession,
    actor: Actor,
    snapshot_id: uuid.UUID,
    *,
    write: bool = False,
    admin: bool = False,
    lock: bool = False,
) -> Snapshot:
    """Return a snapshot that the actor may see, or also use for a change."""
    row = await repository.get(db, snapshot_id, lock=lock)
    if row is None or (row.organization_id not in actor.roles and actor.kind != "system"):
        raise NotFound("There is no such snapshot.")
    authorize(actor, "database:admin" if admin else "database:write" if write else "database:read", row)
    return row


async def view(db: AsyncSession, actor: Actor, snapshot_id: uuid.UUID) -> SnapshotView:
    """Return a snapshot with its job."""
    return (await views_of(db, [await find(db, actor, snapshot_id)]))[0]


async def views_of(db: AsyncSession, rows: Sequence[Snapshot]) -> list[SnapshotView]:
    """Return snapshots with their jobs and the names of who asked for them."""
    jobs = await queue.get_many(db, [row.job_id for row in rows if row.job_id])
    people = await repository.names(db, {row.created_by for row in rows if row.created_by})
    views = [
        SnapshotView(row, jobs.get(row.job_id) if row.job_id else None, people.get(row.created_by)) for row in rows
    ]
    for one in views:
        if one.snapshot.status == "taking" and one.job and one.job.state == "completed":
            await db.refresh(one.snapshot)  # it ended between the reading of the row and of its job
    return views


async def list_of_database(
    db: AsyncSession, actor: Actor, database_id: uuid.UUID, *, cursor: str | None, limit: int
) -> Page[SnapshotView]:
    """Return the snapshots of a database, newest first."""
    await databases.find(db, actor, database_id, deleted=True)
    views = await views_of(db, await repository.of_database(db, database_id, audit.before_id(cursor), limit))
    return cut(views, limit, lambda one: (str(one.snapshot.id),))


async def list_of_organization(
    db: AsyncSession, actor: Actor, organization_id: uuid.UUID, *, cursor: str | None, limit: int
) -> Page[SnapshotView]:
    """Return the snapshots of an organization, newest first, also those whose database is gone."""
    authorize(actor, "database:read", vault_locations.Owner(organization_id))
    views = await views_of(db, await repository.of_organization(db, organization_id, audit.before_id(cursor), limit))
    return cut(views, limit, lambda one: (str(one.snapshot.id),))


async def over_time(db: AsyncSession, actor: Actor, database_id: uuid.UUID) -> Sequence[Snapshot]:
    """Return the complete snapshots of a database, oldest first."""
    await databases.find(db, actor, database_id, deleted=True)
    return list(reversed(await repository.complete_of_database(db, database_id, POINTS)))


async def create(context: Context, actor: Actor, database_id: uuid.UUID, request: SnapshotRequest) -> SnapshotView:
    """Ask for a snapshot of a database; a job takes it. Raises what `check` raises."""
    await check(context, actor, database_id, request)
    async with context.store.transaction() as db:
        return await begin(db, actor, database_id, request)


async def check(context: Context, actor: Actor, database_id: uuid.UUID, request: SnapshotRequest) -> None:
    """Look whether a snapshot of this kind can be taken of a database.

    Raises:
        BadInput: the engine has no snapshots, or nothing would be in this one.
        NotFound: a table that was named is not there.
    """
    async with context.store.transaction() as db:
        database = await databases.find(db, actor, database_id, "database:write")
        engines.snapshots_of(engine(database.engine))
        reached = await reachability.load(db, context.cipher, database)
    if request.tables is not None or request.exclude is not None:
        chosen(await schema_cache.read(context, reached), request.tables, request.exclude)


async def begin(db: AsyncSession, actor: Actor, database_id: uuid.UUID, request: SnapshotRequest) -> SnapshotView:
    """Make the row of a snapshot and put its job into the queue."""
    database = await databases.find(db, actor, database_id, "database:write")
    if database.project_id is None:
        raise Conflict(f"The project of {database.name} is gone.")
    vault_record = await vault_locations.current(db, actor, database.organization_id)
    row = Snapshot(
        organization_id=database.organization_id,
        project_id=database.project_id,
        database_id=database.id,
        database_name=database.name,
        vault_id=vault_record.id,
        label=request.label,
        status="taking",
        engine=database.engine,
        created_by=actor.user_id,
        contents={},
        moment={},
        verification={},
        drill={},
        request=request.plain,
    )
    db.add(row)
    await db.flush()
    project = await projects.get(db, actor, database.project_id, "database:read")
    job = await queue.enqueue(
        db,
        actor,
        project,
        kind="snapshot.take",
        title=f"Snapshot of {database.name}",
        args={"snapshot_id": str(row.id)},
    )
    row.job_id = job.id
    note(db, actor, "snapshot.create", row, label=request.label)
    await db.flush()
    await db.refresh(row)
    return (await views_of(db, [row]))[0]


def chosen(schema: Schema, tables: Sequence[str] | None, exclude: Sequence[str] | None) -> set[str]:
    """Return the qualified names of the tables that are asked for; raises NotFound for one that is not there."""
    every = {one.qualified_name: one.name for one in schema if one.kind in {"table", "collection"}}
    wanted = set(every) if tables is None else set[str]()
    for name in tables or ():
        wanted |= _named(every, name)
    for name in exclude or ():
        wanted -= _named(every, name)
    if not wanted and (tables or exclude):
        raise BadInput("No table would be in the snapshot.", hint="Exclude fewer, or name some.")
    return wanted


def _named(every: dict[str, str], name: str) -> set[str]:
    found = {qualified for qualified, short in every.items() if name in {qualified, short}}
    if not found:
        raise NotFound(f"There is no table {name!r}.", hint=did_you_mean(name, {*every, *every.values()}))
    return found


async def schema_of(context: Context, actor: Actor, snapshot_id: uuid.UUID) -> Schema:
    """Return the Schema of what is in a snapshot."""
    async with context.store.transaction() as db:
        row = await find(db, actor, snapshot_id)
        if row.status != "complete":
            raise Conflict("This snapshot is not complete.", hint="Wait until it is, or choose another.")
        location = await vault_locations.load(db, context.settings, row.vault_id)
    return from_json(await asyncio.to_thread(lambda: location.open().manifest(str(row.id)).schema))


async def change(
    db: AsyncSession, actor: Actor, snapshot_id: uuid.UUID, *, label: str | None, held: bool | None
) -> SnapshotView:
    """Give a snapshot another label; hold it, so that nobody deletes it, or let go of it."""
    row = await find(db, actor, snapshot_id, write=True, admin=held is not None, lock=True)
    if label is not None:
        row.label = label
    if held is not None:
        row.held = held
    note(db, actor, "snapshot.update", row, label=row.label, held=row.held)
    await db.flush()
    return await view(db, actor, snapshot_id)


async def remove(context: Context, actor: Actor, snapshot_id: uuid.UUID) -> None:
    """Delete a snapshot; the room that it took is given back by the next collections of its vault."""
    async with context.store.transaction() as db:
        row = await begin_removal(db, actor, snapshot_id)
    await finish_removal(context, row)


async def begin_removal(db: AsyncSession, actor: Actor, snapshot_id: uuid.UUID, **details: object) -> Snapshot:
    """Mark a snapshot as one that is being deleted; `finish_removal`, or else the upkeep, does the rest.

    Raises:
        Conflict: it is held, being taken, or being read.
    """
    row = await find(db, actor, snapshot_id, admin=True, lock=True)
    if row.held:
        raise Conflict("This snapshot is held.", hint="An admin can let go of it first.")
    if (await views_of(db, [row]))[0].status == "taking":
        raise Conflict("This snapshot is being taken.", hint="Cancel its job first.")
    if await being_read(db, [row.id]):
        raise Conflict("A restore or drill reads this snapshot.", hint="Wait until it is over, or cancel its job.")
    row.status = "deleting"
    note(db, actor, "snapshot.delete", row, **details)
    await db.flush()
    return row


async def being_read(db: AsyncSession, snapshot_ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Return which of some snapshots a restore or drill is reading, or will."""
    reading = await repository.unfinished_restores_of(db, snapshot_ids)
    jobs = await queue.get_many(db, [job_id for _, job_id in reading if job_id])
    return {one for one, job_id in reading if job_id in jobs and jobs[job_id].state not in queue.DONE}


async def finish_removal(context: Context, row: Snapshot) -> None:
    """Delete a snapshot from its vault, then its row; what ends in the middle is finished by the upkeep."""
    async with context.store.transaction() as db:
        location = await vault_locations.load(db, context.settings, row.vault_id)

    def delete() -> None:
        if location.opened:
            location.open().delete(str(row.id))

    with contextlib.suppress(Missing):  # the whole vault is gone, and the snapshot with it
        await asyncio.to_thread(delete)
    async with context.store.transaction() as db:
        await repository.forget(db, row.id)


def note(db: AsyncSession, actor: Actor, action: str, row: Snapshot, **details: object) -> None:
    """Write to the audit what was done to a snapshot."""
    audit.record(
        db, actor, action, "snapshot", row.id, row.database_name, organization_id=row.organization_id, **details
    )
