"""The ways in which a user can sign in: a password, an identity at a provider, a passkey; the last one stays."""

from __future__ import annotations

import uuid

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.repository import identities, passkeys
from headwater.kit.errors import Conflict
from headwater.kit.settings import Settings


class LastWay(Conflict):
    """This is the only way in which you can sign in."""

    code = "last_way"


async def check_other_way(db: AsyncSession, user_id: uuid.UUID, settings: Settings, *, without: uuid.UUID) -> None:
    """Raise LastWay if a user could not sign in without an identity or a passkey; locks the user until the commit."""
    user = await identities.lock_user(db, user_id)
    issuers = {provider.issuer for provider in settings.oidc_providers}
    others = [row for row in await identities.identities_of(db, user_id) if row.id != without and row.issuer in issuers]
    keys = [row for row in await passkeys.passkeys_of(db, user_id) if row.id != without]
    if user.password_hash is None and not others and not keys:
        raise LastWay(hint="Set a password, or link another identity, first.")
