"""Diesel's `table!` macros as a Schema, and the structs that are rows of these tables.

`tables.py` reads the tables and their keys, `mapping.py` the structs; `vocabulary.py` has the meaning of queries.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from headwater.readers import CodeProject, Reading, SourceFile
from headwater.readers.diesel.mapping import DieselMapping
from headwater.readers.diesel.vocabulary import VOCABULARY

__all__ = ["BOOKKEEPING", "GENERATED", "NAME", "VOCABULARY", "detects", "read"]

NAME = "Diesel"
BOOKKEEPING = ("__diesel_schema_migrations",)
GENERATED = {".rs": re.compile(rb"\btable!\s*[({]")}
_WORDS = re.compile(
    rb"\btable!\s*[({]|\bjoinable!|\b(?:Queryable|Insertable|AsChangeset|Identifiable|Selectable|QueryableByName)\b|\bdiesel::"
)


def detects(file: SourceFile) -> bool:
    """Return True if a Rust file declares a table of Diesel's or may have rows of one."""
    return file.language == "rust" and _WORDS.search(file.source) is not None


def read(project: CodeProject, files: Sequence[SourceFile]) -> Reading:
    """Return the tables and models that these files declare."""
    return DieselMapping(project, files).reading()
