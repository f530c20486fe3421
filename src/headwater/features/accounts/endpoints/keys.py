"""HTTP endpoints of API keys."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from headwater.features.accounts.api_models import (
    KeyIn,
    KeyOut,
    ListOf,
    NewKeyOut,
)
from headwater.features.accounts.guard import DEFAULT_PAGE, Cursor, Db, Limit, allow
from headwater.features.accounts.rights import Actor
from headwater.features.accounts.service import keys
from headwater.features.accounts.tokens import KEY_PREFIX

router = APIRouter()
Admin = Annotated[Actor, Depends(allow("account:admin"))]


@router.get("/keys", tags=["keys"])
async def list_keys(
    db: Db,
    actor: Annotated[Actor, Depends(allow("account:read"))],
    cursor: Cursor = None,
    limit: Limit = DEFAULT_PAGE,
) -> ListOf[KeyOut]:
    """List the API keys of the current user, newest first."""
    page = await keys.list_keys(db, actor, cursor=cursor, limit=limit)
    return ListOf(items=[_key(row) for row in page.items], next=page.next)


@router.post("/keys", status_code=201, tags=["keys"])
async def create_key(body: KeyIn, db: Db, actor: Admin) -> NewKeyOut:
    """Create an API key. Its secret is shown only once."""
    key, secret = await keys.create(db, actor, name=body.name, scopes=body.scopes, days=body.expires_in_days)
    return NewKeyOut(key=_key(key), secret=secret)


@router.delete("/keys/{key_id}", status_code=204, tags=["keys"])
async def revoke_key(key_id: uuid.UUID, db: Db, actor: Admin) -> None:
    """Revoke an API key."""
    await keys.revoke(db, actor, key_id)


def _key(key: Any) -> KeyOut:
    fields = {name: getattr(key, name) for name in KeyOut.model_fields if name != "prefix"}
    return KeyOut(prefix=f"{KEY_PREFIX}_{key.public_id}", **fields)
