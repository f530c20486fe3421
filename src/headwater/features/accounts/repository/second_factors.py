"""All SQL of second factors and recovery codes."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.models import Passkey, RecoveryCode, SecondFactor
from headwater.features.accounts.repository import has_changed
from headwater.kit.clock import now


async def second_factor(db: AsyncSession, user_id: uuid.UUID) -> SecondFactor | None:
    """Return the second factor of a user, confirmed or not."""
    query = select(SecondFactor).where(SecondFactor.user_id == user_id).execution_options(populate_existing=True)
    return (await db.execute(query)).scalar_one_or_none()


async def has_app(db: AsyncSession, user_id: uuid.UUID) -> bool:
    """Return True if a user has a confirmed authenticator app."""
    confirmed = (SecondFactor.user_id == user_id, SecondFactor.confirmed_at.is_not(None))
    return bool((await db.execute(select(select(SecondFactor.user_id).where(*confirmed).exists()))).scalar_one())


async def is_protected(db: AsyncSession, user_id: uuid.UUID) -> bool:
    """Return True if a user has a second factor: a confirmed authenticator app, or a passkey."""
    return bool(await protected_users(db, [user_id]))


async def protected_users(db: AsyncSession, user_ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Return those of some users who have a second factor."""
    ids = list(user_ids)
    apps = select(SecondFactor.user_id).where(SecondFactor.user_id.in_(ids), SecondFactor.confirmed_at.is_not(None))
    keys = select(Passkey.user_id).where(Passkey.user_id.in_(ids))
    return set((await db.execute(apps.union(keys))).scalars())


async def use_step(db: AsyncSession, user_id: uuid.UUID, step: int) -> bool:
    """Record that the code of a time step was used; return False if it, or a later one, was used before."""
    unused = update(SecondFactor).where(SecondFactor.user_id == user_id, SecondFactor.last_step < step)
    return await has_changed(db, unused.values(last_step=step))


async def use_recovery_code(db: AsyncSession, user_id: uuid.UUID, hash_: bytes) -> bool:
    """Record that a recovery code was used; return False if there is no such unused code."""
    unused = (RecoveryCode.hash == hash_, RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return await has_changed(db, update(RecoveryCode).where(*unused).values(used_at=now()))


async def unused_codes(db: AsyncSession, user_id: uuid.UUID) -> int:
    """Return how many recovery codes of a user are unused."""
    query = select(func.count()).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return int((await db.execute(query)).scalar_one())


async def replace_codes(db: AsyncSession, user_id: uuid.UUID, hashes: Sequence[bytes]) -> None:
    """Replace the recovery codes of a user."""
    await db.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    db.add_all([RecoveryCode(hash=hash_, user_id=user_id) for hash_ in hashes])


async def forget_app(db: AsyncSession, user_id: uuid.UUID) -> None:
    """Delete the authenticator app of a user, confirmed or not."""
    await db.execute(delete(SecondFactor).where(SecondFactor.user_id == user_id))


async def forget_codes(db: AsyncSession, user_id: uuid.UUID) -> None:
    """Delete the recovery codes of a user."""
    await db.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))


async def every_second_factor(db: AsyncSession) -> Sequence[SecondFactor]:
    """Return all second factors; others that are written at the same time wait for the end of the transaction."""
    await db.execute(text("LOCK TABLE second_factors IN SHARE ROW EXCLUSIVE MODE"))
    return (await db.execute(select(SecondFactor))).scalars().all()


async def confirm(db: AsyncSession, user_id: uuid.UUID, at: datetime) -> None:
    """Record that the user has set up an unconfirmed second factor."""
    pending = (SecondFactor.user_id == user_id, SecondFactor.confirmed_at.is_(None))
    await db.execute(update(SecondFactor).where(*pending).values(confirmed_at=at))
