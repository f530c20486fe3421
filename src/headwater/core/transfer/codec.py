"""Converts the values of each kind between dialects, through one canonical form.

A decoder takes a cell from an engine's session; an encoder makes what an engine's session loads. Canonical values are
equal exactly when the values are, so they can be counted and compared on both sides.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

import msgspec

from headwater.catalog.dialect import Convert, Dialect, TypeMapping
from headwater.catalog.value_kinds import KindName, ValueKind
from headwater.core.transfer import arrays

Value: TypeAlias = bool | int | float | str | bytes | None
Converter: TypeAlias = Callable[[Any], Any]
_FRACTION = re.compile(r"(\.\d*?)0+(?=$|[+-]|Z)")
_WORDS = {"nan": "NaN", "infinity": "Infinity", "inf": "Infinity", "-infinity": "-Infinity", "-inf": "-Infinity"}


_WRONG = (ValueError, TypeError, InvalidOperation, OverflowError, IndexError, RecursionError, msgspec.DecodeError)


class ValueConversionError(ValueError):
    """A value is not valid for its kind, for example a text in a column of numbers."""


def decoder(dialect: Dialect | None, kind: ValueKind) -> Converter:
    """Return the function that makes a cell of a dialect (or of a file, without one) canonical; None stays None."""
    types = dialect.types if dialect else None
    if kind.name == "array" and types and (types.native_arrays or types.parse_array):
        item = decoder(dialect, kind.item or ValueKind("text"))
        return _careful(lambda cell, _: arrays.map_items(_as_list(cell, types), item), kind)
    special = types.decoders.get(kind.name) if types else None
    is_invalid = types.invalid.get(kind.name) if types else None
    return _careful(special or _COMMON[kind.name], kind, is_invalid=is_invalid)


def encoder(dialect: Dialect, kind: ValueKind) -> Converter:
    """Return the function that converts a canonical value to one that a dialect's session loads."""
    make = _special_encoder(dialect, kind)
    return (lambda value: value) if make is None else _careful(make, kind, "cannot be stored as")


def _special_encoder(dialect: Dialect, kind: ValueKind) -> Convert | None:
    types = dialect.types
    assert types
    if kind.name != "array":
        return types.encoders.get(kind.name)
    if not types.native_arrays:
        return _as_json
    item = encoder(dialect, kind.item or ValueKind("text"))
    return lambda value, _: arrays.map_items(value, item)


def _as_list(cell: Any, types: TypeMapping) -> list[Any]:
    if types.parse_array:
        return types.parse_array(str(cell))
    if not isinstance(cell, list):
        raise TypeError
    return cell


def _careful(
    make: Convert, kind: ValueKind, is_no: str = "is not a valid", is_invalid: Callable[[Any], bool] | None = None
) -> Converter:
    def decode(cell: Any) -> Any:
        if cell is None:
            return None
        try:
            if is_invalid is not None and is_invalid(cell):
                if kind.invalid_as_null:
                    return None
                raise ValueError
            return make(cell, kind)
        except _WRONG as error:
            raise ValueConversionError(f"{_shortened(cell)!r} {is_no} {kind.name}") from error

    return decode


def _shortened(cell: Any) -> str:
    return str(_shown(cell, None) if isinstance(cell, bytes | bytearray) else cell)[:80]


def _readable(cell: Any) -> Any:
    """Return a cell that is not binary, nor the readable form of something that is no text."""
    if isinstance(cell, bytes) or (isinstance(cell, str) and type(cell) is not str):
        raise TypeError
    return cell


def _integer(cell: Any, _: ValueKind) -> int:
    if type(cell) is int:
        return cell
    if isinstance(cell, float) and not cell.is_integer():
        raise ValueError
    return int(_readable(cell))


_PLAIN_DECIMAL = re.compile(r"-?[1-9]\d*(?:\.\d*[1-9])?")


def _decimal(cell: Any, _: ValueKind) -> str:
    if type(cell) is str and _PLAIN_DECIMAL.fullmatch(cell):
        return cell
    number = Decimal(repr(cell) if isinstance(cell, float) else str(cell))
    if not number.is_finite():
        return _WORDS[str(number).lower()]
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in {"-0", ""} else text


def _float(cell: Any, kind: ValueKind) -> float | str:
    number = float(_readable(cell))
    if not math.isfinite(number):
        return _WORDS[str(number).lower()]
    return struct.unpack("f", struct.pack("f", number))[0] if kind.size == 32 else number


def _boolean(cell: Any, _: ValueKind) -> bool:
    known = {0: False, 1: True, "0": False, "1": True, "t": True, "f": False, "true": True, "false": False}
    key = cell.lower() if isinstance(cell, str) else cell
    if key not in known:
        raise ValueError
    return known[key]


def _text(cell: Any, kind: ValueKind) -> str:
    if type(cell) is str and not kind.fixed:
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    _readable(cell)
    return str(cell).rstrip(" ") if kind.fixed else str(cell)


def _binary(cell: Any, _: ValueKind) -> bytes:
    if isinstance(cell, bytes):
        return cell
    text = str(cell)
    return bytes.fromhex(text[2:]) if text.startswith("\\x") else text.encode()


def _time(cell: Any, _: ValueKind) -> str:
    if type(cell) is not str or not cell:
        raise ValueError
    return _FRACTION.sub(r"\1", cell).replace(". ", " ").rstrip(".") if "." in cell else cell


_USUAL = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d*[1-9])?")
_OFFSET = re.compile(r"(?P<moment>.*\d)\s?(?P<zone>Z|[+-]\d\d(?::?\d\d)?)(?P<era>(?: BC)?)")


