"""Opens an alert for each managed database that does not run although it should, or cannot be managed."""

from __future__ import annotations

from datetime import datetime

from headwater.features.databases.service import databases
from headwater.features.policies import repository
from headwater.features.policies.service import alerts
from headwater.features.policies.service.alerts import Kind
from headwater.store.session import Store

KIND: Kind = "not_running"


async def report(store: Store, at: datetime) -> None:
    """Open the alerts of databases that have failed, and resolve those of databases that have not."""
    async with store.transaction() as db:
        alerted = await repository.alerted(db, KIND)
        failing = {database.id: database for database in await databases.failing(db)}
        for database_id, database in failing.items():
            if database_id not in alerted:
                await alerts.raise_alert(db, database, KIND, database.state_reason or "It does not start.", at)
        for database_id in alerted - set(failing):
            await alerts.resolve(db, database_id, at, KIND)
