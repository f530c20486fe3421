"""What the room does now and then: links that have expired are forgotten."""

from __future__ import annotations

from headwater.features.extracts import repository
from headwater.kit.clock import now
from headwater.kit.settings import Settings
from headwater.store.session import Database


async def run_maintenance(database: Database, settings: Settings) -> None:
    """Forget the links that have expired."""
    async with database.transaction() as db:
        await repository.forget_expired(db, now())
