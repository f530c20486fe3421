"""Decodes documents of a snapshot: a column for each field of a sample, and each document as Extended JSON.

Other fields, and nested ones, are only in the JSON. A missing field and a null field are both NULL; the JSON shows the
difference.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pyarrow as pa
from bson import Binary, Decimal128, ObjectId, decode
from bson.binary import USER_DEFINED_SUBTYPE
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.errors import BSONError

from headwater.catalog.model import Schema
from headwater.catalog.results import SAFE_INTEGER, Cell, Kind
from headwater.engines import Batch, Decoder, DecodingSupport, DocumentFlattening, SnapshotColumn, SnapshotTable
from headwater.engines import _decoders as d
from headwater.engines._decode import Array, ConversionError
from headwater.engines.mongodb import documents
from headwater.engines.mongodb.values import Document, display_text

WHOLE = "document"  # no field type has this name
CODEC: CodecOptions[Document] = CodecOptions(
    document_class=dict,
    tz_aware=True,
    unicode_decode_error_handler="replace",
    datetime_conversion=DatetimeConversion.DATETIME_AUTO,
)
_EXACT = 2**53
_DATE = 0x09


def _decoder(type_: Any, kind: Kind, convert: Callable[[bytes], Any]) -> Decoder:
    def values(given: Array) -> Array:
        return pa.array([None if _absent(element) else convert(element) for element in given.to_pylist()], type_)

    return Decoder(type_, kind, values, _shown, _cells, may_fail=True)


def _texts(kind: Kind, text: Callable[[bytes], str]) -> Decoder:
    def texts(given: Array) -> Array:
        return pa.array([None if _absent(element) else text(element) for element in given.to_pylist()], d.TEXT)

    return d.texts(kind, texts)


def _absent(element: bytes | None) -> bool:
    """Return True if a document does not have a field, or if it is null (or the old undefined)."""
    return element is None or element[0] in {0x0A, 0x06}


def _value(element: bytes) -> Any:
    """Return the value of an element; a value that the driver cannot read is shown as bytes."""
    body = element[:1] + b"\0" + element[1:] + b"\0"
    try:
        return decode(documents.sized(body), CODEC)[""]
    except BSONError:
        return Binary(element, USER_DEFINED_SUBTYPE)


def _wholes(given: Array) -> Array:
    """Return documents as relaxed Extended JSON."""
    texts = []
    for raw in given.to_pylist():
        try:
            texts.append(display_text(decode(raw, CODEC)))
        except BSONError:
            texts.append(display_text(Binary(raw, USER_DEFINED_SUBTYPE)))
    return pa.array(texts, d.TEXT)


def _cells(given: Array) -> list[Cell]:
    return [None if _absent(element) else _cell(_value(element)) for element in given.to_pylist()]


def _cell(value: Any) -> Cell:
    match value:
        case bool():
            return value
        case int() if -SAFE_INTEGER <= value <= SAFE_INTEGER:
            return int(value)
        case float() if math.isfinite(value):
            return value
    return _spelled(value)


def _shown(given: Array) -> Array:
    return pa.array([None if _absent(element) else _text(element) for element in given.to_pylist()], d.TEXT)


def _text(element: bytes) -> str:
    return _spelled(_value(element))


def _spelled(value: Any) -> str:
    """Return a value as readable text; values without a plain text are Extended JSON."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float() | ObjectId() | Decimal128():
            return str(value)
        case datetime():
            return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case Binary(subtype=4):
            return str(value.as_uuid())
        case bytes():
            return "\\x" + value.hex()
    return display_text(value)


def _integer(element: bytes) -> int:
    value = _value(element)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ConversionError(_spelled(value)[:80])
    return int(value)


def _float(element: bytes) -> float:
    value = _value(element)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _EXACT:
        return float(value)
    if not isinstance(value, float):
        raise ConversionError(_spelled(value)[:80])
    return value


def _boolean(element: bytes) -> bool:
    value = _value(element)
    if not isinstance(value, bool):
        raise ConversionError(_spelled(value)[:80])
    return value


def _moment(element: bytes) -> int:
    """Return a date in microseconds; raises ConversionError if it is out of range."""
    if element[0] != _DATE:
        raise ConversionError(_text(element)[:80])
    microseconds = int.from_bytes(element[1:], "little", signed=True) * 1000
    if abs(microseconds) >= d.ENDLESS_MOMENT:
        raise ConversionError(_text(element)[:80])
    return microseconds


def _bytes(element: bytes) -> bytes:
    value = _value(element)
    if not isinstance(value, bytes):
        raise ConversionError(_spelled(value)[:80])
    return bytes(value)


class MongoFlattening(DocumentFlattening):
    """Documents as flat columns."""

    def flat_columns(self, table: SnapshotTable, schema: Schema) -> tuple[SnapshotColumn, ...]:
        """Return the columns that users see of a collection."""
        columns = next((relation.columns for relation in schema if relation.name == table.name), ())
        fields = {column.name: column.type for column in columns if column.name and "." not in column.name}
        whole = WHOLE
        while whole.casefold() in {name.casefold() for name in fields}:
            whole += "_"
        names = dict.fromkeys(("_id", *fields))
        return (*(SnapshotColumn(name, fields.get(name, "")) for name in names), SnapshotColumn(whole, WHOLE))

    def flatten(self, batch: Batch, columns: Sequence[SnapshotColumn]) -> Batch:
        """Return fields of documents as types and values, and complete documents."""
        names = [column.name for column in columns if column.type != WHOLE]
        fields = iter(documents.fields(batch, names) if names else ())
        arrays = [list(documents.joined(batch)) if column.type == WHOLE else next(fields) for column in columns]
        return pa.RecordBatch.from_arrays(
            [pa.array(values, d.BYTES) for values in arrays], [str(n) for n in range(len(arrays))]
        )


class MongoDecoding(DecodingSupport):
    """Decodes the texts of a snapshot."""

    flattening = MongoFlattening()

    def decoder(self, column: SnapshotColumn, schema: Schema) -> Decoder:
        """Return the decoder of a flat column."""
        if column.type == WHOLE:
            return replace(d.texts("json", _wholes), whole_document=True)
        match sorted({*column.type.split(" | ")} - {"null"}):
            case ["int"] | ["long"] | ["int", "long"]:
                return _decoder(pa.int64(), "number", _integer)
            case ["double"] | ["double", "int"] | ["double", "long"] | ["double", "int", "long"]:
                return _decoder(pa.float64(), "number", _float)
            case ["bool"]:
                return _decoder(pa.bool_(), "boolean", _boolean)
            case ["date"]:
                return _decoder(d.ZONED, "time", _moment)
            case ["binData"]:
                return _decoder(d.BYTES, "binary", _bytes)
            case ["string"]:
                return _texts("text", _text)
            case ["objectId"]:
                return _texts("text", _text)
            case ["decimal"]:
                return _texts("number", _text)
        return _texts("json", lambda element: display_text(_value(element)))
