"""Verifies a single snapshot: quickly by checking that everything exists, or deeply by reading every page."""

from __future__ import annotations

import asyncio
import uuid
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.core.snapshots import schema_proof
from headwater.core.snapshots.sample_check import SampleCheck
from headwater.features.accounts.rights import SYSTEM, Actor
from headwater.features.accounts.service import projects
from headwater.features.jobs.context import Attempt, Write
from headwater.features.jobs.models import Job
from headwater.features.jobs.service import queue
from headwater.features.jobs.service.queue import ForDatabase
from headwater.features.snapshots import repository
from headwater.features.snapshots.service import proof_requests, snapshots
from headwater.features.snapshots.service.storage import vault_locations
from headwater.kit.clock import now
from headwater.kit.errors import Cancelled, Conflict
from headwater.vault import verification
from headwater.vault.verification import Finding, VerificationResult

Kind = Literal["quick", "deep"]


async def start(db: AsyncSession, actor: Actor, snapshot_id: uuid.UUID, kind: Kind) -> Job:
    """Enqueue the verification of a snapshot."""
    row = await snapshots.find(db, actor, snapshot_id, write=True)
    if row.status != "complete":
        raise Conflict("This snapshot is not complete.", hint="Wait until it is complete.")
    if row.project_id is None:
        raise Conflict(
            "The project of this snapshot was deleted.", hint="Restore the snapshot into another project to check it."
        )
    project = await projects.get(db, actor, row.project_id, "database:read")
    snapshots.note(db, actor, "snapshot.verify", row, how=kind)
    return await queue.enqueue(
        db,
        actor,
        ForDatabase(project, row.database_id) if row.database_id else project,
        kind="snapshot.verify",
        title=f"Verify a snapshot of {row.database_name}",
        args={"snapshot_id": str(row.id), "kind": kind},
    )


async def run_job(attempt: Attempt) -> Write:
    """Run a job that verifies a snapshot; the job succeeds even if it finds damage.

    If the schema of the snapshot was not proven, that is requested.
    """
    snapshot_id, kind = uuid.UUID(attempt.args["snapshot_id"]), attempt.args["kind"]
    async with attempt.database.transaction() as db:
        row = await repository.get(db, snapshot_id)
        if row is None or row.status != "complete":
            raise Cancelled("The snapshot was deleted.")
        location = await vault_locations.load(db, attempt.settings, row.vault_id)

    def show(done: int, total: int) -> None:
        attempt.report("reading", done, total, unit="rows")

    def work() -> VerificationResult:
        vault, only = location.open(), [str(snapshot_id)]
        return verification.quick(vault, only) if kind == "quick" else verification.deep(vault, only, progress=show)

    result = await asyncio.to_thread(work)
    manifest = await asyncio.to_thread(lambda: location.open().manifest(str(snapshot_id))) if result.sound else None
    if proof := schema_proof.of_row(row.proof):
        attempt.note(
            f"{proof.sentence[0].upper()}{proof.sentence[1:]}.", "error" if proof.state == "refuted" else "info"
        )
    for finding in result.findings:
        attempt.note(sentence(finding), "error")
    for loss in manifest.losses if manifest else ():
        attempt.note(loss, "warning")
    if result.sound:
        attempt.note(
            f"No damage found: {result.packs} packs exist, and {result.segments:,} segments with {result.rows:,} rows "
            "were read."
        )
    checked = SampleCheck(kind, result.segments, 0, tuple(sentence(finding) for finding in result.findings))

    async def write(db: AsyncSession) -> None:
        known = await repository.get(db, snapshot_id, lock=True)
        if known and checked.may_replace(known.verification):
            known.verified_at, known.verification = now(), checked.plain
        if known and manifest and not known.proof.get("server"):
            known.proof = (await proof_requests.request(db, known, manifest)).plain
        if not result.sound:
            snapshots.note(db, SYSTEM, "snapshot.damaged", row, problems=len(result.findings))

    return write


def sentence(finding: Finding) -> str:
    """Return the sentence for a finding, with its table if it has one."""
    return f"{finding.table}: {finding.what}" if finding.table else finding.what
