"""Building blocks of decoders: they convert many texts at once to Arrow arrays and to cells."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headwater.catalog.results import SAFE_INTEGER, Cell, Kind
from headwater.engines._decode import Array, ConversionError, Decoder

BYTES, TEXT = pa.binary(), pa.string()
MOMENT, ZONED = pa.timestamp("us"), pa.timestamp("us", "UTC")
# The timestamps and dates that are infinite in DuckDB.
ENDLESS_MOMENT, ENDLESS_DAY = 2**63 - 1, 2**31 - 1
_ESCAPES = ((b"\\b", b"\b"), (b"\\f", b"\f"), (b"\\n", b"\n"), (b"\\r", b"\r"), (b"\\t", b"\t"), (b"\\v", b"\v"))
_FAR = re.compile(
    r"(?P<year>\d{4,})-(?P<rest>\d\d-\d\d)"
    r"(?: (?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?:\.(?P<fraction>\d{1,6}))?(?:\+00)?)?(?P<era> BC)?"
)
_MARK = b"\xff"  # occurs in no text


def unescape_copy_text(values: Array) -> Array:
    """Return the texts with COPY's escapes of tabs, newlines and backslashes removed."""
    if not (pc.any(pc.match_substring(values, b"\\")).as_py() or False):
        return utf8(values)
    # Pairs of backslashes first, from the left: each remaining backslash begins an escape.
    values = pc.replace_substring(values, b"\\\\", _MARK)
    for escaped, plain in _ESCAPES:
        values = pc.replace_substring(values, escaped, plain)
    return utf8(pc.replace_substring(values, _MARK, b"\\"))


def utf8(values: Array) -> Array:
    """Return byte strings as texts; bytes that are not UTF-8 are shown as escapes."""
    try:
        return values.cast(TEXT)
    except pa.ArrowInvalid:
        decoded = [None if value is None else value.decode(errors="backslashreplace") for value in values.to_pylist()]
        return pa.array(decoded, TEXT)


def texts(kind: Kind, text: Callable[[Array], Array] = utf8) -> Decoder:
    """Return the decoder of a column that remains text."""
    return Decoder(TEXT, kind, text, text, lambda values: _list(text(values)))


def integers(type_: Any) -> Decoder:
    """Return the decoder of whole numbers."""

    def cells(values: Array) -> list[Cell]:
        return [_safe(value) for value in _list(values.cast(TEXT).cast(type_))]

    return Decoder(type_, "number", _cast(type_), utf8, cells)


def _safe(value: Any) -> Cell:
    return value if value is None or -SAFE_INTEGER <= value <= SAFE_INTEGER else str(value)


def floats(type_: Any) -> Decoder:
    """Return the decoder of floating-point numbers; cells without a JSON number (NaN, infinity) are texts."""

    def cells(values: Array) -> list[Cell]:
        numbers, spelled = _list(utf8(values).cast(pa.float64())), None
        if any(number is not None and not math.isfinite(number) for number in numbers):
            spelled = _list(utf8(values))
        if spelled is None:
            return numbers
        return [
            text if number is not None and not math.isfinite(number) else number
            for number, text in zip(numbers, spelled, strict=True)
        ]

    return Decoder(type_, "number", _cast(type_), utf8, cells)


def decimals(precision: int, scale: int) -> Decoder:
    """Return the decoder of fixed-scale numbers; their cells stay text, so that no digit is lost."""
    type_ = pa.decimal128(precision, scale)
    return Decoder(type_, "number", _cast(type_), utf8, lambda values: _list(utf8(values)), may_fail=True)


def booleans(true: bytes) -> Decoder:
    """Return the decoder of booleans; one given text means true."""

    def values(given: Array) -> Array:
        return pc.equal(given, pa.scalar(true, BYTES))

    def text(given: Array) -> Array:
        return pc.if_else(values(given), pa.scalar("true", TEXT), pa.scalar("false", TEXT))

    return Decoder(pa.bool_(), "boolean", values, text, lambda given: _list(values(given)))


def timestamps(zoned: bool) -> Decoder:
    """Return the decoder of timestamps in microseconds, in UTC when `zoned`."""
    type_ = ZONED if zoned else MOMENT
    return _times(type_, _endless(type_, pa.int64(), ENDLESS_MOMENT))


def dates() -> Decoder:
    """Return the decoder of dates."""
    return _times(pa.date32(), _endless(pa.date32(), pa.int32(), ENDLESS_DAY))


def _times(type_: Any, values: Callable[[Array], Array]) -> Decoder:
    return Decoder(
        type_, "time", values, utf8, lambda given: _list(utf8(given)), may_fail=True, has_infinity=_has_infinity
    )


def _has_infinity(values: Array) -> bool:
    return pc.any(pc.match_substring(values, b"infinity")).as_py() or False


def hex_bytes(prefix: bytes) -> Decoder:
    """Return the decoder of bytes written as hexadecimal digits after a prefix; cells are `\\x` and digits."""

    def values(given: Array) -> Array:
        blobs = [None if value is None else bytes.fromhex(value[len(prefix) :].decode()) for value in given.to_pylist()]
        return pa.array(blobs, BYTES)

    def text(given: Array) -> Array:
        if prefix:
            return pc.replace_substring(given, prefix, b"\\x", max_replacements=1).cast(TEXT)
        return pc.binary_join_element_wise(pa.scalar(b"\\x", BYTES), given, pa.scalar(b"", BYTES)).cast(TEXT)

    return Decoder(BYTES, "binary", values, text, lambda given: _list(text(given)))


def _list(values: Array) -> list[Any]:
    cells: list[Any] = values.to_pylist()
    return cells


def _cast(type_: Any) -> Callable[[Array], Array]:
    def cast(values: Array) -> Array:
        try:
            return utf8(values).cast(type_)
        except pa.ArrowInvalid as error:
            raise ConversionError(_first_unfit(values, type_)) from error

    return cast


def _endless(type_: Any, number: Any, largest: int) -> Callable[[Array], Array]:
    """Return a converter of texts to timestamps that also knows infinite ones."""

    def cast(values: Array) -> Array:
        try:
            return utf8(values).cast(type_)
        except pa.ArrowInvalid:
            numbers = [None if value is None else _counted(value.decode(), largest) for value in values.to_pylist()]
            return pa.array(numbers, number).cast(type_)

    return cast


def _counted(text: str, largest: int) -> int:
    """Return a timestamp in microseconds or a date in days since 1970; also BC and after the year 9999."""
    if text.endswith("infinity"):
        return -largest if text.startswith("-") else largest
    match = _FAR.fullmatch(text)
    if match is None:
        raise ConversionError(text[:80])
    year = 1 - int(match["year"]) if match["era"] else int(match["year"])
    try:
        day = int(np.datetime64(f"{year:05d}-{match['rest']}", "D").astype(np.int64))
    except ValueError as error:
        raise ConversionError(text[:80]) from error
    if match["hour"] is None:
        count = day
    else:
        seconds = (int(match["hour"]) * 60 + int(match["minute"])) * 60 + int(match["second"])
        count = (day * 86_400 + seconds) * 1_000_000 + int((match["fraction"] or "").ljust(6, "0"))
    if abs(count) >= largest:
        raise ConversionError(text[:80])
    return count


def _first_unfit(values: Array, type_: Any) -> str:
    """Return the first text that does not fit a type, shortened."""
    for value in utf8(values).to_pylist():
        try:
            pa.array([value], TEXT).cast(type_)
        except pa.ArrowInvalid:
            return str(value)[:80]
    return ""
