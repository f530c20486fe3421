"""Infers the kind of a column of a file from a sample of its values."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from headwater.catalog.value_kinds import KindName, ValueKind

_PATTERNS: tuple[tuple[KindName, re.Pattern[str]], ...] = (
    ("boolean", re.compile(r"true|false|t|f", re.IGNORECASE)),
    ("integer", re.compile(r"-?(?:0|[1-9]\d{0,17})")),
    ("decimal", re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?")),
    ("float", re.compile(r"-?\d+(?:\.\d+)?[eE][+-]?\d+")),
    ("date", re.compile(r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])")),
    ("timestamp", re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?P<zone>Z|[+-]\d\d(?::?\d\d)?)?")),
    ("time", re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?")),
    ("uuid", re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)),
    ("json", re.compile(r"\s*[\[{].*[\]}]\s*", re.DOTALL)),
)
# Kinds that can be widened: integers to decimals, dates to timestamps, and so on.
_EXACT = frozenset({"integer", "decimal"})
FLOAT_DIGITS = 15
_WIDER: dict[frozenset[KindName], KindName] = {
    frozenset({"integer", "decimal"}): "decimal",
    frozenset({"integer", "float"}): "float",
    frozenset({"decimal", "float"}): "float",
    frozenset({"integer", "decimal", "float"}): "float",
    frozenset({"date", "timestamp"}): "timestamp",
}


def kind_of_values(values: Iterable[Any]) -> ValueKind:
    """Return the narrowest kind that all values fit; text if there is none, or no values."""
    names: set[KindName] = set()
    zoned = long = False
    for value in values:
        if value is None:
            continue
        name, has_zone = _name(value)
        names.add(name)
        zoned = zoned or has_zone
        long = long or (name in _EXACT and not _fits_float(value))
    common = names.pop() if len(names) == 1 else _WIDER.get(frozenset(names), "text")
    if common == "float" and long:
        common = "decimal"  # a double would drop digits
    return ValueKind(
        common, 64 if common in {"integer", "float"} else None, 6 if common == "timestamp" else None, zoned=zoned
    )


def _fits_float(value: Any) -> bool:
    """Return True if a double keeps all digits of a number."""
    if isinstance(value, int):
        return abs(value) <= 2**53
    return len(value.strip("-0.").replace(".", "")) <= FLOAT_DIGITS


def _name(value: Any) -> tuple[KindName, bool]:
    match value:
        case bool():
            return "boolean", False
        case int():
            return ("integer" if -(2**63) <= value < 2**63 else "decimal"), False
        case float():
            return "float", False
        case bytes():
            return "binary", False
    for name, pattern in _PATTERNS:
        if match := pattern.fullmatch(value):
            return name, name == "timestamp" and bool(match["zone"])
    return "text", False
