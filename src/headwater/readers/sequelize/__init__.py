"""Sequelize models as a Schema: `define`, `init`, the decorators of sequelize-typescript, and associations.

`definitions.py` finds the models with their attributes and options, `associations.py` what is declared between them,
`mapping.py` gives tables, columns and keys their names as Sequelize 6 does ("Model Basics", "Associations",
"Naming Strategies" in its documentation).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from headwater.readers import CodeProject, Reading, SourceFile
from headwater.readers.sequelize.definitions import ModelDefinitions
from headwater.readers.sequelize.mapping import SequelizeTables
from headwater.readers.sequelize.vocabulary import VOCABULARY

__all__ = ["BOOKKEEPING", "NAME", "VOCABULARY", "detects", "read"]

NAME = "Sequelize"
BOOKKEEPING = ("SequelizeMeta",)
_WORDS = re.compile(rb"\bsequelize\b", re.IGNORECASE)
_CALLS = re.compile(
    rb"\.define\s*\(|\.init\s*\(|@Table\b|\bbelongsTo(?:Many)?\b|\bhas(?:One|Many)\b|@Column\b|new\s+Sequelize\b"
)


def detects(file: SourceFile) -> bool:
    """Return True if a script may define models or associations."""
    if file.language not in VOCABULARY.languages or b"sequelize" not in file.source.lower():
        return False
    return _WORDS.search(file.source) is not None and _CALLS.search(file.source) is not None


def read(project: CodeProject, files: Sequence[SourceFile]) -> Reading:
    """Return the tables and models that these files define; migrations are left out."""
    paths = [file.path for file in files if "/migrations/" not in f"/{file.path}"]
    sources = {file.path: file.source for file in files}
    return SequelizeTables(ModelDefinitions(project, paths), sources).reading()
