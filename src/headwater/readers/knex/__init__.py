"""Knex: tables from its migrations, and queries that name tables and columns in texts.

`builder.py` reads column declarations, `migrations.py` follows migrations, `vocabulary.py` is the meaning of queries.
Migrations of db-migrate that run SQL are followed, too: Knex is often used beside them.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from headwater.catalog import fact_queries as q
from headwater.catalog import facts as f
from headwater.catalog.apply import SchemaDraft
from headwater.catalog.changes import AddColumn, Change, RenameColumn, RenameTable
from headwater.catalog.model import Schema
from headwater.readers import CodeProject, Reading, SourceFile, sql
from headwater.readers._scripts import is_test
from headwater.readers.knex.migrations import KnexMigration
from headwater.readers.knex.vocabulary import VOCABULARY

__all__ = ["BOOKKEEPING", "NAME", "VOCABULARY", "detects", "is_migration", "read"]

NAME = "Knex"
BOOKKEEPING = ("knex_migrations", "knex_migrations_lock")
_IMPORT = re.compile(rb"""(?:\bfrom|\brequire\s*\(|\bimport\s*\()\s*["']knex["'/]""")
_SCHEMA = re.compile(
    rb"\bschema\s*(?:\.withSchema\([^)]*\)\s*)?\.\s*(?:createTable\w*|alterTable|table|renameTable|dropTable\w*|hasTable|raw)\s*\("
)
_TABLE = re.compile(rb"\b(?:function\s*\(|\(?\s*\w+\s*(?::[^)]*)?\)\s*=>|\w+\s*=>)")
_RUNS_SQL = re.compile(rb"\bdb\.(?:runSql|createTable|addColumn|removeColumn|renameColumn|renameTable|dropTable)\b")
_OF_COLUMNS = (AddColumn, RenameColumn)
_DOWN = frozenset({"down", "rollback", "revert"})


def detects(file: SourceFile) -> bool:
    """Return True if a file imports Knex or uses its schema builder."""
    if file.language not in VOCABULARY.languages:
        return False
    imports = b"knex" in file.source and _IMPORT.search(file.source) is not None
    return imports or is_migration(file)


def read(project: CodeProject, files: Sequence[SourceFile]) -> Reading:
    """Return the tables that the migrations leave behind, and their steps."""
    app = [file for file in files if not is_test(file.path)] or list(files)
    scripts = sorted((x for x in app if is_migration(x)), key=lambda x: (posixpath.basename(x.path), x.path))
    reading = _history(project, scripts, Schema())
    if any(reading.schema.relation(step.table) is None and type(step) in _OF_COLUMNS for step in reading.steps):
        dumps = [file for file in project.files() if sql.detects(file)]
        return _history(project, scripts, sql.read(project, dumps).schema) if dumps else reading
    return reading


def _history(project: CodeProject, scripts: Sequence[SourceFile], before: Schema) -> Reading:
    """Return what the migrations make of a Schema: tables that they change can come from SQL files beside them."""
    draft = SchemaDraft(before)
    steps = [change for file in scripts for change in _migration(project, file, draft)]
    changed = {step.table for step in steps} | {step.new_name for step in steps if isinstance(step, RenameTable)}
    schema = draft.schema()
    relations = tuple(relation for relation in schema if relation.name in changed)
    return Reading(replace(schema, relations=relations) if before.relations else schema, steps=tuple(steps))


def is_migration(file: SourceFile) -> bool:
    """Return True if a file is a migration."""
    if b"db." in file.source and _RUNS_SQL.search(file.source):
        return True
    if b"schema" not in file.source:  # searching for a literal is fast
        return False
    return _SCHEMA.search(file.source) is not None and _TABLE.search(file.source) is not None


def _migration(project: CodeProject, file: SourceFile, draft: SchemaDraft) -> Iterator[Change]:
    module = project.module(file.path)
    if module is None:
        return
    script = KnexMigration(project, file, draft)
    script.learn(module.body)
    up = script.functions.get("up") or _method(module.body, "up")
    if up is not None:
        yield from script.run(up.body)
        return
    for name, function in list(script.functions.items()):
        if name not in _DOWN and not _is_called(script, name):
            yield from script.run(function.body)
    for stmt in module.body:
        if isinstance(stmt, f.Class):
            for inner in stmt.body:
                if isinstance(inner, f.Function) and inner.name not in _DOWN:
                    yield from script.run(inner.body)
        elif isinstance(stmt, f.Do):
            yield from script.call(stmt.value)


def _method(body: Sequence[f.Stmt], name: str) -> f.Function | f.Lambda | None:
    """Return the function of this name in an exported object or class."""
    for stmt in body:
        if isinstance(stmt, f.Assign) and isinstance(stmt.value, f.Mapping):
            known = q.options(stmt.value).get(name)
            if isinstance(known, f.Lambda):
                return known
        for inner in stmt.body if isinstance(stmt, f.Class) else ():
            if isinstance(inner, f.Function) and inner.name == name:
                return inner
    return None


def _is_called(script: KnexMigration, name: str) -> bool:
    """Return True if another function of the file calls this one: it is followed from there."""
    others = (function for other, function in script.functions.items() if other != name)
    return any(q.called_name(call) == name for function in others for call in q.calls(function.body))
