"""Waits until the supervisor has brought a database to its desired state."""

from __future__ import annotations

import asyncio
import uuid

from headwater.features.accounts.rights import Actor
from headwater.features.databases.service import databases
from headwater.features.databases.service.databases import DatabaseView
from headwater.features.databases.supervisor import client
from headwater.kit.errors import Unavailable
from headwater.kit.settings import Settings
from headwater.store.context import Context

POLL_SECONDS = 0.03
ON_THE_WAY = frozenset({"creating", "starting", "deleting"})


async def notify_supervisor(settings: Settings, database_id: uuid.UUID) -> None:
    """Notify the supervisor that a row has changed; without a supervisor, the next one will see it."""
    try:
        await client.notify(settings, database_id)
    except Unavailable:
        return


async def wait_until_settled(context: Context, actor: Actor, database_id: uuid.UUID, seconds: float) -> DatabaseView:
    """Notify the supervisor; return the database once it has its desired state, has failed, or after `seconds`."""
    await notify_supervisor(context.settings, database_id)
    end = asyncio.get_running_loop().time() + seconds
    while True:
        async with context.store.transaction() as db:
            view = await databases.view(db, actor, database_id)
        row = view.database
        settled = row.origin == "connected" or row.state == "failed" or row.state == row.desired
        if (settled and row.state not in ON_THE_WAY) or asyncio.get_running_loop().time() >= end:
            return view
        await asyncio.sleep(POLL_SECONDS)
