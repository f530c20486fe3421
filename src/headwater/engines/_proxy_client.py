"""A client of the proxy, for any protocol: it signs in to a database, then its bytes are relayed.

The proxy signs clients in itself, with the password of the database that it knows. A client that has not signed in
occupies neither a connection of the database nor a place of its quota; it is bounded by time and by `PendingClients`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from typing import ClassVar

import structlog

from headwater.engines._proxy import ProxyContext, Upstream
from headwater.kit.network.keepalive import keep_alive
from headwater.kit.network.pending_clients import PendingClient
from headwater.kit.network.splice import HalfDuplex

log = structlog.get_logger()
# Time for a client to sign in, without the time in which it waits for its database.
SIGN_IN_SECONDS = 30.0


class ProxyClient(HalfDuplex):
    """A client connection; a subclass parses the first messages in `begin`, and calls `admit` when it has signed in."""

    LONGEST: ClassVar[int]
    """The number of bytes that a client may send before it is answered."""
    EXPECTED: ClassVar[tuple[type[Exception], ...]] = ()
    """Errors that a client can cause; they are not logged as errors of Headwater."""

    def __init__(self, context: ProxyContext) -> None:
        self._context = context
        self._buffer = b""
        self._upstream: Upstream | None = None
        self._task: asyncio.Task[None] | None = None
        self._pending: PendingClient | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._seconds, self._since = SIGN_IN_SECONDS, 0.0
        self._more: asyncio.Future[None] | None = None
        self._ended = False

    @property
    def encrypted(self) -> bool:
        """True if the connection is encrypted."""
        return self.transport is not None and self.transport.get_extra_info("ssl_object") is not None

    def begin(self) -> None:
        """Parse the messages that have arrived completely."""
        raise NotImplementedError

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        keep_alive(transport)
        peer = transport.get_extra_info("peername")
        self._pending = self._context.pending.add(str(peer[0]) if peer else "", self._disconnect)
        self._start_timer()

    def received(self, data: bytes) -> None:
        if self.other is not None and self._upstream is not None:
            self._upstream.meter.received_bytes()
            self.other.transport.write(data)  # type: ignore[union-attr]
            return
        self._buffer += data
        if self._task is None:
            self.begin()
        elif len(self._buffer) > self.LONGEST and self.transport:
            self.transport.pause_reading()  # no client sends this much before it is answered
        if self._more is not None and not self._more.done():
            self._more.set_result(None)

    def eof_received(self) -> bool:
        """Relay the end of the client's stream; the answers to what it has sent still arrive.

        A TLS connection cannot be half closed: asyncio closes it.
        """
        self._ended = True
        if self.encrypted:
            return False
        if self.other is not None and self.other.transport:
            if not self.other.transport.is_closing():
                self.other.transport.write_eof()
            return True
        return self._task is not None and self._more is None  # what it has sent is being answered

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        if self._pending:
            self._context.pending.remove(self._pending)
        if self._task:
            self._task.cancel()
        super().connection_lost(exc)
        if self._upstream:
            self._upstream.meter.disconnected()
            self._upstream = None

    async def resolve(self, name: str) -> Upstream:
        """Return the database with this name; the client is not pressed while it waits for it to wake."""
        self._stop_timer()
        try:
            return await self._context.resolve(name)
        finally:
            self._start_timer()

    def must_encrypt(self, upstream: Upstream | None = None) -> bool:
        """Return True if the client is refused because its connection is not encrypted."""
        required = self._context.tls_required or (upstream is not None and upstream.tls_required)
        return required and not self.encrypted

    def admit(self, upstream: Upstream) -> None:
        """Count a client that has signed in, and let it stay for as long as it wants.

        Raises:
            TooMany: the database has no connection free.
        """
        upstream.meter.connected()
        self._upstream = upstream
        self._stop_timer()
        if self._pending:
            self._context.pending.remove(self._pending)

    async def more(self) -> None:
        """Wait for further bytes of the client."""
        if self.transport and not self.transport.is_closing():
            self.transport.resume_reading()
        self._more = asyncio.get_running_loop().create_future()
        try:
            await self._more
        finally:
            self._more = None

    def forward(self, server: HalfDuplex) -> None:
        """Send what the client has already sent to the server, also the end of its stream."""
        assert server.transport is not None
        rest, self._buffer = self._buffer, b""
        if rest:
            server.transport.write(rest)
        if self._ended:
            server.transport.write_eof()
        if self.transport and not self.transport.is_closing():
            self.transport.resume_reading()

    def _disconnect(self) -> None:
        if self.transport:
            self.transport.abort()

    def _start_timer(self) -> None:
        """Close a client that takes too long to sign in."""
        if self.transport and not self.transport.is_closing() and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(max(self._seconds, 0.0), self._disconnect)
            self._since = time.monotonic()

    def _stop_timer(self) -> None:
        """Stop the clock; it continues where it stopped, so that no client gets more time by asking again."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
            self._seconds -= time.monotonic() - self._since

    def _start(self, work: Coroutine[None, None, None]) -> None:
        self._task = asyncio.get_running_loop().create_task(work)
        self._task.add_done_callback(self._finish)

    def _finish(self, task: asyncio.Task[None]) -> None:
        """Close the connection if the task failed, so that the client does not wait."""
        if not task.cancelled() and (error := task.exception()) is not None:
            if not isinstance(error, self.EXPECTED):
                log.error("proxy.crashed", exc_info=error)
            self._disconnect()
