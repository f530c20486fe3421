"""Decides which snapshots a retention keeps, and deletes the others; the preview uses the same plan."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.core.retention import Candidate, plan
from headwater.features.accounts.rights import SYSTEM, Actor
from headwater.features.policies import repository
from headwater.features.policies.service import rules
from headwater.features.policies.service.rules import Retention
from headwater.features.snapshots.models import Snapshot
from headwater.features.snapshots.service import snapshots, summaries
from headwater.features.snapshots.service.summaries import SnapshotSummary
from headwater.kit.errors import Conflict, HeadwaterError, NotFound
from headwater.store.context import Context

log = structlog.get_logger()
# At most this many are deleted at once; the rest in the next pass.
AT_ONCE = 200
# How long a failed scheduled snapshot stays listed.
FAILED_KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Planned:
    """Whether a snapshot is kept or deleted, and why."""

    snapshot: SnapshotSummary
    keep: bool
    reasons: tuple[str, ...]


async def planned(
    db: AsyncSession, actor: Actor, database_id: uuid.UUID, retention: Retention | None, zone: str
) -> Sequence[Planned]:
    """Decide for each complete snapshot of a database whether it is kept, newest first; all are without a retention."""
    every = await summaries.of_database(db, actor, database_id)
    given = retention or Retention()
    mine = [snapshot for snapshot in every if given.scope == "every" or snapshot.scheduled]
    candidates = [_candidate(snapshot) for snapshot in mine]
    decided = {decision.id: decision for decision in plan(given.core(zone), candidates)}
    decisions = []
    for snapshot in sorted(every, key=lambda snapshot: (snapshot.taken_at, str(snapshot.id)), reverse=True):
        decision = decided.get(str(snapshot.id))
        by_hand = (*_pins(snapshot), "not taken by the policy")
        decisions.append(
            Planned(snapshot, decision.keep if decision else True, decision.reasons if decision else by_hand)
        )
    return decisions


def _candidate(snapshot: SnapshotSummary) -> Candidate:
    return Candidate(str(snapshot.id), snapshot.taken_at, snapshot.extent, _pins(snapshot), damaged=not snapshot.sound)


def _pins(snapshot: SnapshotSummary) -> tuple[str, ...]:
    return (("legal hold",) if snapshot.held else ()) + (("in use by a restore",) if snapshot.used else ())


async def _marked(db: AsyncSession, doomed: Sequence[tuple[uuid.UUID, str]]) -> list[Snapshot]:
    """Mark snapshots as being deleted, each with its reason, except those that may not be deleted by now."""
    marked = []
    for snapshot_id, why in doomed:
        try:
            marked.append(await snapshots.begin_removal(db, SYSTEM, snapshot_id, reason=why, by="retention"))
        except (Conflict, NotFound) as error:
            log.info("retention.kept", snapshot=str(snapshot_id), reason=error.message)
    return marked


async def apply(context: Context, database_id: uuid.UUID, at: datetime) -> int:
    """Delete the snapshots that the retention does not keep, at most `AT_ONCE`, and return how many were deleted.

    All of them are marked in one transaction; maintenance of snapshots completes interrupted deletions.
    """
    async with context.store.transaction() as db:
        row = await repository.get(db, database_id, lock=True)
        given = rules.of_row(row) if row else None
        if row is None or given is None or given.paused or given.retention is None:
            return 0
        try:
            decided = await planned(db, SYSTEM, database_id, given.retention, given.timezone)
        except NotFound:
            return 0  # the database was deleted: users decide what happens to its snapshots
        doomed = [(decision.snapshot.id, "; ".join(decision.reasons)) for decision in decided if not decision.keep]
        failed = await summaries.failed_before(db, SYSTEM, database_id, at - FAILED_KEPT)
        doomed += [(snapshot_id, "failed, so it contains no data") for snapshot_id in failed]
        marked = await _marked(db, doomed[-AT_ONCE:])
        if len(doomed) <= AT_ONCE:
            row.retained_at = at
    for snapshot in marked:
        try:
            await snapshots.finish_removal(context, snapshot)
        except HeadwaterError as error:
            log.warning("snapshot.delete_failed", snapshot=str(snapshot.id), error=error.message)
    return len(marked)
