"""Eloquent: models of Laravel applications, and migrations.

`blueprint.py` reads column declarations, `migrations.py` follows migrations, `models.py` finds models and their
relationships. A dump in `database/schema` comes before the migrations that it does not contain, as in Laravel.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from headwater.catalog import fact_queries as q
from headwater.catalog import facts as f
from headwater.catalog.apply import SchemaDraft
from headwater.catalog.changes import Change
from headwater.catalog.model import ASSUMED, Column, Origin, Relation, Schema
from headwater.readers import CodeProject, Field, Model, Reading, SourceFile, sql
from headwater.readers import _literals as s
from headwater.readers.eloquent.migrations import LaravelMigration
from headwater.readers.eloquent.models import EloquentClasses, EloquentRelations, PhpClass
from headwater.readers.eloquent.vocabulary import VOCABULARY

__all__ = ["BOOKKEEPING", "NAME", "VOCABULARY", "detects", "is_migration", "read"]

NAME = "Eloquent"
BOOKKEEPING = ("migrations",)
_WORDS = re.compile(
    rb"Illuminate\\(?:Database|Foundation\\Auth)|\bextends\s+\\?[\w\\]*(?:Model|Pivot)\b|extends Migration"
)
_MODELS = re.compile(r"(^|/)(models|entities)/", re.IGNORECASE)
_RELATION = re.compile(rb"->(?:hasMany|belongsTo|hasOne|morph\w+|belongsToMany)\(|\$table\s*=\s*['\"]")
_TEST = re.compile(r"(^|/)(tests?|stubs|fixtures)/", re.IGNORECASE)
_MIGRATION = re.compile(rb"\bextends\s+\\?(?:[\w\\]*\\)?\w*Migration\b")


def detects(file: SourceFile) -> bool:
    """Return True if a PHP file may declare a model, a trait of models, or a migration."""
    if file.language != "php" or file.path.endswith(".blade.php"):
        return False
    return any(pattern.search(file.source) for pattern in (_WORDS, _RELATION)) or bool(_MODELS.search(file.path))


def read(project: CodeProject, files: Sequence[SourceFile]) -> Reading:
    """Return the tables, the models, and the steps of the migrations."""
    app = [file for file in files if not _TEST.search(file.path)] or list(files)
    scripts = sorted((x for x in app if is_migration(x)), key=lambda x: (posixpath.basename(x.path), x.path))
    schema, steps = _history(project, scripts)
    registry = EloquentClasses(project, [file for file in app if not is_migration(file)])
    mapped = [cls for cls in registry.classes.values() if registry.is_mapped(cls)]
    mapped = [cls for cls in mapped if not _is_parent_only(registry, cls, mapped, schema)]
    tables = {cls.name: registry.table(cls) for cls in mapped}
    schema = _completed(schema, mapped, tables, registry)
    return Reading(schema, tuple(_models(registry, schema, mapped, tables)), steps=steps)


def is_migration(file: SourceFile) -> bool:
    """Return True if a file is a migration."""
    return _MIGRATION.search(file.source) is not None


def _is_parent_only(registry: EloquentClasses, cls: PhpClass, mapped: list[PhpClass], schema: Schema) -> bool:
    """Return True if a class is there to be extended: others extend it and it has no table in the schema."""
    if registry.setting(cls, "table") or schema.relation(registry.table(cls)) is not None:
        return False
    return any(other is not cls and cls in registry.line(other) for other in mapped)


def _history(project: CodeProject, scripts: Sequence[SourceFile]) -> tuple[Schema, tuple[Change, ...]]:
    dump = next((x for x in project.files() if re.search(r"(^|/)database/schema/[^/]+\.sql$", x.path)), None)
    text = dump.source.decode("utf-8", "replace") if dump is not None else ""
    draft = SchemaDraft(sql.read_text(text, dump.path) if dump is not None else None)
    steps: list[Change] = []
    settings = _Settings(project)
    for file in scripts:
        if dump is None or posixpath.basename(file.path).removesuffix(".php") not in text:
            steps += _migration(project, file, draft, settings)
    return draft.schema(), tuple(steps)


class _Settings:
    """Values of `config('file.key')`, from the files of the folder `config`."""

    def __init__(self, project: CodeProject) -> None:
        self.project = project
        self.paths = {
            posixpath.basename(file.path).removesuffix(".php"): file.path
            for file in project.files()
            if file.language == "php" and re.search(r"(^|/)config/[^/]+\.php$", file.path)
        }

    def value(self, key: str) -> f.Expr | None:
        """Return the value of a setting, or None."""
        name, *rest = key.split(".")
        module = self.project.module(self.paths[name]) if name in self.paths else None
        returned = [stmt.value for stmt in module.body if isinstance(stmt, f.Return)] if module else []
        value: f.Expr | None = returned[-1] if returned else None
        for part in rest:
            value = s.entry(value, part)
        return value


def _migration(project: CodeProject, file: SourceFile, draft: SchemaDraft, settings: _Settings) -> Iterator[Change]:
    module = project.module(file.path)
    for stmt in module.body if module else ():
        if isinstance(stmt, f.Class) and any("Migration" in q.last_name(base) for base in stmt.bases):
            functions = {inner.name: inner for inner in stmt.body if isinstance(inner, f.Function)}
            script = LaravelMigration(file, draft, functions, config=settings.value)
            for inner in stmt.body:
                if isinstance(inner, f.Assign) and inner.value is not None and isinstance(inner.targets[0], f.Name):
                    script.constants[inner.targets[0].id] = inner.value
            if "up" in functions:
                yield from script.run(functions["up"].body)


def _completed(schema: Schema, mapped: list[PhpClass], tables: dict[str, str], registry: EloquentClasses) -> Schema:
    """Add the tables of models that no migration creates, with their keys."""
    relations = {relation.name: relation for relation in schema.relations}
    for cls in mapped:
        table = tables[cls.name]
        if table not in relations:
            origin = (Origin(cls.path, cls.line),)
            key = Column(registry.key(cls), "bigint", nullable=False, origins=origin, attrs=((ASSUMED, "column"),))
            relations[table] = Relation(table, (key,), primary_key=(key.name,), origins=origin)
    return replace(schema, relations=tuple(relations.values()))


def _models(
    registry: EloquentClasses, schema: Schema, mapped: list[PhpClass], tables: dict[str, str]
) -> Iterator[Model]:
    relations = {relation.name: relation for relation in schema.relations}
    relationships = EloquentRelations(registry, tables)
    for cls in mapped:
        table = tables[cls.name]
        fields = {column.name: Field(column.name, column.name) for column in relations[table].columns}
        for field in relationships.of(cls):
            fields.setdefault(field.name, field)
        yield Model(cls.key, cls.stmt.name, "eloquent", cls.path, cls.line, table, None, tuple(fields.values()))
    yield from _bare_tables(relation for name, relation in relations.items() if name not in tables.values())


def _bare_tables(relations: Iterable[Relation]) -> Iterator[Model]:
    """Yield a model for each table without a class: `DB::table('role_user')` queries it by its name."""
    for relation in relations:
        origin = relation.origins[0] if relation.origins else Origin("")
        fields = tuple(Field(column.name, column.name) for column in relation.columns)
        key = f"{origin.file}:{relation.name}"
        yield Model(key, relation.name, "eloquent", origin.file, origin.line, relation.name, None, fields)
