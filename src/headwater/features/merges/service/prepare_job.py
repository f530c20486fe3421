"""The job that prepares a merge: it takes the snapshots, computes the merge, and stores its conflicts."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.engines import engine
from headwater.features.jobs.context import Attempt, Write
from headwater.features.merges import repository
from headwater.features.merges.service import merge_attempt, merged_tables
from headwater.features.merges.service.merge_attempt import MergeAttempt, MergedVersions
from headwater.features.merges.service.merged_tables import ComputedMerge
from headwater.features.snapshots.service.threads import run_cancellable


async def run_job(attempt: Attempt) -> Write:
    """Run a job that prepares a merge."""
    work = await merge_attempt.begin(attempt, "preparing")
    versions = await merge_attempt.read_versions(work)
    computed = await compute(work, versions)
    attempt.note(sentence(computed))
    return store(work, versions, computed)


async def compute(work: MergeAttempt, versions: MergedVersions) -> ComputedMerge:
    """Compute the merge of three snapshots in a thread."""
    attempt = work.attempt

    def show(done: int, total: int, table: str) -> None:
        attempt.report("comparing", done, total, unit="tables", message=table)

    def run() -> ComputedMerge:
        return merged_tables.compute(versions, engine(work.base.engine), work.choice_of, show)

    return await run_cancellable(attempt, lambda: None, run)


def store(work: MergeAttempt, versions: MergedVersions, computed: ComputedMerge) -> Write:
    """Return the function that marks a merge as prepared; choices that still apply are kept."""

    async def write(db: AsyncSession) -> None:
        await work.claim.update(
            db, status="prepared", ours_id=versions.ours_id, theirs_id=versions.theirs_id, result=computed.plain
        )
        await repository.replace_conflicts(db, work.row.id, computed.conflicts)

    return write


def sentence(computed: ComputedMerge) -> str:
    """Say in a sentence what a merge changes."""
    changes = sum(table.changes for table in computed.tables)
    text = f"{changes:,} rows of {len(computed.changed)} tables change in the target"
    return f"{text}; {len(computed.conflicts):,} conflicts, {computed.unresolved:,} of them not resolved."
