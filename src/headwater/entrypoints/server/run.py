"""The server process: one application in uvicorn, until it is stopped."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import signal
import socket
import sys
import time
from collections.abc import Iterator

import structlog
import uvicorn
from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp
from uvicorn.loops.auto import auto_loop_factory

from headwater.entrypoints import startup
from headwater.entrypoints.server.app import build
from headwater.entrypoints.server.connections import BoundedProtocol, ConnectionLimits, ConnectionTable
from headwater.entrypoints.server.sweep import sweep_forever
from headwater.features import collect
from headwater.features.accounts.guard import AppState
from headwater.features.accounts.service.refusals import RefusalLog
from headwater.features.accounts.tokens import Signer
from headwater.features.jobs.service.feed import JobFeed
from headwater.kit import logs, process
from headwater.kit.errors import HeadwaterError
from headwater.kit.settings import Settings, settings
from headwater.store.address import store_url
from headwater.store.context import Context
from headwater.store.session import Store

log = structlog.get_logger()
BACKLOG = 4_096
# Files that are open besides connections: of the store, of uploads, of programs and libraries.
OTHER_FILES = 512
PATIENCE_SECONDS = 3
TICKS_PER_SECOND = 10


class BoundedServer(uvicorn.Server):
    """uvicorn whose connections are bounded, and whose signals we handle."""

    def __init__(self, config: uvicorn.Config, table: ConnectionTable) -> None:
        super().__init__(config)
        self._table = table

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the caller."""
        yield

    async def on_tick(self, counter: int) -> bool:
        """Close overdue connections once a second."""
        if counter % TICKS_PER_SECOND == 0:
            self._table.close_overdue(time.monotonic())
        return await super().on_tick(counter)


def configuration(application: ASGIApp, table: ConnectionTable) -> uvicorn.Config:
    """Return the configuration of a server for an application, without its address."""
    return uvicorn.Config(
        application,
        http=functools.partial(BoundedProtocol, table),  # type: ignore[arg-type]  # called like the class
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=int(table.limits.proxy_idle_seconds),
        timeout_graceful_shutdown=PATIENCE_SECONDS,
    )


@functools.cache
def application() -> FastAPI:
    """Return the application of this process, without its state."""
    return build()


async def serve(chosen: Settings) -> None:
    """Serve HTTP until SIGTERM or SIGINT."""
    await startup.check(chosen, store_url(chosen))
    database = Store(store_url(chosen), pool_size=10)
    hooks = tuple(module.welcome for module in collect("welcome").values())
    state = AppState(Context(chosen, database), Signer(chosen), hooks)
    feed = state.context.service(JobFeed)
    table = ConnectionTable(_limits(chosen), chosen.trusted_proxies)
    application().state.server = state
    server = BoundedServer(configuration(application(), table), table)
    loop = asyncio.get_running_loop()

    def stop() -> None:
        feed.end_all()
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    sweeper = loop.create_task(sweep_forever(state.context))
    try:
        with _listener(chosen.host, chosen.port) as listener:
            await server.serve(sockets=[listener])
    finally:
        sweeper.cancel()
        await _write_refusals(state.context)
        await state.context.close()
        await database.close()


async def _write_refusals(context: Context) -> None:
    """Write the counted refusals of a server that stops, if the store answers at once."""
    with contextlib.suppress(SQLAlchemyError, OSError, TimeoutError):
        async with asyncio.timeout(PATIENCE_SECONDS):
            await context.service(RefusalLog).write(context, is_last=True)


def _limits(chosen: Settings) -> ConnectionLimits:
    files = process.raise_file_limit(chosen.max_connections + OTHER_FILES)
    total = min(chosen.max_connections, max(100, files - OTHER_FILES))
    return ConnectionLimits(total=total, per_address=min(chosen.max_connections_per_address, total))


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=BACKLOG)


def main() -> None:
    """Run the server with the settings of the environment."""
    chosen = settings()
    logs.configure(chosen.log_level, chosen.log_format)
    try:
        with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
            runner.run(serve(chosen))
    except HeadwaterError as error:
        log.error("server.failed", error=error.message, hint=error.hint)
        sys.exit(1)
    except (OSError, RuntimeError) as error:
        log.error("server.failed", error=str(error), address=f"{chosen.host}:{chosen.port}")
        sys.exit(1)
