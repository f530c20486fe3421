"""Reads a server's output ahead in large blocks, in a thread that rarely needs the interpreter lock.

A server that waits for its reader does not work, and the other way round: while one block is split, the next is read.
The kernel fills a block in one call (MSG_WAITALL), so no wake-up and no interpreter lock is needed for each of the
small pieces that a server sends.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import struct
import threading
import time
from collections.abc import Iterator
from queue import SimpleQueue

import numpy as np

from headwater.engines import _copy_text as fields
from headwater.kit.errors import HeadwaterError, Unavailable

_READY = b"Z\0\0\0\x05"  # one more byte at the end of the output
_ROOM = 2**16  # space before each block for the rest of the previous one
_AHEAD = 2  # blocks that may be full while one is processed
_QUIET_SECONDS, _SOON_SECONDS, _TICK_SECONDS = 600, 0.05, 0.004


class CopyStream:
    """The output of one query, block by block; not for several threads."""

    def __init__(self, wire: socket.socket) -> None:
        self._wire, self._closed = wire, False
        self._free: SimpleQueue[bytearray | None] = SimpleQueue()
        self._full: SimpleQueue[tuple[bytearray, int] | HeadwaterError] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._last: bytearray | None = None

    def after(self, rest: np.ndarray, size: int) -> np.ndarray:
        """Return the next block, with `rest` before it and at least `size` bytes long; the last one is overwritten.

        Raises:
            Unavailable: the connection broke, or nothing came for ten minutes.
        """
        rest = rest.copy()
        block = self._next(rest)
        if len(block) >= size:
            return block
        parts, length = [block.copy()], len(block)
        while length < size:  # one row of many blocks
            parts.append(self._next(rest[:0]).copy())
            length += len(parts[-1])
        return np.concatenate(parts)

    def _next(self, rest: np.ndarray) -> np.ndarray:
        buffer, end = self._filled()
        self._last = buffer
        block = np.frombuffer(buffer, np.uint8, end)
        if len(rest) > _ROOM:
            return np.concatenate((rest, block[_ROOM:]))
        block = block[_ROOM - len(rest) :]
        block[: len(rest)] = rest
        return block

    def _filled(self) -> tuple[bytearray, int]:
        if self._last is None:  # most outputs are one block and need no thread
            buffer = _buffer()
            return buffer, self._fill(buffer)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="copy-read", daemon=True)
            self._thread.start()
            for _ in range(_AHEAD):
                self._free.put(_buffer())
        self._free.put(self._last)
        item = self._full.get()
        if isinstance(item, HeadwaterError):
            raise item
        return item

    def _run(self) -> None:
        while (buffer := self._free.get()) is not None:
            try:
                end = self._fill(buffer)
            except HeadwaterError as error:
                self._full.put(error)
                return
            self._full.put((buffer, end))
            if _over(buffer, end) and not self._goes_on():
                return

    def _goes_on(self) -> bool:
        """Wait for the reader: only it knows whether the output is complete, because values can look like its end.

        It continues by returning the last buffer, so that all buffers are free.
        """
        idle: list[bytearray] = []
        while len(idle) <= _AHEAD:
            if (buffer := self._free.get()) is None:
                return False
            idle.append(buffer)
        for buffer in idle:
            self._free.put(buffer)
        return True

    def _fill(self, buffer: bytearray) -> int:
        """Read into a buffer until it is full or the server has sent everything; return the end of the data."""
        view, end, began = memoryview(buffer), _ROOM, time.monotonic()
        while end < len(buffer) and not self._closed:
            try:
                received = self._wire.recv_into(view[end:], 0, socket.MSG_WAITALL if end > _ROOM else 0)
            except BlockingIOError:
                waited = time.monotonic() - began
                if end > _ROOM and waited > _SOON_SECONDS:
                    break
                if waited > _QUIET_SECONDS:
                    raise Unavailable("The database has not sent anything for ten minutes.") from None
                continue
            except OSError as error:
                raise Unavailable(f"The connection was lost: {error.strerror}.") from error
            if not received:
                raise Unavailable("The database closed the connection.")
            end += received
            if _over(buffer, end):
                break
        return end

    def close(self) -> None:
        """Stop reading."""
        self._closed = True
        self._free.put(None)
        if self._thread:
            self._thread.join()


@contextlib.contextmanager
def open_stream(descriptor: int, message: bytes) -> Iterator[CopyStream]:
    """Send a message over an idle libpq connection, and yield the stream of its output."""
    with socket.socket(fileno=os.dup(descriptor)) as wire:
        _send(wire, message)
        wire.setblocking(True)
        _tick(wire, _TICK_SECONDS)
        stream = CopyStream(wire)
        try:
            yield stream
        finally:
            stream.close()
            with contextlib.suppress(OSError):  # it may be closed
                _tick(wire, 0)
                wire.setblocking(False)


def _buffer() -> bytearray:
    return bytearray(_ROOM + fields.BLOCK)


def _over(buffer: bytearray, end: int) -> bool:
    return buffer[end - 6 : end - 1] == _READY


def _tick(wire: socket.socket, seconds: float) -> None:
    """Limit how long one read call waits for more data."""
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 0, int(seconds * 1_000_000)))


def _send(wire: socket.socket, message: bytes) -> None:
    wire.setblocking(False)
    poll = select.poll()
    poll.register(wire, select.POLLOUT)
    left = memoryview(message)
    while left:
        poll.poll(_QUIET_SECONDS * 1000)
        left = left[wire.send(left) :]
