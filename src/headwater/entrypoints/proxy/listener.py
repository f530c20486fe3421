"""The shared port of all databases: detects the protocol of a client by its first bytes, and terminates TLS.

PostgreSQL clients request TLS in their own protocol, which their engine handles. A TLS handshake in the first bytes
(PostgreSQL's `sslnegotiation=direct`, Redis) is handled here; its content is then treated like a plain connection.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from typing import cast

import structlog

from headwater.engines import ProxySupport, Upstream, UpstreamResolver
from headwater.kit.network.splice import HalfDuplex, secure

log = structlog.get_logger()
FIRST_SECONDS = 30.0
TLS_HANDSHAKE = 0x16
Wake = Callable[[str, str], Awaitable[Upstream]]


class ProxyProtocol(asyncio.Protocol):
    """A client whose protocol is not known yet."""

    def __init__(self, fronts: Mapping[str, ProxySupport], wake: Wake, tls: ssl.SSLContext | None) -> None:
        self._fronts = fronts
        self._wake = wake
        self._tls = tls
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._handshake: asyncio.Task[None] | None = None
        self._inside: bytes | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the first bytes, for a limited time."""
        self._transport = cast(asyncio.Transport, transport)
        self._timer = asyncio.get_running_loop().call_later(FIRST_SECONDS, self._transport.abort)

    def data_received(self, data: bytes) -> None:
        """Find the engine that recognizes the first bytes, and hand the connection over to it."""
        assert self._transport is not None
        if self._inside is not None:
            self._inside += data  # data that came with the end of the handshake
            return
        if data[0] == TLS_HANDSHAKE and self._tls is not None and self._handshake is None:
            self._handshake = asyncio.get_running_loop().create_task(self._encrypt(self._tls, data))
            return
        for name, engine in self._fronts.items():
            if engine.recognizes(data):
                self._hand_over(engine.client_protocol(self._opener(name), self._tls), data)
                return
        log.info("proxy.unknown_protocol", first=data[:8].hex())
        self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timer if the client disconnects before it was recognized."""
        self._forget_timer()

    def _opener(self, engine: str) -> UpstreamResolver:
        async def open_for(name: str) -> Upstream:
            return await self._wake(engine, name)

        return open_for

    def _hand_over(self, front: HalfDuplex, data: bytes) -> None:
        assert self._transport is not None
        self._forget_timer()
        self._transport.set_protocol(front)
        front.connection_made(self._transport)
        front.received(data)

    async def _encrypt(self, tls: ssl.SSLContext, data: bytes) -> None:
        assert self._transport is not None
        self._inside = b""
        try:
            self._transport = await secure(self._transport, self, tls, data)
        except OSError as error:
            log.info("proxy.tls_failed", error=str(error))
            return
        inside, self._inside = self._inside, None
        if inside:
            self.data_received(inside)

    def _forget_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
