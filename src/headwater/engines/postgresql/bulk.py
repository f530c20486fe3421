"""COPY read in bulk: whole blocks of rows from the socket, cut into columns without a call for each row.

libpq hands out one row at a time, which costs more than all else that a snapshot does. On a connection without
encryption its socket is read here instead, between two statements, when libpq has nothing in hand; on an encrypted
one the rows come from libpq. Both give the same blocks.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import psycopg
from psycopg import pq

from headwater.catalog.results import QueryError
from headwater.engines import _fields as fields
from headwater.kit.errors import HeadwaterError, Unavailable

_HEAD = struct.Struct(">cI")
_ROW, _NEWLINE = ord("d"), ord("\n")
_READY = b"Z\0\0\0\x05"  # and one byte more, at the end of all answers
_BREATH_SECONDS = 0.0004  # the server sends 8 KiB at a time: to wake up for each costs more than to read them
_QUIET_SECONDS, _SOON_MILLISECONDS = 600, 50


def copied(connection: psycopg.Connection[Any], statement: str, columns: int) -> Iterator[Any]:
    """Give the rows of a `COPY … TO STDOUT` in text form as record batches of byte strings or nulls.

    What is escaped stays escaped; only `\\N` is told apart. Blocks.

    Raises:
        QueryError, psycopg.Error: what the server answered; the connection is of no more use then.
        Unavailable: the connection broke.
    """
    blocks = _by_libpq if connection.pgconn.ssl_in_use else _by_socket
    for data, starts in blocks(connection, statement.encode()):
        yield fields.cut(data, starts, columns)


def _by_socket(connection: psycopg.Connection[Any], statement: bytes) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Give blocks of rows; each is overwritten by the next."""
    with socket.socket(fileno=os.dup(connection.pgconn.socket)) as wire:
        wire.setblocking(False)
        _send(wire, b"Q" + (len(statement) + 5).to_bytes(4, "big") + statement + b"\0")
        poll = select.poll()
        poll.register(wire, select.POLLIN)
        error, ready, rest = b"", False, b""
        buffer = bytearray(fields.BLOCK)
        while not ready:
            if 2 * len(rest) > len(buffer):
                buffer = bytearray(2 * len(rest))
            buffer[: len(rest)] = rest
            end, at = _filled(wire, poll, buffer, len(rest)), 0
            starts: list[np.ndarray] = []
            while at + _HEAD.size <= end:
                found, size = _rows(np.frombuffer(buffer, np.uint8, end - at, at))
                starts.append(found + at)
                at += size
                kind, after = _message(buffer, at, end)
                if after > end:
                    break
                if kind == b"d":
                    starts.append(np.array([at + _HEAD.size]))
                else:
                    error = bytes(buffer[at + _HEAD.size : after]) if kind == b"E" else error
                    ready = kind == b"Z"
                    buffer[at:after] = bytes(after - at)  # it may hold what looks like tabs and newlines
                at = after
            rest = bytes(memoryview(buffer)[at:end])
            places = np.concatenate(starts) if starts else np.empty(0, np.int64)
            if len(places):
                data = np.frombuffer(buffer, np.uint8, at)
                for offset in range(1, _HEAD.size):  # and so may the lengths of rows
                    data[places - offset] = 0
                yield data, places
        if error:
            raise _error(error)


def _message(buffer: bytearray, at: int, end: int) -> tuple[bytes, int]:
    """Return the kind of a message and where the next one begins; behind the end when its head is not there yet."""
    if at + _HEAD.size > end:
        return b"", end + 1
    kind, length = _HEAD.unpack_from(buffer, at)
    return kind, at + 1 + length


def _rows(data: np.ndarray) -> tuple[np.ndarray, int]:
    """Return where the rows begin that these bytes begin with, one message each, and how many bytes they take.

    A row has one newline, its last byte. What looks like one in the head of a message is less than six bytes behind
    the end of a row, where no other row can end yet; heads are compared with what is found, so nothing is guessed.
    """
    newlines = np.flatnonzero(data == _NEWLINE)
    ends = newlines[np.diff(newlines, prepend=-1) > _HEAD.size]
    starts = np.concatenate(([0], ends[:-1] + 1))[: len(ends)]
    wanted = ends - starts
    right = data[starts] == _ROW
    for offset, shift in enumerate((24, 16, 8, 0), 1):
        right &= data[starts + offset] == (wanted >> shift) & 0xFF
    count = len(ends) if right.all() else int(right.argmin())
    return starts[:count] + _HEAD.size, int(ends[count - 1]) + 1 if count else 0


def _filled(wire: socket.socket, poll: select.poll, buffer: bytearray, end: int) -> int:
    """Read into the buffer until it is full or the server has told all that it had to tell; return its new end."""
    view, began = memoryview(buffer), end
    while end < len(buffer):
        try:
            found = wire.recv_into(view[end:])
        except BlockingIOError:
            if end > began and view[end - 6 : end - 1] == _READY:
                break
            if poll.poll(_SOON_MILLISECONDS if end > began else _QUIET_SECONDS * 1000):
                time.sleep(_BREATH_SECONDS)
                continue
            if end > began:
                break
            raise Unavailable("The database has not sent anything for ten minutes.") from None
        except OSError as error:
            raise Unavailable(f"The connection broke: {error.strerror}.") from error
        if not found:
            raise Unavailable("The database closed the connection.")
        end += found
    return end


def _send(wire: socket.socket, message: bytes) -> None:
    poll = select.poll()
    poll.register(wire, select.POLLOUT)
    left = memoryview(message)
    while left:
        poll.poll(_QUIET_SECONDS * 1000)
        left = left[wire.send(left) :]


def _error(fields: bytes) -> HeadwaterError:
    """Return the error that an ErrorResponse tells, as `errors.broken` does of those that libpq reads."""
    told = {part[:1]: part[1:].decode(errors="replace") for part in fields.split(b"\0") if part}
    code = told.get(b"C", "")
    if code.startswith(("08003", "08006", "57P")):
        return Unavailable("The connection to the database broke.", hint="Run it again.")
    detail = "\n".join(told[part] for part in (b"D", b"W") if part in told)
    message = told.get(b"M", "The server reported an error.")
    return QueryError(message, hint=told.get(b"H"), sqlstate=code, detail=detail)


def _by_libpq(connection: psycopg.Connection[Any], statement: bytes) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    result = connection.pgconn.exec_(statement)
    if result.status != pq.ExecStatus.COPY_OUT:
        raise psycopg.errors.error_from_result(result)
    data, starts, get = bytearray(), [], connection.pgconn.get_copy_data
    while True:
        size, row = get(0)
        if size <= 0:
            break
        starts.append(len(data))
        data += row
        if len(data) >= fields.BLOCK:
            yield np.frombuffer(data, np.uint8), np.array(starts, np.int64)
            data, starts = bytearray(), []
    if starts:
        yield np.frombuffer(data, np.uint8), np.array(starts, np.int64)
    while last := connection.pgconn.get_result():
        if last.status == pq.ExecStatus.FATAL_ERROR:
            raise psycopg.errors.error_from_result(last)
