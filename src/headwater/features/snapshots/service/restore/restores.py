"""Plans, starts and lists restores; `restore_job` runs them."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.catalog.model import Schema
from headwater.core.snapshots.manifest_tables import WITH_ALL
from headwater.engines import engine
from headwater.features.accounts.rights import Actor, missing, require_proof
from headwater.features.accounts.service import audit, projects
from headwater.features.databases.api_models import Quotas
from headwater.features.databases.models import Database
from headwater.features.databases.service import databases, reachability, schema_cache
from headwater.features.databases.service.specs import DatabaseSpec
from headwater.features.jobs.models import Job
from headwater.features.jobs.service import queue
from headwater.features.jobs.service.queue import ForDatabase
from headwater.features.snapshots import repository
from headwater.features.snapshots.models import Restore, Snapshot
from headwater.features.snapshots.service import snapshots
from headwater.features.snapshots.service.engines import check_made_here, in_place_restore_of
from headwater.kit.errors import Conflict, Forbidden, Invalid, NotFound, did_you_mean
from headwater.kit.paging import Page, cut
from headwater.kit.settings import Settings
from headwater.store.context import Context
from headwater.store.encryption import SecretCipher

Mode = Literal["empty", "overwrite", "append", "append_missing"]
Action = Literal["create", "replace", "append", "append_missing", "leave", "refuse"]
_THERE: dict[Mode, tuple[Action, str]] = {
    "empty": ("refuse", "already exists"),
    "overwrite": ("replace", "has its rows replaced with those of the snapshot"),
    "append": ("append", "keeps its rows, and the snapshot's rows are added"),
    "append_missing": ("append_missing", "keeps its rows, and the snapshot's rows with other keys are added"),
}


class RestoreNotConfirmed(Conflict):
    """The database is protected: confirm the restore."""

    code = "confirmation_needed"


@dataclass(frozen=True, slots=True)
class RestoreOptions:
    """Where to restore a snapshot: into a new database (`name`) or an existing one (`target_id`), and which tables."""

    name: str | None = None
    project_id: uuid.UUID | None = None
    target_id: uuid.UUID | None = None
    tables: Sequence[str] | None = None
    mode: Mode = "empty"
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class RestoreView:
    """A restore with its job."""

    restore: Restore
    job: Job | None


@dataclass(frozen=True, slots=True)
class RestoreStep:
    """What a restore would do to one table."""

    table: str
    rows: int
    rows_there: int | None
    action: Action
    sentence: str


@dataclass(frozen=True, slots=True)
class RestorePlan:
    """What a restore would do; it cannot start if there are refusals."""

    target_name: str
    fresh: bool
    undo: bool
    steps: tuple[RestoreStep, ...]
    refusals: tuple[str, ...]


async def plan(context: Context, actor: Actor, snapshot_id: uuid.UUID, order: RestoreOptions) -> RestorePlan:
    """Return what a restore would do to each table of its target."""
    async with context.store.transaction() as db:
        snapshot = await _complete(db, actor, snapshot_id)
        chosen(snapshot, order.tables)
        target = await _target(db, actor, snapshot, order)
        reached = await reachability.load(db, context.cipher, target) if target else None
    schema = await schema_cache.read(context, reached) if reached else Schema()
    steps = _steps(snapshot, schema, order)
    refused = [step.sentence for step in steps if step.action == "refuse"]
    if reached and reached.protected and not order.confirmed:
        refused.append(f"{reached.name} is protected: confirm the restore.")
    changes = any(step.action in {"replace", "append", "append_missing"} for step in steps)
    return RestorePlan(reached.name if reached else order.name or "", target is None, changes, steps, tuple(refused))


def chosen(snapshot: Snapshot, tables: Sequence[str] | None) -> list[dict[str, object]]:
    """Return the requested tables as recorded in the row of a snapshot; raise NotFound for an unknown name."""
    every: list[dict[str, object]] = snapshot.contents.get("tables", [])
    names = {display_name(table): table["name"] for table in every}
    for name in tables or ():
        if name not in names and name not in names.values():
            raise NotFound(
                f"There is no table {name!r} in the snapshot.",
                hint=did_you_mean(name, {*names, *map(str, names.values())}),
            )
    return [table for table in every if tables is None or {display_name(table), table["name"]} & set(tables)]


def display_name(table: dict[str, object]) -> str:
    """Return the name of a table, with its schema if it has one."""
    return f"{table['schema']}.{table['name']}" if table["schema"] else str(table["name"])


def _steps(snapshot: Snapshot, existing: Schema, order: RestoreOptions) -> tuple[RestoreStep, ...]:
    """Return what happens to each table; standalone rows are restored only with a whole database or by name."""
    wanted, in_place = chosen(snapshot, order.tables), order.mode != "empty"
    steps = []
    for table in snapshot.contents.get("tables", []):
        name, rows = display_name(table), int(table["rows"])
        if table.get("apart") and (table not in wanted or (in_place and order.tables is None)):
            steps.append(RestoreStep(name, rows, None, "leave", f"{name} is left out: {WITH_ALL}."))
        elif table.get("apart") and in_place:
            steps.append(RestoreStep(name, rows, None, "refuse", f"{name} is not restored in place: {WITH_ALL}."))
        elif table in wanted:
            steps.append(_step(name, rows, table, existing, order.mode))
    return tuple(steps)


def _step(name: str, rows: int, table: dict[str, object], existing: Schema, mode: Mode) -> RestoreStep:
    key = (table["schema"], table["name"])
    relation = next((relation for relation in existing if (relation.schema, relation.name) == key), None)
    if relation is None:
        return RestoreStep(name, rows, None, "create", f"{name} is created with {rows:,} rows.")
    action, what = _THERE[mode]
    return RestoreStep(name, rows, relation.rows, action, f"{name} {what}.")


async def _complete(db: AsyncSession, actor: Actor, snapshot_id: uuid.UUID) -> Snapshot:
    snapshot = await snapshots.find(db, actor, snapshot_id, write=True)
    if snapshot.status != "complete":
        raise Conflict("This snapshot is not complete.", hint="Wait until it is complete, or choose another snapshot.")
    return snapshot


async def _target(db: AsyncSession, actor: Actor, snapshot: Snapshot, order: RestoreOptions) -> Database | None:
    """Return the existing target database, or None for a new one; raise an error if it may not be restored into."""
    if (order.name is None) == (order.target_id is None):
        raise Invalid({"name": "Give either the name of a new database or the id of an existing one."})
    if order.target_id is None:
        check_made_here(engine(snapshot.engine))
        return None
    target = await databases.find(
        db, actor, order.target_id, "database:write" if order.mode == "empty" else "database:admin"
    )
    if target.read_only:
        raise Forbidden(f"{target.name} is connected read-only.", hint="An admin can change that.")
    if target.organization_id != snapshot.organization_id:
        raise Conflict(f"{target.name} belongs to another organization.")
    if order.mode != "empty":
        in_place_restore_of(engine(target.engine))
    if target.engine != snapshot.engine:
        raise Conflict(
            f"{target.name} is a {engine(target.engine).display_name} database, "
            f"but the snapshot is of {engine(snapshot.engine).display_name}.",
            hint="Restore the snapshot into a new database, then copy that database.",
        )
    return target


async def start(context: Context, actor: Actor, snapshot_id: uuid.UUID, order: RestoreOptions) -> RestoreView:
    """Enqueue a restore; a new target database is requested in the same transaction.

    Raises:
        RestoreNotConfirmed: the target is protected.
        Conflict: the target has one of the tables, and the mode is `empty`.
    """
    planned = await plan(context, actor, snapshot_id, order)
    async with context.store.transaction() as db:
        snapshot = await _complete(db, actor, snapshot_id)
        target = await _target(db, actor, snapshot, order)
        if target:
            require_proof(actor)
        if target and target.protected and not order.confirmed:
            raise RestoreNotConfirmed(f"{target.name} is protected.", hint="Confirm the restore.")
        if planned.refusals:
            raise Conflict(planned.refusals[0], hint="Choose a mode for existing tables, or another target.")
        database = target or await create_target(
            db, actor, context.settings, snapshot, order.name or "", order.project_id or snapshot.project_id
        )
        return await _begin(db, actor, snapshot, database, order, fresh=target is None)


async def drill(context: Context, actor: Actor, snapshot_id: uuid.UUID) -> RestoreView:
    """Enqueue a test restore: a restore into a new database, which is deleted after its rows are counted."""
    async with context.store.transaction() as db:
        return await begin_drill(db, actor, context.settings, snapshot_id)


async def begin_drill(db: AsyncSession, actor: Actor, settings: Settings, snapshot_id: uuid.UUID) -> RestoreView:
    """Enqueue a test restore in the caller's transaction."""
    snapshot = await _complete(db, actor, snapshot_id)
    check_made_here(engine(snapshot.engine))
    order = RestoreOptions(f"drill-{secrets.token_hex(6)}")
    database = await create_target(db, actor, settings, snapshot, order.name or "", snapshot.project_id)
    return await _begin(db, actor, snapshot, database, order, fresh=True, drill=True)


