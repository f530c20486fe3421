"""The Schema of an application: `db/schema.rb` as it is, or migrations in the order of their versions."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence

from headwater.catalog import fact_queries as q
from headwater.catalog import facts as f
from headwater.catalog.apply import SchemaDraft
from headwater.catalog.changes import Change
from headwater.catalog.model import Schema
from headwater.readers import CodeProject, SourceFile
from headwater.readers._inflections import Inflector
from headwater.readers.active_record import operations
from headwater.readers.active_record.scripts import SchemaScript

assert operations  # it says what the methods of a migration do

_SCHEMA = re.compile(rb"\bActiveRecord::Schema\b.{0,80}?\bdefine\b", re.DOTALL)
_MIGRATION = re.compile(rb"<\s*(?:::)?ActiveRecord::Migration\b|<\s*\w*Migration\b")
_VERSION = re.compile(r"(\d+)_")


def is_schema(file: SourceFile) -> bool:
    """Return True if a file is a dump of the primary database."""
    return posixpath.basename(file.path) == "schema.rb" and _SCHEMA.search(file.source) is not None


def is_other_schema(file: SourceFile) -> bool:
    """Return True if a file is a dump of a further database: its name has that of the database in front."""
    return file.path.endswith("_schema.rb") and _SCHEMA.search(file.source) is not None


def is_migration(file: SourceFile) -> bool:
    """Return True if a file is a migration."""
    in_folder = "migrate" in posixpath.dirname(file.path) and _VERSION.match(posixpath.basename(file.path)) is not None
    return in_folder and _MIGRATION.search(file.source) is not None


def read(project: CodeProject, files: Sequence[SourceFile], inflector: Inflector) -> tuple[Schema, tuple[Change, ...]]:
    """Return the Schema, and the steps of the migrations if there is no dump of the database."""
    draft = SchemaDraft()
    dumps = [file for file in files if is_schema(file)]
    for file in dumps:
        _dump(project, file, draft, inflector)
    if dumps:
        return draft.schema(), ()
    steps: list[Change] = []
    for file in sorted((file for file in files if is_migration(file)), key=_order):
        steps += migration(project, file, draft, inflector)
    return draft.schema(), tuple(steps)


def _dump(project: CodeProject, file: SourceFile, draft: SchemaDraft, inflector: Inflector) -> None:
    module = project.module(file.path)
    for _ in _run(file, module.body if module else (), draft, inflector):
        pass


def other_databases(project: CodeProject, files: Sequence[SourceFile], inflector: Inflector) -> dict[str, Schema]:
    """Return the schemas of the further databases of an application, by path: `db/cache_schema.rb`."""
    result: dict[str, Schema] = {}
    for file in files:
        if is_other_schema(file):
            draft = SchemaDraft()
            _dump(project, file, draft, inflector)
            result[file.path] = draft.schema()
    return result


def _order(file: SourceFile) -> tuple[int, str]:
    version = _VERSION.match(posixpath.basename(file.path))
    return int(version[1]) if version else 0, file.path


def migration(project: CodeProject, file: SourceFile, draft: SchemaDraft, inflector: Inflector) -> Iterator[Change]:
    """Yield the changes of one migration."""
    module = project.module(file.path)
    for body in _classes(module.body if module else ()):
        yield from _run(file, body, draft, inflector)


def _classes(body: Iterable[f.Stmt]) -> Iterator[tuple[f.Stmt, ...]]:
    for stmt in body:
        if isinstance(stmt, f.Class):
            if any("Migration" in q.dotted_name(_plain(base)) for base in stmt.bases):
                yield stmt.body
            else:
                yield from _classes(stmt.body)


def _plain(base: f.Expr) -> f.Expr:
    return base.value if isinstance(base, f.Subscript) else base


def _run(file: SourceFile, body: tuple[f.Stmt, ...], draft: SchemaDraft, inflector: Inflector) -> Iterator[Change]:
    functions = {stmt.name: stmt for stmt in body if isinstance(stmt, f.Function)}
    script = SchemaScript(file, draft, inflector, functions)
    for stmt in body:
        if isinstance(stmt, f.Assign):
            script.remember(stmt)
        elif isinstance(stmt, (f.Do, f.Return)) and isinstance(stmt.value, f.Call):
            yield from script.dump(stmt.value)
    for name in ("change", "up"):
        if name in functions:
            yield from script.run(functions[name].body)
