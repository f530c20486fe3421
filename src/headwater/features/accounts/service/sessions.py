"""The sessions of a user, which the user can list and end."""

from __future__ import annotations

import uuid

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts import repository
from headwater.features.accounts.models import UserSession
from headwater.features.accounts.rights import Actor, allow_scope, require_proof
from headwater.features.accounts.service import audit
from headwater.kit.errors import NotFound
from headwater.kit.paging import Page, cut


async def list_sessions(db: AsyncSession, actor: Actor, *, cursor: str | None, limit: int) -> Page[UserSession]:
    """Return the actor's active sessions, newest first."""
    allow_scope(actor, "account:credentials")
    assert actor.user_id
    rows = await repository.live_sessions(db, actor.user_id, audit.before_id(cursor), limit)
    return cut(rows, limit, lambda row: (str(row.id),))


async def revoke(db: AsyncSession, actor: Actor, session_id: uuid.UUID) -> None:
    """End one of the actor's sessions; its tokens stop working at once."""
    allow_scope(actor, "account:admin")
    require_proof(actor)
    assert actor.user_id
    if not await repository.revoke_session(db, session_id, actor.user_id):
        raise NotFound("You have no such session.")
    audit.record(db, actor, "session.revoke", "session", session_id)


async def revoke_others(db: AsyncSession, actor: Actor) -> int:
    """End all sessions of the actor but the current one; return how many they were."""
    allow_scope(actor, "account:admin")
    require_proof(actor)
    assert actor.user_id
    ended = await repository.revoke_other_sessions(db, actor.user_id, actor.session_id)
    audit.record(db, actor, "session.revoke_others", "session", ended=ended)
    return ended
