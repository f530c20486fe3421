"""Splits raw BSON documents of a snapshot into columns by the position of fields, and joins them back byte for byte.

A column for each of the first fields keeps similar values together: this halves the storage, and a change of one field
changes only its own pages. Columns go by position and not by name, so no sample must determine the fields and the
columns are the same in every snapshot. Only types and lengths are parsed, so any bytes can be stored: a document is its
length, the element `_id` if it comes first, the type, name and value of each field, and the remaining bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from struct import unpack_from
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from bson import encode
from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument

from headwater.engines import Batch, SnapshotColumn
from headwater.kit.errors import Unavailable

FIELDS = 16
COLUMNS = (
    SnapshotColumn("_id", "element"),
    SnapshotColumn("names", "types and names"),
    *(SnapshotColumn(f"field {number}", "value") for number in range(1, FIELDS + 1)),
    SnapshotColumn("rest", "elements"),
)
_BYTES = pa.binary()
_HEAD, _NAME = 4, 5  # the length of a document; a type and `_id\0`
_SMALLEST = _HEAD + 1
_ID = int.from_bytes(b"_id\0", "little")
_UNKNOWN = 1 << 40
# The length of a value by its type; for some types, the length in the value is added (bsonspec.org). Without regex.
_FIXED = {
    0x01: 8,
    0x02: 4,
    0x03: 0,
    0x04: 0,
    0x05: 5,
    0x06: 0,
    0x07: 12,
    0x08: 1,
    0x09: 8,
    0x0A: 0,
    0x0C: 16,
    0x0D: 4,
    0x0E: 4,
    0x0F: 0,
    0x10: 4,
    0x11: 8,
    0x12: 8,
    0x13: 16,
    0x7F: 0,
    0xFF: 0,
}
_SIZES = np.full(256, _UNKNOWN, np.int64)
_SIZES[list(_FIXED)] = list(_FIXED.values())
_COUNTED = np.zeros(256, bool)
_COUNTED[[0x02, 0x03, 0x04, 0x05, 0x0C, 0x0D, 0x0E, 0x0F]] = True


def cut(data: bytes) -> Batch:
    """Return concatenated documents as rows."""
    bounds = _bounds(data)
    memory, buffer = np.frombuffer(data, np.uint8), pa.py_buffer(data)
    begins, ends = bounds[:-1], bounds[1:]
    first = begins + _HEAD
    offset = first + _ids(memory, first, ends)
    ids = _between(buffer, first, offset)
    zeros = np.flatnonzero(memory == 0)
    names, values = [], []
    going = np.ones(len(begins), bool)
    for _ in range(FIELDS):
        value, end, going = _element(memory, zeros, offset, ends - 1, going)
        if not going.any():
            break
        names.append(_between(buffer, offset, value))
        values.append(_between(buffer, value, end, ~going))
        offset = end
    joined_names = (
        pc.binary_join_element_wise(*names, pa.scalar(b"", _BYTES)) if names else _between(buffer, offset, offset)
    )
    missing = [pa.nulls(len(begins), _BYTES)] * (FIELDS - len(values))
    arrays = [ids, joined_names, *values, *missing, _between(buffer, offset, ends)]
    return pa.RecordBatch.from_arrays(arrays, [str(number) for number in range(len(arrays))])


def joined(batch: Batch) -> Iterator[bytes]:
    """Yield the documents of rows."""
    for id_element, names, *values, rest in zip(*(column.to_pylist() for column in batch.columns), strict=True):
        parts = [id_element]
        for name, value in zip(_split(names), values, strict=False):
            parts += (name, value)
        body = b"".join((*parts, rest))
        yield sized(body)


def sized(body: bytes) -> bytes:
    """Return the document with these elements: its length in front, the terminator at the end."""
    return (len(body) + _HEAD).to_bytes(_HEAD, "little") + body


def fields(batch: Batch, wanted: Sequence[str]) -> list[list[bytes | None]]:
    """Return some fields of the documents of rows, as types and values; None if a document lacks a field."""
    names = [name.encode() + b"\0" for name in wanted]
    ids, known, *values, rests = (column.to_pylist() for column in batch.columns)
    columns: list[list[bytes | None]] = [[] for _ in names]
    for row, (id_element, which, rest) in enumerate(zip(ids, known, rests, strict=True)):
        places, behind = _places(which), _behind_them(rest) if len(rest) > 1 else {}
        for name, cells in zip(names, columns, strict=True):
            index = places.get(name)
            if index is not None:
                cells.append(which[index[0] : index[0] + 1] + values[index[1]][row])
            elif id_element and name == id_element[1:_NAME]:
                cells.append(id_element[:1] + id_element[_NAME:])
            else:
                cells.append(behind.get(name))
    return columns


@lru_cache(4096)
def _places(names: bytes) -> Mapping[bytes, tuple[int, int]]:
    """Return the column offset of each name and its number; if a name occurs twice, the last one counts."""
    offsets, offset = {}, 0
    for number, name in enumerate(_split(names)):
        offsets[name[1:]] = (offset, number)
        offset += len(name)
    return offsets


def _behind_them(rest: bytes) -> Mapping[bytes, bytes]:
    """Return the fields after those that have columns, or nothing if the bytes are not BSON."""
    try:
        document = RawBSONDocument(sized(rest))
        return {name.encode() + b"\0": _bare(encode({"": value})) for name, value in document.items()}
    except (BSONError, UnicodeError):
        return {}


def _bare(document: bytes) -> bytes:
    """Return the type and value of the only element of a document, whose name is empty."""
    return document[_HEAD : _HEAD + 1] + document[_HEAD + 2 : -1]


@lru_cache(4096)
def _split(names: bytes) -> Sequence[bytes]:
    """Return the type and name of each field; the names of many documents are the same."""
    parts, offset = [], 0
    while offset < len(names):
        end = names.index(b"\0", offset + 1) + 1
        parts.append(names[offset:end])
        offset = end
    return parts


def _bounds(data: bytes) -> np.ndarray:
    """Return the offsets at which documents begin, and the end of the last; each document starts with its length."""
    bounds, offset = [0], 0
    while offset < len(data):
        length = unpack_from("<i", data, offset)[0] if offset + _SMALLEST <= len(data) else 0
        offset += length
        if length < _SMALLEST or offset > len(data):
            raise Unavailable("The database sent documents whose length differs from the announced length.")
        bounds.append(offset)
    return np.array(bounds, np.int64)


def _ids(memory: np.ndarray, first: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Return the length of the leading `_id` element of each document; 0 if it begins with another element."""
    there = (ends - first > _NAME) & (_numbers(memory, first + 1) == _ID)
    lengths = _NAME + _lengths(memory, memory[first], first + _NAME)
    return np.where(there & (lengths >= _NAME) & (first + lengths < ends), lengths, 0)


