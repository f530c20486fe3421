"""SQL files (PostgreSQL, MySQL, SQLite, T-SQL) as a Schema: DDL applied in migration order, folder by folder."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from headwater.catalog import sqltext
from headwater.catalog.apply import apply
from headwater.catalog.changes import Change
from headwater.catalog.model import Enum, Origin, Relation, Schema
from headwater.catalog.statements import split
from headwater.catalog.usages import NotUnderstood
from headwater.readers import CodeProject, Reading, SourceFile
from headwater.readers.sql.order import is_reverse, natural_key, root_of, upward_part
from headwater.readers.sql.statements import Fold, changes_of, is_definition

NAME = "SQL"

_EXCERPT = 200


def detects(file: SourceFile) -> bool:
    """Return True if this is SQL that defines something."""
    return file.language == "sql" and _DEFINES.search(file.source) is not None


_DEFINES = re.compile(rb"\b(create|alter|drop|rename|sp_rename)\b", re.IGNORECASE)


def read(project: CodeProject, files: Sequence[SourceFile]) -> Reading:
    """Apply the files of each migration folder in order; folders written for another database are skipped."""
    roots: dict[str, list[SourceFile]] = defaultdict(list)
    for file in files:
        if not is_reverse(file.path):
            roots[root_of(file.path)].append(file)
    relations: dict[str, Relation] = {}
    enums: dict[str, Enum] = {}
    steps: list[Change] = []
    missed: list[NotUnderstood] = []
    for own in roots.values():
        if any(sqltext.is_foreign(file.source.decode("utf-8", "replace")) for file in own):
            missed.extend(_foreign(file) for file in own)
            continue
        fold = _fold(own)
        relations |= {_key(relation): _joined(relations.get(_key(relation)), relation) for relation in fold.schema}
        enums |= {enum.name: enum for enum in fold.schema.enums}
        steps += fold.steps
        missed += fold.missed
    schema = Schema(tuple(relations.values()), tuple(enums.values()))
    return Reading(schema, (), tuple(missed), tuple(steps))


def read_text(text: str, file: str = "") -> Schema:
    """Return the Schema that SQL text defines.

    Args:
        text: DDL of any supported dialect, several statements.
        file: what origins are to say.
    """
    return _fold([SourceFile(file, "sql", text.encode())]).schema


def changes(text: str, schema: Schema | None = None, file: str = "") -> tuple[Change, ...]:
    """Return the changes that SQL text makes to a Schema, in order."""
    return tuple(_fold([SourceFile(file, "sql", text.encode())], schema).steps)


def _fold(files: Sequence[SourceFile], schema: Schema | None = None) -> Fold:
    fold = Fold(schema or Schema())
    for file in sorted(files, key=lambda file: natural_key(file.path)):
        text = upward_part(file.source.decode("utf-8", "replace"))
        for statement in split(text):
            if is_definition(statement.text):
                line = text.count("\n", 0, statement.start) + 1
                _step(fold, statement.text, Origin(file.path, line))
    return fold


def _step(fold: Fold, text: str, origin: Origin) -> None:
    changes = changes_of(text, fold.schema, origin)
    if changes is None:
        reason = "No supported SQL dialect can parse this definition."
        fold.missed.append(NotUnderstood(origin.file, origin.line, text[:_EXCERPT], reason))
        return
    for change in changes:
        fold.schema = apply(fold.schema, change)
        fold.steps.append(change)


def _foreign(file: SourceFile) -> NotUnderstood:
    return NotUnderstood(file.path, 1, "", "Written for ClickHouse, which is not supported.")


def _key(relation: Relation) -> str:
    return relation.name.casefold()


def _joined(known: Relation | None, relation: Relation) -> Relation:
    """Merge the Schemas of several folders; if both define a table, the fuller definition is kept."""
    return relation if known is None or len(relation.columns) > len(known.columns) else known
