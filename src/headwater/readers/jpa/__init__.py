"""JPA entities of Java and Kotlin as a Schema: Jakarta Persistence and Hibernate, with the names that they choose.

`classes.py` finds the mapped classes, `attributes.py` what they store, `names.py` and `settings.py` the physical
names, `mapping.py` and `collections.py` build tables and models.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from headwater.readers import CodeProject, Reading, SourceFile
from headwater.readers.jpa.collections import Collections
from headwater.readers.jpa.mapping import JpaMapping
from headwater.readers.jpa.vocabulary import VOCABULARY

__all__ = ["NAME", "SETTINGS", "VOCABULARY", "detects", "read"]

NAME = "JPA"
# Files that are no code and say how names are made.
SETTINGS = (
    "application*.properties",
    "application*.yml",
    "application*.yaml",
    "persistence.xml",
    "hibernate.*.xml",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
)
_WORDS = re.compile(rb"(?:jakarta|javax)\.persistence|org\.hibernate\.(?:annotations|mapping)|@(?:Entity|Embeddable)\b")
_LITERALS = (b".persistence", b"org.hibernate.", b"@Entity", b"@Embeddable")  # searching for a literal is fast
_LANGUAGES = ("java", "kotlin")


def detects(file: SourceFile) -> bool:
    """Return True if a file may declare a mapped class."""
    if file.language not in _LANGUAGES or not any(word in file.source for word in _LITERALS):
        return False
    return _WORDS.search(file.source) is not None


def read(project: CodeProject, files: Sequence[SourceFile]) -> Reading:
    """Return the tables and models that these files declare."""
    return JpaMapping(project, files).reading(lambda mapping, entity: Collections(mapping).build(entity))
