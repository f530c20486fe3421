"""What a worker runs for extracts at intervals: it deletes expired links."""

from __future__ import annotations

from headwater.features.extracts import repository
from headwater.kit.clock import now
from headwater.store.context import Context


async def run_maintenance(context: Context) -> None:
    """Delete expired links."""
    async with context.store.transaction() as db:
        await repository.forget_expired(db, now())
