"""The dialects that tests of transfers name."""

from __future__ import annotations

from headwater.engines import all_engines

DIALECTS = {one.dialect.sqlglot or name: one.dialect for name, one in all_engines().items()}
RELATIONAL = ("postgres", "mysql", "sqlite")
