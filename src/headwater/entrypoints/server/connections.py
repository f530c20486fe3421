"""Bounds of HTTP connections, which uvicorn lacks: in time, in number by address, in number at all.

A connection is *waiting* while no complete request is being processed. Only waiting connections are closed to make
room for new ones, those of the address with the most connections first, so that no client can shut out the others.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal

import structlog
from prometheus_client import Counter, Gauge
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from headwater.entrypoints.server.problems import MEDIA_TYPE, code_of
from headwater.entrypoints.server.response_headers import NOT_STORED, SECURITY_HEADERS
from headwater.kit.network.forwarded import Network, is_trusted

log = structlog.get_logger()
OPEN = Gauge("headwater_http_connections", "Open connections.")
CLOSED = Counter("headwater_http_connections_closed_total", "Connections that the server closed.", ["reason"])
SENTENCES = {
    HTTPStatus.BAD_REQUEST: "This is not a valid HTTP request.",
    HTTPStatus.REQUEST_TIMEOUT: "The request did not arrive in time.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "The headers of the request are too large.",
    HTTPStatus.SERVICE_UNAVAILABLE: "Too many connections are open.",
}


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """The bounds of connections.

    Attributes:
        total: open connections.
        per_address: open connections from one address.
        head_seconds: from the first byte of a request, or from the start of the connection, until its headers are
            complete.
        idle_seconds: between a response and the next request.
        proxy_idle_seconds: the same for a trusted proxy, which must be the one that closes first: it would otherwise
            send a request on a connection that has just ended.
        stall_seconds: time in which `bytes_per_second` must arrive of a body, or leave of a response, on average.
        bytes_per_second: the slowest client that is served.
        linger_seconds: time for which the rest of a body is discarded after an early response, and for which
            a connection that is being closed may take the rest of its response.
        head_bytes: size of the headers.
    """

    total: int = 10_000
    per_address: int = 5_000
    head_seconds: float = 15.0
    idle_seconds: float = 30.0
    proxy_idle_seconds: float = 120.0
    stall_seconds: float = 20.0
    bytes_per_second: int = 1_024
    linger_seconds: float = 5.0
    head_bytes: int = 65_536


@dataclass(slots=True)
class _Holder:
    """The connections of one address; those that wait, in the order in which they began to."""

    connections: set[BoundedProtocol] = field(default_factory=set)
    waiting: dict[BoundedProtocol, None] = field(default_factory=dict)


class ConnectionTable:
    """The open connections of a server by address.

    Args:
        limits: the bounds.
        proxies: trusted proxies, which hold the connections of many clients: `per_address` is not for them.
    """

    def __init__(self, limits: ConnectionLimits, proxies: Sequence[Network] = ()) -> None:
        self.limits = limits
        self.count = 0
        self._proxies = proxies
        self._holders: dict[str, _Holder] = {}

    def is_proxy(self, address: str) -> bool:
        """Return True if an address belongs to a trusted proxy."""
        return is_trusted(address, self._proxies)

    def add(self, connection: BoundedProtocol) -> bool:
        """Add a connection; return False if there is no room for it, not even by closing one that waits."""
        holder = self._holders.setdefault(connection.address, _Holder())
        if len(holder.connections) >= self.limits.per_address and not self.is_proxy(connection.address):
            has_room = _close_longest_waiting(holder)
        elif self.count >= self.limits.total:
            has_room = _close_longest_waiting(max(self._holders.values(), key=lambda each: len(each.connections)))
        else:
            has_room = True
        if has_room:
            holder.connections.add(connection)
            holder.waiting[connection] = None
            self._counted(1)
        return has_room

    def remove(self, connection: BoundedProtocol) -> None:
        """Forget a connection that has ended."""
        holder = self._holders.get(connection.address)
        if holder is None or connection not in holder.connections:
            return
        holder.connections.discard(connection)
        holder.waiting.pop(connection, None)
        if not holder.connections:
            del self._holders[connection.address]
        self._counted(-1)

    def mark_waiting(self, connection: BoundedProtocol, waiting: bool) -> None:
        """Record that a connection begins or ends to wait for its client."""
        holder = self._holders.get(connection.address)
        if holder is None or connection not in holder.connections:
            return
        holder.waiting.pop(connection, None)
        if waiting:
            holder.waiting[connection] = None

    def connections(self) -> list[BoundedProtocol]:
        """Return all open connections."""
        return [connection for holder in self._holders.values() for connection in holder.connections]

    def close_overdue(self, now: float) -> None:
        """Close the connections whose time is over; to be called about once a second."""
        for connection in self.connections():
            connection.check(now)

    def _counted(self, change: int) -> None:
        self.count += change
        OPEN.set(self.count)


def _close_longest_waiting(holder: _Holder) -> bool:
    for connection in holder.waiting:
        connection.end("room")
        return True
    return False


@dataclass(slots=True)
class _Progress:
    """How much a transfer has moved, and when it was last fast enough."""

    at: float
    amount: float

    def is_stalled(self, now: float, amount: float, limits: ConnectionLimits) -> bool:
        """Return True if the amount did not grow fast enough for too long."""
        if amount - self.amount >= limits.bytes_per_second * limits.stall_seconds or amount < self.amount:
            self.at, self.amount = now, amount
        return now - self.at > limits.stall_seconds


class BoundedProtocol(HttpToolsProtocol):
    """One connection: uvicorn's, with a deadline for whatever it waits for.

    `_phase` is what the client has sent: nothing of the next request (`idle`), a part of its headers (`head`), a part
    of its body (`body`) or all of it (`complete`).
    """

    def __init__(self, table: ConnectionTable, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.address = ""
        self._table = table
        self._limits = table.limits
        self._phase: Literal["idle", "head", "body", "complete"] = "idle"
        self._since = time.monotonic()
        self._idle_seconds = table.limits.head_seconds
        self._between_requests = table.limits.idle_seconds
        self._head_bytes = 0
        self._received = 0
        self._upload = _Progress(0.0, 0)
        self._download: _Progress | None = None
        self._is_ended = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, or refuse it if there are too many."""
        super().connection_made(transport)
        self.address = self.client[0] if self.client else ""
        if self._table.is_proxy(self.address):
            self._between_requests = self._limits.proxy_idle_seconds
        if not self._table.add(self):
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._table.remove(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read a part of a request; what follows an early response is discarded."""
        if self._is_ended:
            return
        self._received += len(data)
        super().data_received(data)
        if self._phase == "head":
            self._head_bytes += len(data)
            if self._head_bytes > self._limits.head_bytes:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_message_begin(self) -> None:
        """Wait for the headers of a request."""
        super().on_message_begin()
        self._phase, self._since, self._head_bytes = "head", time.monotonic(), 0

    def on_headers_complete(self) -> None:
        """Begin to process a request; its body may still be on the way."""
        super().on_headers_complete()
        self._phase, self._upload = "body", _Progress(time.monotonic(), self._received)

    def on_message_complete(self) -> None:
        """Wait for nothing more from the client."""
        super().on_message_complete()
        self._phase = "complete"
        self._table.mark_waiting(self, waiting=False)

    def on_response_complete(self) -> None:
        """Wait for the next request, unless one is queued; after a response to half a request, end the connection."""
        if self._phase == "body" and not self.pipeline:
            self._discard_rest()
            return
        is_queued = bool(self.pipeline)
        super().on_response_complete()
        if not is_queued:
            self._table.mark_waiting(self, waiting=True)
            if self._phase == "complete":
                self._phase, self._since, self._idle_seconds = "idle", time.monotonic(), self._between_requests

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP."""
        self._refuse(HTTPStatus.BAD_REQUEST)

    def check(self, now: float) -> None:
        """End the connection if its time is over."""
        if self._is_ended:
            if now - self._since > self._limits.linger_seconds:
                self.transport.abort()
        elif self._takes_too_little(now):
            self.transport.abort()
            self._end("slow_reader")
        elif (reason := self._overdue(now)) is not None:
            self.end(reason)

    def end(self, reason: str) -> None:
        """Close a connection that waits for its client; a request of which a part has arrived gets an answer."""
        self._end(reason)
        if self._phase == "idle" or self._has_begun_response():
            self.transport.close()
        else:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)

    def _overdue(self, now: float) -> str | None:
        """Return the reason if the client has not sent in time what the connection waits for."""
        processing = self.cycle is not None and not self.cycle.response_complete
        if self._phase == "idle" and not processing:
            return "idle" if now - self._since > self._idle_seconds else None
        if self._phase == "head" and not processing:
            return "slow_head" if now - self._since > self._limits.head_seconds else None
        if self._phase == "body":
            if self.flow.read_paused:  # we do not read, so nothing can arrive
                self._upload = _Progress(now, self._received)
            return "slow_body" if self._upload.is_stalled(now, self._received, self._limits) else None
        return None

    def _takes_too_little(self, now: float) -> bool:
        unsent = self.transport.get_write_buffer_size()
        if unsent == 0 or self._download is None:
            self._download = _Progress(now, -unsent) if unsent else None
            return False
        return self._download.is_stalled(now, -unsent, self._limits)

    def _has_begun_response(self) -> bool:
        return self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete

    def _discard_rest(self) -> None:
        """Say that we are done, but read on for a moment: closing now could destroy the response on its way."""
        self.server_state.total_requests += 1
        self._end("early_response")
        if self.transport.is_closing():
            return
        self._unset_keepalive_if_required()
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def _end(self, reason: str) -> None:
        if not self._is_ended:
            self._is_ended, self._since = True, time.monotonic()
            CLOSED.labels(reason).inc()

    def _refuse(self, status: HTTPStatus) -> None:
        self._end(code_of(status))
        if not self._has_begun_response():
            self.transport.write(_problem(status))
        self.transport.close()


def _problem(status: HTTPStatus) -> bytes:
    """Return the response to what never becomes a request of the application."""
    problem = {
        "type": "about:blank",
        "title": status.phrase,
        "status": int(status),
        "detail": SENTENCES[status],
        "hint": None,
        "code": code_of(status),
    }
    body = json.dumps(problem).encode()
    headers = {
        "content-type": MEDIA_TYPE,
        "content-length": str(len(body)),
        "retry-after": "5",
        "connection": "close",
        "cache-control": NOT_STORED,
        **SECURITY_HEADERS,
    }
    lines = [f"HTTP/1.1 {int(status)} {status.phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body
