"""Opens connections: only to the checked address, even if the server announces other replica set members."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from headwater.engines import Address, ConnectionRefused
from headwater.engines.mongodb import policy
from headwater.engines.mongodb.errors import connecting
from headwater.engines.mongodb.tls_tunnel import TlsTunnel
from headwater.engines.mongodb.values import Document
from headwater.kit.errors import HeadwaterError
from headwater.kit.network.endpoint import Endpoint
from headwater.kit.network.tls import context

PORT = 27017
HANDSHAKE_SECONDS = 1.5
# If TLS is preferred but not offered, it is not tried again for a while: some servers are slow to refuse.
REMEMBERED_SECONDS = 600.0
_plain_until: dict[tuple[str, int | None, Endpoint | None], float] = {}


@dataclass(slots=True)
class MongoConnection:
    """A connected driver, and its TLS tunnel if the server requires TLS."""

    client: AsyncMongoClient[Document]
    passage: TlsTunnel | None

    async def close(self) -> None:
        """Close the driver and the tunnel."""
        await self.client.close()
        if self.passage:
            await self.passage.close()


async def open_connection(to: Address, seconds: float) -> MongoConnection:
    """Return an open connection, or raise ConnectionRefused."""
    if not to.database:
        raise ConnectionRefused(
            "The URL names no database.", hint="Add it at the end of the URL: mongodb://host:27017/shop"
        )
    if policy.is_systems(to.database):
        raise ConnectionRefused(
            f"{to.database} is a system database of the server.",
            hint="Use the database that contains your collections.",
        )
    channel = passage = None
    try:
        async with asyncio.timeout(seconds):
            passage = await _passage(to, seconds)
            if passage is None and to.endpoint:
                await _raise_if_refused(to.endpoint)
            channel = MongoConnection(_client(to, passage, seconds), passage)
            await channel.client[to.database].command({"listCollections": 1, "nameOnly": True})
    except (OSError, EOFError, TimeoutError, PyMongoError, HeadwaterError, ValueError) as error:
        await _closed(channel, passage)
        raise connecting(error) from None  # the cause may echo the address
    except BaseException:
        await _closed(channel, passage)
        raise
    return channel


async def _closed(channel: MongoConnection | None, passage: TlsTunnel | None) -> None:
    if channel:
        await channel.close()
    elif passage:
        await passage.close()


async def _raise_if_refused(endpoint: Endpoint) -> None:
    """Raise ConnectionRefusedError at once where nothing listens: the driver would try again until its time is over."""
    _, writer = await asyncio.open_connection(endpoint.ip, endpoint.port)
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def _passage(to: Address, seconds: float) -> TlsTunnel | None:
    encryption = None if to.socket else context(to.tls)
    if encryption is None:
        return None
    key = (to.host, to.port, to.endpoint)
    if to.tls.mode == "prefer" and time.monotonic() < _plain_until.get(key, 0.0):
        return None
    endpoint = to.endpoint or Endpoint(to.host, to.port or PORT)
    tunnel = TlsTunnel(endpoint, encryption, to.tls.server_name or to.host or endpoint.ip)
    try:
        async with asyncio.timeout(HANDSHAKE_SECONDS if to.tls.mode == "prefer" else seconds):
            await tunnel.open()
    except BaseException as error:
        with contextlib.suppress(OSError):
            await tunnel.close()
        # A server without TLS closes the connection during the handshake.
        if to.tls.mode == "prefer" and isinstance(error, ssl.SSLError | ConnectionResetError | EOFError | TimeoutError):
            _plain_until[key] = time.monotonic() + REMEMBERED_SECONDS
            return None
        raise
    return tunnel


def _client(to: Address, passage: TlsTunnel | None, seconds: float) -> AsyncMongoClient[Document]:
    patience = max(1, round(seconds * 1000))
    where: dict[str, Any] = {"host": to.endpoint.ip if to.endpoint else to.host, "port": to.port or PORT}
    if to.endpoint:
        where["port"] = to.endpoint.port
    if passage or to.socket:
        socket = passage.path if passage else str(to.socket)
        where = {"host": f"mongodb://{quote(socket, safe='')}"}
    login: dict[str, Any] = {}
    if to.user:
        login = {
            "username": to.user,
            "password": to.password,
            "authSource": to.option("authSource") or to.database,
        }
    return AsyncMongoClient(
        **where,
        **login,
        directConnection=True,
        tls=False,
        appname="headwater",
        maxPoolSize=4,
        serverSelectionTimeoutMS=patience,
        connectTimeoutMS=patience,
        serverMonitoringMode="poll",
        heartbeatFrequencyMS=30_000,
        readPreference="primaryPreferred",
        retryWrites=False,
        retryReads=False,
        document_class=dict,
        tz_aware=True,
        uuidRepresentation="standard",
        unicode_decode_error_handler="replace",
        datetime_conversion="DATETIME_AUTO",
    )
