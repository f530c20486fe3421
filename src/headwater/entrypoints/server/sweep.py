"""Runs the sweep of jobs in the server too, so that jobs of dead workers are requeued even if no worker is left."""

from __future__ import annotations

import asyncio

import structlog
from sqlalchemy.exc import SQLAlchemyError

from headwater.features.jobs.service import sweep
from headwater.store.session import Store

log = structlog.get_logger()


async def sweep_forever(database: Store) -> None:
    """Sweep at intervals until cancelled; errors of the store are only logged."""
    while True:
        await asyncio.sleep(sweep.EVERY_SECONDS)
        try:
            async with database.transaction() as db:
                await sweep.sweep(db)
        except (SQLAlchemyError, OSError) as error:
            log.warning("sweep.failed", error=str(error.__cause__ or error))
