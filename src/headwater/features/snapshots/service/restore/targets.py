"""The databases that snapshots are restored into: made anew, looked at before, and cleared up after a failure."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.catalog.model import Schema
from headwater.core.snapshots import manifest_tables
from headwater.engines import STANDALONE_ROWS, BulkLoader, Engine, drop_all
from headwater.features.accounts.rights import SYSTEM
from headwater.features.databases.service import databases, reachability, readiness
from headwater.features.databases.service.reachability import ReachableDatabase
from headwater.features.jobs.context import Attempt
from headwater.features.jobs.service.row_claims import RowClaim
from headwater.features.snapshots import repository
from headwater.features.snapshots.models import Restore, Snapshot
from headwater.features.snapshots.service.restore import restores
from headwater.features.snapshots.service.storage.vault_locations import VaultLocation
from headwater.kit.errors import Cancelled, Conflict, HeadwaterError, NotFound, Unavailable
from headwater.vault.manifest import ManifestTable

WAIT_SECONDS = 120.0
Things = list[list[str]]


@dataclass(slots=True)
class RestoreAttempt:
    """One attempt at a restore."""

    attempt: Attempt
    claim: RowClaim[Restore]
    snapshot: Snapshot
    location: VaultLocation

    @property
    def row(self) -> Restore:
        """The restore."""
        return self.claim.row

    async def note(self, **values: object) -> None:
        """Commit values of the row; see `RowClaim.update`."""
        await self.claim.commit(self.attempt.database, **values)


async def renew(work: RestoreAttempt) -> None:
    """Make sure that the new database of a restore is there and as it was made: nothing of an earlier attempt in it."""
    attempt, row = work.attempt, work.row
    async with attempt.database.transaction() as db:
        there = await _alive(db, row.target_id)
        if there is not None and row.created:
            attempt.note("An earlier attempt ended in the middle: its database is taken away first.", "warning")
            await _take_away(db, row.target_id)
            there = None
        if there is None:
            database = await restores.create_target(
                db, SYSTEM, attempt.settings, work.snapshot, row.target_name, _project(row, work.snapshot)
            )
            row.target_id = database.id
        await work.claim.try_update(db, target_id=row.target_id, created={"begun": True})
        row.created = {}
    assert row.target_id
    attempt.report("database", 0, 1, unit="steps", message=row.target_name)
    view = await readiness.wait_until_settled(attempt.context, SYSTEM, row.target_id, WAIT_SECONDS)
    if view.database.state != "running":
        raise Unavailable(f"{row.target_name} could not be made: {view.database.state_reason or view.database.state}")


def _project(row: Restore, snapshot: Snapshot) -> uuid.UUID | None:
    given = row.request.get("project_id")
    return uuid.UUID(given) if given else snapshot.project_id


async def _alive(db: AsyncSession, database_id: uuid.UUID | None) -> uuid.UUID | None:
    try:
        return (await databases.find(db, SYSTEM, database_id)).id if database_id else None
    except NotFound:
        return None


async def _take_away(db: AsyncSession, database_id: uuid.UUID | None) -> None:
    assert database_id
    await databases.remove(db, SYSTEM, database_id)
    await databases.purge(db, SYSTEM, database_id)


async def abandon(db: AsyncSession, row: Restore) -> uuid.UUID | None:
    """Take away the new database of a restore that nobody goes on with, in the caller's transaction; return its id."""
    there = await _alive(db, row.target_id)
    await repository.forget_target(db, row.id)
    if there is not None:
        await _take_away(db, there)
    return there


_RELATIONS = frozenset({"table", "view", "materialized view", "collection", "keyspace"})


def things(engine: Engine, schema: Schema, existing: Schema, name: str) -> Things:
    """Return (kind, quoted name) of everything that a restore will make, which must not be there yet.

    Raises:
        Conflict: something is there already.
    """
    relations = {(one.schema, one.name) for one in existing}  # of whatever kind: they share their names
    taken = {(kind, key) for kind, key in _objects(existing)}
    clash = [key for kind, key in _objects(schema) if (kind, key) in taken or (kind in _RELATIONS and key in relations)]
    if clash:
        shown = ", ".join(".".join(filter(None, one)) for one in clash[:5]) + (" …" if len(clash) > 5 else "")
        raise Conflict(f"{name} has {shown} already.", hint="Choose an empty database, or tables that are not there.")
    return missing_things(engine, schema, Schema())


def missing_things(engine: Engine, schema: Schema, existing: Schema) -> Things:
    """Return (kind, quoted name) of everything in a Schema that is not there."""
    taken = set(_objects(existing))
    return [[kind, engine.quote(*key)] for kind, key in _objects(schema) if (kind, key) not in taken]


def apart(fill: BulkLoader, tables: Sequence[ManifestTable], target: ReachableDatabase) -> Things:
    """Return (kind, quoted name) of rows that are of no table, of which there must be none yet; blocks.

    Raises:
        Conflict: there are some already.
    """
    snapshot_tables = [manifest_tables.dump_table(one) for one in tables if manifest_tables.apart(one)]
    for table in snapshot_tables:
        if fill.count_rows(table):
            raise Conflict(f"{target.name} has rows in {table.display_name} already.", hint="Choose an empty database.")
    return [[STANDALONE_ROWS, target.engine.quote(table.schema, table.name)] for table in snapshot_tables]


def _objects(schema: Schema) -> Iterator[tuple[str, tuple[str | None, str]]]:
    """Give what can be dropped by name, in an order that mostly works; identities go with their tables."""
    for one in schema:
        if one.kind != "table":
            yield one.kind.replace("_", " "), (one.schema, one.name)
    for one in schema:
        if one.kind == "table":
            yield "table", (one.schema, one.name)
    yield from (("routine", (routine.schema, routine.name)) for routine in schema.routines)
    yield from (
        ("sequence", (sequence.schema, sequence.name)) for sequence in schema.sequences if sequence.owned_by is None
    )
    yield from (("domain", (domain.schema, domain.name)) for domain in schema.domains)
    yield from (("type", (enum.schema, enum.name)) for enum in schema.enums)


async def clear_after(work: RestoreAttempt, target: ReachableDatabase) -> None:
    """Clear up after a failure as far as it is possible; what is left stays recorded for the next attempt."""
    try:
        if work.row.fresh:
            async with work.attempt.database.transaction() as db:
                if await work.claim.try_update(db, target_id=None, created={}):
                    await _take_away(db, target.id)
            await readiness.notify_supervisor(work.attempt.settings, target.id)
        else:
            await clear(work, target)
    except Cancelled:
        return  # somebody else has the work
    except HeadwaterError as error:
        work.attempt.note(f"What was made could not be taken away: {error.message}", "error")


async def clear(work: RestoreAttempt, target: ReachableDatabase) -> None:
    """Drop what the restore has made in a database that was there; only as the attempt that has the work."""
    await work.note()
    async with work.attempt.database.transaction() as db:
        row = await repository.restore(db, work.row.id)
        made: Things = row.created.get("things", []) if row else []
    if not made:
        return
    transfer_target = target.engine.transfer.target
    if transfer_target is None:
        raise Conflict(f"{target.engine.display_name} cannot drop what was made.")
    async with reachability.open_session(work.attempt.settings, target) as session:
        await drop_all(transfer_target(session), made)
    await work.note(created={})
