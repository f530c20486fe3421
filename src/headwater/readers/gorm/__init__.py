"""GORM models as a Schema: struct tags, embedded structs, naming strategies, relations.

`evidence.py` says which structs are tables, `tags.py` and `fields.py` read their columns, `relations.py` what they
join on, `views.py` which structs only receive rows, `names.py` has GORM's names, and `mapping.py` combines them;
`vocabulary.py` has the meaning of queries.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from headwater.catalog.model import Schema
from headwater.readers import CodeProject, Reading, SourceFile
from headwater.readers.gorm.mapping import GormMapping
from headwater.readers.gorm.vocabulary import VOCABULARY

__all__ = ["GENERATED", "NAME", "VOCABULARY", "detects", "read"]

NAME = "GORM"
GENERATED = {".go": re.compile(rb'[`\s]gorm:"')}
_WORDS = re.compile(rb'gorm\.io/gorm"|jinzhu/gorm"|[`\s]gorm:"')


def detects(file: SourceFile) -> bool:
    """Return True if a Go file uses GORM or has its tags."""
    return file.language == "go" and _WORDS.search(file.source) is not None


def read(project: CodeProject, files: Sequence[SourceFile]) -> Reading:
    """Return the tables and models that these files declare."""
    return GormMapping(project, files).reading() if files else Reading(Schema())