def _element(
    memory: np.ndarray, zeros: np.ndarray, start: np.ndarray, end: np.ndarray, going: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the begin and end of the value of the element at each offset, and which documents have a known one.

    For unknown elements, both are the offset itself. `end` is the offset of the last byte of each document.
    """
    if not len(start):
        return start, start, going
    kinds = memory[np.minimum(start, end)]
    value = _behind(zeros, start + 1)
    stop = value + _lengths(memory, kinds, value)
    regex = kinds == 0x0B
    if regex.any():
        stop[regex] = _behind(zeros, _behind(zeros, value[regex]))
    going = going & (start < end) & (value <= stop) & (stop <= end)
    return np.where(going, value, start), np.where(going, stop, start), going


def _behind(zeros: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return the offsets after the next zero byte; there always is one, the last byte of a document."""
    ends: np.ndarray = zeros[np.minimum(np.searchsorted(zeros, places), len(zeros) - 1)] + 1
    return ends


def _lengths(memory: np.ndarray, kinds: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the lengths of values; an unknown type gets a length greater than any document."""
    lengths: np.ndarray = _SIZES[kinds]
    counted = _COUNTED[kinds]
    lengths[counted] += _numbers(memory, values[counted])
    return lengths


def _numbers(memory: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return the 32-bit numbers at some offsets; zeros after the end."""
    numbers = np.zeros(len(places), np.int64)
    for byte in range(4):
        at = places + byte
        numbers |= np.where(at < len(memory), memory[np.minimum(at, len(memory) - 1)], 0).astype(np.int64) << (8 * byte)
    return numbers


def _between(buffer: Any, begins: np.ndarray, ends: np.ndarray, missing: np.ndarray | None = None) -> Any:
    """Return the bytes between pairs of offsets, or null if missing."""
    offsets = np.empty(2 * len(begins), np.int32)
    offsets[::2], offsets[1::2] = begins, ends
    if not len(offsets):
        return pa.array([], _BYTES)
    spread = pa.Array.from_buffers(_BYTES, len(offsets) - 1, [None, pa.py_buffer(offsets), buffer])
    return spread.take(pa.array(np.arange(0, len(offsets), 2, dtype=np.int32), mask=missing))
