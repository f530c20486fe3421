"""All SQL of passkeys."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import and_, delete, func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.models import Passkey, User
from headwater.features.accounts.repository import has_changed
from headwater.kit.clock import now


async def passkeys_of(db: AsyncSession, user_id: uuid.UUID) -> Sequence[Passkey]:
    """Return the passkeys of a user, oldest first."""
    query = select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.id)
    return (await db.execute(query)).scalars().all()


async def passkey(db: AsyncSession, user_id: uuid.UUID, passkey_id: uuid.UUID) -> Passkey | None:
    """Return a passkey of a user."""
    query = select(Passkey).where(Passkey.id == passkey_id, Passkey.user_id == user_id)
    return (await db.execute(query)).scalar_one_or_none()


async def passkey_by_credential(db: AsyncSession, credential_id: bytes) -> tuple[Passkey, User] | None:
    """Return the passkey with the id of a credential, with its user."""
    query = select(Passkey, User).join(User, User.id == Passkey.user_id).where(Passkey.credential_id == credential_id)
    row = (await db.execute(query)).one_or_none()
    return (row[0], row[1]) if row else None


async def count_passkeys(db: AsyncSession, user_id: uuid.UUID) -> int:
    """Return how many passkeys a user has."""
    query = select(func.count()).select_from(Passkey).where(Passkey.user_id == user_id)
    return int((await db.execute(query)).scalar_one())


async def use_passkey(db: AsyncSession, passkey_id: uuid.UUID, sign_count: int) -> bool:
    """Record that a passkey was used; return False if its count of signatures has not grown.

    Authenticators that do not count, such as those that synchronize their keys, always say 0.
    """
    grows = or_(Passkey.sign_count < sign_count, and_(Passkey.sign_count == 0, literal(sign_count) == 0))
    statement = update(Passkey).where(Passkey.id == passkey_id, grows)
    return await has_changed(db, statement.values(sign_count=sign_count, last_used_at=now()))


async def forget_passkeys(db: AsyncSession, user_id: uuid.UUID) -> None:
    """Delete all passkeys of a user."""
    await db.execute(delete(Passkey).where(Passkey.user_id == user_id))
