"""SQLite's types and values in terms of the shared kinds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headwater.catalog.dialect import Dialect, TypeMapping
from headwater.catalog.value_kinds import KindName, TypeSpelling, ValueKind
from headwater.engines import _type_rules as r
from headwater.engines.sqlite.values import OddText, cell_of, literal

_RULES: tuple[r.Rule, ...] = (
    r.rule("boolean|bool", ValueKind("boolean")),
    r.rule(f"(?:numeric|decimal){r.DIGITS}", r.decimal),
    r.rule(f"TEXT_DECIMAL{r.DIGITS}", r.decimal),
    r.rule("json|jsonb|text_json", ValueKind("json")),
    r.rule("uuid", ValueKind("uuid")),
    r.rule("date", ValueKind("date")),
    r.rule(f"time{r.LENGTH}", r.time("time", zoned=False)),
    r.rule(f"(?:datetime|timestamp){r.LENGTH}", r.time("timestamp", zoned=False)),
    r.rule(f"(?:timestamptz|timestamp with time zone){r.LENGTH}", r.time("timestamp", zoned=True)),
    r.rule("tinyint|int1", r.integer(64)),
    r.rule("(?:small|medium|big)?int|integer|int[248]", r.integer(64)),
    r.rule("real|double(?: precision)?|float", ValueKind("float", 64)),
    r.rule(f"(?:n?varchar|(?:national )?character varying|varying character){r.LENGTH}", r.sized("text")),
    r.rule(f"(?:char|character|nchar){r.LENGTH}", lambda m: ValueKind("text", r.number(m["n"]))),
    r.rule("text|clob", ValueKind("text")),
    r.rule(f"(?:blob|binary|varbinary|bytea){r.LENGTH}", r.sized("binary")),
)


def _by_affinity(written: str) -> ValueKind:
    """Return the kind of an unknown type, by SQLite's rules of affinity."""
    upper = written.upper()
    if "INT" in upper:
        return ValueKind("integer", 64, written=written)
    if any(word in upper for word in ("CHAR", "CLOB", "TEXT")):
        return ValueKind("text", written=written)
    if "BLOB" in upper or not upper:
        return ValueKind("binary" if upper else "text", written=written)
    return ValueKind("float" if any(word in upper for word in ("REAL", "FLOA", "DOUB")) else "decimal", written=written)


def _spell_decimal(kind: ValueKind, keyed: bool) -> TypeSpelling:
    # SQLite stores fifteen digits of a number; text keeps all digits, but is compared as text.
    if kind.size and kind.size <= 15:
        return r.spelling(f"DECIMAL({kind.size},{kind.scale or 0})")
    size = f"({kind.size},{kind.scale or 0})" if kind.size else ""
    return r.spelling(f"TEXT_DECIMAL{size}", "stored as text, because numbers in SQLite have 15 digits; sorts as text")


def _spell_integer(kind: ValueKind, keyed: bool) -> TypeSpelling:
    if kind.unsigned and (kind.size or 64) >= 64:
        return r.spelling("TEXT_DECIMAL(20,0)", "stored as text, because integers in SQLite are signed; sorts as text")
    return r.spelling("INTEGER")


def _spell_text(kind: ValueKind, keyed: bool) -> TypeSpelling:
    return r.spelling(
        f"VARCHAR({kind.size})" if kind.size else "TEXT", "the length is not enforced" if kind.size else ""
    )


_SPELLERS: Mapping[KindName, r.Speller] = {
    "integer": _spell_integer,
    "decimal": _spell_decimal,
    "boolean": r.always("BOOLEAN"),
    "float": r.always("REAL", risk="NaN is refused"),
    "text": _spell_text,
    "binary": r.always("BLOB"),
    "date": r.always("DATE"),
    "time": r.always("TIME"),
    "timestamp": r.timestamp("TIMESTAMPTZ", "TIMESTAMP"),
    "interval": r.always("TEXT", "an interval becomes text in ISO 8601: P1Y2M3DT4H"),
    "uuid": r.always("UUID"),
    "json": r.always("TEXT_JSON"),
    "enum": r.always("TEXT", "the list of allowed values becomes a check"),
    "array": r.always("TEXT_JSON", "an array becomes a JSON array"),
    "bits": r.always("INTEGER", "bits become a number"),
    "other": r.as_text("TEXT"),
    "any": r.as_text("TEXT"),
}


def _encode_number(value: Any, _: ValueKind) -> Any:
    return float(value) if isinstance(value, str) else value


def _encode_integer(value: Any, kind: ValueKind) -> Any:
    return str(value) if kind.unsigned and (kind.size or 64) >= 64 else value


def _risk(kind: ValueKind, target: Dialect) -> str | None:
    if target.types is TYPES:
        return None
    if kind.name == "text" and not kind.written:
        return "text that is not UTF-8 is refused"
    if kind.name == "text":
        longer = f"texts of more than {kind.size} characters, " if kind.size else ""
        return f"SQLite does not check types: {longer}binary values and text that is not UTF-8 are refused"
    return None if kind.name == "binary" else "SQLite does not check types: values of another type are refused"


def _change(kind: ValueKind, target: Dialect) -> str:
    if kind.name == "binary":
        return "SQLite does not check types: texts and numbers in it become the bytes of their text"
    if kind.name == "text" and not kind.written:
        return "a column without a type becomes text: numbers as digits, binary values as \\x and hexadecimal digits"
    return ""


def _decode_text(cell: Any, kind: ValueKind) -> Any:
    if isinstance(cell, OddText) or (isinstance(cell, bytes) and kind.written):
        raise TypeError
    return cell if isinstance(cell, str) else str(cell_of(cell))


def _decode_binary(cell: Any, _: ValueKind) -> bytes:
    if isinstance(cell, OddText):
        return cell.stored
    return cell if isinstance(cell, bytes) else str(cell_of(cell)).encode()


TYPES = TypeMapping(
    read=lambda written: r.read_type(_RULES, written) or _by_affinity(written),
    spell=lambda kind, keyed: _SPELLERS[kind.name](kind, keyed),
    encoders={"integer": _encode_integer, "float": _encode_number, "boolean": lambda value, _: int(value)},
    same_dialect=lambda kind: ValueKind("any", written=kind.written),
    decoders={
        "text": _decode_text,
        "binary": _decode_binary,
    },
    constant=lambda value: literal(value).decode(),
    source_risk=_risk,
    source_change=_change,
)
