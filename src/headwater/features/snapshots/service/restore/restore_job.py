"""The job that restores a snapshot: it creates tables, loads rows in parallel, adds keys and indexes, and counts rows.

An attempt that ends early leaves nothing behind: a database that was created for the restore is deleted, and created
again by the next attempt; in an existing database, the objects that the restore created are dropped.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.core.snapshots import manifest_tables
from headwater.engines import BulkLoader
from headwater.features.accounts.rights import SYSTEM
from headwater.features.databases.service import databases, reachability, schema_cache
from headwater.features.databases.service.reachability import ReachableDatabase
from headwater.features.jobs.context import Attempt, Write
from headwater.features.jobs.service import row_claims
from headwater.features.snapshots import repository
from headwater.features.snapshots.service.engines import snapshots_of
from headwater.features.snapshots.service.restore import restore_in_place, targets
from headwater.features.snapshots.service.restore.schema_steps import (
    RestorePart,
    SchemaSteps,
    part_of,
    schema_steps,
)
from headwater.features.snapshots.service.restore.targets import RestoreAttempt
from headwater.features.snapshots.service.storage import vault_locations
from headwater.features.snapshots.service.threads import RowProgress, run_cancellable, run_parallel, stoppable
from headwater.kit.clock import now
from headwater.kit.errors import Cancelled, Conflict, Forbidden
from headwater.vault.manifest import Manifest, ManifestTable
from headwater.vault.vault import Vault

LOADERS = 2


class CountMismatch(Conflict):
    """The restored tables do not have as many rows as the snapshot."""

    code = "restore_differs"


async def run_job(attempt: Attempt) -> Write:
    """Run a job that restores a snapshot."""
    started = time.monotonic()
    work = await _begin(attempt)
    vault = await asyncio.to_thread(work.location.open)
    manifest = await asyncio.to_thread(vault.manifest, str(work.snapshot.id))
    target = await _target(work)
    in_place = work.row.mode != "empty"
    try:
        tables = await (restore_in_place.restore if in_place else _restore)(work, vault, manifest, target)
    except BaseException:
        await asyncio.shield(targets.clear_after(work, target))
        raise
    result = {"tables": tables, "seconds": round(time.monotonic() - started, 2)}
    attempt.note(f"Restored {len(tables)} tables. Rows counted in them: {sum(table['found'] for table in tables):,}.")

    async def write(db: AsyncSession) -> None:
        await work.claim.update(db, result=result, created={})
        await schema_cache.forget(db, target.id)
        if work.row.request.get("drill"):
            seconds = result["seconds"]
            await repository.mark(db, work.snapshot.id, drilled_at=now(), drill={"seconds": seconds})
            await targets.abandon(db, work.row)

    return write


async def _begin(attempt: Attempt) -> RestoreAttempt:
    """Claim the row: from now on only this attempt may write to it."""
    async with attempt.database.transaction() as db:
        row = await repository.restore(db, uuid.UUID(attempt.args["restore_id"]), lock=True)
        snapshot = await repository.get(db, row.snapshot_id) if row else None
        if row is None or snapshot is None or snapshot.status != "complete":
            raise Cancelled("The snapshot was deleted.")
        location = await vault_locations.load(db, attempt.settings, snapshot.vault_id)
        return RestoreAttempt(attempt, row_claims.claim(row), snapshot, location)


async def _target(work: RestoreAttempt) -> ReachableDatabase:
    """Return the target database, created or cleaned up so that the restore can start."""
    if work.row.fresh:
        await targets.renew(work)
    assert work.row.target_id or work.row.fresh
    async with work.attempt.database.transaction() as db:
        if work.row.target_id is None:
            raise Cancelled("The database to restore into was deleted.")
        database = await databases.find(db, SYSTEM, work.row.target_id)
        if database.read_only:
            raise Forbidden(f"{database.name} is connected read-only.")
        reached = await reachability.load(db, work.attempt.context.cipher, database)
    if work.row.created.get("things"):
        work.attempt.note("An earlier attempt was interrupted. The objects it created are dropped first.", "warning")
        await targets.clear(work, reached)
    return reached


async def _restore(
    work: RestoreAttempt, vault: Vault, manifest: Manifest, target: ReachableDatabase
) -> list[dict[str, Any]]:
    part = await asyncio.to_thread(part_of, work, vault, manifest)
    schema = await schema_cache.read(work.attempt.context, target)
    async with reachability.open_address(work.attempt.settings, target) as address:
        fill = await snapshots_of(target.engine).open_loader(address)
        try:
            steps = await schema_steps(work.attempt, fill, target, part)
            things = targets.things(target.engine, part.schema, schema, target.name, archived=steps.objects)
            apart = await asyncio.to_thread(targets.apart, fill, part.tables, target)
            await work.note(created={"things": [*things, *apart]})
            return await _fill(work, vault, fill, part, steps)
        finally:
            await fill.close()


async def _fill(
    work: RestoreAttempt, vault: Vault, fill: BulkLoader, part: RestorePart, steps: SchemaSteps
) -> list[dict[str, Any]]:
    attempt = work.attempt
    await steps.run("tables", steps.pre_data)
    loading = Loading(attempt, vault, fill, part.tables)
    written = await run_cancellable(attempt, fill.cancel, loading.run)
    await steps.run("keys and indexes", steps.post_data)
    for sentence in await stoppable(attempt, fill.restore_extras(steps.extras)):
        attempt.note(sentence, "warning")
    await steps.run("views and triggers", steps.final)
    compared = await run_cancellable(attempt, fill.cancel, lambda: _count_restored(attempt, fill, part.tables, written))
    wrong = [result["table"] for result in compared if not result["same"]]
    if wrong:
        raise CountMismatch(
            f"The number of rows differs from the snapshot: {', '.join(wrong[:5])}.", hint="Verify the snapshot."
        )
    return compared


@dataclass(slots=True)
class Loading:
    """The part of a restore that runs in threads: it loads several tables in parallel, the largest ones first."""

    attempt: Attempt
    vault: Vault
    fill: BulkLoader
    tables: Sequence[ManifestTable]

    def run(self) -> dict[str, int]:
        """Load all tables and return the number of rows written to each."""
        total = sum(table.rows for table in self.tables)
        progress = RowProgress(self.attempt, "rows", total, len(self.tables))
        ordered = sorted(self.tables, key=lambda table: table.stored, reverse=True)
        decoders = ThreadPoolExecutor(LOADERS, thread_name_prefix="vault-decode")
        work = {
            manifest_tables.display_name(table): partial(self._load, table, decoders, progress) for table in ordered
        }
        try:
            return run_parallel(LOADERS, self.fill.cancel, work)
        finally:
            decoders.shutdown(wait=True, cancel_futures=True)

    def _load(self, table: ManifestTable, decoders: ThreadPoolExecutor, progress: RowProgress) -> int:
        if not table.rows:
            return 0
        rows = self.vault.table(table).rows(decoders)
        return self.fill.load_rows(
            manifest_tables.dump_table(table), progress.counted(rows, manifest_tables.display_name(table))
        )


def _count_restored(
    attempt: Attempt, fill: BulkLoader, tables: Sequence[ManifestTable], written: dict[str, int]
) -> list[dict[str, Any]]:
    compared = []
    for number, table in enumerate(tables):
        name = manifest_tables.display_name(table)
        attempt.report("counting rows", number, len(tables), unit="steps", message=name)
        count_rows = fill.count_rows(manifest_tables.dump_table(table))
        compared.append(
            {
                "table": name,
                "expected": table.rows,
                "written": written[name],
                "found": count_rows,
                "same": count_rows == table.rows == written[name],
            }
        )
    return compared
