"""Ends proofs whose jobs failed or were cancelled: their scratch databases are deleted, and the snapshots say so."""

from __future__ import annotations

from headwater.core.snapshots.schema_proof import SchemaProof, of_row
from headwater.features.databases.service import readiness
from headwater.features.jobs.service import queue
from headwater.features.snapshots import repository
from headwater.features.snapshots.service.restore import targets
from headwater.store.context import Context


async def end(context: Context) -> None:
    """End the proofs that no job works on any more."""
    async with context.store.transaction() as db:
        rows = await repository.unfinished_proofs(db)
        jobs = await queue.get_many(db, [row.job_id for row in rows if row.job_id])
        deleted = []
        for row in rows:
            job = jobs.get(row.job_id) if row.job_id else None
            if job is not None and job.state not in queue.DONE:
                continue
            deleted.append(await targets.abandon(db, row))
            await repository.end_proof(db, row.id)
            snapshot = await repository.get(db, row.snapshot_id)
            pending = of_row(snapshot.proof) if snapshot else None
            if pending and pending.state == "pending":
                reason = f"its job failed. {job.error}" if job and job.error else "its job was cancelled"
                proof = SchemaProof("unproven", reason=reason, key=pending.key)
                await repository.set_proof(db, row.organization_id, pending.key, proof)
    for target_id in deleted:
        if target_id:
            await readiness.notify_supervisor(context.settings, target_id)
