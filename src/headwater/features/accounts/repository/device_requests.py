"""All SQL of command lines that wait to be signed in by their user in a browser."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.models import DeviceRequest
from headwater.kit.clock import now


async def by_user_code(db: AsyncSession, user_code_hash: bytes) -> DeviceRequest | None:
    """Return a request that has not expired and was not answered, locked until the end of the transaction."""
    query = select(DeviceRequest).where(
        DeviceRequest.user_code_hash == user_code_hash,
        DeviceRequest.expires_at > now(),
        DeviceRequest.answered_at.is_(None),
    )
    return (await db.execute(query.with_for_update())).scalar_one_or_none()


async def by_device_code(db: AsyncSession, device_hash: bytes) -> DeviceRequest | None:
    """Return a request that has not expired, locked until the end of the transaction."""
    query = select(DeviceRequest).where(DeviceRequest.device_hash == device_hash, DeviceRequest.expires_at > now())
    return (await db.execute(query.with_for_update())).scalar_one_or_none()


async def forget(db: AsyncSession, request: DeviceRequest) -> None:
    """Delete a request."""
    await db.execute(delete(DeviceRequest).where(DeviceRequest.device_hash == request.device_hash))


async def forget_before(db: AsyncSession, at: datetime) -> None:
    """Delete the requests that expired before a moment."""
    await db.execute(delete(DeviceRequest).where(DeviceRequest.expires_at < at))
