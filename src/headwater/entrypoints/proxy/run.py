"""Runs the supervisor and the proxy: one port for all databases whose clients speak first; connections wake them."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import importlib
import resource
import signal
import sys
from collections.abc import Awaitable, Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from headwater.drivers.local import LocalDriver
from headwater.engines import all_engines
from headwater.entrypoints import startup
from headwater.entrypoints.proxy.certificate import binding_hash, load_certificate
from headwater.entrypoints.proxy.listener import ProxyProtocol, ProxyServer
from headwater.features import collect
from headwater.features.databases.supervisor import clients, control, idle
from headwater.features.databases.supervisor.reconciler import RECONCILE_SECONDS, Supervisor
from headwater.kit import logs
from headwater.kit.errors import HeadwaterError, Unavailable
from headwater.kit.network.pending_clients import LIMIT, LIMIT_OF_ADDRESS, PendingClients
from headwater.kit.settings import Settings, settings
from headwater.store.address import store_url
from headwater.store.lock import Lock
from headwater.store.session import Store

log = structlog.get_logger()
# Each relayed client needs two.
OPEN_FILES = 65_536


async def run_supervisor(chosen: Settings) -> None:
    """Run the databases of this host until SIGTERM or SIGINT."""
    collect("models")
    lock = Lock(chosen.home_folder / "databases" / "keeper.lock")
    await startup.check(chosen, store_url(chosen))
    lock.take()
    store = Store(store_url(chosen), pool_size=5)
    supervisor = Supervisor(chosen, store, LocalDriver(chosen.home_folder / "databases"))
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    try:
        await supervisor.begin()
        servers = [await control.listen(supervisor), *await _proxy(supervisor, chosen)]
        rounds = [
            loop.create_task(_every(RECONCILE_SECONDS, supervisor, supervisor.reconcile)),
            loop.create_task(
                _every(idle.LOOK_SECONDS, supervisor, functools.partial(idle.watch_instances, supervisor))
            ),
        ]
        supervisor.prepare()
        await stopping.wait()
        for server in servers:
            server.close()
        for task in rounds:
            task.cancel()
    finally:
        await supervisor.close()
        await store.close()
        lock.release()


async def _every(seconds: float, supervisor: Supervisor, work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await work()
        except (HeadwaterError, SQLAlchemyError, OSError) as error:
            supervisor.faults += 1
            log.warning("supervisor.reconcile_failed", error=str(error))
        except Exception:
            supervisor.faults += 1
            # A bug that fails one round must not stop the supervisor of all databases.
            log.exception("supervisor.reconcile_crashed")
        await asyncio.sleep(seconds)


async def _proxy(supervisor: Supervisor, chosen: Settings) -> list[asyncio.Server]:
    """Listen on one port for protocols in which the client speaks first, and on another for those in which it waits."""
    fronts = {name: engine.proxy for name, engine in all_engines().items() if engine.proxy}
    pending = supervisor.pending_clients = _pending_clients()
    proxy = ProxyServer(
        functools.partial(clients.open_upstream, supervisor),
        load_certificate(chosen),
        binding_hash(chosen),
        chosen.proxy_tls == "required",
        pending,
    )
    servers = [
        await _listen(lambda: ProxyProtocol(fronts, proxy), chosen.host, chosen.proxy_port, "HEADWATER_PROXY_PORT")
    ]
    for name, engine_proxy in fronts.items():
        if engine_proxy.server_speaks_first:
            front = functools.partial(engine_proxy.client_protocol, proxy.context(name))
            servers.append(await _listen(front, chosen.host, chosen.mysql_proxy_port, "HEADWATER_MYSQL_PROXY_PORT"))
    return servers


def _pending_clients() -> PendingClients:
    """Return the bounds of clients that have not signed in; the limit of open files is raised for the others."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = OPEN_FILES if most == resource.RLIM_INFINITY else min(most, OPEN_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, most))
    return PendingClients(min(LIMIT, files // 4), min(LIMIT_OF_ADDRESS, files // 8))


async def _listen(front: Callable[[], asyncio.BaseProtocol], host: str, port: int, setting: str) -> asyncio.Server:
    try:
        return await asyncio.get_running_loop().create_server(front, host, port, backlog=512)
    except OSError as error:
        raise Unavailable(
            f"The proxy cannot listen on {host}:{port}: {error.strerror}.",
            hint=f"Choose another port with {setting}.",
        ) from error


def _loop() -> Callable[[], asyncio.AbstractEventLoop]:
    """Return the factory of the event loop: uvloop halves the proxy's latency, but is not available everywhere."""
    with contextlib.suppress(ImportError):
        factory: Callable[[], asyncio.AbstractEventLoop] = importlib.import_module("uvloop").new_event_loop
        return factory
    return asyncio.new_event_loop


def main() -> None:
    """Run the supervisor and the proxy with the settings of the environment."""
    chosen = settings()
    logs.configure(chosen.log_level, chosen.log_format)
    try:
        with asyncio.Runner(loop_factory=_loop()) as runner:
            runner.run(run_supervisor(chosen))
    except HeadwaterError as error:
        log.error("supervisor.failed", error=error.message, hint=error.hint)
        sys.exit(1)
