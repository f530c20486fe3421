"""Decodes the texts of COPY to Arrow values and cells; types that Arrow does not have remain text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import pyarrow as pa

from headwater.catalog.model import Schema
from headwater.catalog.results import Cell, Kind
from headwater.engines import ConversionError, Decoder, DecodingSupport, SnapshotColumn
from headwater.engines import _decoders as d
from headwater.engines._decode import Array

_PLAIN: Mapping[str, Decoder] = {
    "smallint": d.integers(pa.int16()),
    "integer": d.integers(pa.int32()),
    "bigint": d.integers(pa.int64()),
    "oid": d.integers(pa.uint32()),
    "real": d.floats(pa.float32()),
    "double precision": d.floats(pa.float64()),
    "boolean": d.booleans(b"t"),
    "date": d.dates(),
    "bytea": d.hex_bytes(b"\\\\x"),
}
_KINDS: Mapping[str, Kind] = {
    "json": "json",
    "jsonb": "json",
    "uuid": "uuid",
    "numeric": "number",
    "money": "number",
    "text": "text",
    "character": "text",
    "character varying": "text",
    "bpchar": "text",
    "name": "text",
    "interval": "time",
    "time without time zone": "time",
    "time with time zone": "time",
}
_NUMERIC = re.compile(r"numeric\((\d+),(-?\d+)\)")
_MOMENT = re.compile(r"timestamp(?:\(\d\))? (with|without) time zone")
_INTERVAL = re.compile(
    r"(?:([+-]?\d+) years?)? ?(?:([+-]?\d+) mons?)? ?(?:([+-]?\d+) days?)? ?"
    r"(?:(?P<sign>[+-])?(?P<hours>\d+):(?P<minutes>\d\d):(?P<seconds>\d\d)(?P<fraction>\.\d+)?)?"
)
_MODIFIER = re.compile(r"\([^)]*\)")


def _iso_intervals(values: Array) -> list[Cell]:
    return [None if value is None else iso_interval(value.decode()) for value in values.to_pylist()]


def iso_interval(text: str) -> str:
    """Return an interval as the server spells it in ISO 8601: each part with its own sign."""
    match = _INTERVAL.fullmatch(text)
    if match is None:
        raise ConversionError(text[:80])
    parts = [f"{int(number)}{letter}" for letter, number in zip("YMD", match.group(1, 2, 3), strict=True) if number]
    clock = []
    if match["hours"]:
        sign, fraction = match["sign"] if match["sign"] == "-" else "", match["fraction"] or ""
        seconds = f"{int(match['seconds'])}{fraction}"
        counts = (str(int(match["hours"])), "H"), (str(int(match["minutes"])), "M"), (seconds, "S")
        clock = [f"{sign}{count}{letter}" for count, letter in counts if count != "0"]
    if not parts and not clock:
        return "PT0S"
    return "P" + "".join(parts) + ("T" + "".join(clock) if clock else "")


def _kind(type_: str, schema: Schema) -> Kind:
    if type_.endswith("[]"):
        return "array"
    if any(type_ in {enum.name, f"{enum.schema}.{enum.name}"} for enum in schema.enums):
        return "enum"
    return _KINDS.get(_MODIFIER.sub("", type_).strip(), "other")


class PostgresDecoding(DecodingSupport):
    """Decodes the texts of a snapshot."""

    def decoder(self, column: SnapshotColumn, schema: Schema) -> Decoder:
        """Return the decoder of a snapshot column."""
        type_ = schema.base_type(column.type)
        if plain := _PLAIN.get(type_):
            return plain
        if match := _NUMERIC.fullmatch(type_):
            precision, scale = int(match[1]), int(match[2])
            if precision <= 38 and 0 <= scale <= precision:
                return d.decimals(precision, scale)
        if match := _MOMENT.fullmatch(type_):
            return d.timestamps(zoned=match[1] == "with")
        if type_.startswith("interval"):
            return replace(d.texts("time"), transfer_cells=_iso_intervals)
        return d.texts(_kind(type_, schema), d.unescape_copy_text)
