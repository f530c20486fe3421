"""Spellings of expressions that mean the same in SQLite; its types are names of the user's choice."""

from __future__ import annotations

import re
from functools import lru_cache

from headwater.catalog import spellings as s

_NOW = re.compile(r"datetime\('now'\)|strftime\('%Y-%m-%d %H:%M:%S',\s*'now'\)", re.IGNORECASE)
_TYPES = s.rules(
    (r"int", "integer"),
    (r"bool", "boolean"),
    (r"decimal(\(.*\))?", r"numeric\1"),
    (r"(timestamp|time)(\(\d+\))? without time zone", r"\1\2"),
    (r"character varying(\(\d+\))?", r"varchar\1"),
)


@lru_cache(maxsize=65536)
def canonical_type(written: str) -> str:
    """Return the one spelling of a type."""
    return s.canonical_type(written, _TYPES)


@lru_cache(maxsize=65536)
def canonical_expression(text: str) -> str:
    """Return an expression with one spelling of the current time, and texts in single quotes."""
    single = re.sub(r'^\s*"((?:[^"]|"")*)"\s*$', lambda match: "'" + match[1].replace('""', '"') + "'", text)
    return _NOW.sub("current_timestamp", s.plain_expression(single))
