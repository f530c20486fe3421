"""The job that proves a schema: it creates the schema in a scratch database, compares both, and deletes the database.

What the database refuses does not end the job, so that everything that cannot be restored is named. An attempt that is
killed leaves the scratch database to the next one, and the last one to maintenance.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.catalog.results import QueryError
from headwater.core.snapshots import schema_proof, schema_subset
from headwater.core.snapshots.schema_proof import SchemaProof, Trial
from headwater.engines import ArchiveRefusal, ArchiveRestore, BulkLoader, SnapshotSupport
from headwater.features.databases.service import reachability
from headwater.features.databases.service.reachability import ReachableDatabase
from headwater.features.jobs.context import Attempt, Write
from headwater.features.snapshots import repository
from headwater.features.snapshots.service.engines import snapshots_of
from headwater.features.snapshots.service.restore import comparison, targets
from headwater.features.snapshots.service.restore.schema_steps import RestorePart, part_of
from headwater.features.snapshots.service.restore.targets import RestoreAttempt
from headwater.features.snapshots.service.threads import run_cancellable, stoppable
from headwater.kit.clock import now
from headwater.kit.errors import Cancelled, HeadwaterError
from headwater.vault.manifest import Manifest
from headwater.vault.vault import Vault


async def run_job(attempt: Attempt) -> Write:
    """Run a job that proves the schema of a snapshot; the job succeeds whatever comes of it."""
    work = await targets.begin(attempt)
    vault = await asyncio.to_thread(work.location.open)
    manifest = await asyncio.to_thread(vault.manifest, str(work.snapshot.id))
    key = schema_proof.key_of(manifest)
    proof = schema_proof.with_key(await _proven(work, vault, manifest), key, now().isoformat())
    note_proof(attempt, proof)

    async def write(db: AsyncSession) -> None:
        await work.claim.update(db, result={"proof": proof.state}, created={})
        await repository.set_proof(db, work.row.organization_id, key, proof)
        await repository.mark(db, work.snapshot.id, proof=proof.plain)
        await targets.abandon(db, work.row)

    return write


def note_proof(attempt: Attempt, proof: SchemaProof) -> None:
    """Write to a job's log what a proof says."""
    attempt.note(f"{proof.sentence[0].upper()}{proof.sentence[1:]}.", "info" if proof.state == "proven" else "warning")
    for sentence in proof.refused:
        attempt.note(f"Cannot be restored: {sentence}", "error")
    for name in proof.different:
        attempt.note(f"Restored differently: {name}.", "error")
    for sentence in proof.untried:
        attempt.note(f"Not proven: {sentence}", "warning")


async def _proven(work: RestoreAttempt, vault: Vault, manifest: Manifest) -> SchemaProof:
    try:
        target = await targets.prepared(work)
    except Cancelled:
        raise
    except HeadwaterError as error:
        return SchemaProof("unproven", reason=f"there is no scratch database. {error.message}")
    try:
        return await _tried(work, vault, manifest, target)
    except BaseException:
        await asyncio.shield(targets.clear_after(work, target))
        raise


async def _tried(work: RestoreAttempt, vault: Vault, manifest: Manifest, target: ReachableDatabase) -> SchemaProof:
    part = await asyncio.to_thread(part_of, work, vault, manifest)
    async with reachability.open_address(work.attempt.settings, target) as address:
        loader = await snapshots_of(target.engine).open_loader(address)
        try:
            restore = loader.archive_restore
            if part.archive is not None and restore is not None:
                trial = await _tried_archive(work.attempt, loader, restore, part, part.archive)
            else:
                trial = await _tried_model(work.attempt, loader, snapshots_of(target.engine), part)
        finally:
            await loader.close()
    compared = await comparison.compare(work.attempt, vault, manifest, target, part.tables, rows_of=())
    return trial.proof(compared.schema, compared.server)


async def _tried_archive(
    attempt: Attempt, loader: BulkLoader, restore: ArchiveRestore, part: RestorePart, archive: bytes
) -> Trial:
    """Run the statements of an archive, and collect what is refused."""
    tables = [(relation.schema, relation.name) for relation in part.schema if relation.kind in schema_subset.FILLED]
    plan = await run_cancellable(attempt, loader.cancel, partial(restore.plan, archive, part.all_extras, tables))
    trial, statements = Trial(), (*plan.pre_data, *plan.post_data, *plan.final)
    for number, statement in enumerate(statements):
        attempt.report("creating the schema", number, len(statements), unit="steps", message=statement.subject[:120])
        refusal = await restore.create(statement)
        if isinstance(refusal, ArchiveRefusal):
            sentences = trial.refused if refusal.supported else trial.untried
            sentences.setdefault(refusal.subject, refusal.sentence)
    return trial


async def _tried_model(attempt: Attempt, loader: BulkLoader, support: SnapshotSupport, part: RestorePart) -> Trial:
    """Run the statements for a Schema, and collect what is refused."""

    def statements() -> Sequence[str]:
        return (*support.pre_data_ddl(part.schema), *support.post_data_ddl(part.schema))

    trial, texts = Trial(), await asyncio.to_thread(statements)
    for number, text in enumerate(texts):
        subject = text.split("(")[0].strip()[:120]
        attempt.report("creating the schema", number, len(texts), unit="steps", message=subject)
        try:
            await stoppable(attempt, loader.run_statements([text]))
        except QueryError as error:
            trial.refused[subject] = f"{subject}: {error.message}"
    return trial
