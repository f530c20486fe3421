"""Checks that every process of Headwater runs before it starts; features offer them as `startup.check`."""

from __future__ import annotations

import structlog
from sqlalchemy.exc import SQLAlchemyError

from headwater.features import collect
from headwater.kit.settings import Settings
from headwater.store.context import Context
from headwater.store.session import Store

log = structlog.get_logger()


async def check(settings: Settings, url: str) -> None:
    """Run the checks of all features; where the store does not answer, the processes that need it wait for it.

    Raises:
        HeadwaterError: Headwater must not start; the sentence says why.
    """
    store = Store(url, pool_size=1)
    try:
        context = Context(settings, store)
        for module in collect("startup").values():
            await module.check(context)
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        log.warning("startup.check_failed", error=str(error))
    finally:
        await store.close()
