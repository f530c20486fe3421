"""The databases that snapshots are restored into: creating them, checking them, and cleaning up after a failure."""

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
from headwater.features.jobs.service import row_claims
from headwater.features.jobs.service.row_claims import RowClaim
from headwater.features.snapshots import repository
from headwater.features.snapshots.models import Restore, Snapshot
from headwater.features.snapshots.service.restore import restores
from headwater.features.snapshots.service.storage import vault_locations
from headwater.features.snapshots.service.storage.vault_locations import VaultLocation
from headwater.kit.errors import Cancelled, Conflict, Forbidden, HeadwaterError, NotFound, Unavailable
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
        """Write to the row; raise Cancelled if another attempt has taken over."""
        await self.claim.commit(self.attempt.database, **values)


async def begin(attempt: Attempt) -> RestoreAttempt:
    """Claim the row: from now on only this attempt may write to it."""
    async with attempt.database.transaction() as db:
        row = await repository.restore(db, uuid.UUID(attempt.args["restore_id"]), lock=True)
        snapshot = await repository.get(db, row.snapshot_id) if row else None
        if row is None or snapshot is None or snapshot.status != "complete":
            raise Cancelled("The snapshot was deleted.")
        location = await vault_locations.load(db, attempt.settings, snapshot.vault_id)
        return RestoreAttempt(attempt, row_claims.claim(row), snapshot, location)


async def prepared(work: RestoreAttempt) -> ReachableDatabase:
    """Return the target database, created or cleaned up so that the restore can start."""
    if work.row.fresh:
        await renew(work)
    assert work.row.target_id or work.row.fresh
    async with work.attempt.database.transaction() as db:
        if work.row.target_id is None:
            raise Cancelled("The database to restore into was deleted.")
        database = await databases.find(db, SYSTEM, work.row.target_id)
        if database.read_only:
            raise Forbidden(f"{database.name} is connected read-only.")
        reached = await reachability.load(db, work.attempt.context.cipher, database)
    if work.row.created.get("things"):
        work.attempt.note("An earlier attempt was interrupted. The objects it created are dropped first.", "warning")
        await clear(work, reached)
    return reached


async def renew(work: RestoreAttempt) -> None:
    """Create the new database of a restore; delete the one of an earlier attempt that has already written to it."""
    attempt, row = work.attempt, work.row
    async with attempt.database.transaction() as db:
        there = await _alive(db, row.target_id)
        if there is not None and row.created:
            attempt.note("An earlier attempt was interrupted. Its database is deleted first.", "warning")
            await _delete_database(db, row.target_id)
            there = None
        if there is None:
            database = await restores.create_target(
                db,
                SYSTEM,
                attempt.settings,
                work.snapshot,
                row.target_name,
                _project(row, work.snapshot),
                scratch=bool(row.request.get("proof")),
            )
            row.target_id = database.id
        await work.claim.try_update(db, target_id=row.target_id, created={"begun": True})
        row.created = {}
    assert row.target_id
    attempt.report("database", 0, 1, unit="steps", message=row.target_name)
    view = await readiness.wait_until_settled(attempt.context, SYSTEM, row.target_id, WAIT_SECONDS)
    if view.database.state != "running":
        raise Unavailable(
            f"{row.target_name} could not be created: {view.database.state_reason or view.database.state}"
        )


def _project(row: Restore, snapshot: Snapshot) -> uuid.UUID | None:
    given = row.request.get("project_id")
    return uuid.UUID(given) if given else snapshot.project_id


async def _alive(db: AsyncSession, database_id: uuid.UUID | None) -> uuid.UUID | None:
    try:
        return (await databases.find(db, SYSTEM, database_id)).id if database_id else None
    except NotFound:
        return None


async def _delete_database(db: AsyncSession, database_id: uuid.UUID | None) -> None:
    assert database_id
    await databases.remove(db, SYSTEM, database_id)
    await databases.purge(db, SYSTEM, database_id)


async def abandon(db: AsyncSession, row: Restore) -> uuid.UUID | None:
    """Delete the new database of an abandoned restore, in the caller's transaction; return its id."""
    there = await _alive(db, row.target_id)
    await repository.forget_target(db, row.id)
    if there is not None:
        await _delete_database(db, there)
    return there


