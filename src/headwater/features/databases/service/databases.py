"""Creates, connects, lists, changes, starts, stops, deletes and restores databases."""

from __future__ import annotations

import secrets as random
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.engines import all_engines, engine
from headwater.features.accounts.models import Project
from headwater.features.accounts.rights import Action, Actor, authorize, missing, reach, require_proof
from headwater.features.accounts.service import audit, projects
from headwater.features.databases import repository
from headwater.features.databases.api_models import checked_name
from headwater.features.databases.models import Database, DatabaseMetric, DatabaseSchema
from headwater.features.databases.service.specs import ConnectionSpec, DatabaseSpec
from headwater.kit.clock import now
from headwater.kit.errors import Conflict, Invalid, NotFound, did_you_mean
from headwater.kit.ids import new_id
from headwater.kit.paging import Page, cut
from headwater.kit.settings import Settings
from headwater.store.context import Context
from headwater.store.encryption import SecretCipher

GRACE = timedelta(days=7)
Desired = Literal["running", "asleep", "stopped"]
# A `Database`, or a row with its columns.
DatabaseT = TypeVar("DatabaseT", bound=Any)


@dataclass(frozen=True, slots=True)
class DatabaseView:
    """A database and the Schema that was last read from it."""

    database: Database
    schema: DatabaseSchema | None


async def find(
    db: AsyncSession,
    actor: Actor,
    database_id: uuid.UUID,
    action: Action = "database:read",
    *,
    lock: bool = False,
    deleted: bool = False,
) -> Database:
    """Return a database to which the actor may do the action; a deleted one only with `deleted`."""
    database = await repository.get(db, database_id, lock=lock)
    return _permitted(actor, action, database, deleted=deleted)


async def find_reachable(context: Context, actor: Actor, database_id: uuid.UUID, action: Action) -> Any:
    """Return the row of `repository.REACHABLE` of a database to which the actor may do the action."""
    rows = await context.store.rows(repository.REACHABLE, database_id=database_id)
    return _permitted(actor, action, rows[0] if rows else None)


def _permitted(actor: Actor, action: Action, database: DatabaseT | None, *, deleted: bool = False) -> DatabaseT:
    """Return a database, or its row of a read, if the actor may do the action to it; a deleted one with `deleted`."""
    if database is None or (database.organization_id not in actor.roles and actor.kind != "system"):
        raise missing(database, "There is no such database.")
    authorize(actor, action, database)
    if database.deleted_at and not deleted:
        raise NotFound(f"{database.name} was deleted.", hint="It can be restored until its grace period ends.")
    return database


async def view(db: AsyncSession, actor: Actor, database_id: uuid.UUID, *, deleted: bool = True) -> DatabaseView:
    """Return a database with its Schema; also a deleted one that can be restored."""
    await find(db, actor, database_id, deleted=deleted)
    row = await repository.with_schema(db, database_id)
    assert row is not None
    return DatabaseView(row[0], row[1])


async def list_of_project(
    db: AsyncSession, actor: Actor, project_id: uuid.UUID, *, cursor: str | None, limit: int, deleted: bool = False
) -> Page[DatabaseView]:
    """Return the databases of a project, newest first."""
    project = await projects.get(db, actor, project_id, "database:read")
    within = reach(actor, "database:read")
    rows = await repository.of_project(db, project.id, within, audit.before_id(cursor), limit, deleted=deleted)
    return cut([DatabaseView(row[0], row[1]) for row in rows], limit, lambda row: (str(row.database.id),))


async def failing(db: AsyncSession) -> Sequence[Database]:
    """Return the managed databases with which something is wrong, of all organizations: for alerts."""
    return await repository.failing(db)


async def named(db: AsyncSession, actor: Actor, name: str) -> Database:
    """Return the database with this name or id among all that the actor can see."""
    try:
        return await find(db, actor, uuid.UUID(name))
    except ValueError:
        pass
    within = reach(actor, "database:read")
    databases = await repository.by_name(db, within, name)
    if len(databases) > 1:
        ids = ", ".join(str(database.id) for database in databases)
        raise Conflict(f"{len(databases)} databases are named {name}.", hint=f"Use the id instead: {ids}.")
    if not databases:
        known = await repository.all_names(db, within)
        raise NotFound(f"There is no database named {name!r}.", hint=did_you_mean(name, known))
    return databases[0]


