"""xorm models as a Schema: struct tags, name mappers, `extends`.

`tags.py` reads the tags, `names.py` has xorm's mappers, `mapping.py` combines them; `vocabulary.py` has the meaning of
queries.
"""

from __future__ import annotations

from collections.abc import Sequence

from headwater.readers import CodeProject, Reading, SourceFile
from headwater.readers.xorm.mapping import XormMapping
from headwater.readers.xorm.vocabulary import VOCABULARY

__all__ = ["NAME", "VOCABULARY", "detects", "read"]

NAME = "xorm"


def detects(file: SourceFile) -> bool:
    """Return True if a Go file has tags of xorm."""
    return file.language == "go" and b'xorm:"' in file.source


def read(project: CodeProject, files: Sequence[SourceFile]) -> Reading:
    """Return the tables and models that these files declare."""
    return XormMapping(project, files).reading()
