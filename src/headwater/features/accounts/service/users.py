"""The accounts of the instance, for its administrator."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts import repository
from headwater.features.accounts.models import User, UserSession
from headwater.features.accounts.repository import account_links, second_factors
from headwater.features.accounts.rights import Actor, allow_admin, require_proof
from headwater.features.accounts.service import audit, lifecycle
from headwater.kit.errors import NotFound
from headwater.kit.paging import Page, cut


@dataclass(frozen=True, slots=True)
class UserView:
    """An account as the administrator sees it."""

    id: uuid.UUID
    email: str
    name: str
    is_admin: bool
    created_at: datetime
    last_seen_at: datetime | None
    has_second_factor: bool
    deactivated_at: datetime | None
    deletion_at: datetime | None


async def list_users(db: AsyncSession, actor: Actor, *, search: str, cursor: str | None, limit: int) -> Page[UserView]:
    """Return the accounts of the instance, newest first."""
    allow_admin(actor)
    rows = await account_links.users(db, search=search, before=audit.before_id(cursor), limit=limit)
    page = cut(rows, limit, lambda row: (str(row[0].id),))
    protected = await second_factors.protected_users(db, [row[0].id for row in page.items])
    return Page(
        tuple(view_of(user, seen, is_protected=user.id in protected) for user, _, seen in page.items),
        page.next,
    )


def view_of(user: User, last_seen_at: datetime | None, *, is_protected: bool) -> UserView:
    """Return an account as the administrator sees it."""
    return UserView(
        user.id,
        user.email,
        user.name,
        user.is_admin,
        user.created_at,
        last_seen_at,
        is_protected,
        user.deactivated_at,
        user.deletion_at,
    )


async def change(
    db: AsyncSession, actor: Actor, user_id: uuid.UUID, *, active: bool | None, is_admin: bool | None
) -> UserView:
    """Deactivate or activate an account, make its user an administrator or no longer; None leaves it as it is."""
    allow_admin(actor)
    if active is not None:
        await lifecycle.set_active(db, actor, user_id, active)
    if is_admin is not None:
        await lifecycle.set_administrator(db, actor, user_id, is_admin)
    row = await account_links.user_with_facts(db, user_id)
    if row is None:
        raise NotFound("There is no such user.")
    return view_of(row[0], row[2], is_protected=await second_factors.is_protected(db, user_id))


async def list_sessions(
    db: AsyncSession, actor: Actor, user_id: uuid.UUID, *, cursor: str | None, limit: int
) -> Page[UserSession]:
    """Return the active sessions of a user, newest first."""
    allow_admin(actor)
    if await repository.user(db, user_id) is None:
        raise NotFound("There is no such user.")
    rows = await repository.live_sessions(db, user_id, audit.before_id(cursor), limit)
    return cut(rows, limit, lambda row: (str(row.id),))


async def end_session(db: AsyncSession, actor: Actor, user_id: uuid.UUID, session_id: uuid.UUID) -> None:
    """End one session of a user."""
    allow_admin(actor)
    require_proof(actor)
    user = await repository.user(db, user_id)
    if user is None or not await repository.revoke_session(db, session_id, user_id):
        raise NotFound("The user has no such session.")
    audit.record(db, actor, "session.revoke", "session", session_id, user.email)


async def end_sessions(db: AsyncSession, actor: Actor, user_id: uuid.UUID) -> int:
    """End all sessions of a user; return how many they were."""
    allow_admin(actor)
    require_proof(actor)
    user = await repository.user(db, user_id)
    if user is None:
        raise NotFound("There is no such user.")
    ended = await repository.revoke_other_sessions(db, user_id, None)
    audit.record(db, actor, "session.revoke_all", "user", user_id, user.email, ended=ended)
    return ended