async def create(
    db: AsyncSession,
    actor: Actor,
    cipher: SecretCipher,
    project_id: uuid.UUID,
    spec: DatabaseSpec,
) -> Database:
    """Add the row of a new database; the supervisor creates its files, or a job if it is `building`."""
    project = await projects.get(db, actor, project_id, "database:write", lock=True)
    _check_engine(spec.engine_name)
    if not spec.building:  # else they are those of another database
        _check_options(spec.engine_name, spec.options)
    await _check_name(db, project, spec.name)
    if spec.tls_required:
        _check_proxied(spec.engine_name, "managed")
    database = Database(
        id=new_id(),
        project_id=project.id,
        organization_id=project.organization_id,
        name=spec.name,
        route=await _free_route(db, spec.name),
        engine=spec.engine_name,
        origin="managed",
        driver="local",
        desired="running",
        state="creating",
        options=dict(spec.options),
        quotas=dict(spec.quotas),
        sleep_after_seconds=spec.sleep_after_seconds,
        protected=spec.protected,
        tls_required=spec.tls_required,
        building=spec.building,
        scratch=spec.scratch,
        created_by=actor.user_id,
    )
    db.add(database)
    await db.flush()
    await set_password(db, cipher, database)
    record(db, actor, "database.create", database, engine=spec.engine_name)
    await db.refresh(database)
    return database


async def connect(db: AsyncSession, actor: Actor, project_id: uuid.UUID, spec: ConnectionSpec) -> Database:
    """Save a connection that was tested."""
    project = await projects.get(db, actor, project_id, "database:write", lock=True)
    await _check_name(db, project, spec.name)
    database = Database(
        id=spec.id,
        project_id=project.id,
        organization_id=project.organization_id,
        name=spec.name,
        engine=spec.engine_name,
        origin="connected",
        desired="running",
        state="connected",
        connection=dict(spec.connection),
        facts=dict(spec.facts),
        size_bytes=spec.facts.get("size_bytes"),
        protected=spec.protected,
        read_only=spec.read_only,
        created_by=actor.user_id,
    )
    db.add(database)
    await db.flush()
    await repository.put_secrets(db, database.id, spec.secrets)
    record(db, actor, "database.connect", database, engine=spec.engine_name)
    await db.refresh(database)
    return database


async def change(db: AsyncSession, actor: Actor, database_id: uuid.UUID, given: Mapping[str, Any]) -> Database:
    """Set the given fields: name, protection, quotas, idle time."""
    switched_off = any(given.get(name) is False for name in ("protected", "read_only", "tls_required"))
    weakens = switched_off or "quotas" in given
    database = await find(db, actor, database_id, "database:admin" if weakens else "database:write", lock=True)
    if "name" in given and given["name"] != database.name:
        assert database.project_id
        await _check_name(db, await projects.get(db, actor, database.project_id, "database:read"), given["name"])
    if "quotas" in given and database.origin != "managed":
        raise Invalid({"quotas": "Only managed databases have quotas."})
    if given.get("tls_required"):
        _check_proxied(database.engine, database.origin)
    for field, value in given.items():
        setattr(database, field, value)
    record(db, actor, "database.update", database, fields=sorted(given))
    await db.flush()
    return database


async def steer(db: AsyncSession, actor: Actor, database_id: uuid.UUID, desired: Desired) -> Database:
    """Start, stop or put to sleep a managed database."""
    database = await find(db, actor, database_id, "database:write", lock=True)
    if database.origin != "managed":
        raise Conflict(f"{database.name} is not managed by Headwater.", hint="Start and stop it on its own server.")
    if database.building:
        raise Conflict(f"{database.name} is being recovered.", hint="It starts when the recovery is finished.")
    database.desired = desired
    record(db, actor, "database.steer", database, desired=desired)
    await db.flush()
    return database


async def remove(db: AsyncSession, actor: Actor, database_id: uuid.UUID) -> Database:
    """Delete a database: a managed one can be restored until its grace period ends, a connection is removed."""
    database = await find(db, actor, database_id, "database:admin", lock=True)
    require_proof(actor)
    if database.protected:
        raise Conflict(f"{database.name} is protected.", hint="Remove the protection first.")
    record(db, actor, "database.delete", database)
    if database.origin == "connected":
        await db.delete(database)
    else:
        database.desired, database.deleted_at = "stopped", now()
        database.purge_at = now() + GRACE
    await db.flush()
    return database


