"""Verifies all snapshots of a database, or a share of their pages, to find damage before a restore needs them."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.core.snapshots.sample_check import SampleCheck
from headwater.features.accounts.rights import SYSTEM, Actor
from headwater.features.accounts.service import projects
from headwater.features.databases.service import databases
from headwater.features.jobs.context import Attempt, Write
from headwater.features.jobs.models import Job
from headwater.features.jobs.service import queue
from headwater.features.jobs.service.queue import ForDatabase
from headwater.features.snapshots import repository
from headwater.features.snapshots.service import snapshots
from headwater.features.snapshots.service.storage import vault_locations
from headwater.features.snapshots.service.storage.vault_locations import VaultLocation
from headwater.features.snapshots.service.verify.verification import Kind, sentence
from headwater.kit.clock import now
from headwater.kit.errors import Cancelled, Conflict
from headwater.vault import verification
from headwater.vault.verification import Finding, VerificationResult, VerificationShare


async def begin(
    db: AsyncSession,
    actor: Actor,
    database_id: uuid.UUID,
    kind: Kind,
    part: VerificationShare = VerificationShare(),  # noqa: B008 - frozen
) -> Job:
    """Enqueue the verification of all snapshots of a database."""
    database = await databases.find(db, actor, database_id, "database:write")
    if database.project_id is None:
        raise Conflict(f"The project of {database.name} was deleted.")
    project = await projects.get(db, actor, database.project_id, "database:read")
    return await queue.enqueue(
        db,
        actor,
        ForDatabase(project, database.id),
        kind="snapshot.scrub",
        title=f"Verify the snapshots of {database.name}",
        args={"database_id": str(database_id), "kind": kind, "part": part.number, "parts": part.parts},
    )


async def run_job(attempt: Attempt) -> Write:
    """Run a job that verifies all snapshots of a database; the job succeeds even if it finds damage."""
    database_id, kind = uuid.UUID(attempt.args["database_id"]), attempt.args["kind"]
    part = VerificationShare(attempt.args["part"], attempt.args["parts"])
    async with attempt.database.transaction() as db:
        locations = await repository.ids_by_vault(db, database_id)
        vaults = {vault: await vault_locations.load(db, attempt.settings, vault) for vault in locations}
    if not locations:
        raise Cancelled("There are no snapshots to verify.")
    checked: dict[uuid.UUID, SampleCheck] = {}
    for vault_id, ids in locations.items():
        verified = await _verified(attempt, vaults[vault_id], ids, kind, part)
        checked |= _by_snapshot(verified, ids, kind, part)
        _log_findings(attempt, verified)

    async def write(db: AsyncSession) -> None:
        await _write(db, checked)

    return write


async def _verified(
    attempt: Attempt, location: VaultLocation, ids: Sequence[uuid.UUID], kind: Kind, part: VerificationShare
) -> VerificationResult:
    def show(done: int, total: int) -> None:
        attempt.report("reading", done, total, unit="rows")

    def work() -> VerificationResult:
        vault, only = location.open(), [str(snapshot_id) for snapshot_id in ids]
        if kind == "quick":
            return verification.quick(vault, only)
        return verification.deep(vault, only, part=part, progress=show)

    return await asyncio.to_thread(work)


def _by_snapshot(
    verified: VerificationResult, ids: Sequence[uuid.UUID], kind: Kind, part: VerificationShare
) -> dict[uuid.UUID, SampleCheck]:
    """Return the result for each snapshot; findings of no single snapshot, such as of a key, count for all."""
    percent = 100 if kind == "quick" else round(100 / part.parts)
    checks = {}
    for snapshot_id in ids:
        mine = [finding for finding in verified.findings if finding.snapshot in {None, str(snapshot_id)}]
        checks[snapshot_id] = SampleCheck(
            kind, verified.segments, 0, tuple(sentence(finding) for finding in mine), percent
        )
    return checks


def _log_findings(attempt: Attempt, verified: VerificationResult) -> None:
    for finding in verified.findings:
        attempt.note(_where(finding), "error")
    if verified.sound:
        attempt.note(
            f"No damage found in {verified.snapshots} snapshots: {verified.packs} packs exist, and "
            f"{verified.segments:,} segments with {verified.rows:,} rows were read."
        )


def _where(finding: Finding) -> str:
    return f"Snapshot {finding.snapshot}: {sentence(finding)}" if finding.snapshot else sentence(finding)


async def _write(db: AsyncSession, checked: Mapping[uuid.UUID, SampleCheck]) -> None:
    """Write the results to the rows of the snapshots."""
    for snapshot_id, check in checked.items():
        row = await repository.get(db, snapshot_id, lock=True)
        if row is None or row.status != "complete" or not check.may_replace(row.verification):
            continue
        row.verified_at, row.verification = now(), check.plain
        if check.problems:
            snapshots.note(db, SYSTEM, "snapshot.damaged", row, problems=len(check.problems))
    await db.flush()
