"""Sets, shows, previews, runs and deletes the policy of a database."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.core import schedules
from headwater.engines import engine
from headwater.features.accounts.rights import Actor
from headwater.features.accounts.service import audit
from headwater.features.databases.service import databases
from headwater.features.jobs.models import Job
from headwater.features.jobs.service import queue
from headwater.features.policies import repository
from headwater.features.policies.models import PolicyRun, SnapshotPolicy
from headwater.features.policies.service import retention, rules, run_results
from headwater.features.policies.service.retention import Planned
from headwater.features.policies.service.rules import Rules
from headwater.features.snapshots.service import snapshots
from headwater.features.snapshots.service.engines import check_made_here
from headwater.kit.clock import now
from headwater.kit.errors import Conflict, NotFound
from headwater.kit.paging import Page, cut
from headwater.store.context import Context

SHOWN = 5


@dataclass(frozen=True, slots=True)
class PolicyView:
    """A policy, its next times, and its last run of the kind `snapshot`."""

    row: SnapshotPolicy
    rules: Rules
    next: tuple[datetime, ...]
    last: PolicyRun | None


@dataclass(frozen=True, slots=True)
class RunView:
    """A run with its job."""

    run: PolicyRun
    job: Job | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a policy would do: its next times, and whether it keeps or deletes each existing snapshot."""

    next: tuple[datetime, ...]
    snapshots: Sequence[Planned]


async def find(db: AsyncSession, actor: Actor, database_id: uuid.UUID, *, lock: bool = False) -> SnapshotPolicy:
    """Return the policy of a database that the actor may read."""
    database = await databases.find(db, actor, database_id)
    row = await repository.get(db, database_id, lock=lock)
    if row is None:
        raise NotFound(f"{database.name} has no policy.", hint="Set one: headwater policy set DB --cron '0 3 * * *'.")
    return row


async def view(db: AsyncSession, actor: Actor, database_id: uuid.UUID) -> PolicyView:
    """Return the policy of a database with its next times."""
    row = await find(db, actor, database_id)
    given = rules.of_row(row)
    return PolicyView(row, given, upcoming(given, row.next_at), await repository.last_run(db, database_id, "snapshot"))


def upcoming(given: Rules, first: datetime | None = None) -> tuple[datetime, ...]:
    """Return the next times of a schedule; none while it is paused."""
    if given.schedule is None or given.paused:
        return ()
    moments = schedules.times(given.schedule, first or now())
    return (first, *islice(moments, SHOWN - 1)) if first else tuple(islice(moments, SHOWN))


async def put(context: Context, actor: Actor, database_id: uuid.UUID, given: Rules) -> PolicyView:
    """Create or replace the policy of a database.

    Raises:
        Forbidden: the retention would change, and the actor may not delete snapshots.
        BadInput: test restores are on, but Headwater cannot create databases of this engine.
        Invalid: a time, a time zone or a number is invalid.
        NotFound: a named table does not exist.
    """
    async with context.store.transaction() as db:
        await databases.find(db, actor, database_id, "database:write")
    given = rules.checked(given)
    await snapshots.check(context, actor, database_id, given.request)
    async with context.store.transaction() as db:
        database = await databases.find(db, actor, database_id, "database:write", lock=True)
        if given.drill_days:
            check_made_here(engine(database.engine))
        row = await repository.get(db, database_id, lock=True)
        before = rules.of_row(row) if row else None
        if (before.retention if before else None) != given.retention:
            await databases.find(db, actor, database_id, "database:admin")
        if row is None:
            row = SnapshotPolicy(database_id=database_id, organization_id=database.organization_id, verify_part=0)
            db.add(row)
        _set(row, before, given, actor)
        await db.flush()
        await db.refresh(row)
        databases.record(db, actor, "policy.set", database, **rules.values(given))
        return await view(db, actor, database_id)


def _set(row: SnapshotPolicy, before: Rules | None, given: Rules, actor: Actor) -> None:
    """Write rules to a row; the next times of unchanged parts stay the same."""
    at = now()
    for name, value in rules.values(given).items():
        setattr(row, name, value)
    row.updated_by, row.updated_at = actor.user_id, at
    timing = (before.schedule, before.jitter_seconds) if before and not before.paused else None
    if timing != (given.schedule, given.jitter_seconds):
        rules.set_next(row, at)
    if before is None or before.retention != given.retention:
        row.retained_at = at  # applied after the next snapshot or in an hour: time to correct a mistake
    if before is None or before.verify != given.verify:
        row.verify_at = at if given.verify else None
    if before is None or before.drill_days != given.drill_days:
        row.drill_at = at if given.drill_days else None


async def remove(db: AsyncSession, actor: Actor, database_id: uuid.UUID) -> None:
    """Delete the policy of a database; its snapshots are kept."""
    database = await databases.find(db, actor, database_id, "database:admin")
    row = await find(db, actor, database_id, lock=True)
    await db.delete(row)
    await db.flush()
    databases.record(db, actor, "policy.delete", database)


async def run_now(db: AsyncSession, actor: Actor, database_id: uuid.UUID) -> RunView:
    """Run the policy now: take a snapshot without waiting for its schedule."""
    database = await databases.find(db, actor, database_id, "database:write")
    row = await find(db, actor, database_id, lock=True)
    await _settle_last(db, row)
    if await repository.running(db, database_id, "snapshot"):
        raise Conflict("The last snapshot is still being taken.", hint="Wait until it is complete, or cancel its job.")
    snapshot_view = await snapshots.begin(db, actor, database_id, rules.of_row(row).request)
    run_id = await repository.add_run(
        db,
        organization_id=row.organization_id,
        database_id=database_id,
        kind="snapshot",
        outcome="running",
        detail="",
        snapshot_id=snapshot_view.snapshot.id,
        job_id=snapshot_view.snapshot.job_id,
        created_by=actor.user_id,
    )
    assert run_id
    databases.record(db, actor, "policy.run", database)
    run = await repository.run(db, run_id)
    assert run
    return RunView(run, snapshot_view.job)


async def _settle_last(db: AsyncSession, row: SnapshotPolicy) -> None:
    """Record the result of the last run if its job has ended; the next tick then applies the retention."""
    last = await repository.running(db, row.database_id, "snapshot")
    held = await repository.hold_run(db, last.id) if last else None
    if held and await run_results.settle_one(db, held, now()):
        row.retained_at = now() - repository.RETAIN_EVERY
    await db.flush()


async def runs(
    db: AsyncSession, actor: Actor, database_id: uuid.UUID, *, cursor: str | None, limit: int
) -> Page[RunView]:
    """Return the runs of a policy, newest first, even if the policy was deleted."""
    await databases.find(db, actor, database_id)
    policy_runs = await repository.runs(db, database_id, audit.before_id(cursor), limit)
    jobs = await queue.get_many(db, [run.job_id for run in policy_runs if run.job_id])
    views = [RunView(run, jobs.get(run.job_id) if run.job_id else None) for run in policy_runs]
    return cut(views, limit, lambda item: (str(item.run.id),))


async def preview(db: AsyncSession, actor: Actor, database_id: uuid.UUID, given: Rules | None) -> Preview:
    """Return what the current policy, or the given one, would do."""
    await databases.find(db, actor, database_id)
    if given is None:
        row = await find(db, actor, database_id)
        known = rules.of_row(row)
        times = upcoming(known, row.next_at)
    else:
        known = rules.checked(given)
        times = upcoming(known)
    return Preview(times, await retention.planned(db, actor, database_id, known.retention, known.timezone))
