"""What a worker runs for recovery at intervals: it ships logs, starts base backups, and deletes old data."""

from __future__ import annotations

import time

from headwater.features.recovery.service import maintenance, wal_archiver
from headwater.store.context import Context

# If this machine is lost, so are the changes since the last shipment.
EVERY_SECONDS = 20.0
# Finding out what is due reads all archives, so it runs less often.
LOOK_SECONDS = 120.0
_looked = {"at": -LOOK_SECONDS}


async def run_maintenance(context: Context) -> None:
    """Ship the logs in the spools into the vaults; less often, start and delete what is due."""
    await wal_archiver.ship_all(context)
    if time.monotonic() - _looked["at"] >= LOOK_SECONDS:
        _looked["at"] = time.monotonic()
        await look(context)


async def look(context: Context) -> None:
    """Start base backups that are due, delete outdated data, and delete the databases of abandoned recoveries."""
    await maintenance.maintain_archives(context)
    await maintenance.delete_abandoned(context)
