"""Opens the store of a home folder for a command that needs no server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from headwater.kit.errors import Conflict
from headwater.kit.settings import Settings
from headwater.store import migrations
from headwater.store.address import store_folder, store_url
from headwater.store.context import Context
from headwater.store.embedded import EmbeddedServer
from headwater.store.session import Store


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Context]:
    """Yield the context of a home folder; its embedded store is started if Headwater does not run.

    Raises:
        Unavailable: there is no store in the home folder.
    """
    url = store_url(settings)
    server = await _started(settings)
    store = Store(url, pool_size=3)
    context = Context(settings, store)
    try:
        await asyncio.to_thread(migrations.upgrade, url)
        yield context
    finally:
        await context.close()
        await store.close()
        if server:
            await server.stop()


async def _started(settings: Settings) -> EmbeddedServer | None:
    if settings.database_url is not None:
        return None
    server = EmbeddedServer(store_folder(settings))
    try:
        await server.start()
    except Conflict:  # Headwater is running
        return None
    return server
