"""SQLAlchemy models as a Schema: classic Column, Mapped, Table, mixins, inheritance, Flask-SQLAlchemy, SQLModel.

`classes.py` finds the mapped classes, `columns.py` their columns, `tables.py` the Table objects, `relationships.py`
their relationships, and `mapping.py` combines them; `vocabulary.py` has the meaning of queries.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from headwater.readers import CodeProject, Reading, SourceFile
from headwater.readers.sqlalchemy.mapping import ModelMapping
from headwater.readers.sqlalchemy.vocabulary import VOCABULARY

__all__ = ["NAME", "VOCABULARY", "detects", "read"]

NAME = "SQLAlchemy"
_WORDS = re.compile(
    rb"sqlalchemy|sqlmodel|SQLModel|SQLAlchemy|__tablename__|__table__|\.Model\)|\.Column\(|Mapped\[|mapped_column"
)


def detects(file: SourceFile) -> bool:
    """Return True if a Python file may declare a mapped class or a Table."""
    return file.language == "python" and _WORDS.search(file.source) is not None


def read(project: CodeProject, files: Sequence[SourceFile]) -> Reading:
    """Return the tables and models that these files declare."""
    return ModelMapping(project, files).reading()
