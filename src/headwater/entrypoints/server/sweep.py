"""The server's share of the sweeping, so that the jobs of dead workers return even when no worker is left."""

from __future__ import annotations

import asyncio

import structlog
from sqlalchemy.exc import SQLAlchemyError

from headwater.features.jobs.service import sweep
from headwater.store.session import Store

log = structlog.get_logger()


async def sweep_forever(database: Store) -> None:
    """Sweep at each interval until cancelled; the store may be away for a while."""
    while True:
        await asyncio.sleep(sweep.EVERY_SECONDS)
        try:
            async with database.transaction() as db:
                await sweep.sweep(db)
        except (SQLAlchemyError, OSError) as error:
            log.warning("sweep.failed", error=str(error.__cause__ or error))
