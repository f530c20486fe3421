"""The Schema of a database, for users who may see it."""

from __future__ import annotations

import uuid

from headwater.catalog.model import Schema
from headwater.features.accounts.rights import Actor
from headwater.features.databases.service import databases, reachability, schema_cache
from headwater.store.context import Context


async def schema_of(context: Context, actor: Actor, database_id: uuid.UUID, *, fresh: bool = False) -> Schema:
    """Return the Schema of a database: the stored one, or read now if `fresh`."""
    async with context.store.transaction() as db:
        database = await databases.find(db, actor, database_id)
        reached = await reachability.load(db, context.cipher, database)
    return await (schema_cache.read if fresh else schema_cache.get)(context, reached)
