"""Clients that the proxy does not let in: without TLS where it is required, or too slow, in each protocol."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from headwater.engines import Upstream, all_engines
from headwater.engines import _proxy_client as proxy_client
from headwater.engines.mysql.handshake import CAPABILITIES, packet
from headwater.entrypoints.proxy.listener import ProxyProtocol, ProxyServer
from headwater.kit.network.pending_clients import PendingClients

FRONTS = {name: engine.proxy for name, engine in all_engines().items() if engine.proxy}
STARTUP = b"user\0owner\0database\0shop\0\0"
# What a client sends without TLS, and part of the answer.
LOGINS = {
    "postgresql": (struct.pack("!II", len(STARTUP) + 8, 196608) + STARTUP, b"C28000\0"),
    "mysql": (
        packet(1, struct.pack("<IIB", CAPABILITIES & 0xFFFFFFFF, 2**24, 45) + bytes(23) + b"shop\0\0\0"),
        b"\x57\x0c#HY000",
    ),
    "redis": (b"AUTH shop secret\r\n", b"-ERR Connections without TLS"),
}
Opened = Callable[[ProxyServer, str], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]


async def wakes_nothing(engine: str, name: str) -> Upstream:
    raise AssertionError(f"A client woke {name}.")


@pytest.fixture
async def connect() -> AsyncIterator[Opened]:
    servers: list[asyncio.Server] = []
    writers: list[asyncio.StreamWriter] = []

    async def opened(proxy: ProxyServer, engine: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        front = FRONTS[engine]

        def client() -> asyncio.BaseProtocol:
            if front.server_speaks_first:
                return front.client_protocol(proxy.context(engine))
            return ProxyProtocol(FRONTS, proxy)

        server = await asyncio.get_running_loop().create_server(client, "127.0.0.1", 0)
        servers.append(server)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.sockets[0].getsockname()[1])
        writers.append(writer)
        return reader, writer

    yield opened
    for end in (*writers, *servers):
        end.close()


@pytest.mark.parametrize("engine", FRONTS)
async def test_client_without_tls_is_refused_before_its_database_wakes(connect: Opened, engine: str) -> None:
    login, answer = LOGINS[engine]
    reader, writer = await connect(ProxyServer(wakes_nothing, tls_required=True), engine)
    writer.write(login)
    assert answer in await asyncio.wait_for(reader.read(), 60)


@pytest.mark.parametrize("engine", FRONTS)
async def test_client_that_signs_in_too_slowly_is_disconnected(
    connect: Opened, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proxy_client, "SIGN_IN_SECONDS", 0.05)
    proxy = ProxyServer(wakes_nothing)
    reader, writer = await connect(proxy, engine)
    writer.write(LOGINS[engine][0][:6])
    with contextlib.suppress(ConnectionResetError):
        await asyncio.wait_for(reader.read(), 60)
    async with asyncio.timeout(60):
        while len(proxy.pending):
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("engine", FRONTS)
async def test_oldest_silent_client_makes_room(connect: Opened, engine: str) -> None:
    proxy = ProxyServer(wakes_nothing, pending=PendingClients(limit=1))
    reader, writer = await connect(proxy, engine)
    writer.write(LOGINS[engine][0][:6])
    await connect(proxy, engine)
    with contextlib.suppress(ConnectionResetError):
        await asyncio.wait_for(reader.read(), 60)
    assert len(proxy.pending) == 1
