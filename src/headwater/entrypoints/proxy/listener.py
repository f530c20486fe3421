"""The shared port of all databases: detects the protocol of a client by its first bytes, and terminates TLS.

PostgreSQL clients request TLS in their own protocol, which their engine handles. A TLS handshake in the first bytes
(PostgreSQL's `sslnegotiation=direct`, Redis) is handled here; its content is then treated like a plain connection.
"""

from __future__ import annotations

import asyncio
import functools
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

import structlog

from headwater.engines import ProxyContext, ProxySupport, Upstream
from headwater.kit.network.pending_clients import PendingClient, PendingClients
from headwater.kit.network.splice import HalfDuplex, secure

log = structlog.get_logger()
FIRST_SECONDS = 30.0
TLS_HANDSHAKE = 0x16
Wake = Callable[[str, str], Awaitable[Upstream]]


@dataclass(frozen=True, slots=True)
class ProxyServer:
    """The proxy of all databases.

    Attributes:
        wake: wakes a database by its engine and its name.
        tls: how to terminate TLS; None without a certificate.
        certificate_hash: the hash of the certificate.
        tls_required: whether clients without TLS are refused.
        pending: the clients, of all ports, that have not signed in.
    """

    wake: Wake
    tls: ssl.SSLContext | None = None
    certificate_hash: bytes | None = None
    tls_required: bool = False
    pending: PendingClients = field(default_factory=PendingClients)

    def context(self, engine: str) -> ProxyContext:
        """Return what the clients of an engine get."""
        resolve = functools.partial(self.wake, engine)
        return ProxyContext(resolve, self.pending, self.tls, self.certificate_hash, self.tls_required)


class ProxyProtocol(asyncio.Protocol):
    """A client whose protocol is not known yet."""

    def __init__(self, fronts: Mapping[str, ProxySupport], proxy: ProxyServer) -> None:
        self._fronts = fronts
        self._proxy = proxy
        self._pending: PendingClient | None = None
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._handshake: asyncio.Task[None] | None = None
        self._inside: bytes | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the first bytes, for a limited time."""
        self._transport = cast(asyncio.Transport, transport)
        self._timer = asyncio.get_running_loop().call_later(FIRST_SECONDS, self._disconnect)
        peer = transport.get_extra_info("peername")
        self._pending = self._proxy.pending.add(str(peer[0]) if peer else "", self._disconnect)

    def data_received(self, data: bytes) -> None:
        """Find the engine that recognizes the first bytes, and hand the connection over to it."""
        assert self._transport is not None
        if self._inside is not None:
            self._inside += data  # data that came with the end of the handshake
            return
        tls = self._proxy.tls
        if data[0] == TLS_HANDSHAKE and tls is not None and self._handshake is None:
            self._handshake = asyncio.get_running_loop().create_task(self._encrypt(tls, data))
            return
        for name, engine in self._fronts.items():
            if engine.recognizes(data):
                self._hand_over(engine.client_protocol(self._proxy.context(name)), data)
                return
        log.info("proxy.unknown_protocol", first=data[:8].hex())
        self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a client that disconnects before it was recognized."""
        self._release()

    def _hand_over(self, front: HalfDuplex, data: bytes) -> None:
        assert self._transport is not None
        self._release()
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

    def _disconnect(self) -> None:
        assert self._transport is not None
        self._transport.abort()

    def _release(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._pending:
            self._proxy.pending.remove(self._pending)
            self._pending = None
