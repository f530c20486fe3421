"""SeaORM entities as a Schema.

`entities.py` reads the entities of a file, `mapping.py` combines them; `vocabulary.py` has the meaning of queries.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from headwater.readers import CodeProject, Reading, SourceFile
from headwater.readers.sea_orm import mapping
from headwater.readers.sea_orm.vocabulary import VOCABULARY

__all__ = ["BOOKKEEPING", "GENERATED", "NAME", "VOCABULARY", "detects", "read"]

NAME = "SeaORM"
BOOKKEEPING = ("seaql_migrations",)
GENERATED = {".rs": re.compile(rb"sea-orm-codegen|DeriveEntityModel|impl\s+EntityName\b|DeriveActiveEnum")}
_WORDS = re.compile(rb"DeriveEntityModel|sea_orm::model|impl\s+(?:sea_orm::)?EntityName\b")


def detects(file: SourceFile) -> bool:
    """Return True if a Rust file declares an entity."""
    return file.language == "rust" and _WORDS.search(file.source) is not None


def read(project: CodeProject, files: Sequence[SourceFile]) -> Reading:
    """Return the tables and models that these files declare."""
    return mapping.reading(project, files)
