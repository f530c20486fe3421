"""MyBatis and MyBatis-Plus: classes that receive rows by a result map or by their names, and entities of mappers.

`documents.py` reads mapper documents and the annotations of mappers, `classes.py` finds the classes, `tables.py` says
which table is theirs, `mapping.py` builds models. The SQL itself is found by the search for SQL in texts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from headwater.readers import CodeProject, Reading, SourceFile
from headwater.readers.mybatis.mapping import MybatisMapping
from headwater.readers.mybatis.vocabulary import VOCABULARY

__all__ = ["NAME", "SETTINGS", "VOCABULARY", "detects", "read"]

NAME = "MyBatis"
# Files that are no code and say how names are made.
SETTINGS = ("application*.properties", "application*.yml", "application*.yaml")
_WORDS = re.compile(rb"org\.apache\.ibatis|com\.baomidou\.mybatisplus|com\.mybatisflex|tk\.mybatis|org\.mybatis")


def detects(file: SourceFile) -> bool:
    """Return True if a file is a mapper document, or may declare a mapper or an entity."""
    if file.language == "xml":
        return b"<mapper" in file.source
    if file.language not in ("java", "kotlin") or b"batis" not in file.source:  # searching for a literal is fast
        return False
    return _WORDS.search(file.source) is not None


def read(project: CodeProject, files: Sequence[SourceFile]) -> Reading:
    """Return the models that these files declare, and the tables that no other file declares."""
    return MybatisMapping(project, files).reading()
