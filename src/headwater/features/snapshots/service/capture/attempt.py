"""One attempt to take a snapshot: it claims the row, and writes the result to it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.core.snapshots import sample_check
from headwater.features.accounts.service import organizations
from headwater.features.jobs.context import Attempt
from headwater.features.jobs.service import row_claims
from headwater.features.jobs.service.row_claims import RowClaim
from headwater.features.snapshots import repository
from headwater.features.snapshots.models import Snapshot
from headwater.features.snapshots.service import manifest_rows, proof_requests
from headwater.features.snapshots.service.capture import parent as parents_of
from headwater.features.snapshots.service.storage import vault_locations
from headwater.features.snapshots.service.storage.vault_locations import VaultLocation
from headwater.kit.errors import Cancelled
from headwater.vault.manifest import Manifest


@dataclass(slots=True)
class CaptureAttempt:
    """One claimed attempt to take a snapshot.

    `parents` are the complete snapshots of the same database in the same vault, newest first, or else those that were
    restored into it. `organization` is the name of the organization.
    """

    attempt: Attempt
    claim: RowClaim[Snapshot]
    location: VaultLocation
    parents: Sequence[Snapshot]
    organization: str

    @property
    def row(self) -> Snapshot:
        """The snapshot that is taken."""
        return self.claim.row


async def begin(attempt: Attempt, snapshot_id: uuid.UUID) -> CaptureAttempt:
    """Claim the row: from now on only this attempt may write to it."""
    async with attempt.database.transaction() as db:
        row = await repository.get(db, snapshot_id, lock=True)
        if row is None or row.status != "taking":
            raise Cancelled("The snapshot was deleted or is already complete.")
        claim = row_claims.claim(row)
        location = await vault_locations.load(db, attempt.settings, row.vault_id)
        parents = await _parents(db, attempt, row)
        organization = await organizations.name_of(db, row.organization_id)
    return CaptureAttempt(attempt, claim, location, parents, organization)


async def _parents(db: AsyncSession, attempt: Attempt, row: Snapshot) -> Sequence[Snapshot]:
    """Return the snapshots to build on, newest first: none that may contain the pages in which damage was found.

    Snapshots share pages with those that they were built on. Those taken after the damage was found share none with the
    damaged one, and neither do those of which every page was read since.
    """
    if row.database_id is None:
        return []
    every = await repository.complete_of_database(db, row.database_id, parents_of.HISTORY)
    mine = [parent for parent in every if parent.vault_id == row.vault_id]
    if not mine:
        return await _restored(db, row, row.database_id)
    found_at = await repository.damage_found_at(db, row.database_id, row.vault_id)
    if found_at is None:
        return mine
    sound = [parent for parent in mine if parents_of.is_sound_since(parent, found_at)]
    if not sound:
        attempt.note("Damage was found in an earlier snapshot: all rows are read and stored again.", "warning")
    return sound


async def _restored(db: AsyncSession, row: Snapshot, database_id: uuid.UUID) -> Sequence[Snapshot]:
    """Return the snapshots that were restored into a database: what came from them is stored already."""
    restored = await repository.restored_into(db, database_id, parents_of.HISTORY)
    sound = []
    for snapshot in restored:
        origin = snapshot.database_id
        found_at = await repository.damage_found_at(db, origin, row.vault_id) if origin else None
        is_sound = snapshot.verification.get("ok", True)
        if (
            snapshot.vault_id == row.vault_id
            and is_sound
            and (found_at is None or parents_of.is_sound_since(snapshot, found_at))
        ):
            sound.append(snapshot)
    return sound


async def finish(
    db: AsyncSession, taking: CaptureAttempt, manifest: Manifest, sample: sample_check.SampleCheck, seconds: float
) -> None:
    """Mark the row as complete, with the facts of the manifest, and request the proof of its schema."""
    values = manifest_rows.values(manifest)
    values["contents"]["followed"] = parents_of.followed_count(taking.parents, manifest, taking.row.database_id)
    values |= {
        "seconds": seconds,
        "grew": parents_of.growth_of(
            values["new_bytes"],
            [parent.new_bytes for parent in taking.parents],
            taking.row.request.get("growth") or parents_of.GROWTH,
        ),
        "verified_at": datetime.now(UTC),
        "verification": sample.plain,
    }
    if not taking.row.request.get("undo"):
        values["proof"] = (await proof_requests.request(db, taking.row, manifest)).plain
    await taking.claim.update(db, **values)
