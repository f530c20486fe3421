"""HTTP endpoint of API keys that reach only one database."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends

from headwater.features.accounts.api_models import KeyIn, NewKeyOut
from headwater.features.accounts.endpoints.keys import key_out, spec_of
from headwater.features.accounts.guard import Db, allow
from headwater.features.accounts.rights import Actor
from headwater.features.databases.service import database_keys

router = APIRouter(tags=["keys"])


@router.post("/databases/{database_id}/keys", status_code=201)
async def create_database_key(
    database_id: uuid.UUID, body: KeyIn, db: Db, actor: Annotated[Actor, Depends(allow("database:read"))]
) -> NewKeyOut:
    """Create an API key of the current user that reaches only a database. Its secret is shown only once."""
    key, secret = await database_keys.create(db, actor, database_id, spec_of(body))
    return NewKeyOut(key=key_out(key), secret=secret)
