"""API keys, created and revoked by their user; a key never has more rights than its user."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts import repository
from headwater.features.accounts.models import ApiKey
from headwater.features.accounts.rights import Actor, Scope, allow_scope, require_proof
from headwater.features.accounts.service import audit
from headwater.features.accounts.tokens import expiry, new_api_key
from headwater.kit.clock import now
from headwater.kit.errors import Forbidden, NotFound
from headwater.kit.paging import Page, cut


async def list_keys(db: AsyncSession, actor: Actor, *, cursor: str | None, limit: int) -> Page[ApiKey]:
    """Return the actor's keys, newest first."""
    allow_scope(actor, "account:read")
    assert actor.user_id
    rows = await repository.api_keys(db, actor.user_id, audit.before_id(cursor), limit)
    return cut(rows, limit, lambda row: (str(row.id),))


async def create(
    db: AsyncSession, actor: Actor, *, name: str, scopes: Sequence[Scope], days: int | None
) -> tuple[ApiKey, str]:
    """Create a key; its secret is only in the returned value."""
    allow_scope(actor, "account:admin")
    require_proof(actor)
    if "admin" not in actor.scopes and (excess := sorted(set(scopes) - actor.scopes)):
        raise Forbidden(f"An API key cannot create a key with more scopes than its own ({', '.join(excess)}).")
    assert actor.user_id
    api_key = new_api_key()
    key = ApiKey(
        user_id=actor.user_id,
        public_id=api_key.public_id,
        secret_hash=api_key.secret_hash,
        name=name,
        scopes=sorted(set(scopes)),
        expires_at=expiry(days),
    )
    db.add(key)
    await db.flush()
    await db.refresh(key)
    audit.record(db, actor, "key.create", "key", key.id, name, scopes=key.scopes)
    return key, api_key.key


async def revoke(db: AsyncSession, actor: Actor, key_id: uuid.UUID) -> None:
    """Revoke a key."""
    allow_scope(actor, "account:admin")
    assert actor.user_id
    key = await repository.api_key(db, key_id, actor.user_id)
    if key is None:
        raise NotFound("You have no such API key.")
    if key.revoked_at is None:
        key.revoked_at = now()
        audit.record(db, actor, "key.revoke", "key", key.id, key.name)
