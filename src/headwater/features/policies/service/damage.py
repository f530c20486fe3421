"""Opens alerts for damaged snapshots, whoever found the damage: a policy, or a person who verified a snapshot."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.rights import SYSTEM
from headwater.features.databases.service import databases
from headwater.features.policies import repository
from headwater.features.policies.service import alerts
from headwater.features.snapshots.service import summaries
from headwater.features.snapshots.service.summaries import DamageReport
from headwater.kit.errors import NotFound
from headwater.store.session import Store


async def report(store: Store, at: datetime) -> None:
    """Open an alert for each database in whose snapshots damage was found since its last alert of damage."""
    async with store.transaction() as db:
        unreported = [damage for damage in await summaries.damage(db) if not await _is_reported(db, damage)]
    for damage in unreported:
        async with store.transaction() as db:
            await _report(db, damage, at)


async def _report(db: AsyncSession, damage: DamageReport, at: datetime) -> None:
    try:
        database = await databases.find(db, SYSTEM, damage.database_id, lock=True)
    except NotFound:
        return
    if await _is_reported(db, damage):  # by another process in the meantime
        return
    count = "A snapshot is" if damage.snapshots == 1 else f"{damage.snapshots} snapshots are"
    message = f"{count} damaged. The next snapshot reads and stores everything again."
    await alerts.raise_alert(db, database, "damaged", message, max(at, damage.last_at), snapshot_id=damage.last_id)


async def _is_reported(db: AsyncSession, damage: DamageReport) -> bool:
    last_at = await repository.last_alert_at(db, damage.database_id, "damaged")
    return last_at is not None and last_at >= damage.last_at
