"""One attempt to prepare or apply a merge: it claims the row, and takes the snapshots that the merge needs."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.core.snapshots.row_merge import Choice, Choices, RowConflict
from headwater.features.accounts.rights import SYSTEM
from headwater.features.databases.service import databases
from headwater.features.jobs.context import Attempt
from headwater.features.jobs.service import row_claims
from headwater.features.jobs.service.row_claims import RowClaim
from headwater.features.merges import repository
from headwater.features.merges.models import Merge
from headwater.features.snapshots import repository as snapshot_rows
from headwater.features.snapshots.models import Snapshot
from headwater.features.snapshots.service import snapshots
from headwater.features.snapshots.service.capture import capture_job
from headwater.features.snapshots.service.snapshots import SnapshotRequest
from headwater.features.snapshots.service.storage import vault_locations
from headwater.kit.errors import Cancelled, NotFound
from headwater.vault.manifest import Manifest
from headwater.vault.vault import Vault


@dataclass(slots=True)
class MergeAttempt:
    """A claimed merge. `interrupted` tells that an earlier attempt may have changed the target already."""

    attempt: Attempt
    claim: RowClaim[Merge]
    base: Snapshot
    choices: dict[bytes, str]
    interrupted: bool

    @property
    def row(self) -> Merge:
        """The merge as it was when it was claimed."""
        return self.claim.row

    @property
    def choice_of(self) -> Choices:
        """The side that wins a conflict: the one that was chosen for it, or the one that wins all."""

        def choose(conflict: RowConflict) -> Choice | None:
            choice = self.choices.get(conflict.fingerprint) or self.row.prefer
            return "ours" if choice == "ours" else "theirs" if choice == "theirs" else None

        return choose


@dataclass(frozen=True, slots=True)
class MergedVersions:
    """The vault, and the manifests of the three versions; `ours_id` is the snapshot of the target."""

    vault: Vault
    base: Manifest
    ours: Manifest
    theirs: Manifest
    ours_id: uuid.UUID
    theirs_id: uuid.UUID


async def begin(attempt: Attempt, status: str) -> MergeAttempt:
    """Claim the row and set its status: from now on only this attempt may write to it."""
    async with attempt.database.transaction() as db:
        row = await repository.get(db, uuid.UUID(attempt.args["merge_id"]), lock=True)
        base = await snapshot_rows.get(db, row.base_id) if row else None
        if row is None or base is None or base.status != "complete":
            raise Cancelled("The merge or its common snapshot was deleted.")
        interrupted = row.status == status
        claim = row_claims.claim(row)
        await claim.update(db, status=status)
        return MergeAttempt(attempt, claim, base, await repository.choices(db, row.id), interrupted)


async def read_versions(work: MergeAttempt) -> MergedVersions:
    """Take a snapshot of the target, and one of the source unless there is one, and read the manifests of all three."""
    row = work.row
    if row.target_id is None:
        raise Cancelled("The target was deleted.")
    ours_id = await _take(work, row.target_id, f"Before merging {row.source_name}")
    theirs_id = row.theirs_id
    if theirs_id is None:
        if row.source_id is None:
            raise Cancelled("The database to merge was deleted.")
        theirs_id = await _take(work, row.source_id, f"To merge into {row.target_name}")
    async with work.attempt.database.transaction() as db:
        location = await vault_locations.load(db, work.attempt.settings, work.base.vault_id)

    def read() -> MergedVersions:
        vault = location.open()
        base, ours, theirs = (vault.manifest(str(name)) for name in (row.base_id, ours_id, theirs_id))
        return MergedVersions(vault, base, ours, theirs, ours_id, theirs_id)

    return await asyncio.to_thread(read)


async def _take(work: MergeAttempt, database_id: uuid.UUID, label: str) -> uuid.UUID:
    """Take a snapshot of a database into the vault of the common one; return its id."""
    async with work.attempt.database.transaction() as db:
        snapshot_id = await _requested(db, work, database_id, label)
    write = await capture_job.take(work.attempt, snapshot_id)
    async with work.attempt.database.transaction() as db:
        await write(db)
    return snapshot_id


async def _requested(db: AsyncSession, work: MergeAttempt, database_id: uuid.UUID, label: str) -> uuid.UUID:
    try:
        database = await databases.find(db, SYSTEM, database_id)
    except NotFound as error:
        raise Cancelled("A database of this merge was deleted.") from error
    if unfinished := await snapshot_rows.unfinished_of_job(db, work.attempt.job_id, database_id):
        return unfinished  # of an attempt that was interrupted
    row = await snapshots.add(db, SYSTEM, database, work.base.vault_id, SnapshotRequest(label[:200], undo=True))
    row.created_by, row.job_id = work.row.created_by, work.attempt.job_id
    await db.flush()
    return row.id
