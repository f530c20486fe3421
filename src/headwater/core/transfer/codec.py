"""How each dialect spells the values of a kind, and one canonical form in between that all of them share.

A decoder takes a cell as an engine's session gives it; an encoder makes what an engine's session loads. The canonical
form of a value is equal exactly when the values are, so that it can be counted and compared on both sides.
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

from headwater.catalog.results import SAFE_INTEGER
from headwater.core.transfer import arrays, native
from headwater.core.transfer.kinds import Kind, Name

Value: TypeAlias = bool | int | float | str | bytes | None
Convert: TypeAlias = Callable[[Any], Any]
_FRACTION = re.compile(r"(\.\d*?)0+(?=$|[+-]|Z)")
_WORDS = {"nan": "NaN", "infinity": "Infinity", "inf": "Infinity", "-infinity": "-Infinity", "-inf": "-Infinity"}


_WRONG = (ValueError, TypeError, InvalidOperation, OverflowError, IndexError, RecursionError, msgspec.DecodeError)


class Unfit(ValueError):
    """A value is no value of its kind: a text in a column of numbers, say."""


def decoder(dialect: str, kind: Kind) -> Convert:
    """Return what makes a cell of a dialect canonical; None stays None."""
    return _careful(_DECODERS[dialect].get(kind.name) or _COMMON[kind.name], kind)


def encoder(dialect: str, kind: Kind) -> Convert:
    """Return what makes a canonical value one that a dialect's session loads."""
    make = _ENCODERS[dialect].get(kind.name)
    return (lambda value: value) if make is None else _careful(make, kind, "cannot be kept as")


def _careful(make: Callable[[Any, Kind], Any], kind: Kind, is_no: str = "is no") -> Convert:
    def decode(cell: Any) -> Any:
        if cell is None:
            return None
        try:
            return make(cell, kind)
        except _WRONG as error:
            raise Unfit(f"{str(cell)[:80]!r} {is_no} {kind.name}") from error

    return decode


def _integer(cell: Any, _: Kind) -> int:
    if type(cell) is int:
        return cell
    if isinstance(cell, float) and not cell.is_integer():
        raise ValueError
    return int(cell)


_PLAIN_DECIMAL = re.compile(r"-?[1-9]\d*(?:\.\d*[1-9])?")


def _decimal(cell: Any, _: Kind) -> str:
    if type(cell) is str and _PLAIN_DECIMAL.fullmatch(cell):
        return cell
    number = Decimal(repr(cell) if isinstance(cell, float) else str(cell))
    if not number.is_finite():
        return _WORDS[str(number).lower()]
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in {"-0", ""} else text


def _float(cell: Any, kind: Kind) -> float | str:
    number = float(cell)
    if not math.isfinite(number):
        return _WORDS[str(number).lower()]
    return struct.unpack("f", struct.pack("f", number))[0] if kind.size == 32 else number


def _boolean(cell: Any, _: Kind) -> bool:
    told = {0: False, 1: True, "0": False, "1": True, "t": True, "f": False, "true": True, "false": False}
    key = cell.lower() if isinstance(cell, str) else cell
    if key not in told:
        raise ValueError
    return told[key]


def _text(cell: Any, kind: Kind) -> str:
    if type(cell) is str and not kind.fixed:
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return str(cell).rstrip(" ") if kind.fixed else str(cell)


def _binary(cell: Any, _: Kind) -> bytes:
    text = str(cell)
    return bytes.fromhex(text[2:]) if text.startswith("\\x") else text.encode()


def _time(cell: Any, _: Kind) -> str:
    if not isinstance(cell, str) or not cell:
        raise ValueError
    return _FRACTION.sub(r"\1", cell).replace(". ", " ").rstrip(".") if "." in cell else cell


_USUAL = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d*[1-9])?")
_OFFSET = re.compile(r"(?P<moment>.*\d)\s?(?P<zone>Z|[+-]\d\d(?::?\d\d)?)(?P<era>(?: BC)?)")


def _timestamp(cell: Any, kind: Kind) -> str:
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


def _uuid(cell: Any, _: Kind) -> str:
    return str(cell).lower()


def _json(cell: Any, _: Kind) -> str:
    return cell if isinstance(cell, str) else msgspec.json.encode(cell).decode()


def _bits(cell: Any, _: Kind) -> int:
    return int(cell)


def _any(cell: Any, _: Kind) -> Any:
    if not isinstance(cell, str):
        return cell
    if cell.startswith("\\x") and re.fullmatch(r"(?:[0-9a-f]{2})*", cell[2:]):
        return bytes.fromhex(cell[2:])
    big = re.fullmatch(r"-?\d{16,19}", cell)
    return int(cell) if big and abs(int(cell)) > SAFE_INTEGER else cell


def _postgres_array(cell: Any, kind: Kind) -> list[Any]:
    item = decoder("postgres", kind.item or Kind("text"))
    return arrays.mapped(arrays.parse(str(cell)), item)


def _list(cell: Any, kind: Kind) -> list[Any]:
    if not isinstance(cell, list):
        raise TypeError
    return arrays.mapped(cell, decoder("mongodb", kind.item or Kind("text")))


