"""Periodic maintenance: the history of runs has an end."""

from __future__ import annotations

from headwater.features.query import repository
from headwater.store.context import Context


async def run_maintenance(context: Context) -> None:
    """Delete the oldest runs of users who have many."""
    async with context.store.transaction() as db:
        await repository.forget_old_runs(db)
