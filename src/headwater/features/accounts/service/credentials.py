"""Whether sessions and API keys that were valid a moment ago still are, for work that outlives its request."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts import repository


@dataclass(frozen=True, slots=True)
class CredentialUse:
    """A user's membership of an organization, used through a session or an API key."""

    credential_id: uuid.UUID | None
    user_id: uuid.UUID | None
    organization_id: uuid.UUID


async def has_lasted(db: AsyncSession, use: CredentialUse, since: datetime) -> bool:
    """Return True if a membership goes back to a moment without a break, and the API key, if any, has not ended."""
    if use.user_id is None:
        return False
    member_since = await repository.member_since(db, use.organization_id, use.user_id)
    key_ids = await repository.live_credentials(db, [use.credential_id] if use.credential_id else [])
    return member_since is not None and member_since <= since and use.credential_id in {None, *key_ids}


async def live(db: AsyncSession, uses: Collection[CredentialUse]) -> set[CredentialUse]:
    """Return those whose session or key has not ended, and whose user is still a member."""
    credentials = await repository.live_credentials(db, [each.credential_id for each in uses])
    members = await repository.memberships_of(db, {each.user_id for each in uses if each.user_id})
    return {
        each for each in uses if each.credential_id in credentials and (each.user_id, each.organization_id) in members
    }
