"""HTTP endpoints of API keys."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from headwater.features.accounts.api_models import (
    KeyIn,
    KeyOut,
    KeyRotationIn,
    ListOf,
    NewKeyOut,
    ProjectKeyIn,
    RotatedKeyOut,
)
from headwater.features.accounts.guard import DEFAULT_PAGE, Cursor, Db, Limit, allow
from headwater.features.accounts.rights import Actor
from headwater.features.accounts.service import keys
from headwater.features.accounts.service.keys import KeySpec
from headwater.features.accounts.tokens import KEY_PREFIX

router = APIRouter()
Admin = Annotated[Actor, Depends(allow("account:admin"))]


@router.get("/keys", tags=["keys"])
async def list_keys(
    db: Db,
    actor: Annotated[Actor, Depends(allow("account:credentials"))],
    cursor: Cursor = None,
    limit: Limit = DEFAULT_PAGE,
) -> ListOf[KeyOut]:
    """List the API keys of the current user, newest first."""
    page = await keys.list_keys(db, actor, cursor=cursor, limit=limit)
    return ListOf(items=[key_out(row) for row in page.items], next=page.next)


@router.post("/keys", status_code=201, tags=["keys"])
async def create_key(body: ProjectKeyIn, db: Db, actor: Admin) -> NewKeyOut:
    """Create an API key; with a project, it reaches only that. Its secret is shown only once."""
    key, secret = await keys.create(db, actor, spec_of(body), project_id=body.project_id)
    return NewKeyOut(key=key_out(key), secret=secret)


@router.post("/keys/{key_id}/rotation", status_code=201, tags=["keys"])
async def rotate_key(key_id: uuid.UUID, body: KeyRotationIn, db: Db, actor: Admin) -> RotatedKeyOut:
    """Replace an API key by a new one that may do the same; the old one stays valid for some hours."""
    new, old, secret = await keys.rotate(db, actor, key_id, overlap_hours=body.overlap_hours)
    return RotatedKeyOut(key=key_out(new), secret=secret, previous=key_out(old))


@router.delete("/keys/{key_id}", status_code=204, tags=["keys"])
async def revoke_key(key_id: uuid.UUID, db: Db, actor: Admin) -> None:
    """Revoke an API key."""
    await keys.revoke(db, actor, key_id)


def spec_of(body: KeyIn) -> KeySpec:
    """Return what a request asks for."""
    return KeySpec(body.name, body.scopes, body.expires_in_days, body.addresses)


def key_out(key: Any) -> KeyOut:
    """Return a key without its secret."""
    fields = {name: getattr(key, name) for name in KeyOut.model_fields if name != "prefix"}
    return KeyOut(prefix=f"{KEY_PREFIX}_{key.public_id}", **fields)
