"""The family of a column's type, across the dialects and languages in which types are spelled."""

from __future__ import annotations

import re

# The first family whose pattern is in a type; what has none is a text or an enum.
_FAMILIES = (
    ("boolean", r"^(bool|bit(\(1\))?$|tinyint\(1\))|^enum\s*\('[yn]',\s*'[yn]'\)$"),
    ("time", r"date|time|year"),
    ("integer", r"^(u?int|integer|bigint|smallint|tinyint|mediumint|serial|bigserial|i32|i64|long|short)|^number$"),
    ("decimal", r"^(decimal|numeric|float|double|real|money|number\(|f32|f64)"),
    ("binary", r"^(bytea|blob|longblob|mediumblob|varbinary|binary|bytes|image)"),
    ("json", r"^(json|jsonb|object|map)"),
    ("network", r"^(inet|cidr|macaddr)"),
    ("geometry", r"^(point|geometry|geography|polygon)"),
)


def family_of(type_: str) -> str:
    """Return the family of a type; empty if the type is not known."""
    plain = type_.casefold().strip()
    if not plain:
        return ""
    return next((name for name, pattern in _FAMILIES if re.search(pattern, plain)), "text")
