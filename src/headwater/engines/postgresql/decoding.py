"""What the texts of COPY mean, as Arrow values and as cells: the types that Arrow has room for, all else as text."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pyarrow as pa

from headwater.catalog.model import Schema
from headwater.catalog.results import Kind
from headwater.engines import Decoder, DumpColumn
from headwater.engines import _decoding as d

_PLAIN: Mapping[str, Decoder] = {
    "smallint": d.integers(pa.int16()), "integer": d.integers(pa.int32()), "bigint": d.integers(pa.int64()),
    "oid": d.integers(pa.uint32()), "real": d.floats(pa.float32()), "double precision": d.floats(pa.float64()),
    "boolean": d.booleans(b"t"), "date": d.days(), "bytea": d.hexadecimals(b"\\\\x"),
}  # fmt: skip
_KINDS: Mapping[str, Kind] = {
    "json": "json", "jsonb": "json", "uuid": "uuid", "numeric": "number", "money": "number", "text": "text",
    "character": "text", "character varying": "text", "bpchar": "text", "name": "text", "interval": "time",
    "time without time zone": "time", "time with time zone": "time",
}  # fmt: skip
_NUMERIC = re.compile(r"numeric\((\d+),(-?\d+)\)")
_MOMENT = re.compile(r"timestamp(?:\(\d\))? (with|without) time zone")
_MODIFIER = re.compile(r"\([^)]*\)")
_DEEPEST = 20  # domains over domains


def decoder(column: DumpColumn, schema: Schema) -> Decoder:
    """Return how a column of a dump is read; see `headwater.engines.Decodes`."""
    type_ = _base(column.type, schema)
    if found := _PLAIN.get(type_):
        return found
    if match := _NUMERIC.fullmatch(type_):
        precision, scale = int(match[1]), int(match[2])
        if precision <= 38 and 0 <= scale <= precision:
            return d.decimals(precision, scale)
    if match := _MOMENT.fullmatch(type_):
        return d.moments(zoned=match[1] == "with")
    return d.texts(_kind(type_, schema), d.unescaped)


def _base(type_: str, schema: Schema) -> str:
    """Return the type that a domain is made of."""
    domains = {name: one.type for one in schema.domains for name in (one.name, f"{one.schema}.{one.name}")}
    for _ in range(_DEEPEST):
        if type_ not in domains:
            break
        type_ = domains[type_]
    return type_


def _kind(type_: str, schema: Schema) -> Kind:
    if type_.endswith("[]"):
        return "array"
    if any(type_ in {one.name, f"{one.schema}.{one.name}"} for one in schema.enums):
        return "enum"
    return _KINDS.get(_MODIFIER.sub("", type_).strip(), "other")
