"""Drizzle tables as a Schema: `pgTable`, `mysqlTable`, `sqliteTable` and their kin, with their relations.

`tables.py` reads the declarations of tables and columns, `relations.py` the relations; names are as Drizzle ORM's
documentation of schema declaration says, with its `casing` option.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from headwater.catalog.model import Schema
from headwater.readers import CodeProject, Reading, SourceFile
from headwater.readers.drizzle.relations import models
from headwater.readers.drizzle.tables import DrizzleReader
from headwater.readers.drizzle.vocabulary import VOCABULARY

__all__ = ["BOOKKEEPING", "NAME", "VOCABULARY", "detects", "read"]

NAME = "Drizzle"
BOOKKEEPING = ("__drizzle_migrations",)
_SNAKE = re.compile(rb"casing\s*:\s*[\"']snake_case[\"']")


def detects(file: SourceFile) -> bool:
    """Return True if a file may declare tables or their relations, or says how columns are named."""
    if file.language not in VOCABULARY.languages:
        return False
    return b"drizzle-orm" in file.source or (b"drizzle" in file.source and _SNAKE.search(file.source) is not None)


def read(project: CodeProject, files: Sequence[SourceFile]) -> Reading:
    """Return the tables and models that these files declare."""
    is_snake = any(_SNAKE.search(file.source) for file in files)
    reader = DrizzleReader(project, [file.path for file in files], is_snake=is_snake)
    tables = reader.tables()
    sources = {file.path: file.source for file in files}
    return Reading(
        Schema(tuple(dict.fromkeys(table.relation(sources) for table in tables.values())), reader.enums()),
        tuple(models(project, tables, sources)),
    )