_RELATIONS = frozenset({"table", "view", "materialized view", "collection", "keyspace"})


def things(
    engine: Engine,
    schema: Schema,
    existing: Schema,
    name: str,
    *,
    archived: Sequence[tuple[str, str]] | None = None,
) -> Things:
    """Return (kind, quoted name) of every object that a restore will create, none of which may exist yet.

    With an archive, `archived` are its objects, of which the engine has compared everything but relations.

    Raises:
        Conflict: one of them exists.
    """
    relations = {(relation.schema, relation.name) for relation in existing}  # all kinds share one namespace
    taken = {(kind, key) for kind, key in _objects(existing)}
    planned = [item for item in _objects(schema) if archived is None or item[0] in {*_RELATIONS, "sequence"}]
    clash = [key for kind, key in planned if (kind, key) in taken or (kind in _RELATIONS and key in relations)]
    if clash:
        names = ", ".join(".".join(filter(None, key)) for key in clash[:5]) + (" …" if len(clash) > 5 else "")
        raise Conflict(
            f"{name} already has {names}.", hint="Choose an empty database, or only tables that it does not have."
        )
    return missing_things(engine, schema, Schema()) if archived is None else [list(item) for item in archived]


def missing_things(engine: Engine, schema: Schema, existing: Schema) -> Things:
    """Return (kind, quoted name) of every object of a Schema that the existing one does not have."""
    taken = set(_objects(existing))
    return [[kind, engine.quote(*key)] for kind, key in _objects(schema) if (kind, key) not in taken]


def apart(fill: BulkLoader, tables: Sequence[ManifestTable], target: ReachableDatabase) -> Things:
    """Return (kind, quoted name) of standalone rows, of which the target must have none yet; blocks.

    Raises:
        Conflict: the target has some.
    """
    snapshot_tables = [manifest_tables.dump_table(table) for table in tables if manifest_tables.apart(table)]
    for table in snapshot_tables:
        if fill.count_rows(table):
            raise Conflict(f"{target.name} already has rows in {table.display_name}.", hint="Choose an empty database.")
    return [[STANDALONE_ROWS, target.engine.quote(table.schema, table.name)] for table in snapshot_tables]


def _objects(schema: Schema) -> Iterator[tuple[str, tuple[str | None, str]]]:
    """Yield the objects that can be dropped by name, in an order that mostly works.

    Sequences of identity columns are dropped with their tables.
    """
    for relation in schema:
        if relation.kind != "table":
            yield relation.kind.replace("_", " "), (relation.schema, relation.name)
    for relation in schema:
        if relation.kind == "table":
            yield "table", (relation.schema, relation.name)
    yield from (("routine", (routine.schema, routine.name)) for routine in schema.routines)
    yield from (
        ("sequence", (sequence.schema, sequence.name)) for sequence in schema.sequences if sequence.owned_by is None
    )
    yield from (("domain", (domain.schema, domain.name)) for domain in schema.domains)
    yield from (("type", (enum.schema, enum.name)) for enum in schema.enums)


async def clear_after(work: RestoreAttempt, target: ReachableDatabase) -> None:
    """Clean up after a failure as far as possible; what is left stays recorded for the next attempt."""
    try:
        if work.row.fresh:
            async with work.attempt.database.transaction() as db:
                if await work.claim.try_update(db, target_id=None, created={}):
                    await _delete_database(db, target.id)
            await readiness.notify_supervisor(work.attempt.settings, target.id)
        else:
            await clear(work, target)
    except Cancelled:
        return  # another attempt has taken over
    except HeadwaterError as error:
        work.attempt.note(f"The created objects could not be dropped: {error.message}", "error")


async def clear(work: RestoreAttempt, target: ReachableDatabase) -> None:
    """Drop what the restore created in an existing database, if this attempt still owns the restore."""
    await work.note()
    async with work.attempt.database.transaction() as db:
        row = await repository.restore(db, work.row.id)
        objects: Things = row.created.get("things", []) if row else []
    if not objects:
        return
    transfer_target = target.engine.transfer.target
    if transfer_target is None:
        raise Conflict(f"Headwater cannot drop the created objects in {target.engine.display_name}.")
    async with reachability.open_session(work.attempt.settings, target) as session:
        await drop_all(transfer_target(session), objects)
    await work.note(created={})