async def create_target(
    db: AsyncSession,
    actor: Actor,
    settings: Settings,
    snapshot: Snapshot,
    name: str,
    project_id: uuid.UUID | None,
    *,
    scratch: bool = False,
) -> Database:
    """Request the new database to restore a snapshot into; one for a proof of its schema is a `scratch` one."""
    if project_id is None:
        raise Invalid({"project_id": "The snapshot's project was deleted: choose a project for the database."})
    spec = DatabaseSpec(name, snapshot.engine, quotas=Quotas().model_dump(), scratch=scratch)
    return await databases.create(db, actor, SecretCipher.of(settings), project_id, spec)


async def _begin(
    db: AsyncSession,
    actor: Actor,
    snapshot: Snapshot,
    target: Database,
    order: RestoreOptions,
    *,
    fresh: bool,
    drill: bool = False,
) -> RestoreView:
    row = await add(db, actor, snapshot, target, order, fresh=fresh, drill=drill)
    assert target.project_id
    project = await projects.get(db, actor, target.project_id, "database:read")
    job = await queue.enqueue(
        db,
        actor,
        ForDatabase(project, target.id),
        kind="snapshot.restore",
        args={"restore_id": str(row.id)},
        title=f"{'Test restore of' if drill else 'Restore'} {snapshot.database_name} into {target.name}",
    )
    row.job_id = job.id
    action = "snapshot.drill" if drill else "snapshot.restore"
    snapshots.note(db, actor, action, snapshot, restore_id=str(row.id), target=target.name, mode=order.mode)
    await db.flush()
    await db.refresh(row)
    return RestoreView(row, job)


