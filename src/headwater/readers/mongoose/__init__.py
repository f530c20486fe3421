"""Mongoose: the collections that schemas of documents declare, and models over them.

A field of a document is a column; one of a subdocument has its path (`address.city`). `schemas.py` reads
`new Schema({ … })` and the classes of @nestjs/mongoose, `mapping.py` gives them collections and models.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from headwater.readers import CodeProject, Reading, SourceFile
from headwater.readers.mongoose.mapping import DocumentMapping
from headwater.readers.mongoose.vocabulary import VOCABULARY

__all__ = ["NAME", "VOCABULARY", "detects", "read"]

NAME = "Mongoose"
_IMPORT = re.compile(rb"""(?:\bfrom|\brequire\s*\()\s*["'](?:mongoose|@nestjs/mongoose)["']""")


def detects(file: SourceFile) -> bool:
    """Return True if a file imports Mongoose."""
    if file.language not in VOCABULARY.languages or b"mongoose" not in file.source:  # searching for a literal is fast
        return False
    return _IMPORT.search(file.source) is not None


def read(project: CodeProject, files: Sequence[SourceFile]) -> Reading:
    """Return the collections and models that these files declare."""
    return DocumentMapping(project, files).reading()
