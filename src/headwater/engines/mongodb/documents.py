"""Documents of a snapshot: raw BSON in two columns, and back into the very same bytes.

The first column has the element `_id` as it stands in the document (type, name, value). The second has the document
without it; the length in front stays that of the whole document, so that a document whose `_id` does not come first,
which is kept whole, is told by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import unpack_from
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headwater.engines import Batch, DumpColumn
from headwater.kit.errors import Unavailable

COLUMNS = (DumpColumn("_id", "element"), DumpColumn("document", "bson"))
_BYTES = pa.binary()
_HEAD, _NAME = 4, 5  # the length of a document; a type and `_id\0`
_SMALLEST = _HEAD + 1
_ID = int.from_bytes(b"_id\0", "little")
_UNKNOWN = 1 << 20
# How long a value is by its type; of some, the length that stands in it is added (bsonspec.org).
_FIXED = {
    0x01: 8, 0x02: 4, 0x03: 0, 0x04: 0, 0x05: 5, 0x06: 0, 0x07: 12, 0x08: 1, 0x09: 8, 0x0A: 0, 0x0C: 16, 0x0D: 4,
    0x0E: 4, 0x0F: 0, 0x10: 4, 0x11: 8, 0x12: 8, 0x13: 16, 0x7F: 0, 0xFF: 0,
}  # fmt: skip
_SIZES = np.full(256, _UNKNOWN, np.int64)
_SIZES[list(_FIXED)] = list(_FIXED.values())
_COUNTED = np.zeros(256, bool)
_COUNTED[[0x02, 0x03, 0x04, 0x05, 0x0C, 0x0D, 0x0E, 0x0F]] = True


def cut(data: bytes) -> Batch:
    """Return documents that stand behind one another as rows."""
    bounds = _bounds(data)
    memory = np.frombuffer(data, np.uint8)
    begins, ends = bounds[:-1], bounds[1:]
    values = begins + _HEAD + _ids(memory, begins, ends)
    buffer = pa.py_buffer(data)
    ids = _between(buffer, begins + _HEAD, values)
    heads, rests = _between(buffer, begins, begins + _HEAD), _between(buffer, values, ends)
    return pa.RecordBatch.from_arrays(
        [ids, pc.binary_join_element_wise(heads, rests, pa.scalar(b"", _BYTES))], ["0", "1"]
    )


def joined(batch: Batch) -> Iterator[bytes]:
    """Give the documents of rows."""
    for found, document in zip(*(column.to_pylist() for column in batch.columns), strict=True):
        if unpack_from("<i", document)[0] == len(document):
            yield document
        else:
            yield b"".join((document[:_HEAD], found, document[_HEAD:]))


def _bounds(data: bytes) -> np.ndarray:
    """Return where documents begin, and where the last one ends; each says its length in front."""
    found, place = [0], 0
    while place < len(data):
        length = unpack_from("<i", data, place)[0] if place + _SMALLEST <= len(data) else 0
        place += length
        if length < _SMALLEST or place > len(data):
            raise Unavailable("The database sent documents of another length than it said.")
        found.append(place)
    return np.array(found, np.int64)


def _ids(memory: np.ndarray, begins: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Return how long the elements `_id` are that documents begin with; 0 for those that begin with another."""
    first = begins + _HEAD
    kinds = memory[first]
    lengths = _SIZES[kinds]
    there = (ends - first > _NAME) & (_numbers(memory, first + 1) == _ID)
    counted = there & _COUNTED[kinds]
    lengths[counted] += _numbers(memory, first[counted] + _NAME)
    lengths += _NAME
    return np.where(there & (first + lengths < ends), lengths, 0)


def _numbers(memory: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return the 32-bit numbers that stand at some places; behind the end there are zeros."""
    found = np.zeros(len(places), np.int64)
    for byte in range(4):
        at = places + byte
        found |= np.where(at < len(memory), memory[np.minimum(at, len(memory) - 1)], 0).astype(np.int64) << (8 * byte)
    return found


def _between(buffer: Any, begins: np.ndarray, ends: np.ndarray) -> Any:
    """Return the bytes between two places each."""
    offsets = np.empty(2 * len(begins), np.int32)
    offsets[::2], offsets[1::2] = begins, ends
    if not len(offsets):
        return pa.array([], _BYTES)
    spread = pa.Array.from_buffers(_BYTES, len(offsets) - 1, [None, pa.py_buffer(offsets), buffer])
    return spread.take(pa.array(np.arange(0, len(offsets), 2, dtype=np.int32)))
