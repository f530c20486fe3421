"""API keys that reach only one database."""

from __future__ import annotations

import uuid

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.models import ApiKey
from headwater.features.accounts.rights import Actor, KeyLimit
from headwater.features.accounts.service import keys
from headwater.features.accounts.service.keys import KeySpec
from headwater.features.databases.service import databases
from headwater.kit.errors import Conflict


async def create(db: AsyncSession, actor: Actor, database_id: uuid.UUID, spec: KeySpec) -> tuple[ApiKey, str]:
    """Create a key of the actor that reaches only a database; its secret is only in the returned value."""
    database = await databases.find(db, actor, database_id)
    if database.project_id is None:
        raise Conflict(f"The project of {database.name} was deleted.")
    return await keys.create_limited(db, actor, spec, KeyLimit(database.project_id, database.id), database.name)
