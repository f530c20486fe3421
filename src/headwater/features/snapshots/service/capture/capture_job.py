"""The job that takes a snapshot: it reads a database at one moment, table by table, and commits a manifest.

Writing the manifest is the commit; the row becomes `complete` after it. If a worker is killed between the two, the
next attempt finds the manifest by the snapshot's id and only updates the row.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.core.snapshots import sample_check
from headwater.core.snapshots.manifest_tables import total
from headwater.engines import SnapshotReader, SnapshotTable
from headwater.features.accounts.rights import SYSTEM
from headwater.features.accounts.service import audit
from headwater.features.databases.service import databases, reachability
from headwater.features.databases.service.reachability import ReachableDatabase
from headwater.features.jobs.context import Attempt, Write
from headwater.features.snapshots.models import Snapshot
from headwater.features.snapshots.service import manifest_rows, snapshots
from headwater.features.snapshots.service.capture.attempt import CaptureAttempt, begin, finish
from headwater.features.snapshots.service.capture.capture_run import CaptureRun, committed
from headwater.features.snapshots.service.engines import snapshots_of
from headwater.features.snapshots.service.storage import vault_locations
from headwater.features.snapshots.service.threads import run_cancellable
from headwater.kit.errors import Cancelled
from headwater.vault import keys as keyring
from headwater.vault.errors import Damaged
from headwater.vault.manifest import Manifest
from headwater.vault.vault import Vault


async def run_job(attempt: Attempt) -> Write:
    """Run a job that takes a snapshot."""
    return await take(attempt, uuid.UUID(attempt.args["snapshot_id"]))


async def take(attempt: Attempt, snapshot_id: uuid.UUID) -> Write:
    """Take the snapshot of a row, and return the function that marks the row as complete."""
    taking = await begin(attempt, snapshot_id)
    vault = await vault_locations.open_vault(attempt.context, taking.location)
    started = time.monotonic()
    manifest = await asyncio.to_thread(committed, vault, taking.row.id)
    if manifest is None:
        manifest = await _take(taking, vault)
    else:
        attempt.note("An earlier attempt already committed this snapshot, so nothing is read again.")
    seconds = manifest_rows.seconds(manifest)
    attempt.report("checking", 0, 1, unit="steps", message="reading some pages back")
    sample = await asyncio.to_thread(_read_back, vault, manifest)
    slots = await asyncio.to_thread(keyring.slots, vault.blobs)
    attempt.note(
        f"{len(manifest.tables)} tables, {total(manifest, 'rows'):,} rows, {total(manifest, 'new'):,} new bytes of "
        f"{total(manifest, 'stored'):,}, in {time.monotonic() - started:.1f} s."
    )

    async def write(db: AsyncSession) -> None:
        await finish(db, taking, manifest, sample, seconds)
        facts = {
            "cipher": "AES-256-GCM",
            "keys": sorted({slot.kind for slot in slots.values()}),
            "vault": vault.id,
            "packs": len(manifest.packs),
            "stored_bytes": total(manifest, "stored"),
            "new_bytes": total(manifest, "new"),
            "pages_read_back": sample.pages,
        }
        row = taking.row
        audit.record(
            db,
            SYSTEM,
            "snapshot.complete",
            "snapshot",
            row.id,
            row.database_name,
            organization_id=row.organization_id,
            database_id=row.database_id,
            **facts,
        )

    return write


def _read_back(vault: Vault, manifest: Manifest) -> sample_check.SampleCheck:
    """Read a sample of a snapshot back; delete the snapshot if that fails."""
    try:
        return sample_check.check_sample(vault, manifest)
    except Damaged:
        vault.delete(manifest.id)
        raise


async def _take(taking: CaptureAttempt, vault: Vault) -> Manifest:
    attempt = taking.attempt
    reached = await _reach(taking)
    async with reachability.open_address(attempt.settings, reached) as address:
        attempt.report("opening", 0, 1, unit="steps", message=reached.name)
        dump = await snapshots_of(reached.engine).open_reader(address)
        try:
            started = datetime.now(UTC)
            for sentence in dump.notes:
                attempt.note(sentence, "warning")
            work = CaptureRun(taking, vault, dump, _wanted(taking.row, dump), started)
            return await run_cancellable(attempt, dump.cancel, work.run)
        finally:
            await dump.close()


async def _reach(taking: CaptureAttempt) -> ReachableDatabase:
    attempt = taking.attempt
    async with attempt.database.transaction() as db:
        if taking.row.database_id is None:
            raise Cancelled("The database of this snapshot was deleted.")
        database = await databases.find(db, SYSTEM, taking.row.database_id)
        return await reachability.load(db, attempt.context.cipher, database)


def _wanted(row: Snapshot, dump: SnapshotReader) -> tuple[SnapshotTable, ...]:
    tables, exclude = row.request.get("tables"), row.request.get("exclude")
    if tables is None and exclude is None:
        return dump.tables
    names = snapshots.chosen(dump.schema, tables, exclude)
    return tuple(table for table in dump.tables if table.display_name in names)
