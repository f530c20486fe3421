"""The job that restores a snapshot: it creates tables, loads rows in parallel, adds keys and indexes, and compares.

An attempt that ends early leaves nothing behind: a database that was created for the restore is deleted, and created
again by the next attempt; in an existing database, the objects that the restore created are dropped.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.catalog.model import Schema
from headwater.core.snapshots import manifest_tables
from headwater.core.snapshots.row_digest import RowDigest
from headwater.engines import BulkLoader
from headwater.features.accounts.service import audit
from headwater.features.accounts.service.audit import Event
from headwater.features.databases.service import reachability, schema_cache
from headwater.features.databases.service.reachability import ReachableDatabase
from headwater.features.jobs.context import Attempt, Write
from headwater.features.snapshots import repository
from headwater.features.snapshots.service.engines import snapshots_of
from headwater.features.snapshots.service.restore import comparison, restore_in_place, targets
from headwater.features.snapshots.service.restore.comparison import Digests, RestoreResult, contents
from headwater.features.snapshots.service.restore.schema_steps import (
    RestorePart,
    SchemaSteps,
    part_of,
    schema_steps,
)
from headwater.features.snapshots.service.restore.targets import RestoreAttempt
from headwater.features.snapshots.service.threads import RowProgress, run_cancellable, run_parallel, stoppable
from headwater.kit.clock import now
from headwater.kit.errors import Conflict
from headwater.vault.manifest import Manifest, ManifestTable
from headwater.vault.vault import Vault

LOADERS = 2


# Tables that the audit log names of a restore.
RECORDED = 20


class CountMismatch(Conflict):
    """The restored tables do not have as many rows as the snapshot."""

    code = "restore_differs"


async def run_job(attempt: Attempt) -> Write:
    """Run a job that restores a snapshot."""
    started = time.monotonic()
    work = await targets.begin(attempt)
    vault = await asyncio.to_thread(work.location.open)
    manifest = await asyncio.to_thread(vault.manifest, str(work.snapshot.id))
    target = await targets.prepared(work)
    in_place = work.row.mode != "empty"
    try:
        restored = await (restore_in_place.restore if in_place else _restore)(work, vault, manifest, target)
    except BaseException:
        await asyncio.shield(targets.clear_after(work, target))
        raise
    result = restored.plain | {"seconds": round(time.monotonic() - started, 2)}
    attempt.note(f"Compared with the snapshot: {restored.sentence}.", "warning" if restored.differs else "info")

    async def write(db: AsyncSession) -> None:
        await work.claim.update(db, result=result, created={})
        await schema_cache.forget(db, target.id)
        _record(db, attempt, target, restored, result["seconds"])
        if work.row.request.get("drill"):
            drill = {name: result[name] for name in ("seconds", "summary", "differs", "outcome", "refused")}
            invalid = [refusal.sentence for refusal in restored.refused if refusal.supported]
            await repository.mark(db, work.snapshot.id, drilled_at=now(), drill=drill | {"invalid": invalid})
            await targets.abandon(db, work.row)

    return write


def _record(
    db: AsyncSession, attempt: Attempt, target: ReachableDatabase, restored: RestoreResult, seconds: float
) -> None:
    """Record which tables of a database were filled, and with how many rows."""
    names = [str(table["table"]) for table in restored.tables]
    details = {
        "statement": f"restore into {', '.join(names[:RECORDED])}" + (", …" if len(names) > RECORDED else ""),
        "part": "restore",
        "rows": sum(table["found"] for table in restored.tables),
        "milliseconds": round(seconds * 1000),
    }
    event = Event(
        "statement.restore",
        "database",
        target.id,
        target.name,
        target.organization_id,
        database_id=target.id,
        details=details,
    )
    audit.record_event(db, attempt.author, event)


async def _restore(work: RestoreAttempt, vault: Vault, manifest: Manifest, target: ReachableDatabase) -> RestoreResult:
    # The target is read twice, as a Schema and by the plan: at the same time.
    reading = asyncio.ensure_future(schema_cache.read(work.attempt.context, target))
    try:
        return await _filled(work, vault, manifest, target, reading)
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def _filled(
    work: RestoreAttempt, vault: Vault, manifest: Manifest, target: ReachableDatabase, schema: Awaitable[Schema]
) -> RestoreResult:
    """Fill an empty database; `schema` is what it contains before that."""
    part = await asyncio.to_thread(part_of, work, vault, manifest)
    async with reachability.open_address(work.attempt.settings, target) as address:
        fill = await snapshots_of(target.engine).open_loader(address)
        try:
            steps = await schema_steps(work.attempt, fill, target, part)
            before = await schema
            things = targets.things(target.engine, part.schema, before, target.name, archived=steps.objects)
            apart = await asyncio.to_thread(targets.apart, fill, part.tables, target)
            await work.note(created={"things": [*things, *apart]})
            loading = await _fill(work, vault, fill, part, steps)
        finally:
            await fill.close()
    remaining = [table for table in part.tables if manifest_tables.display_name(table) not in loading.equal]
    compared = await comparison.compare(work.attempt, vault, manifest, target, part.tables, rows_of=remaining)
    await run_cancellable(work.attempt, lambda: None, partial(loading.complete, compared.digests))
    return RestoreResult(
        _compared(part.tables, loading, compared.digests), compared.schema, tuple(steps.refused.values())
    )


async def _fill(work: RestoreAttempt, vault: Vault, fill: BulkLoader, part: RestorePart, steps: SchemaSteps) -> Loading:
    attempt = work.attempt
    await steps.run("tables", steps.pre_data)
    loading = Loading(attempt, vault, fill, part.tables)
    await run_cancellable(attempt, fill.cancel, loading.run)
    await steps.run("keys and indexes", steps.post_data)
    for sentence in await stoppable(attempt, fill.restore_extras(steps.extras)):
        attempt.note(sentence, "warning")
    await steps.run("views and triggers", steps.final)
    return loading


@dataclass(slots=True)
class Loading:
    """The part of a restore that runs in threads: it loads several tables in parallel, the largest ones first.

    `written` is the number of rows written to each table, `equal` are the tables that were found to have exactly these
    rows. `digests` are those of the rows that the snapshot has, of the other tables.
    """

    attempt: Attempt
    vault: Vault
    fill: BulkLoader
    tables: Sequence[ManifestTable]
    written: Mapping[str, int] = field(default_factory=dict)
    equal: set[str] = field(default_factory=set)
    digests: dict[str, RowDigest] = field(default_factory=dict)

    def run(self) -> None:
        """Load all tables."""
        total = sum(table.rows for table in self.tables)
        progress = RowProgress(self.attempt, "rows", total, len(self.tables))
        ordered = sorted(self.tables, key=lambda table: table.stored, reverse=True)
        decoders = ThreadPoolExecutor(LOADERS, thread_name_prefix="vault-decode")
        work = {
            manifest_tables.display_name(table): partial(self._load, table, decoders, progress) for table in ordered
        }
        try:
            self.written = run_parallel(LOADERS, self.fill.cancel, work)
        finally:
            decoders.shutdown(wait=True, cancel_futures=True)

    def _load(self, table: ManifestTable, decoders: ThreadPoolExecutor, progress: RowProgress) -> int:
        name, to = manifest_tables.display_name(table), manifest_tables.dump_table(table)
        if not table.rows:
            self.digests[name] = RowDigest()
            return 0
        rows = progress.counted(self.vault.table(table).rows(decoders), name)
        if self.fill.load_compared is None:
            digest = self.digests[name] = RowDigest()
            return self.fill.load_rows(to, digest.passing(rows))
        written, is_equal = self.fill.load_compared(to, rows)
        if is_equal:
            self.equal.add(name)
        return written

    def complete(self, needed: Collection[str]) -> None:
        """Read the rows of the snapshot again for those needed digests that are missing. Blocks."""
        for table in self.tables:
            name = manifest_tables.display_name(table)
            if name in needed and name not in self.digests:
                with ThreadPoolExecutor(1, thread_name_prefix="vault-decode") as decoders:
                    self.digests[name] = RowDigest().add(self.vault.table(table).rows(decoders))


def _compared(tables: Sequence[ManifestTable], loading: Loading, digests: Digests) -> list[dict[str, Any]]:
    """Return the comparison of each table.

    Raises:
        CountMismatch: a table has fewer or more rows than in the snapshot.
    """
    compared: list[dict[str, Any]] = []
    for table in tables:
        name = manifest_tables.display_name(table)
        written = loading.written[name]
        is_equal = name in loading.equal
        stored = written if is_equal else digests[name].rows
        compared.append(
            {
                "table": name,
                "expected": table.rows,
                "written": written,
                "found": stored,
                "same": stored == table.rows == written,
                "contents": "equal" if is_equal else contents(loading.digests[name], digests[name]),
            }
        )
    if wrong := [result["table"] for result in compared if not result["same"]]:
        raise CountMismatch(
            f"The number of rows differs from the snapshot: {', '.join(wrong[:5])}.", hint="Verify the snapshot."
        )
    return compared
