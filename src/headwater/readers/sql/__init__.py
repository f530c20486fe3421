"""SQL files (PostgreSQL, MySQL, SQLite, T-SQL) as a Schema: DDL applied in migration order, folder by folder."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from collections.abc import Sequence as Listed
from dataclasses import replace
from typing import TypeVar

from headwater.catalog import sqltext
from headwater.catalog.changes import Change
from headwater.catalog.model import Domain, Enum, Relation, Schema, Sequence, united_attributes
from headwater.catalog.usages import NotUnderstood
from headwater.readers import CodeProject, Reading, SourceFile
from headwater.readers.sql.history import read_history
from headwater.readers.sql.order import root_of

NAME = "SQL"
# The tables of tools that run SQL files; those of tools with a reader of their own stand there.
BOOKKEEPING = (
    "flyway_schema_history",
    "schema_version",
    "databasechangelog",
    "databasechangeloglock",
    "goose_db_version",
    "gorp_migrations",
    "schema_migrations",
    "atlas_schema_revisions",
    "_sqlx_migrations",
    "refinery_schema_history",
    "headwater_migrations",
    "sqlite_sequence",
)
Named = TypeVar("Named", Enum, Domain, Sequence)


def detects(file: SourceFile) -> bool:
    """Return True if this is SQL that defines something."""
    return file.language == "sql" and _DEFINES.search(file.source) is not None


def is_migration(file: SourceFile) -> bool:
    """Return True: SQL creates and changes tables step by step."""
    return True


_DEFINES = re.compile(rb"\b(create|alter|drop|rename|sp_rename)\b", re.IGNORECASE)


def read(project: CodeProject, files: Listed[SourceFile]) -> Reading:
    """Apply the files of each migration folder in order; folders written for another database are skipped."""
    roots: dict[str, list[SourceFile]] = defaultdict(list)
    for file in files:
        roots[root_of(file.path)].append(file)
    parts: list[Schema] = []
    steps: list[Change] = []
    missed: list[NotUnderstood] = []
    for own in roots.values():
        if any(sqltext.is_foreign(file.source.decode("utf-8", "replace")) for file in own):
            missed.extend(_foreign(file) for file in own)
            continue
        history = read_history(own)
        parts.append(history.schema())
        steps += history.steps
        missed += history.missed
    return Reading(_united(parts), (), tuple(missed), tuple(steps))


def read_text(text: str, file: str = "") -> Schema:
    """Return the Schema that SQL text defines.

    Args:
        text: DDL of any supported dialect, several statements.
        file: what origins are to say.
    """
    return read_history([SourceFile(file, "sql", text.encode())]).schema()


def changes(text: str, schema: Schema | None = None, file: str = "") -> tuple[Change, ...]:
    """Return the changes that SQL text makes to a Schema, in order."""
    return tuple(read_history([SourceFile(file, "sql", text.encode())], schema).steps)


def effects(text: str, schema: Schema) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    """Return the changes that SQL text makes to a Schema, and the beginnings of statements that change nothing."""
    history = read_history([SourceFile("", "sql", text.encode())], schema)
    return tuple(history.steps), (*history.idle, *(miss.text for miss in history.missed))


def _foreign(file: SourceFile) -> NotUnderstood:
    return NotUnderstood(file.path, 1, "", "Written for ClickHouse, which is not supported.")


def _united(parts: Listed[Schema]) -> Schema:
    """Return one Schema of several folders; a table of two has the columns of the fuller, or of both if they differ."""
    relations: list[Relation] = []
    slots: dict[str, list[int]] = defaultdict(list)
    for part in parts:
        earlier = {name: tuple(known) for name, known in slots.items()}
        for relation in part:
            known = earlier.get(relation.name.casefold(), ())
            slot = next((slot for slot in known if relations[slot].is_same(relation)), None)
            if slot is None:
                slots[relation.name.casefold()].append(len(relations))
                relations.append(relation)
            elif _differ(relations[slot], relation):
                added = tuple(c for c in relation.columns if relations[slot].column(c.name) is None)
                relations[slot] = replace(relations[slot], columns=(*relations[slot].columns, *added))
            elif len(relation.columns) > len(relations[slot].columns):
                relations[slot] = relation
    return Schema(
        tuple(relations),
        _distinct(enum for part in parts for enum in part.enums),
        domains=_distinct(domain for part in parts for domain in part.domains),
        sequences=_distinct(sequence for part in parts for sequence in part.sequences),
        attrs=united_attributes(parts),
    )


def _differ(first: Relation, second: Relation) -> bool:
    """Return True if two tables of one name have so little in common that two databases must have them."""
    shared = sum(second.column(column.name) is not None for column in first.columns)
    return 2 * shared < min(len(first.columns), len(second.columns))


def _distinct(objects: Iterable[Named]) -> tuple[Named, ...]:
    return tuple({(each.schema, each.name): each for each in objects}.values())
