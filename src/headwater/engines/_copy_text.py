"""Splits text rows (tab between fields, newline after each row) into columns, many rows at a time.

PostgreSQL's COPY writes this format, and other servers can be asked for it: tabs, newlines and backslashes in values
are escaped, `\\N` is NULL. Escaped values stay escaped.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from headwater.kit.errors import Unavailable

VALUES = pa.binary()
BLOCK = 2**20  # bytes that are split at a time: their offsets fit in the processor's caches
_TAB, _BACKSLASH, _N = 9, 92, 78  # a newline sorts after a tab


def split_rows(data: np.ndarray, starts: np.ndarray, columns: int) -> Any:
    """Return rows as a record batch of byte strings or nulls; bytes between rows are skipped.

    Args:
        data: the text of rows, each ended by a newline; bytes between rows contain neither tabs nor newlines.
        starts: where each row begins.
        columns: how many fields each has.

    Raises:
        Unavailable: the rows have a different number of fields.
    """
    rows = len(starts)
    if not columns:
        return pa.RecordBatch.from_struct_array(pa.array([{}] * rows, pa.struct([])))
    separators = np.flatnonzero((data - np.uint8(_TAB)) < 2)  # a tab or a newline
    if len(separators) != rows * columns:
        raise Unavailable("The database sent rows with a different number of columns than it announced.")
    ends = np.ascontiguousarray(separators.reshape(rows, columns).T, dtype=np.int32)
    memory = pa.py_buffer(data)
    wanted = np.arange(0, 2 * rows, 2, dtype=np.int32)
    arrays, begin = [], starts.astype(np.int32)
    for end in ends:
        arrays.append(_column(data, memory, begin, end, wanted))
        begin = end + 1
    return pa.RecordBatch.from_arrays(arrays, [str(index) for index in range(columns)])


def _column(data: np.ndarray, memory: Any, begin: np.ndarray, end: np.ndarray, wanted: np.ndarray) -> Any:
    """Return the values between pairs of offsets."""
    offsets = np.empty(2 * len(begin), np.int32)
    offsets[::2], offsets[1::2] = begin, end
    spread = pa.Array.from_buffers(VALUES, len(offsets) - 1, [None, pa.py_buffer(offsets), memory])
    short = np.flatnonzero(end - begin == 2)
    nulls = short[(data[begin[short]] == _BACKSLASH) & (data[begin[short] + 1] == _N)]
    if not len(nulls):
        return spread.take(pa.array(wanted))
    mask = np.zeros(len(begin), bool)
    mask[nulls] = True
    return spread.take(pa.array(wanted, mask=mask))
