"""PostgreSQL's types and values in terms of the shared kinds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headwater.catalog.dialect import TypeMapping
from headwater.catalog.value_kinds import KindName, TypeSpelling, ValueKind
from headwater.engines import _type_rules as r
from headwater.engines.postgresql import array_text

_RULES: tuple[r.Rule, ...] = (
    r.rule("smallint|int2", r.integer(16)),
    r.rule("integer|int|int4", r.integer(32)),
    r.rule("bigint|int8", r.integer(64)),
    r.rule(f"(?:numeric|decimal){r.DIGITS}", r.decimal),
    r.rule("real|float4", ValueKind("float", 32)),
    r.rule("double precision|float8", ValueKind("float", 64)),
    r.rule("boolean|bool", ValueKind("boolean")),
    r.rule("text", ValueKind("text")),
    r.rule(f"(?:character varying|varchar){r.LENGTH}", r.sized("text")),
    r.rule(f"(?:character|char|bpchar){r.LENGTH}", r.sized("text", fixed=True)),
    r.rule("citext|name", ValueKind("text")),
    r.rule("bytea", ValueKind("binary")),
    r.rule("date", ValueKind("date")),
    r.rule(rf"time ?{r.LENGTH}(?: without time zone)?", r.time("time", zoned=False)),
    r.rule(rf"timestamp ?{r.LENGTH}(?: without time zone)?", r.time("timestamp", zoned=False)),
    r.rule(rf"timestamp ?{r.LENGTH} with time zone", r.time("timestamp", zoned=True)),
    r.rule(r"timestamptz", ValueKind("timestamp", scale=6, zoned=True)),
    r.rule("interval.*", ValueKind("interval")),
    r.rule("uuid", ValueKind("uuid")),
    r.rule("jsonb?", ValueKind("json")),
)


def _read(written: str) -> ValueKind:
    text = " ".join(written.split())
    if text.endswith("[]"):
        item = _read(text.removesuffix("[]").removesuffix("[]"))
        return ValueKind("array", item=item, written=written)
    return r.read_type(_RULES, written) or ValueKind("other", written=written)


def _spell_integer(kind: ValueKind, keyed: bool) -> TypeSpelling:
    bits = (kind.size or 64) + (1 if kind.unsigned else 0)
    return r.spelling(
        "smallint" if bits <= 16 else "integer" if bits <= 32 else "bigint" if bits <= 64 else "numeric(20,0)"
    )


def _spell_decimal(kind: ValueKind, keyed: bool) -> TypeSpelling:
    return r.spelling(f"numeric({kind.size},{kind.scale or 0})" if kind.size else "numeric")


def _spell_text(kind: ValueKind, keyed: bool) -> TypeSpelling:
    return r.spelling(f"{'char' if kind.fixed else 'varchar'}({kind.size})" if kind.size else "text")


def _spell_array(kind: ValueKind, keyed: bool) -> TypeSpelling:
    return r.spelling("jsonb", "an array becomes a JSON array")


def _spell_bits(kind: ValueKind, keyed: bool) -> TypeSpelling:
    if (kind.size or 1) == 1:
        return r.spelling("boolean")
    return r.spelling("bigint" if (kind.size or 1) < 64 else "numeric(20,0)", "bits become a number")


_SPELLERS: Mapping[KindName, r.Speller] = {
    "integer": _spell_integer,
    "decimal": _spell_decimal,
    "boolean": r.always("boolean"),
    "float": lambda kind, _: r.spelling("real" if kind.size == 32 else "double precision"),
    "text": _spell_text,
    "binary": r.always("bytea"),
    "date": r.always("date"),
    "time": lambda kind, _: r.spelling(f"time({min(kind.scale or 0, 6)})", risk=""),
    "timestamp": r.timestamp("timestamp{} with time zone", "timestamp{} without time zone"),
    "interval": r.always("interval"),
    "uuid": r.always("uuid"),
    "json": r.always("jsonb"),
    "enum": r.always("text"),
    "array": _spell_array,
    "bits": _spell_bits,
    "other": r.as_text("text"),
    "any": r.as_text("text"),
}


def _same_dialect(kind: ValueKind) -> ValueKind:
    return ValueKind("other", written=kind.written) if kind.name == "array" else kind


def _encode_bits(value: Any, kind: ValueKind) -> Any:
    return bool(value) if (kind.size or 1) == 1 else value


TYPES = TypeMapping(
    read=_read,
    spell=lambda kind, keyed: _SPELLERS[kind.name](kind, keyed),
    encoders={"bits": _encode_bits},
    parse_array=array_text.parse,
    json_array=lambda text, kind: array_text.from_json(
        text, of_json=kind.item is not None and kind.item.name == "json"
    ),
    same_dialect=_same_dialect,
)
