"""What Headwater has to know of MySQL and MariaDB as a dialect."""

from __future__ import annotations

from headwater.catalog.dialect import Dialect
from headwater.catalog.grammar import Grammar

DIALECT = Dialect(
    sqlglot="mysql",
    grammar=Grammar(
        text="char",
        nulls_first=True,
        compares_rows=False,
        hex_bytes=True,
        backslashes=True,
        lock=" FOR UPDATE",
        no_values="() VALUES ()",
        transactional_ddl=False,
    ),
)
