"""TypeORM entities as a Schema: decorated classes with their bases, embedded objects, relations and join tables."""

from __future__ import annotations

import re
from collections.abc import Sequence

from headwater.readers import CodeProject, Reading, SourceFile
from headwater.readers.typeorm.entities import entity_classes
from headwater.readers.typeorm.mapping import EntityMapping
from headwater.readers.typeorm.strategies import DefaultNaming, SnakeNaming
from headwater.readers.typeorm.vocabulary import VOCABULARY

__all__ = ["BOOKKEEPING", "NAME", "VOCABULARY", "detects", "read"]

NAME = "TypeORM"
BOOKKEEPING = ("typeorm_metadata", "migrations")
_ENTITY = re.compile(rb"@(?:Entity|ViewEntity|ChildEntity)\s*\(")
_SNAKE = b"SnakeNamingStrategy("


def detects(file: SourceFile) -> bool:
    """Return True if a file declares entities, or says how they are named."""
    if file.language not in VOCABULARY.languages:
        return False
    return (b"typeorm" in file.source and _ENTITY.search(file.source) is not None) or _SNAKE in file.source


def read(project: CodeProject, files: Sequence[SourceFile]) -> Reading:
    """Return the tables and models that these files declare."""
    naming = SnakeNaming() if any(_SNAKE in file.source for file in files) else DefaultNaming()
    classes = entity_classes(project, [file.path for file in files])
    sources = {file.path: file.source for file in project.files()}
    return EntityMapping(project, classes, naming, sources).reading()