def _json_array(cell: Any, kind: Kind) -> list[Any]:
    found = msgspec.json.decode(cell)
    return found if isinstance(found, list) else [found]


_COMMON: Mapping[Name, Callable[[Any, Kind], Any]] = {
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
_DECODERS: Mapping[str, Mapping[Name, Callable[[Any, Kind], Any]]] = {
    "postgres": {"array": _postgres_array},
    "mysql": {},
    "sqlite": {},
    "mongodb": {**native.DECODERS, "array": _list},
}


def _number(value: Any, _: Kind) -> Any:
    return float(value) if isinstance(value, str) else value


def _sqlite_integer(value: Any, kind: Kind) -> Any:
    return str(value) if kind.unsigned and (kind.size or 64) >= 64 else value


def _as_json(value: Any, kind: Kind) -> str:
    return msgspec.json.encode([_shown(one, kind.item) for one in value]).decode()


def _shown(value: Any, kind: Kind | None) -> Any:
    if isinstance(value, list):
        return [_shown(one, kind) for one in value]
    return "\\x" + value.hex() if isinstance(value, bytes) else value


def _as_list(value: Any, kind: Kind) -> list[Any]:
    return arrays.mapped(value, encoder("mongodb", kind.item or Kind("text")))


def _postgres_bits(value: Any, kind: Kind) -> Any:
    return bool(value) if (kind.size or 1) == 1 else value


_ENCODERS: Mapping[str, Mapping[Name, Callable[[Any, Kind], Any]]] = {
    "postgres": {"array": _as_json, "bits": _postgres_bits},
    "mysql": {"boolean": lambda value, _: int(value), "array": _as_json},
    "sqlite": {"integer": _sqlite_integer, "float": _number, "boolean": lambda value, _: int(value), "array": _as_json},
    "mongodb": {**native.ENCODERS, "array": _as_list},
}
_KEEPERS: Mapping[str, Mapping[Name, Callable[[Any, Kind], Any]]] = {
    "postgres": {},
    "mysql": {},
    "sqlite": {},
    "mongodb": native.KEEPERS,
}


def keeper(dialect: str, kind: Kind) -> Convert | None:
    """Return what leaves of a canonical value what a dialect keeps; None when that is all."""
    if kind.name == "array" and kind.item and (inner := keeper(dialect, kind.item)):
        return lambda value: None if value is None else arrays.mapped(value, inner)
    make = _KEEPERS[dialect].get(kind.name)
    return None if make is None else lambda value: None if value is None else make(value, kind)


def canonical(value: Any, kind: Kind) -> bytes:
    """Return the bytes that stand for a canonical value when values are compared."""
    if value is None:
        return b"\x00"
    if isinstance(value, str):
        return b"\x03" + json_form(value) if kind.name == "json" else b"\x05" + value.encode()
    if isinstance(value, bytes):
        return b"\x01" + value
    if isinstance(value, list):
        item = kind.item
        if item and item.name == "json":
            # Whether a list is a dimension of the array or JSON itself is not known on every side.
            return b"\x02" + json_form(b"[" + b",".join(_joined(one) for one in value) + b"]")
        return b"\x02" + msgspec.json.encode([_shown(one, item) for one in value])
    if isinstance(value, float):
        value += 0.0  # -0.0 becomes 0.0: SQL holds them equal, and SQLite keeps no sign of zero
    return b"\x04" + repr(value).encode()


def _joined(value: Any) -> bytes:
    """Return an item of an array of JSON as JSON text."""
    if isinstance(value, list):
        return b"[" + b",".join(map(_joined, value)) + b"]"
    return b"null" if value is None else str(value).encode()


def json_form(text: str | bytes) -> bytes:
    """Return JSON text as bytes that are equal when the values are: keys sorted, numbers as doubles or integers."""
    try:
        return msgspec.json.encode(_plain(msgspec.json.decode(text)), order="sorted")
    except msgspec.DecodeError:
        return text.encode() if isinstance(text, str) else text


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**63 else value


def row_decoder(dialect: str, kinds: Sequence[Kind]) -> Callable[[Sequence[Any]], list[Any]]:
    """Return what makes a whole row canonical."""
    makers = [decoder(dialect, kind) for kind in kinds]
    return lambda row: [make(cell) for make, cell in zip(makers, row, strict=True)]


def row_keeper(dialect: str, kinds: Sequence[Kind]) -> Callable[[list[Any]], list[Any]]:
    """Return what leaves of a canonical row what a dialect keeps: the plan has said that the rest is lost."""
    keepers = {place: keep for place, kind in enumerate(kinds) if (keep := keeper(dialect, kind))}

    def kept(row: list[Any]) -> list[Any]:
        for place, keep in keepers.items():
            row[place] = keep(row[place])
        return row

    return kept


def row_encoder(dialect: str, kinds: Sequence[Kind]) -> Callable[[Sequence[Any]], tuple[Value, ...]]:
    """Return what makes a canonical row one to load."""
    makers = {place: encoder(dialect, kind) for place, kind in enumerate(kinds) if kind.name in _ENCODERS[dialect]}

    def encode(row: Sequence[Any]) -> tuple[Value, ...]:
        made = list(row)
        for place, make in makers.items():
            made[place] = make(made[place])
        return tuple(made)

    return encode
