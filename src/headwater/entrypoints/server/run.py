"""The server process: one application in uvicorn, until it is stopped."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import signal
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

import structlog
import uvicorn
from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp
from uvicorn.loops.auto import auto_loop_factory

from headwater.entrypoints import startup
from headwater.entrypoints.server.app import build
from headwater.entrypoints.server.connections import BoundedProtocol, ConnectionLimits, ConnectionTable
from headwater.entrypoints.server.listeners import BACKLOG, public_listener
from headwater.entrypoints.server.private import PrivateDoor
from headwater.entrypoints.server.sweep import sweep_forever
from headwater.features import collect
from headwater.features.accounts.guard import AppState
from headwater.features.accounts.service.refusals import RefusalLog
from headwater.features.accounts.tokens import Signer
from headwater.features.jobs.service.feed import JobFeed
from headwater.kit import logs, process
from headwater.kit.errors import HeadwaterError
from headwater.kit.network.peers import Peers
from headwater.kit.settings import Settings, settings
from headwater.store.address import store_url
from headwater.store.context import Context
from headwater.store.session import Store

log = structlog.get_logger()
# Files that are open besides connections: of the store, of uploads, of programs and libraries.
OTHER_FILES = 512
PATIENCE_SECONDS = 3
TICKS_PER_SECOND = 10
# Longer than others keep an idle connection, so that it is they who close it.
PEER_IDLE_SECONDS = 60
# Of all server processes; twice as many may be open for a moment, and as many again for reads.
STORE_CONNECTIONS = 20


class EmbeddedUvicorn(uvicorn.Server):
    """uvicorn whose signals we handle."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the caller."""
        yield


class BoundedServer(EmbeddedUvicorn):
    """uvicorn whose connections are bounded."""

    def __init__(self, config: uvicorn.Config, table: ConnectionTable) -> None:
        super().__init__(config)
        self._table = table

    async def on_tick(self, counter: int) -> bool:
        """Close overdue connections once a second."""
        if counter % TICKS_PER_SECOND == 0:
            self._table.close_overdue(time.monotonic())
        return await super().on_tick(counter)


def configuration(application: ASGIApp, table: ConnectionTable) -> uvicorn.Config:
    """Return the configuration of a server for an application, without its address."""
    return _configuration(
        application,
        functools.partial(BoundedProtocol, table),  # called like the class
        int(table.limits.proxy_idle_seconds),
    )


def _configuration(application: ASGIApp, protocol: Any, keep_alive_seconds: int) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        http=protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=keep_alive_seconds,
        timeout_graceful_shutdown=PATIENCE_SECONDS,
    )


@functools.cache
def application() -> FastAPI:
    """Return the application of this process, without its state."""
    return build()


async def serve(chosen: Settings, number: int, public: socket.socket, private: socket.socket | None) -> None:
    """Serve HTTP until SIGTERM or SIGINT.

    Args:
        chosen: the settings.
        number: which of the server processes this is.
        public: the socket on which this one accepts connections.
        private: that on which this one answers the others; None if there are no others.
    """
    await startup.check(chosen, store_url(chosen))
    database = Store(store_url(chosen), pool_size=_pool_size(chosen))
    hooks = tuple(module.welcome for module in collect("welcome").values())
    context = Context(chosen, database, {Peers: Peers(chosen, number)})
    application().state.server = AppState(context, Signer(chosen), hooks)
    table = ConnectionTable(_limits(chosen), chosen.trusted_proxies)
    servers: list[tuple[uvicorn.Server, socket.socket]] = [
        (BoundedServer(configuration(application(), table), table), public)
    ]
    if private is not None:
        config = _configuration(PrivateDoor(application()), "httptools", PEER_IDLE_SECONDS)
        servers.append((EmbeddedUvicorn(config), private))
    _stop_on_signals(context, [server for server, _ in servers])
    sweeper = asyncio.create_task(sweep_forever(context))
    try:
        await asyncio.gather(*(server.serve(sockets=[listener]) for server, listener in servers))
    finally:
        sweeper.cancel()
        await _write_refusals(context)
        await context.close()
        await database.close()


def _stop_on_signals(context: Context, servers: Sequence[uvicorn.Server]) -> None:
    feed = context.service(JobFeed)

    def stop() -> None:
        feed.end_all()
        for server in servers:
            server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)


async def _write_refusals(context: Context) -> None:
    """Write the counted refusals of a server that stops, if the store answers at once."""
    with contextlib.suppress(SQLAlchemyError, OSError, TimeoutError):
        async with asyncio.timeout(PATIENCE_SECONDS):
            await context.service(RefusalLog).write(context, is_last=True)


def _limits(chosen: Settings) -> ConnectionLimits:
    """Return the share of this process in the connections that may be open."""
    files = process.raise_file_limit(chosen.max_connections // chosen.servers + OTHER_FILES)
    total = min(chosen.max_connections // chosen.servers, max(100, files - OTHER_FILES))
    return ConnectionLimits(total=total, per_address=min(chosen.max_connections_per_address // chosen.servers, total))


def _pool_size(chosen: Settings) -> int:
    """Return the size of the pool of connections to the store, so that those of all server processes fit in it."""
    return max(3, min(10, STORE_CONNECTIONS // chosen.servers))


def main(number: int = 0, public: socket.socket | None = None, private: socket.socket | None = None) -> None:
    """Run a server process with the settings of the environment; without sockets, it is the only one."""
    chosen = settings()
    logs.configure(chosen.log_level, chosen.log_format)
    try:
        if public is None:
            chosen, public = chosen.model_copy(update={"servers": 1}), public_listener(chosen)
        with public, asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
            runner.run(serve(chosen, number, public, private))
    except HeadwaterError as error:
        log.error("server.failed", error=error.message, hint=error.hint)
        sys.exit(1)
    except (OSError, RuntimeError) as error:
        log.error("server.failed", error=str(error), address=f"{chosen.host}:{chosen.port}")
        sys.exit(1)
