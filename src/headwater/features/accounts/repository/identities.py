"""All SQL of the identities of users at providers, and of signed tokens that are valid once."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.models import LinkedIdentity, UsedToken, User


async def user_of_identity(db: AsyncSession, issuer: str, subject: str) -> tuple[LinkedIdentity, User] | None:
    """Return an identity with its user."""
    query = (
        select(LinkedIdentity, User)
        .join(User, User.id == LinkedIdentity.user_id)
        .where(LinkedIdentity.issuer == issuer, LinkedIdentity.subject == subject)
    )
    row = (await db.execute(query)).one_or_none()
    return (row[0], row[1]) if row else None


async def identities_of(db: AsyncSession, user_id: uuid.UUID) -> Sequence[LinkedIdentity]:
    """Return the identities of a user, oldest first."""
    query = select(LinkedIdentity).where(LinkedIdentity.user_id == user_id).order_by(LinkedIdentity.id)
    return (await db.execute(query)).scalars().all()


async def identity(db: AsyncSession, user_id: uuid.UUID, identity_id: uuid.UUID) -> LinkedIdentity | None:
    """Return an identity of a user."""
    query = select(LinkedIdentity).where(LinkedIdentity.id == identity_id, LinkedIdentity.user_id == user_id)
    return (await db.execute(query)).scalar_one_or_none()


async def add_identity(db: AsyncSession, row: LinkedIdentity) -> bool:
    """Add an identity; return False if it belongs to somebody already."""
    values = {"id": row.id, "user_id": row.user_id, "issuer": row.issuer, "subject": row.subject, "email": row.email}
    statement = insert(LinkedIdentity).values(**values, last_used_at=row.last_used_at).on_conflict_do_nothing()
    return (await db.execute(statement.returning(LinkedIdentity.id))).one_or_none() is not None


async def forget_other_addresses(db: AsyncSession, user_id: uuid.UUID, email: str) -> int:
    """Delete the identities of a user that have another address; return how many they were."""
    statement = delete(LinkedIdentity).where(
        LinkedIdentity.user_id == user_id, func.lower(LinkedIdentity.email) != email
    )
    return len((await db.execute(statement.returning(LinkedIdentity.id))).all())


async def lock_user(db: AsyncSession, user_id: uuid.UUID) -> User:
    """Return a user, locked: two ways to sign in cannot both be taken away at once as if the other stayed."""
    query = select(User).where(User.id == user_id).with_for_update().execution_options(populate_existing=True)
    return (await db.execute(query)).scalar_one()


async def use_token(db: AsyncSession, hash_: bytes, expires_at: datetime) -> bool:
    """Record that a token was used; return False if it was used before."""
    statement = insert(UsedToken).values(hash=hash_, expires_at=expires_at).on_conflict_do_nothing()
    return (await db.execute(statement.returning(UsedToken.hash))).one_or_none() is not None


async def forget_tokens_before(db: AsyncSession, at: datetime) -> None:
    """Delete the used tokens that expired before a moment."""
    await db.execute(delete(UsedToken).where(UsedToken.expires_at < at))
