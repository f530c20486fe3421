"""Dapper: C# classes that receive the rows of SQL queries, `connection.Query<User>("select …")`.

The SQL itself is found by the search for SQL in texts; this reader says which table a class stands for, and which of
its properties are columns of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from headwater.catalog.model import Schema
from headwater.readers import CodeProject, Reading, SourceFile
from headwater.readers.dapper.mapping import DapperMapping
from headwater.readers.dapper.vocabulary import VOCABULARY

__all__ = ["NAME", "VOCABULARY", "detects", "read"]

NAME = "Dapper"
_WORDS = re.compile(rb"^\s*(?:global\s+)?using\s+Dapper\b|^\s*namespace\s+Dapper\b", re.MULTILINE)


def detects(file: SourceFile) -> bool:
    """Return True if a C# file uses Dapper."""
    if file.language != "csharp" or b"Dapper" not in file.source:  # searching for a literal is fast
        return False
    return _WORDS.search(file.source) is not None


def read(project: CodeProject, files: Sequence[SourceFile]) -> Reading:
    """Return the models of the classes that queries anywhere in the code base are asked for; no tables."""
    return Reading(Schema(), DapperMapping(project).models()) if files else Reading(Schema())
