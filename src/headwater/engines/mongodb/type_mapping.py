"""The shared kinds of values as BSON types; a collection declares no types that could be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from headwater.catalog.dialect import TypeMapping
from headwater.catalog.value_kinds import KindName, TypeSpelling, ValueKind
from headwater.engines.mongodb import transfer_values

TEXT = ("string",)
MICROSECONDS = "times are truncated to milliseconds"
Speller: TypeAlias = Callable[[ValueKind], TypeSpelling]


def _spelling(type_: str, stored: tuple[str, ...], changes: tuple[str, ...] = (), risk: str = "") -> TypeSpelling:
    return TypeSpelling(type_, changes, risk, stored)


def _spell_integer(kind: ValueKind) -> TypeSpelling:
    bits = (kind.size or 64) + (1 if kind.unsigned else 0)
    if bits > 64:
        return _spelling("decimal", ("decimal",), ("unsigned 64-bit integers become decimals",))
    return _spelling("int", ("int",)) if bits <= 32 else _spelling("long", ("long",))


def _spell_decimal(kind: ValueKind) -> TypeSpelling:
    unenforced = "the number of digits is not enforced"
    if kind.size and kind.size <= 34:
        return _spelling("decimal", ("decimal",), (unenforced,))
    long = "numbers of more than 34 digits become text"
    return _spelling("decimal | string", ("decimal", "string"), (long, unenforced) if kind.size else (long,))


def _spell_timestamp(kind: ValueKind) -> TypeSpelling:
    finer = (MICROSECONDS,) if kind.scale is None or kind.scale > 3 else ()
    zone = () if kind.zoned else ("times without a time zone become timestamps in UTC",)
    return _spelling("date", ("date",), finer + zone, "BC, infinity, and years after 9999 are refused")


def _spell_array(kind: ValueKind) -> TypeSpelling:
    item = _SPELLERS[(kind.item or ValueKind("text")).name](kind.item or ValueKind("text"))
    bounds = "lower bounds of arrays other than 1 are not kept"
    return _spelling(f"array<{item.type}>", ("array",), (*item.changes, bounds), item.risk)


def _spell_bits(kind: ValueKind) -> TypeSpelling:
    size = kind.size or 1
    if size == 1:
        return _spelling("bool", ("bool",))
    return _spelling(
        "long" if size < 64 else "decimal", ("long" if size < 64 else "decimal",), ("bits become a number",)
    )


def _always(of: str, *changed: str, risk: str = "") -> Speller:
    return lambda _: _spelling(of, (of,), changed, risk)


def _spell_other(kind: ValueKind) -> TypeSpelling:
    return _spelling("string", TEXT, (f"{kind.written or 'the type'} becomes text",))


_SPELLERS: Mapping[KindName, Speller] = {
    "integer": _spell_integer,
    "decimal": _spell_decimal,
    "float": _always("double"),
    "boolean": _always("bool"),
    "text": _always("string"),
    "binary": _always("binData"),
    "uuid": lambda _: _spelling("UUID", ("binData",)),
    "date": _always(
        "date",
        "a date becomes the timestamp of its start in UTC",
        risk="BC, infinity, and years after 9999 are refused",
    ),
    "time": _always("string", "a time of day becomes text"),
    "timestamp": _spell_timestamp,
    "interval": _always("string", "an interval becomes text in ISO 8601: P1Y2M3DT4H"),
    "json": lambda _: _spelling(
        "object",
        (),
        ("JSON numbers that do not fit a double are rounded", "JSON's null becomes NULL"),
        "JSON of more than 100 levels is refused",
    ),
    "enum": _always("string", "the list of allowed values becomes a rule of the validator"),
    "array": _spell_array,
    "bits": _spell_bits,
    "other": _spell_other,
    "any": _spell_other,
}

TYPES = TypeMapping(
    spell=lambda kind, keyed: _SPELLERS[kind.name](kind),
    decoders=transfer_values.DECODERS,
    encoders=transfer_values.ENCODERS,
    reducers=transfer_values.REDUCERS,
    native_arrays=True,
)
