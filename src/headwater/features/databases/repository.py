"""All SQL of databases."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, delete, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import aggregate_order_by, insert
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.repository.reaches import within
from headwater.features.accounts.rights import Reach
from headwater.features.databases.models import Database, DatabaseMetric, DatabaseSchema, DatabaseSecret
from headwater.store.reads import Read

WithSchema: TypeAlias = Row[Database, DatabaseSchema | None]
_LISTED = Database.scratch.is_(False)


# The database `database_id`, with the names of its secrets and, in the same order, the encrypted secrets.
REACHABLE = Read(
    select(
        Database.id,
        Database.id.label("database_id"),
        Database.project_id,
        Database.organization_id,
        Database.name,
        Database.engine,
        Database.origin,
        Database.read_only,
        Database.protected,
        Database.connection,
        Database.deleted_at,
        *(
            select(func.array_agg(aggregate_order_by(column, DatabaseSecret.name)))
            .where(DatabaseSecret.database_id == Database.id)
            .scalar_subquery()
            .label(label)
            for label, column in (("secret_names", DatabaseSecret.name), ("secrets", DatabaseSecret.sealed))
        ),
    ).where(Database.id == bindparam("database_id", type_=Database.id.type))
)


def _joined() -> Select[Database, DatabaseSchema]:
    return select(Database, DatabaseSchema).outerjoin(DatabaseSchema, DatabaseSchema.database_id == Database.id)


async def get(db: AsyncSession, database_id: uuid.UUID, *, lock: bool = False) -> Database | None:
    """Return a database; with `lock`, locked until the end of the transaction."""
    query = select(Database).where(Database.id == database_id).execution_options(populate_existing=True)
    return (await db.execute(query.with_for_update() if lock else query)).scalar_one_or_none()


async def with_schema(db: AsyncSession, database_id: uuid.UUID) -> WithSchema | None:
    """Return a database with the Schema that was last read from it."""
    return (await db.execute(_joined().where(Database.id == database_id))).one_or_none()


async def of_project(
    db: AsyncSession, project_id: uuid.UUID, reach: Reach, before: uuid.UUID | None, limit: int, *, deleted: bool
) -> Sequence[WithSchema]:
    """Return the databases of a project within reach, newest first: those in use, or those that are deleted."""
    gone = Database.deleted_at.is_not(None) if deleted else Database.deleted_at.is_(None)
    query = _joined().where(Database.project_id == project_id, _within(reach), gone, _LISTED)
    if before:
        query = query.where(Database.id < before)
    return (await db.execute(query.order_by(Database.id.desc()).limit(limit + 1))).all()


async def names(db: AsyncSession, project_id: uuid.UUID) -> set[str]:
    """Return the names that are taken in a project."""
    query = select(Database.name).where(Database.project_id == project_id, Database.deleted_at.is_(None))
    return set((await db.execute(query)).scalars())


async def routes_like(db: AsyncSession, name: str) -> set[str]:
    """Return the routes that equal this name, or this name with a suffix."""
    query = select(Database.route).where((Database.route == name) | Database.route.startswith(f"{name}-"))
    return {route for route in (await db.execute(query)).scalars() if route}


async def by_name(db: AsyncSession, reach: Reach, name: str) -> Sequence[Database]:
    """Return the databases of that name within reach."""
    query = select(Database).where(_within(reach), Database.name == name, Database.deleted_at.is_(None), _LISTED)
    return (await db.execute(query)).scalars().all()


async def secrets(db: AsyncSession, database_id: uuid.UUID) -> dict[str, bytes]:
    """Return the encrypted secrets of a database by name."""
    query = select(DatabaseSecret.name, DatabaseSecret.sealed).where(DatabaseSecret.database_id == database_id)
    return {row[0]: row[1] for row in (await db.execute(query)).all()}


async def any_secret(db: AsyncSession) -> bytes | None:
    """Return the encrypted secret of some database; None if there is none."""
    return (await db.execute(select(DatabaseSecret.sealed).limit(1))).scalar_one_or_none()


async def lock_secrets(db: AsyncSession) -> None:
    """Wait for the transactions that write secrets, and keep others from writing until the end of this one."""
    await db.execute(text("LOCK TABLE database_secrets IN SHARE ROW EXCLUSIVE MODE"))


async def every_secret(db: AsyncSession) -> Sequence[Row[Database, DatabaseSecret]]:
    """Return the encrypted secrets of all databases, also of deleted ones."""
    query = select(Database, DatabaseSecret).join(DatabaseSecret, DatabaseSecret.database_id == Database.id)
    return (await db.execute(query.order_by(Database.id, DatabaseSecret.name))).all()


async def put_secrets(db: AsyncSession, database_id: uuid.UUID, sealed: Mapping[str, bytes]) -> None:
    """Replace the encrypted secrets of a database."""
    await db.execute(delete(DatabaseSecret).where(DatabaseSecret.database_id == database_id))
    db.add_all([DatabaseSecret(database_id=database_id, name=name, sealed=value) for name, value in sealed.items()])
    await db.flush()


async def put_schema(
    db: AsyncSession, database_id: uuid.UUID, *, schema_json: bytes, fingerprint: str, tables: int, columns: int
) -> None:
    """Store the Schema that was read from a database."""
    values = {"schema_json": schema_json, "fingerprint": fingerprint, "tables": tables, "columns": columns}
    statement = insert(DatabaseSchema).values(database_id=database_id, **values)
    changed = values | {"read_at": func.clock_timestamp()}
    await db.execute(statement.on_conflict_do_update(index_elements=["database_id"], set_=changed))


async def forget_schema(db: AsyncSession, database_id: uuid.UUID) -> None:
    """Delete the stored Schema of a database, because it has changed."""
    await db.execute(delete(DatabaseSchema).where(DatabaseSchema.database_id == database_id))


async def metrics(db: AsyncSession, database_id: uuid.UUID, since: datetime) -> Sequence[DatabaseMetric]:
    """Return the metrics of a database since a moment, oldest first."""
    query = select(DatabaseMetric).where(DatabaseMetric.database_id == database_id, DatabaseMetric.at >= since)
    return (await db.execute(query.order_by(DatabaseMetric.at).limit(20_000))).scalars().all()


def _within(reach: Reach) -> ColumnElement[bool]:
    return within(reach, Database.organization_id, project=Database.project_id, database=Database.id)


async def all_names(db: AsyncSession, reach: Reach) -> set[str]:
    """Return the names of all databases within reach."""
    query = select(Database.name).where(_within(reach), Database.deleted_at.is_(None))
    query = query.where(_LISTED)
    return set((await db.execute(query)).scalars())


async def managed(db: AsyncSession, database_id: uuid.UUID | None = None) -> Sequence[Database]:
    """Return all managed databases of this instance, or one of them: for the supervisor."""
    query = select(Database).where(Database.origin == "managed")
    if database_id:
        query = query.where(Database.id == database_id)
    return (await db.execute(query)).scalars().all()


async def failing(db: AsyncSession) -> Sequence[Database]:
    """Return the managed databases that do not run although they should, or that the supervisor cannot manage."""
    query = select(Database).where(
        Database.origin == "managed",
        Database.deleted_at.is_(None),
        or_(Database.state == "failed", and_(Database.state == "running", Database.state_reason != "")),
    )
    return (await db.execute(query)).scalars().all()


async def by_route(db: AsyncSession, route: str) -> Database | None:
    """Return the database with this name at the proxy, unless it was deleted."""
    query = select(Database).where(Database.route == route, Database.deleted_at.is_(None))
    return (await db.execute(query)).scalar_one_or_none()


async def note(db: AsyncSession, database_id: uuid.UUID, **values: Any) -> None:
    """Set columns of a database, such as its state."""
    await db.execute(update(Database).where(Database.id == database_id).values(**values))


async def turn(db: AsyncSession, database_id: uuid.UUID, was: str, desired: str) -> None:
    """Change the desired state of a database, unless somebody has changed it meanwhile."""
    statement = update(Database).where(Database.id == database_id, Database.desired == was)
    await db.execute(statement.values(desired=desired))


async def add_metric(db: AsyncSession, database_id: uuid.UUID, values: Mapping[str, float]) -> None:
    """Store metrics of a database, and delete those older than two weeks."""
    db.add(DatabaseMetric(database_id=database_id, values=dict(values)))
    old = func.now() - func.make_interval(0, 0, 0, 14)
    await db.execute(delete(DatabaseMetric).where(DatabaseMetric.database_id == database_id, DatabaseMetric.at < old))


async def forget(db: AsyncSession, database_id: uuid.UUID) -> None:
    """Delete the row of a database that was destroyed."""
    await db.execute(delete(Database).where(Database.id == database_id))


async def count_states(db: AsyncSession) -> Sequence[tuple[str, str, int]]:
    """Return (origin, state, number) of the databases that are not deleted."""
    query = select(Database.origin, Database.state, func.count()).where(Database.deleted_at.is_(None), _LISTED)
    return [(row[0], row[1], row[2]) for row in await db.execute(query.group_by(Database.origin, Database.state))]
