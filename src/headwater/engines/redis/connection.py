"""Opens connections: to the checked address, with the chosen TLS mode, logged in, with the database selected."""

from __future__ import annotations

import asyncio
import ssl

from headwater.engines import Address, ConnectionRefused
from headwater.engines.redis.errors import connecting, refused_to_connect
from headwater.engines.redis.resp import LONGEST_LINE, ErrorReply, RespConnection, Value
from headwater.kit.errors import HeadwaterError
from headwater.kit.network.tls import context

PORT = 6379


async def open_connection(to: Address, seconds: float) -> RespConnection:
    """Return an open connection with the database selected, or raise ConnectionRefused."""
    if to.database and not to.database.isdigit():
        raise ConnectionRefused("A Redis database is identified by a number.", hint="Use 0, the default.")
    channel = None
    try:
        async with asyncio.timeout(seconds):
            channel = await _channel(to)
            await _sign_in(channel, to)
    except (OSError, EOFError, HeadwaterError, TimeoutError) as error:
        if channel:
            channel.abort()
        raise connecting(error) from None  # the cause may echo the address
    except BaseException:
        if channel:
            channel.abort()
        raise
    return channel


async def _channel(to: Address) -> RespConnection:
    if to.socket:
        return RespConnection(*await asyncio.open_unix_connection(str(to.socket), limit=LONGEST_LINE))
    encryption = context(to.tls)
    if to.tls.mode == "prefer" and await _speaks_plainly(to):
        encryption = None
    return await _reached(to, encryption)


async def _reached(to: Address, encryption: ssl.SSLContext | None) -> RespConnection:
    host, port = (to.endpoint.ip, to.endpoint.port) if to.endpoint else (to.host, to.port or PORT)
    name = (to.tls.server_name or to.host or host) if encryption else None
    reader, writer = await asyncio.open_connection(host, port, ssl=encryption, server_hostname=name, limit=LONGEST_LINE)
    return RespConnection(reader, writer)


async def _speaks_plainly(to: Address) -> bool:
    """Return True if the server answers without TLS: a port of Redis has either TLS or not."""
    channel = await _reached(to, None)
    try:
        await channel.ask("PING")
    except (OSError, EOFError, HeadwaterError, ValueError):
        return False
    finally:
        channel.abort()
    return True


async def _sign_in(channel: RespConnection, to: Address) -> None:
    login = ("AUTH", to.user or "default", to.password) if to.password or to.user else ()
    rows = await channel.ask("HELLO", 3, *login)
    if isinstance(rows, ErrorReply) and "unknown command" in rows.lower():  # older than 6
        rows = await channel.ask("AUTH", to.password) if to.password else None
    _check(rows)
    if to.database and int(to.database):
        _check(await channel.ask("SELECT", to.database))
    if not to.password:
        _check(await channel.ask("PING"))
    await channel.ask("CLIENT", "SETNAME", "headwater")


def _check(reply: Value) -> None:
    if isinstance(reply, ErrorReply):
        raise refused_to_connect(reply)
