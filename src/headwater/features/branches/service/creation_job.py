"""The job that creates a branch: it takes the base snapshot, unless there is one, and restores it.

Both parts survive a killed worker: a snapshot that is complete is not taken again, and the restore deletes the database
that an interrupted attempt has begun to fill, and creates another one.
"""

from __future__ import annotations

import uuid

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.rights import SYSTEM
from headwater.features.branches import repository
from headwater.features.branches.models import DatabaseBranch
from headwater.features.databases.service import databases
from headwater.features.jobs.context import Attempt, Write
from headwater.features.snapshots import repository as snapshot_rows
from headwater.features.snapshots.service.capture import capture_job
from headwater.features.snapshots.service.restore import restore_job
from headwater.kit.errors import Cancelled


async def run_job(attempt: Attempt) -> Write:
    """Run a job that creates a branch."""
    snapshot_id = await _base_to_take(attempt)
    if snapshot_id is not None:
        write = await capture_job.take(attempt, snapshot_id)
        async with attempt.database.transaction() as db:
            await write(db)
    async with attempt.database.transaction() as db:
        await _check_wanted(db, await _branch(db, attempt))
    restored = await restore_job.run_job(attempt)

    async def finish(db: AsyncSession) -> None:
        await restored(db)
        branch = await _branch(db, attempt)
        restore = await snapshot_rows.restore(db, branch.restore_id) if branch.restore_id else None
        if restore is None or restore.target_id is None:
            raise Cancelled("The database of the branch was deleted.")
        await repository.set_values(db, branch.id, database_id=restore.target_id)

    return finish


async def _branch(db: AsyncSession, attempt: Attempt) -> DatabaseBranch:
    branch = await repository.get(db, uuid.UUID(attempt.args["branch_id"]), lock=True)
    if branch is None or branch.base_id is None:
        raise Cancelled("The branch or its base snapshot was deleted.")
    return branch


async def _base_to_take(attempt: Attempt) -> uuid.UUID | None:
    """Return the base snapshot if it must still be taken; None if it is complete."""
    async with attempt.database.transaction() as db:
        branch = await _branch(db, attempt)
        base = await snapshot_rows.get(db, branch.base_id) if branch.base_id else None
        return base.id if base and base.status == "taking" else None


async def _check_wanted(db: AsyncSession, branch: DatabaseBranch) -> None:
    """Raise Cancelled if somebody has deleted the database before the restore began; else it would come back."""
    restore = await snapshot_rows.restore(db, branch.restore_id) if branch.restore_id else None
    if restore and restore.target_id and not restore.created:
        database = await databases.find(db, SYSTEM, restore.target_id, deleted=True)
        if database.deleted_at:
            raise Cancelled("The database of the branch was deleted.")
