"""Objection: classes over tables, with their relationships; the columns come from migrations, or a JSON schema.

Its queries are Knex's, with methods of their own for rows and relationships.
"""

from __future__ import annotations

from collections.abc import Sequence

from headwater.readers import CodeProject, Reading, SourceFile
from headwater.readers.objection.classes import ObjectionClasses
from headwater.readers.objection.vocabulary import VOCABULARY

__all__ = ["NAME", "VOCABULARY", "detects", "read"]

NAME = "Objection"


def detects(file: SourceFile) -> bool:
    """Return True if a file may declare a model."""
    return file.language in VOCABULARY.languages and b"tableName" in file.source and b"Model" in file.source


def read(project: CodeProject, files: Sequence[SourceFile]) -> Reading:
    """Return the tables that JSON schemas declare, and the models."""
    if not any(b"objection" in file.source for file in project.files() if file.language in VOCABULARY.languages):
        return Reading(ObjectionClasses(project, ()).schema())
    classes = ObjectionClasses(project, files)
    return Reading(classes.schema(), classes.models())
