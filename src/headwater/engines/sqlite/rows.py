"""Reads many rows of a table at a time as Arrow columns of bytes with storage classes; see `snapshot_reader`.

Fetching a value from a cursor takes SQLite's locks several times; passing it to a user function takes none. So rows are
read as the arguments of a function. SQLite does not call it with text that is not UTF-8, and is told to refuse long
values meanwhile: after the first of either, rows are fetched one by one, as many at a time as their bytes allow.
"""

from __future__ import annotations

import binascii
import sqlite3
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from itertools import chain, compress, islice, repeat
from operator import is_not
from typing import Any

import numpy as np
import pyarrow as pa

from headwater.engines import Batch

VALUES, BYTES = 2**14, 4 * 2**20  # bytes in memory at a time
SHORT = 2048  # the largest value that is read with many others
_BYTES = pa.binary()
_FUNCTION = "headwater_row"
_REFUSALS = {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_TOOBIG}


class _Refused(Exception):
    """SQLite did not call the function once for each row, in order."""


def batches(connection: sqlite3.Connection, names: Sequence[str], rest: str) -> Iterator[Batch]:
    """Yield the rows of a query.

    Args:
        connection: a connection that nobody else uses.
        names: the columns, quoted.
        rest: the query from FROM on, without a LIMIT; it must return the same rows in the same order each time.

    Raises:
        sqlite3.Error: SQLite cannot read them, or was interrupted.
    """
    given = yield from _called(connection, names, rest)
    if given is not None:
        yield from _fetched(connection, f"SELECT {', '.join(names)} {rest} LIMIT -1 OFFSET {given}")


def _called(connection: sqlite3.Connection, names: Sequence[str], rest: str) -> Generator[Batch, None, int | None]:
    """Yield rows as arguments of a function in their place; return how many there were, if there are more."""
    values: list[Any] = []
    given, rows = 0, max(1, VALUES // len(names))
    numbers = list(range(rows, -1, -1))  # number of rows to request: the cursor is one ahead
    extend, number = values.extend, numbers.pop

    def take(*row: Any) -> int:
        extend(row)
        return number()

    try:
        with _calling(connection, take) as cursor:
            cursor.execute(f"SELECT {_FUNCTION}({', '.join(names)}) {rest}")
            while cells := list(chain.from_iterable(islice(cursor, rows))):
                if cells != list(range(given, given + len(cells))):
                    raise _Refused
                yield _batch(values[: len(cells) * len(names)], len(names))
                del values[: len(cells) * len(names)]
                numbers[:0] = range(given + rows + len(cells), given + rows, -1)
                given += len(cells)
        return None
    except (_Refused, sqlite3.DataError, sqlite3.OperationalError) as error:
        if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) not in _REFUSALS:
            raise
    return given


@contextmanager
def _calling(connection: sqlite3.Connection, take: Callable[..., int]) -> Iterator[sqlite3.Cursor]:
    """Yield a cursor whose queries may call a function and cannot return long values."""
    longest = connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, SHORT)
    connection.create_function(_FUNCTION, -1, take)
    cursor = connection.cursor()
    try:
        yield cursor
    finally:
        with suppress(sqlite3.ProgrammingError):  # already closed: the reader may stop without closing first
            cursor.close()
            connection.create_function(_FUNCTION, -1, None)
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, longest)


def _fetched(connection: sqlite3.Connection, query: str) -> Iterator[Batch]:
    """Yield rows in batches that are limited by their bytes."""
    values: list[Any] = []
    size = 0
    factory, connection.text_factory = (
        connection.text_factory,
        bytearray,
    )  # not `bytes`, the type of blobs; text may not be UTF-8
    try:
        for row in connection.execute(query):
            values.extend(row)
            size += sum(len(value) for value in row if isinstance(value, (bytes, bytearray)))
            if size >= BYTES or len(values) >= VALUES:
                yield _batch(values, len(row))
                values.clear()
                size = 0
        if values:
            yield _batch(values, len(row))
    finally:
        connection.text_factory = factory


def _batch(values: Sequence[Any], columns: int) -> Batch:
    """Return rows as a batch, from the sequence of their values."""
    arrays = [_column(values[index::columns]) for index in range(columns)]
    return pa.RecordBatch.from_arrays(arrays, [str(index) for index in range(columns)])


def _column(values: Sequence[Any]) -> Any:
    """Return the values of a column as byte strings with their storage classes."""
    kinds = set(map(type, values))
    if len(kinds) == 1:
        return _SPELLED[kinds.pop()](values)
    if type(None) in kinds:
        there = np.fromiter(map(is_not, values, repeat(None)), bool, len(values))
        return _column(list(compress(values, there))).take(pa.array(np.cumsum(there) - 1, mask=~there))
    numbers = {kind: number for number, kind in enumerate(kinds)}
    classes = np.fromiter(map(numbers.__getitem__, map(type, values)), np.uint8, len(values))
    parts = [_SPELLED[kind](list(compress(values, classes == number))) for kind, number in numbers.items()]
    places = np.empty(len(values), np.int64)
    places[np.argsort(classes, kind="stable")] = np.arange(len(values))
    return pa.concat_arrays(parts).take(pa.array(places))


def _nulls(values: Sequence[None]) -> Any:
    return pa.nulls(len(values), _BYTES)


def _integers(values: Sequence[int]) -> Any:
    return pa.array(values, pa.int64()).cast(pa.string()).cast(_BYTES)


def _reals(values: Sequence[float]) -> Any:
    digits = binascii.hexlify(np.fromiter(values, np.float64, len(values)).astype(">f8").tobytes())
    table = np.empty((len(values), 18), np.uint8)
    table[:, :2] = np.frombuffer(b"rx", np.uint8)
    table[:, 2:] = np.frombuffer(digits, np.uint8).reshape(-1, 16)
    return _cut(table.tobytes(), np.full(len(values), 18))


def _texts(values: Sequence[str]) -> Any:
    data = "'" + "'".join(values)
    if data.isascii():
        return _cut(data.encode(), np.fromiter(map(len, values), np.int64, len(values)) + 1)
    return _marked(b"'", [value.encode() for value in values])


def _marked(mark: bytes, values: Sequence[bytes | bytearray]) -> Any:
    return _cut(mark + mark.join(values), np.fromiter(map(len, values), np.int64, len(values)) + 1)


def _cut(data: bytes, lengths: np.ndarray) -> Any:
    """Return consecutive slices of a buffer as byte strings."""
    offsets = np.zeros(len(lengths) + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    return pa.Array.from_buffers(_BYTES, len(lengths), [None, pa.py_buffer(offsets), pa.py_buffer(data)])


_SPELLED: Mapping[type, Callable[[Sequence[Any]], Any]] = {
    int: _integers,
    float: _reals,
    str: _texts,
    bytes: partial(_marked, b"b"),
    bytearray: partial(_marked, b"'"),
    type(None): _nulls,
}
