"""Doctrine ORM entities of PHP as a Schema: attributes of classes, with the names that a naming strategy chooses.

`classes.py` finds the entities and what they store, `names.py` makes physical names, `mapping.py` builds tables and
models.
"""

from __future__ import annotations

from collections.abc import Sequence

from headwater.readers import CodeProject, Reading, SourceFile
from headwater.readers.doctrine.classes import DoctrineClasses
from headwater.readers.doctrine.mapping import EntityTables
from headwater.readers.doctrine.names import naming
from headwater.readers.doctrine.vocabulary import VOCABULARY

__all__ = ["BOOKKEEPING", "NAME", "SETTINGS", "VOCABULARY", "detects", "read"]

NAME = "Doctrine"
BOOKKEEPING = ("doctrine_migration_versions", "migration_versions")
# Where Symfony says how names are made.
SETTINGS = ("doctrine.yaml", "doctrine.yml")


def detects(file: SourceFile) -> bool:
    """Return True if a file may declare an entity, or a part of one."""
    return file.language == "php" and b"Doctrine\\ORM\\Mapping" in file.source


def read(project: CodeProject, files: Sequence[SourceFile]) -> Reading:
    """Return the tables and models that these files declare."""
    classes = DoctrineClasses(project, files)
    sources = {file.path: file.source for file in files}
    return EntityTables(classes, naming(project.files()), sources).reading()
