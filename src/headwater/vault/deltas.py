"""Deltas: the changed rows of a chunk, stored without the columns of the unchanged rows.

A delta has complete rows that replace those with the same key or are appended, and the keys of deleted rows. A column
page is stored again if one of its values changes; if a few rows change in every chunk, that is every page, and a delta
is smaller.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, overload

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headwater.vault import pages
from headwater.vault.errors import Damaged
from headwater.vault.pages import Column, Hint

# A chunk is rewritten if more than this share of its rows have changed; this many deltas are merged into one.
MOST_ROWS, MOST_DELTAS = 0.3, 4


class _Written(msgspec.Struct, array_like=True, frozen=True):
    rows: list[bytes]
    gone: list[bytes]


@dataclass(frozen=True, slots=True)
class Delta:
    """`rows` has all columns of the new and changed rows; `gone` the key columns of the deleted rows."""

    rows: Sequence[Column]
    gone: Sequence[Column]

    @property
    def size(self) -> int:
        """The number of rows that it changes."""
        return len(self.rows[0]) + len(self.gone[0])


class _Pages(Sequence[Column]):
    """Columns that are decoded on first use."""

    def __init__(self, encoded: Sequence[bytes]) -> None:
        self._encoded = encoded
        self._decoded: dict[int, Column] = {}

    def __len__(self) -> int:
        return len(self._encoded)

    @overload
    def __getitem__(self, index: int) -> Column: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Column]: ...

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        if index not in self._decoded:
            self._decoded[index] = pages.decode(self._encoded[index])
        return self._decoded[index]


def encode(delta: Delta, hints: Sequence[Hint], key: Sequence[int]) -> bytes:
    """Return a delta as bytes; its columns are encoded like those of pages."""
    rows = [pages.encode(column, hint) for column, hint in zip(delta.rows, hints, strict=True)]
    gone = [pages.encode(column, hints[ordinal]) for column, ordinal in zip(delta.gone, key, strict=True)]
    return msgspec.msgpack.encode(_Written(rows, gone))


def decode(data: bytes) -> Delta:
    """Return a delta; raises Damaged."""
    try:
        written = msgspec.msgpack.decode(data, type=_Written)
    except msgspec.MsgspecError as error:
        raise Damaged("Changed rows in the vault cannot be read.") from error
    sizes = [{pages.rows(page) for page in some} for some in (written.rows, written.gone)]
    if any(len(some) != 1 for some in sizes):
        raise Damaged("Changed rows in the vault have columns of different lengths.")
    return Delta(_Pages(written.rows), _Pages(written.gone))


def identity(key: Sequence[Column]) -> Column:
    """Return one value for each row, equal for rows whose key values are equal."""
    if len(key) == 1:
        return key[0]
    colon, nothing = pa.scalar(b":", pages.VALUES), pa.scalar(b"", pages.VALUES)
    parts = []
    for column in key:
        sizes = pc.binary_length(column).cast(pa.string()).cast(pages.VALUES)
        parts += [sizes, colon, column]
    return pc.binary_join_element_wise(*parts, nothing)


def apply(
    columns: Sequence[Column], key: Sequence[Column], delta: Delta, delta_key: Sequence[int], places: Sequence[int]
) -> list[Column]:
    """Return columns after a delta: changed rows in place, new rows at the end.

    Args:
        columns: some columns of the old rows.
        key: the columns of the key.
        delta: the change.
        delta_key: the ordinals of the key's columns among all columns.
        places: the ordinals of `columns` among all columns.
    """
    before = identity(key)
    if set(places) <= set(delta_key) and _only_replaces(before, delta, delta_key):
        return list(columns)
    chosen = choose_delta(before, delta, delta_key)
    return [
        pa.concat_arrays([column, delta.rows[position]]).take(chosen)
        for column, position in zip(columns, places, strict=True)
    ]


def _only_replaces(before: Column, delta: Delta, key: Sequence[int]) -> bool:
    """Return True if a delta only replaces rows of existing keys, so that the keys stay the same."""
    new = identity([delta.rows[ordinal] for ordinal in key])
    return not len(delta.gone[0]) and bool(pc.sum(pc.is_in(before, value_set=new)).as_py() == len(new))


def choose_delta(before: Column, delta: Delta, key: Sequence[int]) -> Any:
    """Return the indexes of the resulting rows, in order, among the old rows followed by those of the delta."""
    new = identity([delta.rows[ordinal] for ordinal in key])
    at = pc.index_in(before, value_set=new)
    replaced, positions = at.is_valid().to_numpy(zero_copy_only=False), at.drop_null().to_numpy()
    rows = np.arange(len(before))
    rows[replaced] = len(before) + positions
    if len(delta.gone[0]):
        gone = pc.is_in(before, value_set=identity(delta.gone)).to_numpy(zero_copy_only=False)
        rows = rows[~gone | replaced]
    left = np.ones(len(new), bool)
    left[positions] = False
    return pa.array(np.concatenate((rows, len(before) + np.flatnonzero(left))))


def merge(first: Delta, second: Delta, key: Sequence[int]) -> Delta:
    """Return the delta that is equivalent to two deltas, one after the other, including the order of rows.

    A row that the first one deletes and the second one adds again keeps its original position.
    """
    early, late = (identity([delta.rows[ordinal] for ordinal in key]) for delta in (first, second))
    lost, gone = identity(second.gone), identity(first.gone)
    chosen = choose_delta(early, second, key)
    left = pc.invert(pc.is_in(gone, value_set=pa.concat_arrays([late, lost])))
    return Delta(
        [pa.concat_arrays([old, new]).take(chosen) for old, new in zip(first.rows, second.rows, strict=True)],
        [pa.concat_arrays([old.filter(left), new]) for old, new in zip(first.gone, second.gone, strict=True)],
    )
