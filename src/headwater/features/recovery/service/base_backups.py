"""The job that creates a base backup: it copies the files of a running database into the vault, in blocks.

Only blocks that changed since the previous base backup are stored. Writing the manifest is the commit, as for
snapshots: if a worker is killed after it, the next attempt only updates the row.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.engines import BaseBackup, BaseBackupInfo
from headwater.features.accounts.rights import SYSTEM
from headwater.features.databases.models import Database
from headwater.features.databases.service import databases, instances
from headwater.features.databases.service.instances import LocalInstance
from headwater.features.jobs.context import Attempt, Write
from headwater.features.jobs.service import row_claims
from headwater.features.jobs.service.row_claims import RowClaim
from headwater.features.recovery import repository
from headwater.features.recovery.models import Archive, ArchiveBase
from headwater.features.recovery.service import archives, vault_layout
from headwater.features.recovery.service.vault_layout import ArchiveOrigin
from headwater.features.snapshots.service.storage import vault_locations
from headwater.features.snapshots.service.threads import run_cancellable, stoppable
from headwater.kit.errors import Cancelled, HeadwaterError, Unavailable
from headwater.vault.manifest import Manifest
from headwater.vault.vault import Vault

READY_SECONDS, POLL_SECONDS = 60.0, 0.3
MB = 1_000_000


@dataclass(slots=True)
class BaseBackupAttempt:
    """One claimed attempt to create a base backup."""

    attempt: Attempt
    claim: RowClaim[ArchiveBase]
    archive: Archive
    database: Database
    local: LocalInstance
    location: vault_locations.VaultLocation

    @property
    def row(self) -> ArchiveBase:
        """The base backup."""
        return self.claim.row


async def run_job(attempt: Attempt) -> Write:
    """Run a job that creates a base backup."""
    started = time.monotonic()
    work = await _begin(attempt)
    vault = await vault_locations.open_vault(attempt.context, work.location)
    stored = await asyncio.to_thread(vault_layout.manifest_or_none, vault, vault_layout.base_name(work.row.id))
    if stored is None:
        stored = await _make(work, vault)
    else:
        attempt.note("An earlier attempt already committed this base backup, so nothing is read again.")
    seconds = round(time.monotonic() - started, 2)
    files, manifest = stored.tables[0], stored

    async def write(db: AsyncSession) -> None:
        values = {
            "status": "complete",
            "timeline": manifest.moment["timeline"],
            "first": manifest.moment["first"],
            "ends": manifest.moment["end"],
            "changes": manifest.moment["changes"],
            "version": manifest.moment["version"],
            "raw_bytes": files.raw,
            "stored_bytes": files.stored,
            "new_bytes": files.new,
            "seconds": seconds,
            "started_at": manifest.started,
            "finished_at": manifest.finished,
        }
        await work.claim.update(db, **values)

    attempt.note(f"{files.raw:,} bytes of files were read, {files.new:,} new bytes were stored, in {seconds:.1f} s.")
    await _ship_log(work)
    return write


async def _begin(attempt: Attempt) -> BaseBackupAttempt:
    """Claim the row: from now on only this attempt may write to it."""
    async with attempt.database.transaction() as db:
        row = await repository.base(db, uuid.UUID(attempt.args["base_id"]), lock=True)
        archive = await repository.get(db, row.archive_id) if row else None
        if row is None or archive is None or row.status != "taking" or archive.database_id is None:
            raise Cancelled("The base backup is already complete, or it or its database was deleted.")
        database = await databases.find(db, SYSTEM, archive.database_id)
        if not archive.enabled:
            raise Cancelled(f"Point-in-time recovery of {database.name} was disabled.")
        local = await instances.local(db, attempt.settings, database)
        claim = row_claims.claim(row)
        location = await vault_locations.load(db, attempt.settings, row.vault_id)
    return BaseBackupAttempt(attempt, claim, archive, database, local, location)


async def _make(work: BaseBackupAttempt, vault: Vault) -> Manifest:
    attempt = work.attempt
    attempt.report("opening", 0, 1, unit="steps", message=work.database.name)
    base = await stoppable(attempt, _opened(work))
    loop = asyncio.get_running_loop()
    try:
        total, done = max(1, base.size_bytes // MB), 0

        def progress(more: int) -> None:
            nonlocal done
            done += more
            attempt.report("files", done // MB, max(total, done // MB), unit="MB", message=work.database.name)

        def ended() -> BaseBackupInfo:
            return asyncio.run_coroutine_threadsafe(base.finish(), loop).result()

        parents = await _parents(work)

        def store() -> Manifest:
            origin = ArchiveOrigin(vault_layout.base_name(work.row.id), work.database.name, work.database.engine, "")
            return vault_layout.write_base(vault, origin, parents, base.blocks(), ended, progress)

        return await run_cancellable(attempt, lambda: None, store)
    finally:
        await base.close()


async def _opened(work: BaseBackupAttempt) -> BaseBackup:
    """Wake the database and start the backup; wait until its server was restarted with archiving on."""
    until = asyncio.get_running_loop().time() + READY_SECONDS
    while True:
        await archives.awake(work.attempt.settings, work.local)
        try:
            return await work.local.engine.open_base_backup(work.local.instance)
        except Unavailable:
            if asyncio.get_running_loop().time() > until:
                raise
        await asyncio.sleep(POLL_SECONDS)


async def _parents(work: BaseBackupAttempt) -> str | None:
    """Return the name of the last complete base backup in the same vault, which is the parent of the new one."""
    async with work.attempt.database.transaction() as db:
        every = await repository.bases(db, work.archive.id)
    parents = (base for base in every if base.status == "complete" and base.vault_id == work.row.vault_id)
    return next((vault_layout.base_name(base.id) for base in parents), None)


async def _ship_log(work: BaseBackupAttempt) -> None:
    """Ship the log that the base backup needs; if that fails now, maintenance does it later."""
    try:
        await archives.ship_now(work.attempt.context, work.archive.id)
    except (HeadwaterError, TimeoutError) as error:
        work.attempt.note(f"The log of the base backup is not in the vault yet: {error}", "warning")
