"""What Headwater has to know of SQLite as a dialect."""

from __future__ import annotations

from headwater.catalog.dialect import Dialect
from headwater.catalog.grammar import Grammar

DIALECT = Dialect(sqlglot="sqlite", grammar=Grammar(nulls_first=True, hex_bytes=True, begin="BEGIN IMMEDIATE"))
