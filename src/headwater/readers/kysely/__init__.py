"""Kysely: tables from its migrations, and a query builder that names tables and columns in texts.

The tables can also come from another ORM beside it: then there are no migrations to read.
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Sequence

from headwater.catalog.apply import SchemaDraft
from headwater.catalog.changes import AddColumn, Change
from headwater.catalog.model import Schema
from headwater.readers import CodeProject, Reading, SourceFile
from headwater.readers._scripts import is_test
from headwater.readers.kysely.migrations import changes
from headwater.readers.kysely.vocabulary import VOCABULARY

__all__ = ["BOOKKEEPING", "NAME", "VOCABULARY", "detects", "is_migration", "read"]

NAME = "Kysely"
BOOKKEEPING = ("kysely_migration", "kysely_migration_lock")
_IMPORT = re.compile(rb"""(?:from|require\s*\()\s*["'](?:kysely|prisma-extension-kysely)["'/]""")
_MIGRATES = re.compile(rb"\bschema\s*\.\s*(?:createTable|alterTable|dropTable|withSchema)\s*\(")


def detects(file: SourceFile) -> bool:
    """Return True if a file imports Kysely."""
    if file.language not in VOCABULARY.languages or b"kysely" not in file.source:  # searching for a literal is fast
        return False
    return _IMPORT.search(file.source) is not None


def is_migration(file: SourceFile) -> bool:
    """Return True if a file is a migration: this reader reads tables from no others."""
    return _MIGRATES.search(file.source) is not None


def read(project: CodeProject, files: Sequence[SourceFile]) -> Reading:
    """Return the tables that the migrations of each folder leave behind."""
    folders: dict[str, list[SourceFile]] = defaultdict(list)
    for file in files:
        if _MIGRATES.search(file.source) and not is_test(file.path):
            folders[posixpath.dirname(file.path)].append(file)
    drafts: list[SchemaDraft] = []
    steps: list[Change] = []
    for scripts in folders.values():
        drafts.append(SchemaDraft())
        for file in sorted(scripts, key=lambda script: script.path):
            for change in changes(project, file):
                drafts[-1].apply(change)
                steps.append(change)
    return Reading(_united(drafts), steps=tuple(steps))


def _united(drafts: Sequence[SchemaDraft]) -> Schema:
    """Return one Schema of several databases: a table that two of them have has the columns of both."""
    united = SchemaDraft()
    for draft in sorted(drafts, key=lambda draft: -len(draft.schema().relations)):
        for relation in draft:
            known = united.relation(relation.name)
            if known is None:
                united.add(relation)
            for column in relation.columns if known is not None else ():
                if known is not None and known.column(column.name) is None:
                    united.apply(AddColumn(known.name, known.schema, column))
    return united.schema()
