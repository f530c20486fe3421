"""The server process: one application in one granian worker, until it is stopped."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys

import structlog
from granian.constants import Interfaces
from granian.server.embed import Server as Granian

from headwater.entrypoints import startup
from headwater.entrypoints.server.app import build
from headwater.entrypoints.server.sweep import sweep_forever
from headwater.features import collect
from headwater.features.accounts.guard import AppState
from headwater.features.accounts.throttle import SignInThrottle
from headwater.features.accounts.tokens import Signer
from headwater.kit import logs
from headwater.kit.errors import HeadwaterError
from headwater.kit.settings import Settings, settings
from headwater.store.address import store_url
from headwater.store.context import Context
from headwater.store.session import Store

log = structlog.get_logger()


async def serve(chosen: Settings) -> None:
    """Serve HTTP until SIGTERM or SIGINT."""
    await startup.check(chosen, store_url(chosen))
    database = Store(store_url(chosen), pool_size=10)
    hooks = tuple(module.welcome for module in collect("welcome").values())
    server = AppState(Context(chosen, database), Signer(chosen), SignInThrottle(), hooks)
    granian = Granian(
        build(server),
        address=chosen.host,
        port=chosen.port,
        interface=Interfaces.ASGINL,
        websockets=False,
        log_enabled=False,
    )
    granian.workers_kill_timeout = 3
    loop = asyncio.get_running_loop()

    def stop() -> None:
        server.stopping.set()  # open event streams end themselves
        granian.stop()  # type: ignore[no-untyped-call]

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    sweeper = loop.create_task(sweep_forever(database))
    try:
        with contextlib.suppress(TimeoutError):  # requests that do not end in time are aborted
            await granian.serve()
    finally:
        sweeper.cancel()
        await server.context.close()
        await database.close()


def main() -> None:
    """Run the server with the settings of the environment."""
    chosen = settings()
    logs.configure(chosen.log_level, chosen.log_format)
    try:
        asyncio.run(serve(chosen))
    except HeadwaterError as error:
        log.error("server.failed", error=error.message, hint=error.hint)
        sys.exit(1)
    except (OSError, RuntimeError) as error:
        log.error("server.failed", error=str(error), address=f"{chosen.host}:{chosen.port}")
        sys.exit(1)
