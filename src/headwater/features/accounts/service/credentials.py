"""Whether sessions and API keys that were valid a moment ago still are, for work that outlives its request."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts import repository
from headwater.features.accounts.rights import Actor


@dataclass(frozen=True, slots=True)
class Access:
    """A user's membership of an organization, used through a session or an API key."""

    credential_id: uuid.UUID | None
    user_id: uuid.UUID | None
    organization_id: uuid.UUID

    @classmethod
    def of(cls, actor: Actor, organization_id: uuid.UUID) -> Access:
        """Return the access of an actor."""
        return cls(actor.session_id or actor.key_id, actor.user_id, organization_id)


async def live(db: AsyncSession, accesses: Collection[Access]) -> set[Access]:
    """Return those whose session or key has not ended, and whose user is still a member."""
    credentials = await repository.live_credentials(db, [each.credential_id for each in accesses])
    members = await repository.memberships_of(db, {each.user_id for each in accesses if each.user_id})
    return {
        each
        for each in accesses
        if each.credential_id in credentials and (each.user_id, each.organization_id) in members
    }
