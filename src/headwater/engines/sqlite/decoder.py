"""Decodes the texts of a snapshot: each value has its own storage class, each column its affinity.

A column is read by its affinity. A value of another class, which SQLite allows in any column, does not fit; every
column can be read as text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa

from headwater.catalog.model import Schema
from headwater.catalog.results import Cell, Kind
from headwater.engines import Decoder, DecodingSupport, SnapshotColumn
from headwater.engines import _decoders as d
from headwater.engines._decode import Array, ConversionError
from headwater.engines.sqlite.bulk_load import value_of
from headwater.engines.sqlite.values import cell_of

_EXACT = 2**53


def _decoder(type_: Any, kind: Kind, convert: Callable[[Any], Any]) -> Decoder:
    def values(given: Array) -> Array:
        return pa.array([None if value is None else convert(value) for value in _stored(given)], type_)

    return Decoder(type_, kind, values, _shown, _cells, may_fail=type_ != d.TEXT, transfer_cells=_stored)


def _stored(given: Array) -> list[Any]:
    return [value_of(value) for value in given.to_pylist()]


def _cells(given: Array) -> list[Cell]:
    return [cell_of(value) for value in _stored(given)]


def _shown(given: Array) -> Array:
    return pa.array([None if value is None else _text(value) for value in _stored(given)], d.TEXT)


def _integer(value: Any) -> int:
    if type(value) is not int:
        raise ConversionError(_text(value)[:80])
    return value


def _float(value: Any) -> float:
    if type(value) is int and abs(value) <= _EXACT:
        return float(value)
    if type(value) is not float:
        raise ConversionError(_text(value)[:80])
    return value


def _bytes(value: Any) -> bytes:
    if type(value) is not bytes:
        raise ConversionError(_text(value)[:80])
    return value


def _text(value: Any) -> str:
    """Return a value as readable text."""
    match value:
        case str():
            return str(value)
        case bytes():
            return "\\x" + value.hex()
        case _:
            return str(cell_of(value))


class SqliteDecoding(DecodingSupport):
    """Decodes the texts of a snapshot."""

    def decoder(self, column: SnapshotColumn, schema: Schema) -> Decoder:
        """Return the decoder of a snapshot column."""
        upper = column.type.upper()
        if "INT" in upper or upper == "BOOLEAN":
            return _decoder(pa.int64(), "number", _integer)
        if any(word in upper for word in ("CHAR", "CLOB", "TEXT", "DATE", "TIME")) or not upper:
            return _decoder(d.TEXT, "text" if upper else "other", _text)
        if "BLOB" in upper:
            return _decoder(d.BYTES, "binary", _bytes)
        if any(word in upper for word in ("REAL", "FLOA", "DOUB", "DEC", "NUM")):
            return _decoder(pa.float64(), "number", _float)
        return _decoder(d.TEXT, "other", _text)
