"""Django models as a Schema: fields, abstract and concrete inheritance, relations, join tables, reverse names.

`classes.py` finds the model classes and their fields, `mapping.py` gives them tables and columns, `contrib.py` has the
models of `django.contrib.auth` that code bases refer to, `vocabulary.py` the meaning of querysets. Names are those of
Django's documentation ("Model field reference", "Model Meta options").
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from headwater.readers import CodeProject, Reading, SourceFile
from headwater.readers.django.classes import ModelReader
from headwater.readers.django.mapping import ModelTables
from headwater.readers.django.vocabulary import VOCABULARY

__all__ = ["BOOKKEEPING", "NAME", "VOCABULARY", "detects", "read"]

NAME = "Django"
BOOKKEEPING = ("django_migrations",)
_WORDS = re.compile(rb"\bdjango\.(?:contrib\.gis\.)?db\b|\bdjango\.contrib\.auth\b|\bAUTH_USER_MODEL\b|\bAppConfig\b")
_LITERALS = (b"django", b"AUTH_USER_MODEL", b"AppConfig")  # searching for a literal is fast


def detects(file: SourceFile) -> bool:
    """Return True if a Python file may declare models, or says how they are named."""
    if file.language != "python" or not any(word in file.source for word in _LITERALS):
        return False
    return _WORDS.search(file.source) is not None


def read(project: CodeProject, files: Sequence[SourceFile]) -> Reading:
    """Return the tables and models that these files declare."""
    classes = ModelReader(project, [file.path for file in files if "/migrations/" not in f"/{file.path}"])
    sources = {file.path: file.source for file in project.files() if file.language == "python"}
    return ModelTables(classes, sources).reading()
