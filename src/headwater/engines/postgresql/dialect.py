"""What Headwater has to know of PostgreSQL as a dialect."""

from __future__ import annotations

from headwater.catalog.dialect import Dialect
from headwater.catalog.grammar import Grammar

DIALECT = Dialect(sqlglot="postgres", grammar=Grammar(lock=" FOR UPDATE"))
