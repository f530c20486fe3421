"""Requests, finds, lists, changes and deletes snapshots."""

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
from headwater.features.accounts.rights import SYSTEM, Actor, authorize, missing
from headwater.features.accounts.service import audit, projects
from headwater.features.databases.models import Database
from headwater.features.databases.service import databases, reachability, schema_cache
from headwater.features.jobs.models import Job
from headwater.features.jobs.service import queue
from headwater.features.jobs.service.queue import ForDatabase
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
    """A snapshot with the job that takes it; `by` is the name of the user who requested it."""

    snapshot: Snapshot
    job: Job | None
    by: str | None

    @property
    def status(self) -> str:
        """Status of the snapshot: it has failed if it is not complete although its job has ended.

        A completed job does not count as ended here: the row was read before the job, and the job completed it since.
        """
        alive = self.job is not None and self.job.state in {"pending", "running", "completed"}
        return "failed" if self.snapshot.status == "taking" and not alive else self.snapshot.status

    @property
    def error(self) -> str | None:
        """The reason for the failure, if the snapshot has failed."""
        if self.status != "failed":
            return None
        return (self.job and self.job.error) or "It was cancelled."


@dataclass(frozen=True, slots=True)
class SnapshotRequest:
    """What to capture in a snapshot: tables by name, with or without schema; None for all.

    `scheduled` means that a policy requests it and not a user; `growth` is how many times the usual amount of new data
    counts as unusual then. `undo` means that it is taken before Headwater changes rows, and is no user's latest one.
    """

    label: str = ""
    tables: Sequence[str] | None = None
    exclude: Sequence[str] | None = None
    scheduled: bool = False
    growth: float | None = None
    undo: bool = False

    @property
    def plain(self) -> dict[str, Any]:
        """The request as the row of the snapshot stores it."""
        extent: dict[str, Any] = {
            "tables": list(self.tables) if self.tables is not None else None,
            "exclude": list(self.exclude) if self.exclude is not None else None,
        }
        schedule = {"scheduled": True, "growth": self.growth} if self.scheduled else {}
        return extent | schedule | ({"undo": True} if self.undo else {})


async def find(
    db: AsyncSession,
    actor: Actor,
    snapshot_id: uuid.UUID,
    *,
    write: bool = False,
    admin: bool = False,
    lock: bool = False,
) -> Snapshot:
    """Return a snapshot that the actor may read; with `write` or `admin`, one that it may change."""
    row = await repository.get(db, snapshot_id, lock=lock)
    if row is None or (row.organization_id not in actor.roles and actor.kind != "system"):
        raise missing(row, "There is no such snapshot.")
    authorize(actor, "database:admin" if admin else "database:write" if write else "database:read", row)
    return row


async def view(db: AsyncSession, actor: Actor, snapshot_id: uuid.UUID) -> SnapshotView:
    """Return a snapshot with its job."""
    return (await views_of(db, [await find(db, actor, snapshot_id)]))[0]


async def views_of(db: AsyncSession, rows: Sequence[Snapshot]) -> list[SnapshotView]:
    """Return snapshots with their jobs and the names of the users who requested them."""
    jobs = await queue.get_many(db, [row.job_id for row in rows if row.job_id])
    people = await repository.names(db, {row.created_by for row in rows if row.created_by})
    views = [
        SnapshotView(row, jobs.get(row.job_id) if row.job_id else None, people.get(row.created_by)) for row in rows
    ]
    for item in views:
        if item.snapshot.status == "taking" and item.job and item.job.state == "completed":
            await db.refresh(item.snapshot)  # the job completed after the row was read
    return views


async def list_of_database(
    db: AsyncSession, actor: Actor, database_id: uuid.UUID, *, cursor: str | None, limit: int
) -> Page[SnapshotView]:
    """Return the snapshots of a database, newest first."""
    await databases.find(db, actor, database_id, deleted=True)
    views = await views_of(db, await repository.of_database(db, database_id, audit.before_id(cursor), limit))
    return cut(views, limit, lambda item: (str(item.snapshot.id),))