def _timestamp(cell: Any, kind: ValueKind) -> str:
    zoned = kind.zoned and isinstance(cell, str)
    if zoned and cell.endswith("+00"):
        cell = cell[:-3]
    if isinstance(cell, str) and _USUAL.fullmatch(cell):
        return cell
    if zoned and (match := _OFFSET.fullmatch(cell)) and ":" in match["moment"]:
        cell = match["moment"] + match["era"]
        if match["zone"].strip("+-0:Z"):
            moment = datetime.fromisoformat(match["moment"].replace(" ", "T") + match["zone"])
            cell = moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ")
    text = _time(cell, kind).replace("T", " ")
    text = f"{text} 00:00:00" if re.fullmatch(r"\d+-\d\d-\d\d", text) else text
    text = f"{text}:00" if re.fullmatch(r"\d+-\d\d-\d\d \d\d:\d\d", text) else text
    return re.sub(r"\.(?= |$)", "", text)


def _uuid(cell: Any, _: ValueKind) -> str:
    return str(_readable(cell)).lower()


def _json(cell: Any, _: ValueKind) -> str:
    return cell if isinstance(_readable(cell), str) else msgspec.json.encode(cell).decode()


def _bits(cell: Any, _: ValueKind) -> int:
    return int(cell)


def _any(cell: Any, _: ValueKind) -> Any:
    return cell


def _json_array(cell: Any, kind: ValueKind) -> list[Any]:
    items = msgspec.json.decode(cell)
    return items if isinstance(items, list) else [items]


_COMMON: Mapping[KindName, Convert] = {
    "integer": _integer,
    "decimal": _decimal,
    "float": _float,
    "boolean": _boolean,
    "text": _text,
    "binary": _binary,
    "date": _time,
    "time": _time,
    "timestamp": _timestamp,
    "interval": _text,
    "uuid": _uuid,
    "json": _json,
    "enum": _text,
    "array": _json_array,
    "bits": _bits,
    "other": _text,
    "any": _any,
}


def _as_json(value: Any, kind: ValueKind) -> str:
    return msgspec.json.encode([_shown(item, kind.item) for item in value]).decode()


def _shown(value: Any, kind: ValueKind | None) -> Any:
    if isinstance(value, list):
        return [_shown(item, kind) for item in value]
    return "\\x" + value.hex() if isinstance(value, bytes) else value


def reducer(dialect: Dialect, kind: ValueKind) -> Converter | None:
    """Return the function that drops what a dialect cannot store of a canonical value; None if it stores all."""
    if kind.name == "array" and kind.item and (inner := reducer(dialect, kind.item)):
        return lambda value: None if value is None else arrays.map_items(value, inner)
    assert dialect.types
    make = dialect.types.reducers.get(kind.name)
    return None if make is None else lambda value: None if value is None else make(value, kind)


def canonical(value: Any, kind: ValueKind) -> bytes:
    """Return the bytes of a canonical value for comparison."""
    if value is None:
        return b"\x00"
    if isinstance(value, str):
        return b"\x03" + canonical_json(value) if kind.name == "json" else b"\x05" + value.encode()
    if isinstance(value, bytes):
        return b"\x01" + value
    if isinstance(value, list):
        item = kind.item
        if item and item.name == "json":
            # Not every engine distinguishes a dimension of the array from a JSON list.
            return b"\x02" + canonical_json(b"[" + b",".join(_joined(element) for element in value) + b"]")
        return b"\x02" + msgspec.json.encode([_shown(element, item) for element in value])
    if isinstance(value, float):
        value += 0.0  # -0.0 becomes 0.0: they are equal in SQL, and SQLite drops the sign of zero
    return b"\x04" + repr(value).encode()


def _joined(value: Any) -> bytes:
    """Return an item of an array of JSON as JSON text."""
    if isinstance(value, list):
        return b"[" + b",".join(map(_joined, value)) + b"]"
    return b"null" if value is None else str(value).encode()


def canonical_json(text: str | bytes) -> bytes:
    """Return JSON text as bytes that are equal when the values are: keys sorted, numbers as doubles or integers."""
    try:
        return msgspec.json.encode(_plain(msgspec.json.decode(text)), order="sorted")
    except msgspec.DecodeError:
        return text.encode() if isinstance(text, str) else text


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**63 else value


def row_decoder(dialect: Dialect, kinds: Sequence[ValueKind]) -> Callable[[Sequence[Any]], list[Any]]:
    """Return the function that makes a whole row canonical."""
    makers = [decoder(dialect, kind) for kind in kinds]
    return lambda row: [make(cell) for make, cell in zip(makers, row, strict=True)]


def row_reducer(dialect: Dialect, kinds: Sequence[ValueKind]) -> Callable[[list[Any]], list[Any]]:
    """Return the function that drops the parts of a canonical row that a dialect cannot store, as planned."""
    reducers = {index: reduce for index, kind in enumerate(kinds) if (reduce := reducer(dialect, kind))}

    def reduced(row: list[Any]) -> list[Any]:
        for index, reduce in reducers.items():
            row[index] = reduce(row[index])
        return row

    return reduced


def row_encoder(dialect: Dialect, kinds: Sequence[ValueKind]) -> Callable[[Sequence[Any]], tuple[Value, ...]]:
    """Return the function that converts a canonical row to one to load."""
    makers = {index: encoder(dialect, kind) for index, kind in enumerate(kinds) if _special_encoder(dialect, kind)}

    def encode(row: Sequence[Any]) -> tuple[Value, ...]:
        encoded = list(row)
        for index, make in makers.items():
            encoded[index] = make(encoded[index])
        return tuple(encoded)

    return encode
