"""The accounts of the instance, for its administrator."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts import repository
from headwater.features.accounts.repository import account_links, second_factors
from headwater.features.accounts.rights import Actor, allow_admin, require_proof
from headwater.features.accounts.service import audit
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


async def list_users(db: AsyncSession, actor: Actor, *, search: str, cursor: str | None, limit: int) -> Page[UserView]:
    """Return the accounts of the instance, newest first."""
    allow_admin(actor)
    rows = await account_links.users(db, search=search, before=audit.before_id(cursor), limit=limit)
    page = cut(rows, limit, lambda row: (str(row[0].id),))
    protected = await second_factors.protected_users(db, [row[0].id for row in page.items])
    return Page(
        tuple(
            UserView(user.id, user.email, user.name, user.is_admin, user.created_at, seen, user.id in protected)
            for user, _, seen in page.items
        ),
        page.next,
    )


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
