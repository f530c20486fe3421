"""Where the tests of SQLite make their databases: files in a folder of their own."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from engines import texts as files
from headwater.engines import Address

# SQLite's own word for every column of its tables: table, column, whether it may be NULL.
COLUMNS = """
SELECT m.name, i.name, NOT (i."notnull" OR (i.pk AND (lower(i.type) = 'integer' OR m.sql LIKE '%WITHOUT ROWID%')))
FROM sqlite_schema m JOIN pragma_table_xinfo(m.name) i
WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite!_%' ESCAPE '!' AND i.hidden <> 1 AND NOT EXISTS (
  SELECT 1 FROM sqlite_schema v WHERE v.sql LIKE 'CREATE VIRTUAL%' AND m.name LIKE v.name || '!_%' ESCAPE '!')
"""


def missing() -> str:
    return ""


def texts():
    return files.of(Path(__file__).parent)


@asynccontextmanager
async def fresh() -> AsyncIterator[Address]:
    with tempfile.TemporaryDirectory(prefix="hw-sqlite-") as folder:
        path = Path(folder) / "a %3f?#b.db"  # a name that a URI must not misread
        path.touch()
        yield Address(path=path)