async def list_of_organization(
    db: AsyncSession, actor: Actor, organization_id: uuid.UUID, *, cursor: str | None, limit: int
) -> Page[SnapshotView]:
    """Return the snapshots of an organization, newest first, including those of deleted databases."""
    authorize(actor, "database:read", vault_locations.Owner(organization_id))
    views = await views_of(db, await repository.of_organization(db, organization_id, audit.before_id(cursor), limit))
    return cut(views, limit, lambda item: (str(item.snapshot.id),))


async def over_time(db: AsyncSession, actor: Actor, database_id: uuid.UUID) -> Sequence[Snapshot]:
    """Return the complete snapshots of a database, oldest first."""
    await databases.find(db, actor, database_id, deleted=True)
    return list(reversed(await repository.complete_of_database(db, database_id, POINTS)))


async def create(context: Context, actor: Actor, database_id: uuid.UUID, request: SnapshotRequest) -> SnapshotView:
    """Request a snapshot of a database, which a job takes. Raises what `check` raises."""
    await check(context, actor, database_id, request)
    async with context.store.transaction() as db:
        return await begin(db, actor, database_id, request)


async def check(context: Context, actor: Actor, database_id: uuid.UUID, request: SnapshotRequest) -> None:
    """Check that the requested snapshot of a database can be taken.

    Raises:
        BadInput: the engine does not support snapshots, or no table is left.
        NotFound: a named table does not exist.
    """
    async with context.store.transaction() as db:
        database = await databases.find(db, actor, database_id, "database:write")
        engines.snapshots_of(engine(database.engine))
        reached = await reachability.load(db, context.cipher, database)
    if request.tables is not None or request.exclude is not None:
        chosen(await schema_cache.read(context, reached), request.tables, request.exclude)


async def begin(db: AsyncSession, actor: Actor, database_id: uuid.UUID, request: SnapshotRequest) -> SnapshotView:
    """Insert the row of a snapshot and enqueue its job."""
    database = await databases.find(db, actor, database_id, "database:write")
    if database.project_id is None:
        raise Conflict(f"The project of {database.name} was deleted.")
    vault_record = await vault_locations.current(db, actor, database.organization_id)
    row = await add(db, actor, database, vault_record.id, request)
    project = await projects.get(db, actor, database.project_id, "database:read")
    job = await queue.enqueue(
        db,
        actor,
        ForDatabase(project, database.id),
        kind="snapshot.take",
        title=f"Snapshot of {database.name}",
        args={"snapshot_id": str(row.id)},
    )
    row.job_id = job.id
    note(db, actor, "snapshot.create", row, label=request.label)
    await db.flush()
    await db.refresh(row)
    return (await views_of(db, [row]))[0]


