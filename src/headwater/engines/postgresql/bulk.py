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
from collections.abc import Iterator
from typing import Any

import numpy as np
import psycopg
from psycopg import pq

from headwater.catalog.results import QueryError
from headwater.engines import _fields as fields
from headwater.kit.errors import HeadwaterError, Unavailable

_HEAD = struct.Struct(">cI")
_QUIET_SECONDS = 600


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
            view, end, at = memoryview(buffer), len(rest), 0
            heads: list[int] = []
            add, head = heads.append, _HEAD.unpack_from
            while not ready and end < len(buffer):
                end += _received(wire, poll, view[end:])
                while at + 5 <= end:
                    kind, length = head(buffer, at)
                    after = at + 1 + length
                    if after > end:
                        break
                    if kind == b"d":
                        add(at)
                    else:
                        error = bytes(buffer[at + 5 : after]) if kind == b"E" else error
                        ready = kind == b"Z"
                        buffer[at:after] = bytes(after - at)  # it may hold what looks like tabs and newlines
                    at = after
            rest = bytes(view[at:end])
            if heads:
                data = np.frombuffer(buffer, np.uint8, at)
                places = np.array(heads, np.int64)
                for offset in range(5):  # and so may the lengths of rows
                    data[places + offset] = 0
                yield data, places + 5
        if error:
            raise _error(error)


def _received(wire: socket.socket, poll: select.poll, room: memoryview) -> int:
    """Read what is there into the room, waiting for it; return how much it was."""
    while True:
        try:
            found = wire.recv_into(room)
        except BlockingIOError:
            if not poll.poll(_QUIET_SECONDS * 1000):
                raise Unavailable("The database has not sent anything for ten minutes.") from None
            continue
        except OSError as error:
            raise Unavailable(f"The connection broke: {error.strerror}.") from error
        if not found:
            raise Unavailable("The database closed the connection.")
        return found


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
