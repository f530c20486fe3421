"""What the types of each dialect mean: one table of rules for each, the first that matches counts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from headwater.core.transfer.kinds import Kind

Rule: TypeAlias = tuple[re.Pattern[str], Callable[[re.Match[str]], Kind]]
_STRING = re.compile(r"'((?:[^'\\]|''|\\.)*)'", re.DOTALL)


def kind_of(dialect: str, written: str) -> Kind:
    """Return what a type of a dialect means; `other` when only its own engine knows."""
    text = " ".join(written.split())
    if dialect == "postgres" and text.endswith("[]"):
        return Kind("array", item=kind_of(dialect, text.removesuffix("[]").removesuffix("[]")), written=written)
    for pattern, make in RULES[dialect]:
        if match := pattern.fullmatch(text):
            made = make(match)
            return Kind(
                made.name, made.size, made.scale, made.unsigned, made.fixed, made.zoned, made.values, made.item, written
            )
    return _by_affinity(written) if dialect == "sqlite" else Kind("other", written=written)


def _rule(pattern: str, make: Kind | Callable[[re.Match[str]], Kind]) -> Rule:
    return re.compile(pattern, re.IGNORECASE | re.DOTALL), make if callable(make) else lambda _: make


def _number(text: str | None) -> int | None:
    return int(text) if text else None


def _decimal(match: re.Match[str]) -> Kind:
    precision = _number(match["p"])
    return Kind("decimal", precision, _number(match["s"]) or (0 if precision else None), "unsigned" in match[0].lower())


def _sized(name: str, *, fixed: bool = False) -> Callable[[re.Match[str]], Kind]:
    def make(match: re.Match[str]) -> Kind:
        size = _number(match["n"])
        return Kind(name, size if size or not fixed else 1, fixed=fixed)  # type: ignore[arg-type]

    return make


def _integer(bits: int) -> Callable[[re.Match[str]], Kind]:
    return lambda match: Kind("integer", bits, unsigned="unsigned" in match[0].lower())


def _time(name: str, *, zoned: bool | None = None, scale: int = 6) -> Callable[[re.Match[str]], Kind]:
    def make(match: re.Match[str]) -> Kind:
        said = _number(match["n"])
        told = "with time zone" in match[0].lower() if zoned is None else zoned
        return Kind(name, scale=scale if said is None else said, zoned=told)  # type: ignore[arg-type]

    return make


def _values(match: re.Match[str]) -> Kind:
    return Kind("enum", values=tuple(_unquoted(text) for text in _STRING.findall(match["values"])))


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text.replace("''", "'"), flags=re.DOTALL)


_N = r"(?:\((?P<n>\d+)\))?"
_PS = r"(?:\((?P<p>\d+)(?:,\s*(?P<s>-?\d+))?\))?"
_POSTGRES: tuple[Rule, ...] = (
    _rule("smallint|int2", _integer(16)),
    _rule("integer|int|int4", _integer(32)),
    _rule("bigint|int8", _integer(64)),
    _rule(f"(?:numeric|decimal){_PS}", _decimal),
    _rule("real|float4", Kind("float", 32)),
    _rule("double precision|float8", Kind("float", 64)),
    _rule("boolean|bool", Kind("boolean")),
    _rule("text", Kind("text")),
    _rule(f"(?:character varying|varchar){_N}", _sized("text")),
    _rule(f"(?:character|char|bpchar){_N}", _sized("text", fixed=True)),
    _rule("citext|name", Kind("text")),
    _rule("bytea", Kind("binary")),
    _rule("date", Kind("date")),
    _rule(rf"time ?{_N}(?: without time zone)?", _time("time", zoned=False)),
    _rule(rf"timestamp ?{_N}(?: without time zone)?", _time("timestamp", zoned=False)),
    _rule(rf"timestamp ?{_N} with time zone", _time("timestamp", zoned=True)),
    _rule(r"timestamptz", Kind("timestamp", scale=6, zoned=True)),
    _rule("interval.*", Kind("interval")),
    _rule("uuid", Kind("uuid")),
    _rule("jsonb?", Kind("json")),
)
_SIGN = r"(?:\s+(?:unsigned|signed|zerofill))*"
_MYSQL: tuple[Rule, ...] = (
    _rule(r"tinyint\(1\)|bool|boolean", Kind("boolean")),
    _rule(rf"tinyint{_N}{_SIGN}", _integer(8)),
    _rule(rf"smallint{_N}{_SIGN}", _integer(16)),
    _rule(rf"mediumint{_N}{_SIGN}", _integer(24)),
    _rule(rf"(?:int|integer){_N}{_SIGN}", _integer(32)),
    _rule(rf"bigint{_N}{_SIGN}", _integer(64)),
    _rule(rf"year{_N}", Kind("integer", 16)),
    _rule(rf"(?:decimal|numeric){_PS}{_SIGN}", _decimal),
    _rule(rf"float(?:\(.*\))?{_SIGN}", Kind("float", 32)),
    _rule(rf"(?:double|real)(?:\(.*\))?{_SIGN}", Kind("float", 64)),
    _rule(rf"bit{_N}", _sized("bits", fixed=True)),
    _rule(rf"char{_N}", _sized("text", fixed=True)),
    _rule(rf"varchar{_N}", _sized("text")),
    _rule("tinytext", Kind("text", 255)),
    _rule("(?:medium|long)?text", Kind("text")),
    _rule(rf"(?:var)?binary{_N}", _sized("binary")),
    _rule("(?:tiny|medium|long)?blob", Kind("binary")),
    _rule("date", Kind("date")),
    _rule(f"time{_N}", _time("time", zoned=False, scale=0)),
    _rule(f"datetime{_N}", _time("timestamp", zoned=False, scale=0)),
    _rule(f"timestamp{_N}", _time("timestamp", zoned=True, scale=0)),
    _rule("json", Kind("json")),
    _rule("uuid", Kind("uuid")),
    _rule(r"enum\((?P<values>.*)\)", _values),
)
_SQLITE: tuple[Rule, ...] = (
    _rule("boolean|bool", Kind("boolean")),
    _rule(f"(?:numeric|decimal){_PS}", _decimal),
    _rule(f"TEXT_DECIMAL{_PS}", _decimal),
    _rule("json|jsonb|text_json", Kind("json")),
    _rule("uuid", Kind("uuid")),
    _rule("date", Kind("date")),
    _rule(f"time{_N}", _time("time", zoned=False)),
    _rule(f"(?:datetime|timestamp){_N}", _time("timestamp", zoned=False)),
    _rule(f"(?:timestamptz|timestamp with time zone){_N}", _time("timestamp", zoned=True)),
    _rule("tinyint|int1", _integer(64)),
    _rule("(?:small|medium|big)?int|integer|int[248]", _integer(64)),
    _rule("real|double(?: precision)?|float", Kind("float", 64)),
    _rule(f"(?:n?varchar|(?:national )?character varying|varying character){_N}", _sized("text")),
    _rule(f"(?:char|character|nchar){_N}", lambda m: Kind("text", _number(m["n"]))),
    _rule("text|clob", Kind("text")),
    _rule(f"(?:blob|binary|varbinary|bytea){_N}", _sized("binary")),
)
RULES: Mapping[str, tuple[Rule, ...]] = {"postgres": _POSTGRES, "mysql": _MYSQL, "sqlite": _SQLITE}


def _by_affinity(written: str) -> Kind:
    """Return what SQLite itself makes of a type that it does not know."""
    upper = written.upper()
    if "INT" in upper:
        return Kind("integer", 64, written=written)
    if any(word in upper for word in ("CHAR", "CLOB", "TEXT")):
        return Kind("text", written=written)
    if "BLOB" in upper or not upper:
        return Kind("binary" if upper else "text", written=written)
    return Kind("float" if any(word in upper for word in ("REAL", "FLOA", "DOUB")) else "decimal", written=written)
