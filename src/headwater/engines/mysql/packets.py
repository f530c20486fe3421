"""Reads the rows of a one-column query in bulk: whole blocks of packets, without a call for each row.

PyMySQL sends the query; then its socket is read here until the result ends, after which PyMySQL continues. The packet
format is described in MySQL Internals, Text Resultset: 3 bytes of length, a sequence number, then the value after its
own length.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pymysql
from pymysql.constants import COMMAND

from headwater.engines import _copy_text as fields
from headwater.kit.errors import Unavailable

_WHOLE = 0xFFFFFF  # a packet of this length continues in the next one
_END, _ERROR, _NULL = 0xFE, 0xFF, 0xFB
_LENGTHS = {0xFC: 2, 0xFD: 3, 0xFE: 8}


def rows(connection: Any, query: str | bytes) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the values of a query's only column in blocks: their bytes, and the offset of each value. Blocks.

    Raises:
        pymysql.Error: what the server answered.
        Unavailable: the connection broke, or a value was too large for the server to send.
    """
    connection._execute_command(COMMAND.COM_QUERY, query)
    wire = _Wire(connection._sock)
    first = wire.packet()
    if first[0] == _ERROR:
        pymysql.err.raise_mysql_exception(first)
    while not _is_end(wire.packet()):
        pass  # the column definitions
    yield from wire.values()


def _is_end(packet: bytes) -> bool:
    return packet[0] == _END and len(packet) < 9


class _Wire:
    """A socket in the middle of a result."""

    def __init__(self, channel: Any) -> None:
        self._channel = channel
        self._buffer = bytearray(fields.BLOCK)
        self._at = self._end = 0

    def packet(self) -> bytes:
        """Return the next packet, joined from its parts."""
        parts = []
        while True:
            self._need(4)
            length = int.from_bytes(self._buffer[self._at : self._at + 3], "little")
            self._need(4 + length)
            parts.append(bytes(self._buffer[self._at + 4 : self._at + 4 + length]))
            self._at += 4 + length
            if length < _WHOLE:
                return b"".join(parts)

    def values(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the values of all packets up to the end of the result; small packets are collected."""
        while True:
            starts, done = self._gathered()
            if starts:
                block = np.frombuffer(bytes(memoryview(self._buffer)[starts[0] : self._at]), np.uint8)
                yield block, np.array(starts, np.int64) - starts[0]
            if not done:
                continue
            packet = self.packet()
            if packet[0] == _ERROR:
                pymysql.err.raise_mysql_exception(packet)
            if _is_end(packet):
                return
            skip = 1 + _LENGTHS.get(packet[0], 0)
            yield np.frombuffer(packet, np.uint8, offset=skip), np.zeros(1, np.int64)

    def _gathered(self) -> tuple[list[int], bool]:
        """Scan packets until the buffer is full, and record the offset of each value.

        Returns:
            The places in the buffer, and whether what comes next is something else: a packet for itself.
        """
        self._room()
        starts: list[int] = []
        buffer, add, at = self._buffer, starts.append, self._at
        while True:
            while at + 5 <= self._end:
                length = buffer[at] | buffer[at + 1] << 8 | buffer[at + 2] << 16
                head, after = buffer[at + 4], at + 4 + length
                if length == _WHOLE or head == _ERROR or (head == _END and length < 9) or 4 + length > len(buffer):
                    self._at = at
                    return starts, True
                if after > self._end:
                    break
                if head == _NULL:
                    raise Unavailable(
                        "A row is larger than the server can send.", hint="Raise max_allowed_packet on the server."
                    )
                skip = 5 if head < _NULL else 5 + _LENGTHS.get(head, 0)
                add(at + skip)
                buffer[at : at + skip] = bytes(skip)  # lengths may look like tabs and newlines
                at = after
            self._at = at
            if self._end == len(buffer):
                return starts, False
            self._receive()

    def _need(self, size: int) -> None:
        """Read until this many bytes are available."""
        if self._end - self._at >= size:
            return
        self._room(size)
        while self._end < size:
            self._receive()

    def _room(self, size: int = 0) -> None:
        """Move the unread bytes to the start of the buffer, and grow it so that `size` bytes fit."""
        rest = self._buffer[self._at : self._end]
        if size > len(self._buffer):
            self._buffer = bytearray(size + fields.BLOCK)
        self._buffer[: len(rest)] = rest
        self._at, self._end = 0, len(rest)

    def _receive(self) -> None:
        try:
            received = self._channel.recv_into(memoryview(self._buffer)[self._end :])
        except OSError as error:
            raise Unavailable(f"The connection was lost: {error.strerror}.") from error
        if not received:
            raise Unavailable("The database closed the connection.")
        self._end += received
