"""What the room does now and then: links that have expired are forgotten."""

from __future__ import annotations

from headwater.features.extracts import repository
from headwater.kit.clock import now
from headwater.store.context import Context


async def run_maintenance(context: Context) -> None:
    """Forget the links that have expired."""
    async with context.store.transaction() as db:
        await repository.forget_expired(db, now())
