"""Database types of SQLAlchemy types (in PostgreSQL's spelling, as `metadata.create_all` would use there)."""

from __future__ import annotations

import re

_TYPES = {
    "string": "varchar",
    "unicode": "varchar",
    "varchar": "varchar",
    "nvarchar": "varchar",
    "str": "varchar",
    "autostring": "varchar",
    "text": "text",
    "unicodetext": "text",
    "clob": "text",
    "citext": "citext",
    "char": "char",
    "integer": "integer",
    "int": "integer",
    "biginteger": "bigint",
    "bigint": "bigint",
    "smallinteger": "smallint",
    "smallint": "smallint",
    "float": "double precision",
    "double": "double precision",
    "real": "real",
    "numeric": "numeric",
    "decimal": "numeric",
    "boolean": "boolean",
    "bool": "boolean",
    "date": "date",
    "datetime": "timestamp",
    "timestamp": "timestamp",
    "time": "time",
    "interval": "interval",
    "timedelta": "interval",
    "uuid": "uuid",
    "guid": "uuid",
    "json": "json",
    "jsonb": "jsonb",
    "dict": "json",
    "largebinary": "bytea",
    "binary": "bytea",
    "blob": "bytea",
    "bytes": "bytea",
    "bytea": "bytea",
    "pickletype": "bytea",
    "inet": "inet",
    "cidr": "cidr",
    "macaddr": "macaddr",
    "hstore": "hstore",
    "tsvector": "tsvector",
    "xml": "xml",
    "money": "money",
}
_CALL = re.compile(r"(?:[\w.]+\.)?(\w+)\s*(?:\((.*)\))?$", re.DOTALL)
_LENGTH = re.compile(r"^(?:length\s*=\s*)?(\d+)\b")
_NUMERIC = re.compile(r"^(?:precision\s*=\s*)?(\d+)\s*(?:,\s*(?:scale\s*=\s*)?(\d+))?")
_WITH_ZONE = re.compile(r"\btimezone\s*=\s*True\b|^\s*True\b")


def spell(text: str) -> str:
    """Return the database type of a type in code; an unknown type stays as it is."""
    call = _CALL.match(text.strip())
    if call is None:
        return text
    name, inside = call[1].lower(), (call[2] or "").strip()
    if name in ("array", "list") and inside:
        return f"{spell(_first(inside))}[]"
    base = _TYPES.get(name)
    if base is None:
        return text
    if base in ("timestamp", "time") and _WITH_ZONE.search(inside):
        return f"{base} with time zone"
    if base == "numeric" and (digits := _NUMERIC.match(inside)):
        return f"numeric({digits[1]},{digits[2]})" if digits[2] else f"numeric({digits[1]})"
    if base in ("varchar", "char") and (length := _LENGTH.match(inside)):
        return f"{base}({length[1]})"
    return base


def _first(inside: str) -> str:
    """Return the first argument of a call."""
    depth = 0
    for at, letter in enumerate(inside):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            return inside[:at]
    return inside
