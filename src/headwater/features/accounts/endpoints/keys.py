"""HTTP endpoints of API keys and of the audit log."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from headwater.features.accounts.api_models import (
    AuditActorOut,
    AuditOut,
    AuditResourceOut,
    KeyIn,
    KeyOut,
    ListOf,
    NewKeyOut,
)
from headwater.features.accounts.guard import DEFAULT_PAGE, Cursor, Db, Limit, allow
from headwater.features.accounts.rights import Actor
from headwater.features.accounts.service import audit, keys
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


@router.get("/audit", tags=["audit"])
async def list_audit(
    db: Db,
    actor: Annotated[Actor, Depends(allow("audit:read"))],
    action: Annotated[str | None, Query(max_length=100, pattern=r"^[a-z_.]*$")] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_PAGE,
) -> ListOf[AuditOut]:
    """List the entries of the audit log, newest first; `action` is a prefix of the action's name."""
    page = await audit.entries(db, actor, action=action, cursor=cursor, limit=limit)
    return ListOf(items=[_entry(row) for row in page.items], next=page.next)


def _key(key: Any) -> KeyOut:
    fields = {name: getattr(key, name) for name in KeyOut.model_fields if name != "prefix"}
    return KeyOut(prefix=f"{KEY_PREFIX}_{key.public_id}", **fields)


def _entry(row: Any) -> AuditOut:
    return AuditOut(
        id=row.id,
        at=row.at,
        action=row.action,
        details=row.details,
        ip=row.ip,
        actor=AuditActorOut(id=row.actor_id, email=row.actor_email, kind=row.actor_kind),
        resource=AuditResourceOut(kind=row.resource_kind, id=row.resource_id, name=row.resource_name),
    )
