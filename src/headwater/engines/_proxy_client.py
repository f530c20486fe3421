"""A client of the proxy, for any protocol: its first messages are parsed, then its bytes are relayed."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import ClassVar

import structlog

from headwater.engines._proxy import Upstream, UpstreamResolver
from headwater.kit.network.splice import HalfDuplex

log = structlog.get_logger()


class ProxyClient(HalfDuplex):
    """A client connection; a subclass parses the first messages in `begin`."""

    LONGEST: ClassVar[int]
    """The number of bytes that a client may send before it is answered."""
    EXPECTED: ClassVar[tuple[type[Exception], ...]] = ()
    """Errors that a client can cause; they are not logged as errors of Headwater."""

    def __init__(self, opener: UpstreamResolver) -> None:
        self._opener = opener
        self._buffer = b""
        self._opening: Upstream | None = None
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Parse the messages that have arrived completely."""
        raise NotImplementedError

    def received(self, data: bytes) -> None:
        if self.other is not None and self._opening is not None:
            self._opening.meter.received_bytes()
            self.other.transport.write(data)  # type: ignore[union-attr]
            return
        self._buffer += data
        if self._task is None:
            self.begin()
        elif len(self._buffer) > self.LONGEST and self.transport:
            self.transport.pause_reading()  # no client sends this much before it is answered

    def connection_lost(self, exc: Exception | None) -> None:
        self._in_time()
        if self._task:
            self._task.cancel()
        super().connection_lost(exc)
        if self._opening:
            self._opening.meter.disconnected()
            self._opening = None

    def _hurry(self, seconds: float) -> None:
        """Close a client that is silent for too long, so that it does not occupy a connection."""
        if self._timer is None and self.transport:
            self._timer = asyncio.get_running_loop().call_later(seconds, self.transport.close)

    def _in_time(self) -> None:
        """The client has sent its first messages in time."""
        if self._timer:
            self._timer.cancel()

    def _start(self, work: Coroutine[None, None, None]) -> None:
        self._task = asyncio.get_running_loop().create_task(work)
        self._task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Close the connection if the task failed, so that the client does not wait."""
        if not task.cancelled() and (error := task.exception()) is not None:
            if not isinstance(error, self.EXPECTED):
                log.error("proxy.crashed", exc_info=error)
            if self.transport:
                self.transport.abort()
