"""Rows of text with tabs between fields and a newline behind each, cut into columns many rows at a time.

What PostgreSQL's COPY gives, and what others can be asked to give: tabs, newlines and backslashes of values are
escaped, `\\N` is null. What is escaped stays so.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from headwater.kit.errors import Unavailable

VALUES = pa.binary()
BLOCK = 2**20  # what is cut at a time: its places in memory fit into the processor's caches
_TAB, _BACKSLASH, _N = 9, 92, 78  # a newline is behind a tab


def split_rows(data: np.ndarray, starts: np.ndarray, columns: int) -> Any:
    """Return rows as a record batch of byte strings or nulls; what lies between rows belongs to none.

    Args:
        data: the text of rows, each ended by a newline; what is between rows has neither tabs nor newlines.
        starts: where each row begins.
        columns: how many fields each has.

    Raises:
        Unavailable: the rows have another number of fields.
    """
    rows = len(starts)
    if not columns:
        return pa.RecordBatch.from_struct_array(pa.array([{}] * rows, pa.struct([])))
    found = np.flatnonzero((data - np.uint8(_TAB)) < 2)  # a tab or a newline
    if len(found) != rows * columns:
        raise Unavailable("The database sent rows with another number of columns than it said.")
    ends = np.ascontiguousarray(found.reshape(rows, columns).T, dtype=np.int32)
    memory = pa.py_buffer(data)
    wanted = np.arange(0, 2 * rows, 2, dtype=np.int32)
    arrays, begin = [], starts.astype(np.int32)
    for end in ends:
        arrays.append(_column(data, memory, begin, end, wanted))
        begin = end + 1
    return pa.RecordBatch.from_arrays(arrays, [str(place) for place in range(columns)])


def _column(data: np.ndarray, memory: Any, begin: np.ndarray, end: np.ndarray, wanted: np.ndarray) -> Any:
    """Return the values between two places each; what lies between values counts as values that are not wanted."""
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