async def add(
    db: AsyncSession,
    actor: Actor,
    snapshot: Snapshot,
    target: Database,
    order: RestoreOptions,
    *,
    fresh: bool,
    drill: bool = False,
) -> Restore:
    """Insert the row of a restore that a job is to run."""
    row = Restore(
        organization_id=snapshot.organization_id,
        snapshot_id=snapshot.id,
        target_id=target.id,
        target_name=target.name,
        fresh=fresh,
        mode=order.mode,
        created_by=actor.user_id,
        created={},
        result={},
        request={
            "tables": list(order.tables) if order.tables is not None else None,
            "project_id": str(target.project_id),
            "drill": drill,
        },
    )
    db.add(row)
    await db.flush()
    return row


async def view(db: AsyncSession, actor: Actor, restore_id: uuid.UUID) -> RestoreView:
    """Return a restore with its job."""
    row = await repository.restore(db, restore_id)
    if row is None or row.organization_id not in actor.roles:
        raise missing(row, "There is no such restore.")
    await snapshots.find(db, actor, row.snapshot_id)
    return (await _with_jobs(db, [row]))[0]


async def list_of_snapshot(
    db: AsyncSession, actor: Actor, snapshot_id: uuid.UUID, *, cursor: str | None, limit: int
) -> Page[RestoreView]:
    """Return the restores of a snapshot, newest first."""
    await snapshots.find(db, actor, snapshot_id)
    views = await _with_jobs(db, await repository.restores_of(db, snapshot_id, audit.before_id(cursor), limit))
    return cut(views, limit, lambda item: (str(item.restore.id),))


async def _with_jobs(db: AsyncSession, rows: Sequence[Restore]) -> list[RestoreView]:
    return [RestoreView(*pair) for pair in await queue.with_jobs(db, rows)]