async def add(
    db: AsyncSession, actor: Actor, database: Database, vault_id: uuid.UUID, request: SnapshotRequest
) -> Snapshot:
    """Insert the row of a snapshot that a job is to take."""
    row = Snapshot(
        organization_id=database.organization_id,
        project_id=database.project_id,
        database_id=database.id,
        database_name=database.name,
        vault_id=vault_id,
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
    return row


def chosen(schema: Schema, tables: Sequence[str] | None, exclude: Sequence[str] | None) -> set[str]:
    """Return the qualified names of the requested tables; raise NotFound for one that does not exist."""
    every = {relation.qualified_name: relation.name for relation in schema if relation.kind in {"table", "collection"}}
    wanted = set(every) if tables is None else set[str]()
    for name in tables or ():
        wanted |= _named(every, name)
    for name in exclude or ():
        wanted -= _named(every, name)
    if not wanted and (tables or exclude):
        raise BadInput("The snapshot would contain no table.", hint="Exclude fewer tables.")
    return wanted


def _named(every: dict[str, str], name: str) -> set[str]:
    matches = {qualified for qualified, short in every.items() if name in {qualified, short}}
    if not matches:
        raise NotFound(f"There is no table {name!r}.", hint=did_you_mean(name, {*every, *every.values()}))
    return matches


async def schema_of(context: Context, actor: Actor, snapshot_id: uuid.UUID) -> Schema:
    """Return the Schema of a snapshot."""
    async with context.store.transaction() as db:
        row = await find(db, actor, snapshot_id)
        if row.status != "complete":
            raise Conflict(
                "This snapshot is not complete.", hint="Wait until it is complete, or choose another snapshot."
            )
        location = await vault_locations.load(db, context.settings, row.vault_id)
    return from_json(await asyncio.to_thread(lambda: location.open().manifest(str(row.id)).schema))


async def change(
    db: AsyncSession, actor: Actor, snapshot_id: uuid.UUID, *, label: str | None, held: bool | None
) -> SnapshotView:
    """Change the label of a snapshot, or hold it so that it cannot be deleted."""
    row = await find(db, actor, snapshot_id, write=True, admin=held is not None, lock=True)
    if label is not None:
        row.label = label
    if held is not None:
        row.held = held
    note(db, actor, "snapshot.update", row, label=row.label, held=row.held)
    await db.flush()
    return await view(db, actor, snapshot_id)


async def remove(context: Context, actor: Actor, snapshot_id: uuid.UUID) -> None:
    """Delete a snapshot; later garbage collections of its vault free the space."""
    async with context.store.transaction() as db:
        row = await begin_removal(db, actor, snapshot_id)
    await finish_removal(context, row)


async def begin_removal(db: AsyncSession, actor: Actor, snapshot_id: uuid.UUID, **details: object) -> Snapshot:
    """Mark a snapshot as being deleted; `finish_removal`, or else maintenance, does the rest.

    Raises:
        Conflict: it is held, being taken, or being read.
    """
    row = await find(db, actor, snapshot_id, admin=True, lock=True)
    if row.held:
        raise Conflict("This snapshot is held.", hint="An admin can end the hold, then it can be deleted.")
    if (await views_of(db, [row]))[0].status == "taking":
        raise Conflict("This snapshot is being taken.", hint="Cancel its job first.")
    if (await repository.vault(db, row.vault_id)).read_only:
        raise Conflict(
            "This snapshot is in a vault that is open read-only.",
            hint="Delete it where the vault is in use, or store new snapshots there: headwater vault use.",
        )
    if await being_read(db, [row.id]):
        raise Conflict(
            "A restore or test restore is reading this snapshot.", hint="Wait until it has finished, or cancel its job."
        )
    row.status = "deleting"
    note(db, actor, "snapshot.delete", row, **details)
    await db.flush()
    return row


async def being_read(db: AsyncSession, snapshot_ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Return those of some snapshots that a running or queued restore reads."""
    reading = await repository.unfinished_restores_of(db, snapshot_ids)
    jobs = await queue.get_many(db, [job_id for _, job_id in reading if job_id])
    return {snapshot_id for snapshot_id, job_id in reading if job_id in jobs and jobs[job_id].state not in queue.DONE}


async def finish_removal(context: Context, row: Snapshot) -> None:
    """Delete a snapshot from its vault, then its row; maintenance completes an interrupted deletion."""
    async with context.store.transaction() as db:
        location = await vault_locations.load(db, context.settings, row.vault_id)

    def delete() -> None:
        if location.opened:
            location.open().delete(str(row.id))

    with contextlib.suppress(Missing):  # the vault no longer exists, so neither does the snapshot
        await asyncio.to_thread(delete)
    async with context.store.transaction() as db:
        for target_id in await repository.scratch_databases(db, row.id):
            with contextlib.suppress(NotFound):
                await databases.remove(db, SYSTEM, target_id)
                await databases.purge(db, SYSTEM, target_id)
        await repository.forget(db, row.id)


def note(db: AsyncSession, actor: Actor, action: str, row: Snapshot, **details: object) -> None:
    """Record an action on a snapshot in the audit log."""
    audit.record(
        db,
        actor,
        action,
        "snapshot",
        row.id,
        row.database_name,
        organization_id=row.organization_id,
        database_id=row.database_id,
        **details,
    )
