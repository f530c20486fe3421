"""EF Core contexts of C# as a Schema: DbSets, attributes, the fluent API, and the conventions of the framework.

`clrtypes.py` finds the types, `fluent.py` runs the configuration of a context, `conventions.py` says what the types
mean without one, `mapping.py` and `relationships.py` build tables and models.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from headwater.catalog.model import Schema
from headwater.readers import CodeProject, Reading, SourceFile
from headwater.readers.ef_core.contexts import Contexts
from headwater.readers.ef_core.vocabulary import VOCABULARY

__all__ = ["BOOKKEEPING", "NAME", "VOCABULARY", "detects", "read"]

NAME = "EF Core"
BOOKKEEPING = ("__EFMigrationsHistory",)
_WORDS = re.compile(rb"Microsoft\.EntityFrameworkCore|\bDbSet<|DbContext\b|IEntityTypeConfiguration<")
# Searching for a literal is fast.
_LITERALS = (b"Microsoft.EntityFrameworkCore", b"DbSet<", b"DbContext", b"IEntityTypeConfiguration<")


def detects(file: SourceFile) -> bool:
    """Return True if a C# file may declare a context or configure an entity."""
    if file.language != "csharp" or not any(word in file.source for word in _LITERALS):
        return False
    return _WORDS.search(file.source) is not None


def read(project: CodeProject, files: Sequence[SourceFile]) -> Reading:
    """Return the tables and models that the contexts in these files declare."""
    if not files:
        return Reading(Schema())
    return Contexts(project, files).reading()
