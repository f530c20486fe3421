"""What a worker runs for branches at intervals: it deletes those whose time is over."""

from __future__ import annotations

from headwater.features.branches.service import expiry
from headwater.store.context import Context


async def run_maintenance(context: Context) -> None:
    """Delete branches whose time is over, and end the holds on the bases of those that are gone."""
    await expiry.maintain(context)
