"""API keys, created, rotated and revoked by their user; a key never has more rights than its user."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts import repository
from headwater.features.accounts.models import ApiKey
from headwater.features.accounts.rights import Actor, KeyLimit, Scope, allow_scope, require_proof
from headwater.features.accounts.service import addresses, audit, projects
from headwater.features.accounts.tokens import expiry, new_api_key
from headwater.kit.clock import now
from headwater.kit.errors import Conflict, Forbidden, NotFound
from headwater.kit.paging import Page, cut


@dataclass(frozen=True, slots=True)
class KeySpec:
    """A new key: `addresses` are the networks in which it is valid, everywhere if there are none."""

    name: str
    scopes: Sequence[Scope]
    days: int | None = None
    addresses: Sequence[str] = ()


async def list_keys(db: AsyncSession, actor: Actor, *, cursor: str | None, limit: int) -> Page[ApiKey]:
    """Return the actor's keys, newest first."""
    allow_scope(actor, "account:credentials")
    assert actor.user_id
    rows = await repository.api_keys(db, actor.user_id, audit.before_id(cursor), limit)
    return cut(rows, limit, lambda row: (str(row.id),))


async def create(
    db: AsyncSession, actor: Actor, spec: KeySpec, *, project_id: uuid.UUID | None = None
) -> tuple[ApiKey, str]:
    """Create a key, for one project if one is given; its secret is only in the returned value.

    Raises:
        Invalid: an address is no network.
        NotFound: the actor sees no such project.
    """
    if project_id is None:
        return await create_limited(db, actor, spec, None, "")
    project = await projects.get(db, actor, project_id)
    return await create_limited(db, actor, spec, KeyLimit(project.id), project.name)


async def create_limited(
    db: AsyncSession, actor: Actor, spec: KeySpec, limit: KeyLimit | None, limited_to: str
) -> tuple[ApiKey, str]:
    """Create a key with a limit; the caller has checked that the actor sees the project or database.

    Args:
        db: the transaction.
        actor: the user of the key.
        spec: what the key may do, where, and until when.
        limit: the only project or database that it reaches.
        limited_to: the name of that.
    """
    allow_scope(actor, "account:admin")
    require_proof(actor)
    _check_scopes(actor, spec.scopes)
    assert actor.user_id
    key = ApiKey(
        user_id=actor.user_id,
        name=spec.name,
        scopes=sorted(set(spec.scopes)),
        expires_at=expiry(spec.days),
        project_id=limit.project_id if limit else None,
        database_id=limit.database_id if limit else None,
        limited_to=limited_to,
        addresses=addresses.normal(spec.addresses),
    )
    secret = await add(db, key)
    details: dict[str, Any] = {"scopes": key.scopes, "limited_to": limited_to, "addresses": key.addresses}
    audit.record(db, actor, "key.create", "key", key.id, key.name, **{k: v for k, v in details.items() if v})
    return key, secret


async def rotate(
    db: AsyncSession, actor: Actor, key_id: uuid.UUID, *, overlap_hours: int
) -> tuple[ApiKey, ApiKey, str]:
    """Replace a key by a new one that may do the same; the old one stays valid for some hours.

    Returns:
        The new key, the old key, and the secret of the new key. The new key lives as long as the old one did.

    Raises:
        NotFound: the actor has no such key.
        Conflict: the key was revoked or rotated, or has expired.
    """
    allow_scope(actor, "account:admin")
    require_proof(actor)
    old = await _own(db, actor, key_id)
    moment = now()
    if old.revoked_at or old.replaced_by or (old.expires_at and old.expires_at <= moment):
        raise Conflict("This API key is not valid any more, or was rotated.", hint="Create a new key, or rotate that.")
    _check_scopes(actor, old.scopes)
    new = ApiKey(
        user_id=old.user_id,
        name=old.name,
        scopes=old.scopes,
        expires_at=moment + (old.expires_at - old.created_at) if old.expires_at else None,
        project_id=old.project_id,
        database_id=old.database_id,
        limited_to=old.limited_to,
        addresses=old.addresses,
    )
    secret = await add(db, new)
    old.replaced_by = new.id
    old.expires_at = _earlier(old.expires_at, moment + timedelta(hours=overlap_hours))
    await db.flush()
    audit.record(db, actor, "key.rotate", "key", old.id, old.name, replaced_by=str(new.id), hours=overlap_hours)
    return new, old, secret


async def revoke(db: AsyncSession, actor: Actor, key_id: uuid.UUID) -> None:
    """Revoke a key."""
    allow_scope(actor, "account:admin")
    key = await _own(db, actor, key_id)
    if key.revoked_at is None:
        key.revoked_at = now()
        audit.record(db, actor, "key.revoke", "key", key.id, key.name)


def _check_scopes(actor: Actor, scopes: Sequence[str]) -> None:
    if "admin" not in actor.scopes and (excess := sorted(set(scopes) - actor.scopes)):
        raise Forbidden(f"An API key cannot create a key with more scopes than its own ({', '.join(excess)}).")


async def _own(db: AsyncSession, actor: Actor, key_id: uuid.UUID) -> ApiKey:
    """Return a key of the actor, locked until the end of the transaction."""
    assert actor.user_id
    key = await repository.api_key(db, key_id, actor.user_id)
    if key is None:
        raise NotFound("You have no such API key.")
    return key


async def add(db: AsyncSession, key: ApiKey) -> str:
    """Store a key with a new secret, and return the whole key as its user gets it; no right is checked."""
    created = new_api_key()
    key.public_id, key.secret_hash = created.public_id, created.secret_hash
    db.add(key)
    await db.flush()
    await db.refresh(key)
    return created.key


def _earlier(first: datetime | None, second: datetime) -> datetime:
    return min(first, second) if first else second
