"""The base snapshots of branches: what a merge back needs is not deleted as long as the branch exists."""

from __future__ import annotations

import uuid

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.rights import Actor
from headwater.features.branches import repository
from headwater.features.branches.models import DatabaseBranch
from headwater.features.databases.models import Database
from headwater.features.snapshots import repository as snapshot_rows
from headwater.features.snapshots.models import Snapshot
from headwater.features.snapshots.service import snapshots
from headwater.features.snapshots.service.snapshots import SnapshotRequest
from headwater.features.snapshots.service.storage import vault_locations
from headwater.kit.errors import BadInput, Conflict


async def base_of(
    db: AsyncSession, actor: Actor, parent: Database, snapshot_id: uuid.UUID | None, label: str
) -> tuple[Snapshot, bool]:
    """Return the base of a new branch, which is held from now on, and whether it is Headwater that holds it.

    It is the given snapshot, or the row of a new one.

    Raises:
        NotFound, Forbidden: there is no such snapshot that the actor may use.
        BadInput, Conflict: it is one of another database, of some tables, or not complete.
    """
    if snapshot_id is None:
        vault = await vault_locations.current(db, actor, parent.organization_id)
        base = await snapshots.add(db, actor, parent, vault.id, SnapshotRequest(label))
    else:
        base = await _given(db, actor, parent, snapshot_id)
    holds = not base.held or await repository.is_held_for_branches(db, base.id)
    base.held = True
    await db.flush()
    return base, holds


async def _given(db: AsyncSession, actor: Actor, parent: Database, snapshot_id: uuid.UUID) -> Snapshot:
    base = await snapshots.find(db, actor, snapshot_id, write=True, lock=True)
    if base.database_id != parent.id:
        raise BadInput(f"This is not a snapshot of {parent.name}.", hint="Choose one of the database to branch from.")
    if base.status != "complete":
        raise Conflict("This snapshot is not complete.", hint="Wait until it is complete, or choose another snapshot.")
    if base.request.get("tables") is not None or base.request.get("exclude"):
        raise BadInput("This snapshot has only some of the tables.", hint="Choose a snapshot of the whole database.")
    return base


async def release(db: AsyncSession, branch: DatabaseBranch) -> None:
    """Delete the row of a branch, and end the hold on its base, unless a user or another branch needs it."""
    base = await snapshot_rows.get(db, branch.base_id, lock=True) if branch.base_id else None
    # Locked, so that a branch of the same base that is created meanwhile is seen.
    if base and branch.holds_base and not await repository.is_base_of_others(db, branch):
        base.held = False
        await db.flush()
    await repository.forget(db, branch.id)
