"""Decodes the texts of a snapshot to Arrow values and cells; types that Arrow does not have remain text."""

from __future__ import annotations

import re

import pyarrow as pa

from headwater.catalog.model import Schema
from headwater.catalog.results import Kind
from headwater.engines import Decoder, DecodingSupport, SnapshotColumn
from headwater.engines import _decoders as d

_INTEGER = re.compile(r"(tiny|small|medium|big)?int\b|year\b")
_SIGNED = {"tiny": pa.int8(), "small": pa.int16(), "medium": pa.int32(), "": pa.int32(), "big": pa.int64()}
_UNSIGNED = {"tiny": pa.uint8(), "small": pa.uint16(), "medium": pa.uint32(), "": pa.uint32(), "big": pa.uint64()}
_DECIMAL = re.compile(r"(?:decimal|numeric)\((\d+)(?:,\s*(\d+))?\)")
_KINDS: tuple[tuple[str, Kind], ...] = (
    ("decimal", "number"),
    ("numeric", "number"),
    ("json", "json"),
    ("enum", "enum"),
    ("time", "time"),
    ("uuid", "uuid"),
    ("inet", "other"),
)


class MysqlDecoding(DecodingSupport):
    """Decodes the texts of a snapshot."""

    def decoder(self, column: SnapshotColumn, schema: Schema) -> Decoder:
        """Return the decoder of a snapshot column."""
        type_ = column.type.lower()
        if column.hint == "hex":
            return d.hex_bytes(b"")
        if type_.startswith("bit"):
            return d.integers(pa.uint64())
        if match := _INTEGER.match(type_):
            unsigned = "unsigned" in type_ or "zerofill" in type_ or type_.startswith("year")
            return d.integers((_UNSIGNED if unsigned else _SIGNED)[match[1] or ""])
        if type_.startswith(("float", "double", "real")):
            return d.floats(pa.float64())
        if (match := _DECIMAL.match(type_)) and int(match[1]) <= 38:
            return d.decimals(int(match[1]), int(match[2] or 0))
        if re.match(r"date\b", type_):
            return d.dates()
        if type_.startswith(("datetime", "timestamp")):
            return d.timestamps(zoned=False)
        return d.texts(next((kind for name, kind in _KINDS if type_.startswith(name)), "text"), d.unescape_copy_text)
