"""Reads COPY output in bulk: whole blocks of rows from the socket, split into columns without a call for each row.

libpq returns one row at a time, which costs more than everything else in a snapshot. On an unencrypted connection its
socket is read here instead, between two statements, when libpq has no buffered data; on an encrypted connection the
rows come from libpq. Both return the same blocks.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import psycopg
from psycopg import pq

from headwater.catalog.results import QueryError
from headwater.engines import _copy_text as fields
from headwater.engines.postgresql.copy_stream import open_stream
from headwater.kit.errors import HeadwaterError, Unavailable

_HEAD = struct.Struct(">cI")
_ROW, _NEWLINE = ord("d"), ord("\n")


def copy_batches(connection: psycopg.Connection[Any], statement: str, columns: int) -> Iterator[Any]:
    """Yield the rows of a `COPY … TO STDOUT` in text format as record batches of byte strings or nulls.

    Escapes remain; only `\\N` becomes null. Blocks.

    Raises:
        QueryError, psycopg.Error: what the server answered; the connection is of no more use then.
        Unavailable: the connection broke.
    """
    blocks = _by_libpq if connection.pgconn.ssl_in_use else _by_socket
    for data, starts in blocks(connection, statement.encode()):
        yield fields.split_rows(data, starts, columns)


def copy_texts(connection: psycopg.Connection[Any], statement: str) -> Iterator[memoryview]:
    """Yield the text of a `COPY … TO STDOUT` in pieces, without splitting it; blocks and raises as `copy_batches`."""
    if connection.pgconn.ssl_in_use:
        for data, _ in _by_libpq(connection, statement.encode()):
            yield data.data
        return
    for data, starts in _by_socket(connection, statement.encode()):
        data[starts - _HEAD.size] = 0  # of everything between the rows, only this is not zero; no text contains zeros
        yield data[data != 0].data


def _by_socket(connection: psycopg.Connection[Any], statement: bytes) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield blocks of rows; each is overwritten by a later one."""
    query = b"Q" + (len(statement) + 5).to_bytes(4, "big") + statement + b"\0"
    error, ready, rest, wanted = b"", False, np.empty(0, np.uint8), 0
    with open_stream(connection.pgconn.socket, query) as stream:
        while not ready:
            block, at = stream.after(rest, wanted), 0
            starts: list[np.ndarray] = []
            while not ready:
                row_starts, size = _rows(block[at:])
                starts.append(row_starts + at)
                at += size
                kind, wanted = _message(block[at:])
                if at + wanted > len(block):
                    break
                if kind == b"d":
                    starts.append(np.array([at + _HEAD.size]))
                else:
                    error = block[at + _HEAD.size : at + wanted].tobytes() if kind == b"E" else error
                    ready = kind == b"Z"
                    block[at : at + wanted] = 0  # it may contain bytes that look like tabs and newlines
                at += wanted
            rest = block[at:]
            places = np.concatenate(starts)
            if len(places):
                for offset in range(1, _HEAD.size):  # so may the lengths of rows
                    block[places - offset] = 0
                yield block[:at], places
        if error:
            raise _error(error)


def _message(data: np.ndarray) -> tuple[bytes, int]:
    """Return the type and length of a message; the length exceeds the data if the header is incomplete."""
    if len(data) < _HEAD.size:
        return b"", len(data) + 1
    kind, length = _HEAD.unpack_from(data.data)
    return kind, 1 + length


def _rows(data: np.ndarray) -> tuple[np.ndarray, int]:
    """Return the start offsets of the rows at the start of the data, one message each, and their total length.

    A row has one newline, its last byte. A newline in a message header is less than six bytes after the end of a row,
    where no other row can end yet; headers are compared with the offsets found, so nothing is guessed.
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


def _error(fields: bytes) -> HeadwaterError:
    """Return the error of an ErrorResponse, as `errors.broken` does for those that libpq reads."""
    parts = {part[:1]: part[1:].decode(errors="replace") for part in fields.split(b"\0") if part}
    code = parts.get(b"C", "")
    if code.startswith(("08003", "08006", "57P")):
        return Unavailable("The connection to the database was lost.", hint="Run it again.")
    detail = "\n".join(parts[part] for part in (b"D", b"W") if part in parts)
    message = parts.get(b"M", "The server reported an error.")
    return QueryError(message, hint=parts.get(b"H"), sqlstate=code, detail=detail)


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
