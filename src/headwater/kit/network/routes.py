"""Routes to a server: direct, over an SSH host, or through a proxy; the driver connects to the endpoint of the route.

The name of a target is resolved and checked here, except for tunnels: a tunnel exists to reach the SSH host's loopback
and private network, so only addresses that are never legitimate (link-local, metadata, multicast) are refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from python_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError, ProxyType
from python_socks.async_.asyncio import Proxy as ProxyClient

from headwater.kit.errors import Unavailable
from headwater.kit.network.endpoint import Endpoint
from headwater.kit.network.guard import Blocked, NetworkPolicy, parse_host, resolve
from headwater.kit.network.tunnels import SshTunnel

CHUNK = 65_536
PROBE_SECONDS = 3.0
PROXY_SECONDS = 15.0


class ProxyFailed(Unavailable):
    """The proxy refused the connection."""

    status = 422
    code = "proxy_failed"


@dataclass(frozen=True, slots=True)
class Target:
    """A server by name and port."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Direct:
    """A direct connection."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A SOCKS5 or HTTP CONNECT proxy for all connections."""

    kind: Literal["socks5", "http"]
    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)


Route: TypeAlias = Direct | Proxy | SshTunnel


@contextlib.asynccontextmanager
async def open_route(target: Target, route: Route, policy: NetworkPolicy) -> AsyncIterator[Endpoint]:
    """Yield the TCP address to connect to for a target; everything that was opened is closed at the end.

    Raises:
        BadInput, Blocked: the target, proxy or SSH host is not allowed.
        Unavailable: a name cannot be resolved, or a part of the route fails; the sentence says which.
    """
    match route:
        case Direct():
            yield await _reachable(await resolve(target.host, target.port, policy))
        case Proxy():
            async with _through_proxy(target, route, policy) as endpoint:
                yield endpoint
        case SshTunnel():
            async with _through_tunnel(target, route, policy) as endpoint:
                yield endpoint


async def _reachable(endpoints: tuple[Endpoint, ...]) -> Endpoint:
    """Return the first address that accepts a connection; a single one is returned without trying."""
    for endpoint in endpoints if len(endpoints) > 1 else ():
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(PROBE_SECONDS):
                _, writer = await asyncio.open_connection(endpoint.ip, endpoint.port)
            writer.close()
            return endpoint
    return endpoints[0]


@contextlib.asynccontextmanager
async def _through_tunnel(target: Target, tunnel: SshTunnel, policy: NetworkPolicy) -> AsyncIterator[Endpoint]:
    address = parse_host(target.host)
    if address is not None and (address.is_link_local or address.is_multicast or address.is_unspecified):
        raise Blocked(f"Connections to {target.host} are not allowed, not even through a tunnel.")
    from headwater.kit.network import ssh  # several megabytes of memory that are needed only for tunnels

    async with ssh.connected(tunnel, policy) as connection:
        await ssh.check_forwarding(connection, target.host, target.port, tunnel)
        async with await connection.forward_local_port("127.0.0.1", 0, target.host, target.port) as listener:
            yield Endpoint("127.0.0.1", listener.get_port())


@contextlib.asynccontextmanager
async def _through_proxy(target: Target, proxy: Proxy, policy: NetworkPolicy) -> AsyncIterator[Endpoint]:
    via = (await resolve(proxy.host, proxy.port, policy))[0]
    checked = (await resolve(target.host, target.port, policy))[0]

    async def dial() -> socket.socket:
        kind = ProxyType.SOCKS5 if proxy.kind == "socks5" else ProxyType.HTTP
        client = ProxyClient(
            kind, via.ip, via.port, username=proxy.user or None, password=proxy.password or None, rdns=False
        )
        try:
            return await client.connect(checked.ip, checked.port, timeout=PROXY_SECONDS)
        except (ProxyError, ProxyConnectionError, ProxyTimeoutError, OSError) as error:
            raise ProxyFailed(
                f"The proxy {proxy.host}:{proxy.port} refused the connection to {target.host}.",
                hint="Check its address, user and password, and what it allows.",
            ) from error

    (await dial()).close()
    async with forwarder(dial) as endpoint:
        yield endpoint


@contextlib.asynccontextmanager
async def forwarder(dial: Callable[[], Awaitable[socket.socket]]) -> AsyncIterator[Endpoint]:
    """Listen on loopback and forward every connection to one made by `dial`; all are closed with the block."""
    at_work: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        at_work.add(task)
        try:
            far_reader, far_writer = await asyncio.open_connection(sock=await dial())
            try:
                await _pump_both(reader, writer, far_reader, far_writer)
            finally:
                far_writer.close()
        except (OSError, ProxyFailed, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            at_work.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield Endpoint("127.0.0.1", server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for task in list(at_work):
            task.cancel()
        await asyncio.gather(*at_work, return_exceptions=True)


async def _pump_both(
    near: asyncio.StreamReader,
    near_out: asyncio.StreamWriter,
    far: asyncio.StreamReader,
    far_out: asyncio.StreamWriter,
) -> None:
    """Copy bytes both ways until both sides have finished; an error on one side closes the other."""
    async with asyncio.TaskGroup() as group:
        group.create_task(_pump(near, far_out))
        group.create_task(_pump(far, near_out))


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(CHUNK):
        sink.write(data)
        await sink.drain()
    if sink.can_write_eof():
        sink.write_eof()
