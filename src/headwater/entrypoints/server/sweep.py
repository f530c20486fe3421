"""What the server runs at intervals: it seals the audit log, and sweeps jobs, also if no worker is left."""

from __future__ import annotations

import asyncio

import structlog
from sqlalchemy.exc import SQLAlchemyError

from headwater.features.accounts.service import audit_chain
from headwater.features.accounts.service.refusals import RefusalLog
from headwater.features.jobs.service import sweep
from headwater.kit.errors import HeadwaterError
from headwater.store.context import Context

log = structlog.get_logger()


async def sweep_forever(context: Context) -> None:
    """Sweep at intervals until cancelled; errors of the store are only logged."""
    while True:
        await asyncio.sleep(sweep.EVERY_SECONDS)
        try:
            async with context.store.transaction() as db:
                await sweep.sweep(db)
            await context.service(RefusalLog).write(context)
            await audit_chain.seal_all(context)
        except (SQLAlchemyError, OSError, HeadwaterError) as error:
            log.warning("sweep.failed", error=str(error.__cause__ or error))
