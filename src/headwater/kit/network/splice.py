"""Joins two connections: bytes from one are written to the other, with back-pressure.

It uses protocols and transports instead of streams: a stream wakes a task for every message, which costs more than the
message. All read into one buffer, because asyncio otherwise allocates 256 KiB for each read, which is half of the time
of a short message.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import cast

# One buffer for all: it is emptied in the same step of the loop that filled it.
_buffer = memoryview(bytearray(256 * 1024))


class HalfDuplex(asyncio.BufferedProtocol):
    """One side of a splice. Until `splice` is called, a subclass handles received bytes in `received`."""

    transport: asyncio.Transport | None = None
    other: HalfDuplex | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is open."""
        self.transport = cast(asyncio.Transport, transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return the buffer to read into."""
        return _buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Take the received bytes out of the buffer."""
        self.received(bytes(_buffer[:nbytes]))

    def received(self, data: bytes) -> None:
        """Forward received bytes."""
        if self.other and self.other.transport:
            self.other.transport.write(data)

    def pause_writing(self) -> None:
        """This side is slow: stop reading from the other side."""
        if self.other and self.other.transport:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        """This side accepts bytes again."""
        if self.other and self.other.transport:
            self.other.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """This side is closed: close the other side after it has sent its buffered bytes."""
        if self.other and self.other.transport:
            self.other.transport.close()


def splice(left: HalfDuplex, right: HalfDuplex) -> None:
    """Join two sides; if one is already closed, close the other."""
    left.other, right.other = right, left
    for end in (left, right):
        if end.transport is None or end.transport.is_closing():
            end.connection_lost(None)


async def secure(
    transport: asyncio.Transport, protocol: asyncio.BaseProtocol, tls: ssl.SSLContext, first: bytes = b""
) -> asyncio.Transport:
    """Continue as the server of a TLS connection; `first` is the part of the handshake that was already read.

    Raises:
        OSError: the handshake failed; the connection is closed. `ssl.SSLError` is one of these.
    """
    loop = asyncio.get_running_loop()
    transport.pause_reading()
    handshake = loop.create_task(loop.start_tls(transport, protocol, tls, server_side=True))
    if first:
        # The handshake's first step sets its protocol, the second connects it; only then it can be fed, and the
        # loop reads nothing from the socket before that.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        fed = cast(asyncio.BufferedProtocol, transport.get_protocol())
        while first:
            room = fed.get_buffer(len(first))
            taken = min(len(room), len(first))  # type: ignore[arg-type]
            room[:taken] = first[:taken]  # type: ignore[index]
            fed.buffer_updated(taken)
            first = first[taken:]
    encrypted = await handshake
    if encrypted is None:
        raise ConnectionResetError("The client disconnected during the TLS handshake.")
    return encrypted
