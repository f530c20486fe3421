"""Deactivated accounts, those that are about to be deleted, and who is an administrator.

A deactivated account has no sessions, its API keys are refused, and nobody signs in to it. It is deactivated by its
user, by an administrator, or because its user wants it deleted: then signing in within the grace period takes it back.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts import repository
from headwater.features.accounts.models import User
from headwater.features.accounts.repository import account_links
from headwater.features.accounts.rights import Actor, allow_admin, allow_scope, require_proof
from headwater.features.accounts.service import audit, proofs
from headwater.kit.clock import now
from headwater.kit.errors import Conflict, NotFound
from headwater.store.context import Context


async def require_user(context: Context, actor: Actor, password: str) -> None:
    """Raise unless the actor is certainly the user: a session by its proof, an API key by the user's password."""
    allow_scope(actor, "account:admin")
    if actor.key_id:
        await proofs.check_password(context, actor, password)
    else:
        require_proof(actor)


async def deactivate_own(context: Context, actor: Actor, password: str) -> None:
    """Deactivate the actor's account; only an administrator can activate it again.

    Raises:
        Conflict: there is no other administrator.
    """
    await require_user(context, actor, password)
    assert actor.user_id
    async with context.store.transaction() as db:
        user = await stop(db, actor, actor.user_id)
        audit.record(db, actor, "account.deactivate", "user", user.id, user.email)


async def set_active(db: AsyncSession, actor: Actor, user_id: uuid.UUID, active: bool) -> User:
    """Deactivate a user's account, or activate it again, also one that is about to be deleted."""
    allow_admin(actor)
    require_proof(actor)
    if active:
        user = await _locked(db, user_id)
        if user.deactivated_at:
            await _activate(db, user)
            audit.record(db, actor, "account.activate", "user", user.id, user.email)
    else:
        user = await stop(db, actor, user_id)
        audit.record(db, actor, "account.deactivate", "user", user.id, user.email)
    await db.flush()
    return user


async def set_administrator(db: AsyncSession, actor: Actor, user_id: uuid.UUID, is_admin: bool) -> User:
    """Make a user an administrator of the instance, or no longer.

    Raises:
        Conflict: there would be no administrator, or the account is deactivated.
    """
    allow_admin(actor)
    require_proof(actor)
    user = await _locked(db, user_id)
    if is_admin and user.deactivated_at:
        raise Conflict("This account is deactivated.", hint="Activate it first.")
    if user.is_admin and not is_admin:
        await _check_others(db, user)
    if user.is_admin != is_admin:
        user.is_admin = is_admin
        audit.record(db, actor, "account.administrator", "user", user.id, user.email, is_admin=is_admin)
    await db.flush()
    return user


async def stop(db: AsyncSession, actor: Actor, user_id: uuid.UUID, deletion_at: datetime | None = None) -> User:
    """Deactivate an account, and end its sessions and links; with a time, it is deleted then.

    Raises:
        Conflict: there is no other administrator.
    """
    user = await _locked(db, user_id)
    if user.is_admin:
        await _check_others(db, user)
    user.deactivated_at = user.deactivated_at or now()
    user.deletion_at = user.deletion_at or deletion_at
    await account_links.forget_links(db, user.id)
    await repository.revoke_other_sessions(db, user.id, None)
    await db.flush()
    return user


async def take_back(db: AsyncSession, user_id: uuid.UUID, ip: str) -> None:
    """Keep an account that is about to be deleted, for its user, who has just signed in.

    Raises:
        Conflict: its deletion has begun.
    """
    user = await _locked(db, user_id)
    if user.deletion_at is None:
        return
    if user.deletion_at <= now():
        raise Conflict("This account is being deleted.", hint="Its data is gone; sign up again.")
    await _activate(db, user)
    audit.record(db, Actor("user", user.id, user.email, ip=ip), "account.keep", "user", user.id, user.email)
    await db.flush()


async def _activate(db: AsyncSession, user: User) -> None:
    if user.deletion_at and user.deletion_at <= now():
        raise Conflict("This account is being deleted.")
    user.deactivated_at = user.deletion_at = None
    await repository.keep_organizations(db, user.id)


async def _check_others(db: AsyncSession, user: User) -> None:
    if not await repository.other_administrators(db, user.id):
        raise Conflict(
            "This is the only administrator of the instance.", hint="Make somebody else an administrator first."
        )


async def _locked(db: AsyncSession, user_id: uuid.UUID) -> User:
    user = await repository.locked_user(db, user_id)
    if user is None:
        raise NotFound("There is no such user.")
    return user
