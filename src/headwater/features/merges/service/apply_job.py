"""The job that applies a merge: all rows of all tables in one transaction of the target, or nothing.

The merge is computed anew from a fresh snapshot of the target, which also undoes it. If rows that it changes were
changed since, that is repeated. As a merge into its own result changes nothing, an attempt after one that was killed
only does what is left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.catalog.codec import from_json
from headwater.core.snapshots import schema_subset
from headwater.core.snapshots.row_differences import join
from headwater.core.snapshots.table_merge import TableMerge
from headwater.engines import Batch, RowsDiffer, TableRestoreRequest
from headwater.features.accounts.rights import SYSTEM
from headwater.features.accounts.service import audit
from headwater.features.accounts.service.audit import Event
from headwater.features.databases.service import databases, reachability, schema_cache
from headwater.features.databases.service.reachability import ReachableDatabase
from headwater.features.jobs.context import Attempt, Write
from headwater.features.merges.service import merge_attempt, prepare_job
from headwater.features.merges.service.merge_attempt import MergeAttempt, MergedVersions
from headwater.features.merges.service.merged_tables import ComputedMerge
from headwater.features.snapshots.service.engines import in_place_restore_of
from headwater.features.snapshots.service.threads import run_cancellable
from headwater.kit.clock import now
from headwater.kit.errors import Cancelled, Conflict, Forbidden

TRIES = 3
ROWS_AT_ONCE = 20_000


async def run_job(attempt: Attempt) -> Write:
    """Run a job that applies a merge."""
    work = await merge_attempt.begin(attempt, "applying")
    if work.interrupted:
        attempt.note("An earlier attempt was interrupted. What it has not done is done now.", "warning")
    try:
        return await _apply(work)
    except BaseException:
        await asyncio.shield(_give_back(work))
        raise


async def _give_back(work: MergeAttempt) -> None:
    """Let the merge be applied again."""
    async with work.attempt.database.transaction() as db:
        await work.claim.try_update(db, status="prepared")


async def _apply(work: MergeAttempt) -> Write:
    attempt = work.attempt
    for left in reversed(range(TRIES)):
        versions = await merge_attempt.read_versions(work)
        computed = await prepare_job.compute(work, versions)
        if computed.unresolved:
            async with attempt.database.transaction() as db:
                await prepare_job.store(work, versions, computed)(db)
            raise Conflict(
                f"The target was changed: {computed.unresolved:,} new conflicts are not resolved.",
                hint="Nothing was changed. Choose a side for each of them, and apply the merge again.",
            )
        try:
            target = await _replace_rows(work, versions, computed)
        except RowsDiffer:
            if not left:
                raise
            attempt.note("The target was changed meanwhile. The merge is computed again.", "warning")
            continue
        attempt.note(f"{prepare_job.sentence(computed)} Restore snapshot {versions.ours_id} to undo the merge.")
        return _applied(work, versions, computed, target)
    raise AssertionError("not reached")


def _applied(work: MergeAttempt, versions: MergedVersions, computed: ComputedMerge, target: ReachableDatabase) -> Write:
    async def write(db: AsyncSession) -> None:
        await prepare_job.store(work, versions, computed)(db)
        await work.claim.update(db, status="applied", applied_at=now())
        await schema_cache.forget(db, target.id)
        details = {
            "statement": f"merge {work.row.source_name} into {target.name}",
            "part": "merge",
            "rows": sum(table.changes for table in computed.tables),
        }
        owner = target.organization_id
        event = Event("statement.merge", "database", target.id, target.name, owner, target.id, details=details)
        audit.record_event(db, work.attempt.author, event)

    return write


async def _replace_rows(work: MergeAttempt, versions: MergedVersions, computed: ComputedMerge) -> ReachableDatabase:
    """Write the changes of a merge to the target."""
    attempt = work.attempt
    target = await _target(work)
    if not computed.changed:
        return target
    request = _request(work, versions, computed)
    attempt.report("writing", 0, 1, unit="steps", message=target.name)
    async with reachability.open_address(attempt.settings, target) as address:
        restore = await in_place_restore_of(target.engine).open(address)
        try:
            await run_cancellable(attempt, restore.cancel, partial(restore.restore_tables, request))
        finally:
            await restore.close()
    return target


async def _target(work: MergeAttempt) -> ReachableDatabase:
    async with work.attempt.database.transaction() as db:
        if work.row.target_id is None:
            raise Cancelled("The target was deleted.")
        database = await databases.find(db, SYSTEM, work.row.target_id)
        if database.read_only:
            raise Forbidden(f"{database.name} is connected read-only.")
        return await reachability.load(db, work.attempt.context.cipher, database)


def _request(work: MergeAttempt, versions: MergedVersions, computed: ComputedMerge) -> TableRestoreRequest:
    """Return the request; many rows are read when they are written, so that memory does not grow with their number."""
    tables = computed.changed
    part, _ = schema_subset.cut(from_json(versions.theirs.schema), {table.name for table in tables})
    return TableRestoreRequest(
        [(table.table, _inserted(computed, table)) for table in tables],
        "append",
        extras=schema_subset.extras_of(versions.theirs.extras, part),
        note=partial(work.attempt.note, level="warning"),
        removed=[_removed(computed, table) for table in tables],
    )


def _removed(computed: ComputedMerge, table: TableMerge) -> Iterator[Batch]:
    return _combined(batch for part in computed.parts_of(table) for batch in (part.removed, part.before))


def _inserted(computed: ComputedMerge, table: TableMerge) -> Iterator[Batch]:
    return _combined(batch for part in computed.parts_of(table) for batch in (part.after, part.added))


def _combined(batches: Iterable[Batch]) -> Iterator[Batch]:
    """Yield the rows in batches of a size that is worth a statement."""
    pending: list[Batch] = []
    for batch in batches:
        if batch.num_rows:
            pending.append(batch)
        if sum(each.num_rows for each in pending) >= ROWS_AT_ONCE:
            yield join(pending)
            pending = []
    if pending:
        yield join(pending)
