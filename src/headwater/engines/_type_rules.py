"""Building blocks of type mappings of SQL engines: rules that parse types, and functions that write them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from headwater.catalog.value_kinds import TypeSpelling, ValueKind

Rule: TypeAlias = tuple[re.Pattern[str], Callable[[re.Match[str]], ValueKind]]
Speller: TypeAlias = Callable[[ValueKind, bool], TypeSpelling]
_STRING = re.compile(r"'((?:[^'\\]|''|\\.)*)'", re.DOTALL)
LENGTH = r"(?:\((?P<n>\d+)\))?"
DIGITS = r"(?:\((?P<p>\d+)(?:,\s*(?P<s>-?\d+))?\))?"


def read_type(rules: Sequence[Rule], written: str) -> ValueKind | None:
    """Return the kind of a type, by the first rule that matches, or None."""
    text = " ".join(written.split())
    for pattern, make in rules:
        if match := pattern.fullmatch(text):
            return replace(make(match), written=written)
    return None


def rule(pattern: str, make: ValueKind | Callable[[re.Match[str]], ValueKind]) -> Rule:
    """Return a rule: types that match this pattern are of that kind."""
    return re.compile(pattern, re.IGNORECASE | re.DOTALL), make if callable(make) else lambda _: make


def number(text: str | None) -> int | None:
    """Return a number in a type, if it has one."""
    return int(text) if text else None


def decimal(match: re.Match[str]) -> ValueKind:
    """Return the kind of a number with precision and scale."""
    precision = number(match["p"])
    return ValueKind(
        "decimal", precision, number(match["s"]) or (0 if precision else None), "unsigned" in match[0].lower()
    )


def sized(name: str, *, fixed: bool = False) -> Callable[[re.Match[str]], ValueKind]:
    """Return a function that makes the kind of a type with a length."""

    def make(match: re.Match[str]) -> ValueKind:
        size = number(match["n"])
        return ValueKind(name, size if size or not fixed else 1, fixed=fixed)  # type: ignore[arg-type]

    return make


def integer(bits: int) -> Callable[[re.Match[str]], ValueKind]:
    """Return a function that makes the kind of an integer of this many bits."""
    return lambda match: ValueKind("integer", bits, unsigned="unsigned" in match[0].lower())


def time(name: str, *, zoned: bool | None = None, scale: int = 6) -> Callable[[re.Match[str]], ValueKind]:
    """Return a function that makes the kind of a time with a precision."""

    def make(match: re.Match[str]) -> ValueKind:
        digits = number(match["n"])
        with_zone = "with time zone" in match[0].lower() if zoned is None else zoned
        return ValueKind(name, scale=scale if digits is None else digits, zoned=with_zone)  # type: ignore[arg-type]

    return make


def enum_values(match: re.Match[str]) -> ValueKind:
    """Return the kind of an enum with these values."""
    return ValueKind("enum", values=tuple(_unquote(text) for text in _STRING.findall(match["values"])))


def _unquote(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text.replace("''", "'"), flags=re.DOTALL)


def literal(text: str) -> str:
    """Return a text as a string constant that is valid in every dialect (without backslashes)."""
    return "'" + text.replace("'", "''") + "'"


def spelling(type_: str, changed: str = "", risk: str = "") -> TypeSpelling:
    """Return the spelling of a kind, with at most one loss."""
    return TypeSpelling(type_, (changed,) if changed else (), risk)


def always(type_: str, changed: str = "", risk: str = "") -> Speller:
    """Return a function that spells a kind as the same type, whatever its size."""
    return lambda _, __: spelling(type_, changed, risk)


def as_text(type_: str, keyed_type: str | None = None) -> Speller:
    """Return a function that spells a kind as text, for kinds that the dialect does not have."""
    return lambda kind, keyed: TypeSpelling(
        (keyed_type if keyed and keyed_type else type_), (f"{kind.written or 'the type'} becomes text",)
    )


def timestamp(zoned: str, plain: str) -> Speller:
    """Return a function that spells a timestamp; `{}` in the types is replaced by the precision."""

    def spell(kind: ValueKind, keyed: bool) -> TypeSpelling:
        scale = f"({kind.scale})" if kind.scale is not None and kind.scale < 6 else ""
        return TypeSpelling((zoned if kind.zoned else plain).format(scale))

    return spell
