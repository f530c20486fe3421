"""The new databases of recoveries: requesting them, and deleting them after a failure."""

from __future__ import annotations

import uuid

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.rights import SYSTEM
from headwater.features.databases.models import Database
from headwater.features.databases.service import databases, instances, readiness
from headwater.features.databases.service.instances import LocalInstance
from headwater.features.jobs.context import Attempt
from headwater.features.jobs.service.row_claims import RowClaim
from headwater.features.recovery import repository
from headwater.features.recovery.models import Recovery
from headwater.features.recovery.service import recoveries
from headwater.kit.errors import HeadwaterError, NotFound


async def renew(attempt: Attempt, claim: RowClaim[Recovery], source: Database) -> LocalInstance:
    """Request the new database, unless it exists and waits for its files; delete one that was already handed over."""
    row = claim.row
    async with attempt.database.transaction() as db:
        there = await _alive(db, row.target_id)
        if there is not None and not there.building:
            attempt.note("An earlier attempt was interrupted. Its database is deleted first.", "warning")
            await _delete_database(db, there.id)
            there = None
        if there is None:
            there = await recoveries.create_target(db, SYSTEM, attempt.settings, source, row)
            row.target_id = there.id
        await claim.update(db, target_id=there.id)
        return await instances.local(db, attempt.settings, there)


async def clear_after(attempt: Attempt, claim: RowClaim[Recovery]) -> None:
    """Delete the new database after a failure, unless another attempt has taken over."""
    try:
        async with attempt.database.transaction() as db:
            row = await repository.recovery(db, claim.row.id)
            if row is None or row.attempt != claim.token:
                return
            gone = await abandon(db, row)
        if gone:
            await readiness.notify_supervisor(attempt.settings, gone)
    except HeadwaterError as error:
        attempt.note(f"The new database could not be deleted: {error.message}", "error")


async def abandon(db: AsyncSession, row: Recovery) -> uuid.UUID | None:
    """Delete the new database of an abandoned recovery, in the caller's transaction; return its id."""
    database = await _alive(db, row.target_id)
    await repository.forget_target(db, row.id)
    if database is None:
        return None
    await _delete_database(db, database.id)
    return database.id


async def _alive(db: AsyncSession, database_id: uuid.UUID | None) -> Database | None:
    try:
        return await databases.find(db, SYSTEM, database_id) if database_id else None
    except NotFound:
        return None


async def _delete_database(db: AsyncSession, database_id: uuid.UUID) -> None:
    await databases.remove(db, SYSTEM, database_id)
    await databases.purge(db, SYSTEM, database_id)
