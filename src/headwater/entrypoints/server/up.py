"""`headwater up`: one process that runs store, server, supervisor and workers as children, and restarts those that die.

When it ends, by Ctrl-C, SIGTERM or a kill, all its children end too.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence

import structlog
from sqlalchemy.exc import SQLAlchemyError

from headwater.entrypoints import startup
from headwater.entrypoints.server.children import Child, Children
from headwater.entrypoints.server.listeners import private_listener, public_listeners
from headwater.features.jobs.service import sweep
from headwater.kit.errors import HeadwaterError
from headwater.kit.settings import Settings
from headwater.store import migrations
from headwater.store.address import store_folder, store_url
from headwater.store.embedded import EmbeddedServer
from headwater.store.session import Store

log = structlog.get_logger()
# Without this, threads keep large freed buffers: 85 MB more for a worker that takes a snapshot.
MEMORY = {"MALLOC_ARENA_MAX": "2", "ARROW_DEFAULT_MEMORY_POOL": "system"}
READY_SECONDS = 60.0


async def up(settings: Settings, say: Callable[[str], None]) -> None:
    """Run everything until SIGINT or SIGTERM."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    store = None if settings.database_url else EmbeddedServer(store_folder(settings))
    with public_listeners(settings) as public:
        children = Children(_environment(settings))
        try:
            if store:
                await store.start()
            url = store_url(settings)
            await asyncio.to_thread(migrations.upgrade, url)
            await startup.check(settings, url)
            with _servers(settings, public, children) as servers:
                await _run_children(settings, store, servers, children, stopping, say)
        finally:
            if store:
                await store.stop()


@contextlib.contextmanager
def _servers(settings: Settings, public: Sequence[socket.socket], children: Children) -> Iterator[list[Child]]:
    """Yield the server processes to run; if there are several, each has a socket on which the others reach it."""
    if settings.servers == 1:
        yield [Child("server", children, "serve", 0, public[0])]
        return
    with contextlib.ExitStack() as sockets:
        private = [sockets.enter_context(private_listener(settings, number)) for number in range(settings.servers)]
        yield [
            Child(f"server {number}", children, f"serve {number}", number, public[number], listener)
            for number, listener in enumerate(private)
        ]


async def _run_children(
    settings: Settings,
    store: EmbeddedServer | None,
    servers: Sequence[Child],
    children: Children,
    stopping: asyncio.Event,
    say: Callable[[str], None],
) -> None:
    database = Store(store_url(settings), pool_size=1)
    supervisor = Child("supervisor", children, "proxy")
    workers = [Child(f"worker {n + 1}", children, "worker") for n in range(settings.workers)]

    async def release(pid: int) -> None:
        try:
            async with asyncio.timeout(5), database.transaction() as db:
                await sweep.release_process(db, socket.gethostname(), pid)
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            log.warning("worker.release_failed", error=str(error))  # the next sweep will do it

    async def nothing(_: int) -> None:
        return None

    watchers = [asyncio.create_task(worker.watch(release)) for worker in workers]
    watchers += [asyncio.create_task(child.watch(nothing)) for child in (*servers, supervisor)]
    if store:
        watchers.append(asyncio.create_task(store.watch()))
    announcing = asyncio.create_task(_announce(settings, say))
    waiting = asyncio.create_task(stopping.wait())
    try:
        done, _ = await asyncio.wait({waiting, *watchers}, return_when=asyncio.FIRST_COMPLETED)
        for task in done - {waiting}:
            task.result()
    finally:
        for task in (announcing, waiting, *watchers):
            task.cancel()
        await asyncio.gather(announcing, waiting, *watchers, return_exceptions=True)
        await children.stop()
        await database.close()


def _environment(settings: Settings) -> dict[str, str]:
    """Return the environment of the children: our settings, including options of the command line."""
    chosen = {
        "HEADWATER_HOME": str(settings.home_folder),
        "HEADWATER_HOST": settings.host,
        "HEADWATER_PORT": str(settings.port),
        "HEADWATER_SERVERS": str(settings.servers),
        "HEADWATER_PROXY_PORT": str(settings.proxy_port),
    }
    return {**MEMORY, **os.environ, **chosen}


async def _announce(settings: Settings, say: Callable[[str], None]) -> None:
    """Print the address of Headwater as soon as it is ready."""
    host = "127.0.0.1" if settings.host in {"0.0.0.0", "::"} else settings.host  # noqa: S104
    address = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if await asyncio.to_thread(_answers, f"{address}/readyz"):
            say(f"Headwater is ready at {address}")
            return
        await asyncio.sleep(0.2)
    say(f"Headwater is not ready yet. See {address}/readyz for the reason.")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def run(settings: Settings, say: Callable[[str], None]) -> None:
    """Run everything; an interrupt is the normal end."""
    try:
        asyncio.run(up(settings, say))
    except HeadwaterError:
        raise
    except KeyboardInterrupt:
        return
