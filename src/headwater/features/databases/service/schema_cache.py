"""Caches the Schema of a database in the store."""

from __future__ import annotations

import uuid
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.catalog.codec import fingerprint, from_json, to_json
from headwater.catalog.model import Schema
from headwater.features.databases import repository
from headwater.features.databases.service.reachability import ReachableDatabase, open_session
from headwater.kit.clock import now
from headwater.store.context import Context

INFERRED_FOR = timedelta(minutes=1)


async def read(context: Context, reached: ReachableDatabase) -> Schema:
    """Read the Schema from the database and store it."""
    async with open_session(context.settings, reached) as session:
        schema = await reached.engine.inspect(session)
    async with context.store.transaction() as db:
        await keep(db, reached.id, schema)
    return schema


async def keep(db: AsyncSession, database_id: uuid.UUID, schema: Schema) -> None:
    """Store a Schema that was read from a database."""
    await repository.put_schema(
        db,
        database_id,
        schema_json=to_json(schema),
        fingerprint=fingerprint(schema),
        tables=len(schema.relations),
        columns=sum(len(relation.columns) for relation in schema),
    )


async def forget(db: AsyncSession, database_id: uuid.UUID) -> None:
    """Delete the stored Schema after a statement has changed it; the next `get` reads it again."""
    await repository.forget_schema(db, database_id)


async def get(context: Context, reached: ReachableDatabase) -> Schema:
    """Return the stored Schema, or read it if there is none, or if it was inferred and may be out of date."""
    async with context.store.transaction() as db:
        row = await repository.with_schema(db, reached.id)
        database_schema = row[1] if row else None
        inferred = reached.engine.language != "sql"  # no statement of such an engine says that it changes the schema
        old = database_schema is not None and inferred and now() - database_schema.read_at > INFERRED_FOR
        schema = from_json(database_schema.schema_json) if database_schema and not old else None
    return schema if schema is not None else await read(context, reached)
