"""Requests, finds, lists, resolves and discards merges; `prepare_job` and `apply_job` run them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.core.snapshots.row_merge import Choice
from headwater.engines import engine
from headwater.features.accounts.rights import Actor, missing, require_proof
from headwater.features.accounts.service import audit, projects
from headwater.features.databases.models import Database
from headwater.features.databases.service import databases
from headwater.features.jobs.models import Job
from headwater.features.jobs.service import queue
from headwater.features.jobs.service.queue import ForDatabase
from headwater.features.merges import repository
from headwater.features.merges.models import Merge, MergeConflict
from headwater.features.snapshots.models import Snapshot
from headwater.features.snapshots.service import snapshots
from headwater.features.snapshots.service.engines import in_place_restore_of
from headwater.features.snapshots.service.storage import vault_locations
from headwater.kit.errors import BadInput, Conflict, Forbidden, NotFound
from headwater.kit.paging import Page, cut, decode_cursor
from headwater.kit.settings import Settings


class MergeNotConfirmed(Conflict):
    """The database is protected: confirm the merge."""

    code = "confirmation_needed"


@dataclass(frozen=True, slots=True)
class MergeRequest:
    """What to merge: the changes of a database, or of a snapshot of it, since a common snapshot.

    Exactly one of `source_id` and `theirs_id` is given. `prefer` is the side that wins all conflicts.
    """

    base_id: uuid.UUID
    source_id: uuid.UUID | None = None
    theirs_id: uuid.UUID | None = None
    prefer: Choice | None = None


@dataclass(frozen=True, slots=True)
class MergeView:
    """A merge with its job and the number of conflicts that nobody has resolved yet."""

    merge: Merge
    job: Job | None
    unresolved: int


@dataclass(frozen=True, slots=True)
class Resolution:
    """Which side wins some conflicts, those of a table, or all of them; None takes a choice back."""

    choice: Choice | None
    ordinals: Sequence[int] | None = None
    table: str | None = None


async def start(
    db: AsyncSession, actor: Actor, settings: Settings, target_id: uuid.UUID, request: MergeRequest
) -> MergeView:
    """Enqueue the preparation of a merge; nothing is changed in the target.

    Raises:
        NotFound, Forbidden: a database or snapshot that the actor may not use.
        BadInput: they do not belong together.
    """
    target = await databases.find(db, actor, target_id, "database:admin")
    base = await _complete(db, actor, request.base_id)
    theirs = await _complete(db, actor, request.theirs_id) if request.theirs_id else None
    source = await databases.find(db, actor, request.source_id, "database:read") if request.source_id else None
    if (theirs is None) == (source is None):
        raise BadInput("Choose what to merge.", hint="Give either a database or a snapshot.")
    _check(target, base, theirs or source)
    if (await vault_locations.load(db, settings, base.vault_id)).read_only:
        raise Conflict("The vault of the common snapshot is read-only, and a merge stores snapshots beside it.")
    row = Merge(
        organization_id=target.organization_id,
        target_id=target.id,
        target_name=target.name,
        source_id=source.id if source else theirs and theirs.database_id,
        source_name=source.name if source else theirs.database_name if theirs else "",
        base_id=base.id,
        theirs_id=theirs.id if theirs else None,
        prefer=request.prefer,
        result={},
        created_by=actor.user_id,
    )
    db.add(row)
    await db.flush()
    await _enqueue(db, actor, row, "merge.prepare", f"Prepare merging {row.source_name} into {row.target_name}")
    databases.record(db, actor, "merge.create", target, merge_id=str(row.id), source=row.source_name)
    return await _view_of(db, row)


async def _complete(db: AsyncSession, actor: Actor, snapshot_id: uuid.UUID) -> Snapshot:
    snapshot = await snapshots.find(db, actor, snapshot_id)
    if snapshot.status != "complete":
        raise Conflict("This snapshot is not complete.", hint="Wait until it is complete, or choose another snapshot.")
    return snapshot


def _check(target: Database, base: Snapshot, source: Snapshot | Database | None) -> None:
    """Refuse what cannot be merged, before anything is read."""
    if target.read_only:
        raise Forbidden(f"{target.name} is connected read-only.", hint="An admin can change that.")
    able = in_place_restore_of(engine(target.engine))
    if not able.removes_rows:
        raise BadInput(f"{engine(target.engine).display_name} databases cannot be merged yet.")
    for other in (base, source):
        if other is None or other.organization_id != target.organization_id:
            raise NotFound("There is no such database or snapshot in the organization of the target.")
        if other.engine != target.engine:
            name = engine(target.engine).display_name
            raise BadInput("Only databases of one engine can be merged.", hint=f"{target.name} is a {name} database.")
    if isinstance(source, Snapshot) and source.vault_id != base.vault_id:
        raise BadInput("The snapshots are in different vaults.", hint="Choose two snapshots of one vault.")


async def apply(db: AsyncSession, actor: Actor, merge_id: uuid.UUID, *, confirmed: bool = False) -> MergeView:
    """Enqueue the application of a prepared merge.

    Raises:
        Conflict: it is not prepared, or a conflict is not resolved.
        MergeNotConfirmed: the target is protected.
    """
    row = await find(db, actor, merge_id, write=True, lock=True)
    require_proof(actor)
    target = await databases.find(db, actor, row.target_id, "database:admin") if row.target_id else None
    if target is None:
        raise Conflict("The target of this merge was deleted.")
    view_ = await _view_of(db, row)
    if row.status != "prepared":
        raise Conflict(f"This merge is {row.status}.", hint="Only a prepared merge can be applied.")
    if view_.job and view_.job.state in {"pending", "running"}:
        raise Conflict("A job of this merge is still running.", hint="Wait until it has ended.")
    if view_.unresolved:
        raise Conflict(f"{view_.unresolved:,} conflicts are not resolved.", hint="Choose a side for each of them.")
    if target.protected and not confirmed:
        raise MergeNotConfirmed(f"{target.name} is protected.", hint="Confirm the merge.")
    await _enqueue(db, actor, row, "merge.apply", f"Merge {row.source_name} into {row.target_name}")
    databases.record(db, actor, "merge.apply", target, merge_id=str(row.id), source=row.source_name)
    return await _view_of(db, row)


async def _enqueue(db: AsyncSession, actor: Actor, row: Merge, kind: str, title: str) -> None:
    assert row.target_id
    target = await databases.find(db, actor, row.target_id, "database:admin")
    assert target.project_id
    project = await projects.get(db, actor, target.project_id, "database:read")
    wanted = ForDatabase(project, target.id)
    job = await queue.enqueue(db, actor, wanted, kind=kind, args={"merge_id": str(row.id)}, title=title)
    row.job_id = job.id
    await db.flush()
    await db.refresh(row)


async def find(
    db: AsyncSession, actor: Actor, merge_id: uuid.UUID, *, write: bool = False, lock: bool = False
) -> Merge:
    """Return a merge into a database that the actor may read; with `write`, one that it may change."""
    row = await repository.get(db, merge_id, lock=lock)
    if row is None or row.target_id is None or row.organization_id not in actor.roles:
        raise missing(row, "There is no such merge.")
    await databases.find(db, actor, row.target_id, "database:admin" if write else "database:read")
    return row


async def view(db: AsyncSession, actor: Actor, merge_id: uuid.UUID) -> MergeView:
    """Return a merge with its job."""
    return await _view_of(db, await find(db, actor, merge_id))


async def _view_of(db: AsyncSession, row: Merge) -> MergeView:
    ((_, job),) = await queue.with_jobs(db, [row])
    return MergeView(row, job, await repository.count_unresolved(db, row.id))


async def list_of_target(
    db: AsyncSession, actor: Actor, target_id: uuid.UUID, *, cursor: str | None, limit: int
) -> Page[MergeView]:
    """Return the merges into a database, newest first."""
    await databases.find(db, actor, target_id)
    rows = await repository.of_target(db, target_id, audit.before_id(cursor), limit)
    return cut([await _view_of(db, row) for row in rows], limit, lambda item: (str(item.merge.id),))


async def conflicts(
    db: AsyncSession, actor: Actor, merge_id: uuid.UUID, *, cursor: str | None, limit: int, unresolved: bool
) -> Page[MergeConflict]:
    """Return the conflicts of a merge, all or only those without a choice."""
    await find(db, actor, merge_id)
    after = int(decode_cursor(cursor, int)[0]) if cursor else -1
    rows = await repository.conflicts(db, merge_id, after, limit, unresolved=unresolved)
    return cut(rows, limit, lambda item: (item.ordinal,))


async def resolve(db: AsyncSession, actor: Actor, merge_id: uuid.UUID, resolution: Resolution) -> MergeView:
    """Choose the side that wins some conflicts.

    Raises:
        Conflict: the merge is not prepared.
        NotFound: there is no such conflict.
    """
    row = await find(db, actor, merge_id, write=True, lock=True)
    if row.status != "prepared":
        raise Conflict(f"This merge is {row.status}.", hint="Conflicts can be resolved once a merge is prepared.")
    count = await repository.choose(db, row.id, resolution.choice, resolution.ordinals, resolution.table)
    if not count:
        raise NotFound("There is no such conflict.")
    return await _view_of(db, row)


async def discard(db: AsyncSession, actor: Actor, merge_id: uuid.UUID) -> None:
    """Delete a merge and cancel its job; what it has changed stays, and so do its snapshots.

    Raises:
        Conflict: it is being applied.
    """
    row = await find(db, actor, merge_id, write=True, lock=True)
    assert row.target_id
    ((_, job),) = await queue.with_jobs(db, [row])
    running = job is not None and job.state in {"pending", "running"}
    if row.status == "applying" and running:
        raise Conflict("This merge is being applied.", hint="Cancel its job first.")
    if job and running:
        queue.stop(db, job)
    target = await databases.find(db, actor, row.target_id, "database:admin")
    databases.record(db, actor, "merge.delete", target, merge_id=str(row.id), source=row.source_name)
    await db.delete(row)
