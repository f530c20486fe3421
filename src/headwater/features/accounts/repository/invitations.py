"""All SQL of invitations."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.models import Invitation
from headwater.kit.clock import now


def _is_open() -> tuple[object, ...]:
    return Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None), Invitation.expires_at > now()


async def open_invitation(db: AsyncSession, token_hash: bytes, *, lock: bool = False) -> Invitation | None:
    """Return the invitation of a token that is neither accepted, revoked nor expired; with `lock`, locked."""
    query = select(Invitation).where(Invitation.token_hash == token_hash, *_is_open())  # type: ignore[arg-type]
    return (await db.execute(query.with_for_update() if lock else query)).scalar_one_or_none()


async def revoke_for(db: AsyncSession, organization_id: uuid.UUID, email: str) -> None:
    """Revoke the open invitations of an address."""
    same = (Invitation.organization_id == organization_id, Invitation.email == email)
    await db.execute(update(Invitation).where(*same, *_is_open()).values(revoked_at=now()))  # type: ignore[arg-type]


async def invitation(db: AsyncSession, organization_id: uuid.UUID, invitation_id: uuid.UUID) -> Invitation | None:
    """Return an invitation of an organization, locked until the end of the transaction."""
    query = select(Invitation).where(Invitation.id == invitation_id, Invitation.organization_id == organization_id)
    return (await db.execute(query.with_for_update())).scalar_one_or_none()


async def invitations(
    db: AsyncSession, organization_id: uuid.UUID, before: uuid.UUID | None, limit: int
) -> Sequence[Invitation]:
    """Return the invitations of an organization, newest first, also those that are over."""
    query = select(Invitation).where(Invitation.organization_id == organization_id)
    if before:
        query = query.where(Invitation.id < before)
    return (await db.execute(query.order_by(Invitation.id.desc()).limit(limit + 1))).scalars().all()


async def forget_before(db: AsyncSession, at: datetime) -> None:
    """Delete the invitations that expired before a moment."""
    await db.execute(delete(Invitation).where(Invitation.expires_at < at))
