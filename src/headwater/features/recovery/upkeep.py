"""What the room does again and again: logs go into their vaults; what is due is begun, and what is over is ended."""

from __future__ import annotations

from headwater.features.recovery.service import looking_after, shipping
from headwater.kit.settings import Settings
from headwater.store.session import Database

# What is lost with this machine is what was written since the last time.
EVERY_SECONDS = 20.0


async def upkeep(database: Database, settings: Settings) -> None:
    """Bring what is in the spools into the vaults, then look what is due."""
    await shipping.ship_all(settings, database)
    await looking_after.look_after(settings, database)
    await looking_after.take_away_abandoned(settings, database)
