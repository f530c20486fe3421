"""Requests proofs of the schemas of snapshots: a job restores the schema into a scratch database and compares both."""

from __future__ import annotations

import secrets

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.core.snapshots.schema_proof import SchemaProof, key_of
from headwater.engines import engine
from headwater.features.accounts.rights import SYSTEM
from headwater.features.accounts.service import projects
from headwater.features.jobs.service import queue
from headwater.features.jobs.service.queue import ForDatabase
from headwater.features.snapshots import repository
from headwater.features.snapshots.models import Restore, Snapshot
from headwater.vault.manifest import Manifest


async def request(db: AsyncSession, row: Snapshot, manifest: Manifest) -> SchemaProof:
    """Return the proof of a snapshot of the same schema, or request one.

    Args:
        db: the transaction.
        row: the snapshot.
        manifest: its manifest.
    """
    key = key_of(manifest)
    if known := await repository.proof_with_key(db, row.organization_id, key):
        return known
    of = engine(row.engine)
    if of.provisioning is None:
        reason = f"Headwater cannot run a server of {of.display_name}"
        return SchemaProof("unproven", reason=reason, key=key)
    if row.project_id is None:
        return SchemaProof("unproven", reason="the project of the snapshot was deleted", key=key)
    await _enqueue(db, row)
    return SchemaProof("pending", key=key)


async def _enqueue(db: AsyncSession, row: Snapshot) -> None:
    restore = Restore(
        organization_id=row.organization_id,
        snapshot_id=row.id,
        target_name=f"proof-{secrets.token_hex(6)}",
        fresh=True,
        mode="empty",
        created={},
        result={},
        request={"proof": True},
    )
    db.add(restore)
    await db.flush()
    assert row.project_id
    project = await projects.get(db, SYSTEM, row.project_id, "database:read")
    job = await queue.enqueue(
        db,
        SYSTEM,
        ForDatabase(project, row.database_id) if row.database_id else project,
        kind="snapshot.prove",
        title=f"Prove that the schema of {row.database_name} can be restored",
        args={"restore_id": str(restore.id)},
    )
    restore.job_id = job.id
    await db.flush()
