"""What the room does again and again: logs go into their vaults; what is due is begun, and what is over is ended."""

from __future__ import annotations

import time

from headwater.features.recovery.service import maintenance, wal_archiver
from headwater.store.context import Context

# What is lost with this machine is what was written since the last time.
EVERY_SECONDS = 20.0
# To look what is due, all that is kept is read: that can wait.
LOOK_SECONDS = 120.0
_looked = {"at": -LOOK_SECONDS}


async def run_maintenance(context: Context) -> None:
    """Bring what is in the spools into the vaults; now and then, look what is due."""
    await wal_archiver.ship_all(context)
    if time.monotonic() - _looked["at"] >= LOOK_SECONDS:
        _looked["at"] = time.monotonic()
        await look(context)


async def look(context: Context) -> None:
    """Begin what is due, delete what is old, take away what nobody goes on with."""
    await maintenance.maintain_archives(context)
    await maintenance.take_away_abandoned(context)