async def purge(db: AsyncSession, actor: Actor, database_id: uuid.UUID) -> Database:
    """Destroy a deleted database now, without waiting for the end of its grace period."""
    database = await find(db, actor, database_id, "database:admin", lock=True, deleted=True)
    if database.deleted_at is None:
        raise Conflict(f"{database.name} is not deleted.", hint="Delete it first.")
    database.purge_at = now()
    record(db, actor, "database.purge", database)
    await db.flush()
    return database


async def undelete(db: AsyncSession, actor: Actor, database_id: uuid.UUID) -> Database:
    """Undo the deletion of a database."""
    database = await find(db, actor, database_id, "database:admin", lock=True, deleted=True)
    if database.deleted_at is None:
        raise Conflict(f"{database.name} is not deleted.")
    if database.state == "deleting" or database.project_id is None:
        raise Conflict(f"{database.name} is being destroyed and cannot be restored any more.")
    await _check_name(db, await projects.get(db, actor, database.project_id, "database:read"), database.name)
    database.desired, database.deleted_at, database.purge_at = "asleep", None, None
    record(db, actor, "database.restore", database)
    await db.flush()
    return database


async def set_password(db: AsyncSession, cipher: SecretCipher, database: Database) -> None:
    """Store a new password of a managed database's owner."""
    password = random.token_urlsafe(24)
    sealed = cipher.encrypt(password, database.organization_id, database.id, "password")
    await repository.put_secrets(db, database.id, {"password": sealed})
    cipher.check_current()


def check_tls(settings: Settings, *, tls_required: bool) -> None:
    """Raise Invalid if TLS is to be required, but the proxy has no certificate: then no client could connect."""
    if tls_required and settings.tls_certificate is None:
        raise Invalid(
            {"tls_required": "The proxy has no certificate."},
            hint="Set HEADWATER_TLS_CERTIFICATE and HEADWATER_TLS_KEY first.",
        )


def _check_proxied(engine_name: str, origin: str) -> None:
    if origin != "managed" or engine(engine_name).proxy is None:
        raise Invalid({"tls_required": "Only databases that have clients through the proxy can require TLS."})


def _check_engine(name: str) -> None:
    if name not in all_engines():
        raise Invalid({"engine": f"There is no engine {name!r}."}, hint=did_you_mean(name, all_engines()))
    engine(name)


def _check_options(engine_name: str, options: Mapping[str, Any]) -> None:
    """Raise Invalid for an option that new databases of the engine do not have, or a value that it does not allow."""
    provisioning = all_engines()[engine_name].provisioning
    known = {option.name: option for option in provisioning.options} if provisioning else {}
    for name, value in options.items():
        option = known.get(name)
        if option is None:
            raise Invalid({f"options.{name}": f"There is no option {name!r}."}, hint=did_you_mean(name, known))
        if not option.allows(str(value)):
            choices = f" Choose one of {', '.join(option.choices)}." if option.choices else ""
            raise Invalid({f"options.{name}": f"{value!r} is no value of {option.label}.{choices}"})


async def _check_name(db: AsyncSession, project: Project, name: str) -> None:
    try:
        checked_name(name)
    except ValueError as error:
        raise Invalid({"name": str(error)}) from None
    if name in await repository.names(db, project.id):
        raise Conflict(f"This project already has a database named {name}.", hint="Choose another name.")


async def _free_route(db: AsyncSession, name: str) -> str:
    taken = await repository.routes_like(db, name)
    route = name
    while route in taken:
        route = f"{name}-{random.token_hex(3)}"
    return route


def record(db: AsyncSession, actor: Actor, action: str, database: Database, **details: Any) -> None:
    """Write an action on a database to the audit log."""
    audit.record(
        db,
        actor,
        action,
        "database",
        database.id,
        database.name,
        organization_id=database.organization_id,
        **details,
    )


async def metrics(db: AsyncSession, actor: Actor, database_id: uuid.UUID, hours: int) -> Sequence[DatabaseMetric]:
    """Return the metrics of a database in the last hours, oldest first."""
    await find(db, actor, database_id)
    return await repository.metrics(db, database_id, now() - timedelta(hours=hours))
