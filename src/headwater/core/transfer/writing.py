"""Kinds as types of each dialect: one table for each, with what changes by it and what values it refuses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from headwater.core.transfer.kinds import Kind, Name, Spelling

Speller: TypeAlias = Callable[[Kind, bool], Spelling]
# MySQL compares and indexes only texts of a bounded length; a row has 65,535 bytes for all of them.
KEY_CHARACTERS, ROW_CHARACTERS = 255, 4000
UTC = "times are kept in UTC, without a zone"


def spell(dialect: str, kind: Kind, *, keyed: bool = False) -> Spelling:
    """Return how a dialect spells a kind; `keyed` when the column is part of a key or an index."""
    return TABLES[dialect][kind.name](kind, keyed)


def literal(text: str) -> str:
    """Return a text as a string constant that every dialect reads alike, backslashes apart."""
    return "'" + text.replace("'", "''") + "'"


def _always(type_: str, changed: str = "", risk: str = "") -> Speller:
    return lambda _, __: Spelling(type_, changed, risk)


def _postgres_integer(kind: Kind, keyed: bool) -> Spelling:
    bits = (kind.size or 64) + (1 if kind.unsigned else 0)
    return Spelling(
        "smallint" if bits <= 16 else "integer" if bits <= 32 else "bigint" if bits <= 64 else "numeric(20,0)"
    )


def _postgres_decimal(kind: Kind, keyed: bool) -> Spelling:
    return Spelling(f"numeric({kind.size},{kind.scale or 0})" if kind.size else "numeric")


def _postgres_text(kind: Kind, keyed: bool) -> Spelling:
    return Spelling(f"{'char' if kind.fixed else 'varchar'}({kind.size})" if kind.size else "text")


def _postgres_array(kind: Kind, keyed: bool) -> Spelling:
    return Spelling("jsonb", "an array becomes a JSON array")


def _postgres_bits(kind: Kind, keyed: bool) -> Spelling:
    if (kind.size or 1) == 1:
        return Spelling("boolean")
    return Spelling("bigint" if (kind.size or 1) < 64 else "numeric(20,0)", "bits become a number")


def _postgres_other(kind: Kind, keyed: bool) -> Spelling:
    return Spelling("text", f"{kind.written or 'the type'} becomes text")


def _stamp(zoned: str, plain: str) -> Speller:
    def make(kind: Kind, keyed: bool) -> Spelling:
        scale = f"({kind.scale})" if kind.scale is not None and kind.scale < 6 else ""
        return Spelling((zoned if kind.zoned else plain).format(scale))

    return make


def _mysql_integer(kind: Kind, keyed: bool) -> Spelling:
    bits = kind.size or 64
    name = {8: "tinyint", 16: "smallint", 24: "mediumint", 32: "int"}.get(bits, "bigint")
    return Spelling(name + (" unsigned" if kind.unsigned else ""))


def _mysql_decimal(kind: Kind, keyed: bool) -> Spelling:
    if kind.size is None:
        return Spelling(
            "decimal(65,30)",
            "a number of any size becomes one of 35 digits before and 30 behind the point",
            "larger or finer numbers, NaN and infinity are refused",
        )
    scale = kind.scale or 0
    if kind.size > 65 or scale > 30 or scale < 0:
        return Spelling(
            f"decimal(65,{max(0, min(scale, 30))})", "the number has fewer digits", "what does not fit is refused"
        )
    return Spelling(
        f"decimal({kind.size},{scale})", risk="" if kind.written.lower().startswith("dec") else "NaN is refused"
    )


def _mysql_text(kind: Kind, keyed: bool) -> Spelling:
    if kind.fixed and kind.size and kind.size <= 255:
        return Spelling(f"char({kind.size})")
    if kind.size and kind.size <= (KEY_CHARACTERS * 3 if keyed else ROW_CHARACTERS):
        return Spelling(f"varchar({kind.size})")
    if keyed:
        return Spelling(
            f"varchar({KEY_CHARACTERS})",
            f"a key needs a length: {KEY_CHARACTERS} characters",
            "longer texts are refused",
        )
    return Spelling("longtext")


def _mysql_binary(kind: Kind, keyed: bool) -> Spelling:
    if kind.size and kind.size <= 4000:
        return Spelling(f"varbinary({kind.size})")
    if keyed:
        return Spelling("varbinary(255)", "a key needs a length: 255 bytes", "longer values are refused")
    return Spelling("longblob")


def _mysql_time(name: str) -> Speller:
    def make(kind: Kind, keyed: bool) -> Spelling:
        risk = "BC, infinity, and years after 9999 are refused" if name == "datetime" else ""
        return Spelling(f"{name}({min(kind.scale or 0, 6)})", UTC if kind.zoned else "", risk)

    return make


def _mysql_enum(kind: Kind, keyed: bool) -> Spelling:
    values = ",".join(literal(value).replace("\\", "\\\\") for value in kind.values)
    trailing = any(value != value.rstrip(" ") for value in kind.values)
    return Spelling(f"enum({values})", "values lose the spaces at their end" if trailing else "")


def _mysql_other(kind: Kind, keyed: bool) -> Spelling:
    return Spelling("varchar(255)" if keyed else "longtext", f"{kind.written or 'the type'} becomes text")


def _sqlite_decimal(kind: Kind, keyed: bool) -> Spelling:
    # SQLite keeps fifteen digits of a number; as text all of them stay, but then texts are compared.
    if kind.size and kind.size <= 15:
        return Spelling(f"DECIMAL({kind.size},{kind.scale or 0})")
    size = f"({kind.size},{kind.scale or 0})" if kind.size else ""
    return Spelling(f"TEXT_DECIMAL{size}", "kept as text, since SQLite's numbers have 15 digits: sorts as text")


def _sqlite_integer(kind: Kind, keyed: bool) -> Spelling:
    if kind.unsigned and (kind.size or 64) >= 64:
        return Spelling("TEXT_DECIMAL(20,0)", "kept as text, since SQLite's integers are signed: sorts as text")
    return Spelling("INTEGER")


def _sqlite_text(kind: Kind, keyed: bool) -> Spelling:
    return Spelling(f"VARCHAR({kind.size})" if kind.size else "TEXT", "the length is not enforced" if kind.size else "")


def _sqlite_other(kind: Kind, keyed: bool) -> Spelling:
    return Spelling("TEXT", f"{kind.written or 'the type'} becomes text")


_POSTGRES: Mapping[Name, Speller] = {
    "integer": _postgres_integer,
    "decimal": _postgres_decimal,
    "boolean": _always("boolean"),
    "float": lambda kind, _: Spelling("real" if kind.size == 32 else "double precision"),
    "text": _postgres_text,
    "binary": _always("bytea"),
    "date": _always("date"),
    "time": lambda kind, _: Spelling(f"time({min(kind.scale or 0, 6)})", risk=""),
    "timestamp": _stamp("timestamp{} with time zone", "timestamp{} without time zone"),
    "interval": _always("interval"),
    "uuid": _always("uuid"),
    "json": _always("jsonb"),
    "enum": _always("text"),
    "array": _postgres_array,
    "bits": _postgres_bits,
    "other": _postgres_other,
    "any": _postgres_other,
}
_MYSQL: Mapping[Name, Speller] = {
    "integer": _mysql_integer,
    "decimal": _mysql_decimal,
    "boolean": _always("tinyint(1)"),
    "float": lambda kind, _: Spelling("float" if kind.size == 32 else "double", risk="NaN and infinity are refused"),
    "text": _mysql_text,
    "binary": _mysql_binary,
    "date": _always("date", risk="BC, infinity, and years after 9999 are refused"),
    "time": _mysql_time("time"),
    "timestamp": _mysql_time("datetime"),
    "interval": _always("varchar(64)", "an interval becomes text in ISO 8601: P1Y2M3DT4H"),
    "uuid": _always("char(36)"),
    "enum": _mysql_enum,
    "bits": lambda kind, _: Spelling(f"bit({kind.size or 1})"),
    "json": _always("json", "numbers in JSON that no double holds are rounded"),
    "array": _always("json", "an array becomes a JSON array"),
    "other": _mysql_other,
    "any": _mysql_other,
}
_SQLITE: Mapping[Name, Speller] = {
    "integer": _sqlite_integer,
    "decimal": _sqlite_decimal,
    "boolean": _always("BOOLEAN"),
    "float": _always("REAL", risk="NaN is refused"),
    "text": _sqlite_text,
    "binary": _always("BLOB"),
    "date": _always("DATE"),
    "time": _always("TIME"),
    "timestamp": _stamp("TIMESTAMPTZ", "TIMESTAMP"),
    "interval": _always("TEXT", "an interval becomes text in ISO 8601: P1Y2M3DT4H"),
    "uuid": _always("UUID"),
    "json": _always("TEXT_JSON"),
    "enum": _always("TEXT", "a list of values becomes a check"),
    "array": _always("TEXT_JSON", "an array becomes a JSON array"),
    "bits": _always("INTEGER", "bits become a number"),
    "other": _sqlite_other,
    "any": _sqlite_other,
}
TABLES: Mapping[str, Mapping[Name, Speller]] = {"postgres": _POSTGRES, "mysql": _MYSQL, "sqlite": _SQLITE}
