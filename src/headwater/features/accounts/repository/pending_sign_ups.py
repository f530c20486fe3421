"""All SQL of sign-ups whose address is not confirmed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.models import PendingSignUp
from headwater.kit.clock import now


async def by_token(db: AsyncSession, token_hash: bytes) -> PendingSignUp | None:
    """Return the sign-up of a link that has not expired."""
    query = select(PendingSignUp).where(PendingSignUp.token_hash == token_hash, PendingSignUp.expires_at > now())
    return (await db.execute(query)).scalar_one_or_none()


async def forget(db: AsyncSession, email: str) -> None:
    """Delete all sign-ups of an address."""
    await db.execute(delete(PendingSignUp).where(PendingSignUp.email == email))


async def forget_before(db: AsyncSession, at: datetime) -> None:
    """Delete the sign-ups that expired before a moment."""
    await db.execute(delete(PendingSignUp).where(PendingSignUp.expires_at < at))
