"""All SQL of one-time links of accounts, and of the list of all accounts."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.models import AccountLink, SecondFactor, User, UserSession
from headwater.kit.clock import now


async def put_link(db: AsyncSession, link: AccountLink) -> None:
    """Store a link; an earlier one of the same user and purpose is replaced."""
    values = {
        "token_hash": link.token_hash,
        "email": link.email,
        "created_at": now(),
        "expires_at": link.expires_at,
    }
    statement = insert(AccountLink).values(user_id=link.user_id, purpose=link.purpose, **values)
    await db.execute(statement.on_conflict_do_update(index_elements=["user_id", "purpose"], set_=values))


async def valid_link(db: AsyncSession, token_hash: bytes, purpose: str) -> AccountLink | None:
    """Return a link that has not expired, locked until the end of the transaction."""
    query = select(AccountLink).where(
        AccountLink.token_hash == token_hash, AccountLink.purpose == purpose, AccountLink.expires_at > now()
    )
    return (await db.execute(query.with_for_update())).scalar_one_or_none()


async def forget_links(db: AsyncSession, user_id: uuid.UUID) -> None:
    """Delete all links of a user."""
    await db.execute(delete(AccountLink).where(AccountLink.user_id == user_id))


async def forget_before(db: AsyncSession, at: datetime) -> None:
    """Delete the links that expired before a moment."""
    await db.execute(delete(AccountLink).where(AccountLink.expires_at < at))


def _with_facts() -> Select[User, datetime | None, datetime | None]:
    last_seen = (
        select(func.max(UserSession.last_seen_at))
        .where(UserSession.user_id == User.id)
        .correlate(User)
        .scalar_subquery()
    )
    return select(User, SecondFactor.confirmed_at, last_seen).outerjoin(SecondFactor, SecondFactor.user_id == User.id)


async def user_with_facts(db: AsyncSession, user_id: uuid.UUID) -> tuple[User, datetime | None, datetime | None] | None:
    """Return an account, when its second factor was turned on, and when it was last used."""
    row = (await db.execute(_with_facts().where(User.id == user_id))).one_or_none()
    return (row[0], row[1], row[2]) if row else None


async def users(
    db: AsyncSession, *, search: str, before: uuid.UUID | None, limit: int
) -> Sequence[tuple[User, datetime | None, datetime | None]]:
    """Return accounts, newest first: each with when its second factor was turned on, and when it was last used."""
    query = _with_facts()
    if search:
        query = query.where(
            or_(User.email.icontains(search, autoescape=True), User.name.icontains(search, autoescape=True))
        )
    if before:
        query = query.where(User.id < before)
    rows = (await db.execute(query.order_by(User.id.desc()).limit(limit + 1))).all()
    return [(row[0], row[1], row[2]) for row in rows]
