"""Values of documents as Python values: what the session loads and returns, and what a document can store.

A document stores numbers of 34 decimal digits, timestamps in milliseconds, documents and lists; it has no dates, times
of day or intervals. The session converts these values to BSON types.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import msgspec

from headwater.catalog.dialect import Convert
from headwater.catalog.value_kinds import KindName, ValueKind

DIGITS, DEEPEST = 34, 100
_FINER = re.compile(r"(\.\d{3})\d+")


def _day(cell: Any, _: ValueKind) -> str:
    return str(_moment_of(cell).date().isoformat())


def _moment(cell: Any, _: ValueKind) -> str:
    return _trimmed(_moment_of(cell).replace(tzinfo=None).isoformat(" "))


def _trimmed(text: str) -> str:
    """Return a timestamp without trailing zeros in its fraction."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def _moment_of(cell: Any) -> datetime:
    if not isinstance(cell, datetime):
        raise TypeError
    return cell


def _bytes(cell: Any, _: ValueKind) -> bytes:
    if not isinstance(cell, bytes):
        raise TypeError
    return cell


def _json(cell: Any, _: ValueKind) -> str:
    return msgspec.json.encode(_plain(cell)).decode()


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list():
            return [_plain(item) for item in value]
        case Decimal():
            return int(value)  # integers in JSON that are too large for the database
    return value


def _as_number(value: Any, kind: ValueKind) -> Any:
    """Return an integer; one that does not fit in a signed 64-bit integer becomes a decimal."""
    bits = kind.size or 64
    return Decimal(value) if (kind.unsigned or kind.name == "bits") and bits >= 64 else value


def _as_decimal(value: str, kind: ValueKind) -> Any:
    """Return a number with the digits of its column, or its text if there are too many."""
    if not value.strip("-0123456789."):
        whole, _, fraction = value.partition(".")
        for digits in (fraction.ljust(kind.scale or 0, "0"), fraction):
            if len((whole.lstrip("-") + digits).lstrip("0")) <= DIGITS:
                return Decimal(f"{whole}.{digits}" if digits else whole)
        return value
    return Decimal(value)


def _as_bits(value: int, kind: ValueKind) -> Any:
    return bool(value) if (kind.size or 1) == 1 else _as_number(value, kind)


def _as_day(value: str, _: ValueKind) -> datetime:
    return datetime.combine(date.fromisoformat(value), time(), UTC)


def _as_moment(value: str, _: ValueKind) -> datetime:
    return datetime.fromisoformat(value).replace(tzinfo=UTC)


def _as_json(value: str, _: ValueKind) -> Any:
    return _nested(msgspec.json.decode(value), 1)


def _nested(value: Any, level: int) -> Any:
    """Return parsed JSON with integers that are too large as decimals; as deep as documents allow."""
    match value:
        case dict() | list() if level >= DEEPEST:
            raise ValueError
        case dict():
            return {key: _nested(item, level + 1) for key, item in value.items()}
        case list():
            return [_nested(item, level + 1) for item in value]
        case int() if abs(value) >= 2**63:
            return Decimal(value)
    return value


def _to_the_millisecond(value: str, _: ValueKind) -> str:
    return _trimmed(_FINER.sub(r"\1", value))


def _without_null(value: str, _: ValueKind) -> str | None:
    return None if value.strip() == "null" else value


DECODERS: Mapping[KindName, Convert] = {
    "date": _day,
    "timestamp": _moment,
    "binary": _bytes,
    "json": _json,
}
ENCODERS: Mapping[KindName, Convert] = {
    "integer": _as_number,
    "decimal": _as_decimal,
    "float": lambda value, _: float(value),
    "bits": _as_bits,
    "date": _as_day,
    "timestamp": _as_moment,
    "uuid": lambda value, _: uuid.UUID(value),
    "json": _as_json,
}
# Functions that drop the part of a value that is not stored.
REDUCERS: Mapping[KindName, Convert] = {"timestamp": _to_the_millisecond, "json": _without_null}
