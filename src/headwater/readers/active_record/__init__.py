"""Active Record: models of Rails applications, `db/schema.rb`, and migrations.

`columns.py` reads column declarations, `scripts.py` follows schema files and migrations, `history.py` orders them;
`classes.py` finds the models and their tables, `associations.py` what they declare. A `db/structure.sql` is read by the
SQL reader's means, so that models know their columns.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from headwater.catalog import fact_queries as q
from headwater.catalog import facts as f
from headwater.catalog.model import ASSUMED, Column, Origin, Relation, Schema
from headwater.catalog.usages import NotUnderstood
from headwater.readers import CodeProject, Field, Model, Reading, SourceFile, sql
from headwater.readers import _literals as s
from headwater.readers._inflections import Inflector, rails
from headwater.readers.active_record import history
from headwater.readers.active_record.associations import Associations
from headwater.readers.active_record.classes import RecordClasses, RubyClass
from headwater.readers.active_record.vocabulary import VOCABULARY

__all__ = ["BOOKKEEPING", "GENERATED", "NAME", "VOCABULARY", "detects", "is_migration", "read"]

NAME = "Active Record"
BOOKKEEPING = ("schema_migrations", "ar_internal_metadata")
_WORDS = re.compile(
    rb"ActiveRecord|ApplicationRecord|ActiveSupport::Concern|Inflector\.inflections|table_name_prefix"
    rb"|^\s*(?:belongs_to|has_many|has_one|included do)\b",
    re.MULTILINE,
)
_MODELS = re.compile(r"(^|/)models/")
_TEST = re.compile(r"(^|/)(spec|specs|test|tests|features|templates)/")
# What Rails writes at the top of the schema files that it generates.
GENERATED = {".rb": re.compile(rb"auto-generated from the current state of the database")}
_RUBY = (".rb", ".rake")
_SCRIPTS = (history.is_schema, history.is_other_schema, history.is_migration)


def detects(file: SourceFile) -> bool:
    """Return True if a Ruby file may declare a model, a concern, inflections, a schema or a migration."""
    if file.language != "ruby" or not file.path.endswith(_RUBY):
        return False
    return _WORDS.search(file.source) is not None or _MODELS.search(file.path) is not None


def is_migration(file: SourceFile) -> bool:
    """Return True if a file is a migration; a schema file declares what they lead to."""
    return history.is_migration(file)


def read(project: CodeProject, files: Sequence[SourceFile]) -> Reading:
    """Return the tables, the models, and the steps of the migrations."""
    app = [file for file in files if not _TEST.search(file.path)] or list(files)
    inflector = _inflections(project, app)
    schema, steps = history.read(project, app, inflector)
    if not schema.relations or not any(history.is_schema(file) for file in app):
        dumped = _structure(project)
        if dumped is not None:
            schema, steps = dumped, ()
    others = [file for file in app if not any(test(file) for test in _SCRIPTS)]
    registry = RecordClasses(project, others, inflector)
    registry.adopt({relation.name for relation in schema.relations})
    mapped = [cls for cls in registry.classes.values() if registry.is_mapped(cls) and not registry.is_abstract(cls)]
    tables = {registry.table(cls) for cls in mapped}
    schema, missed = _with_others(schema, history.other_databases(project, app, inflector), tables)
    schema = _completed(schema, registry, mapped)
    return Reading(schema, tuple(_models(registry, schema, mapped)), tuple(missed), steps)


def _with_others(
    schema: Schema, others: Mapping[str, Schema], tables: Collection[str]
) -> tuple[Schema, list[NotUnderstood]]:
    """Add the tables of further databases that have a model; the others belong to libraries, and are only named."""
    missed: list[NotUnderstood] = []
    for path, other in others.items():
        used = tuple(r for r in other.relations if r.name in tables and schema.relation(r.name) is None)
        schema = replace(schema, relations=(*schema.relations, *used))
        left = len(other.relations) - len(used)
        if left:
            reason = f"The schema of another database: no model here uses {left} of its tables, which are left out."
            missed.append(NotUnderstood(path, 1, "", reason))
    return schema, missed


def _structure(project: CodeProject) -> Schema | None:
    dump = next((file for file in project.files() if file.path.endswith("db/structure.sql")), None)
    return sql.read_text(dump.source.decode("utf-8", "replace"), dump.path) if dump is not None else None


def _inflections(project: CodeProject, files: Sequence[SourceFile]) -> Inflector:
    """Return the inflections of Rails with those that the application adds."""
    inflector = rails()
    for file in files:
        module = project.module(file.path) if b"Inflector.inflections" in file.source else None
        for expr in s.expressions(module.body if module else ()):
            if isinstance(expr, f.Call) and s.called(expr) == "inflections" and isinstance(expr.args[-1:], tuple):
                block = expr.args[-1] if expr.args else None
                for call in s.expressions(block.body) if isinstance(block, f.Lambda) else ():
                    if isinstance(call, f.Call):
                        _inflect(inflector, s.called(call), s.texts(f.SequenceExpr(0, 0, _flat(call.args))))
    return inflector


def _flat(args: tuple[f.Expr, ...]) -> tuple[f.Expr, ...]:
    return tuple(item for arg in args for item in q.items(arg))


def _inflect(inflector: Inflector, kind: str, words: tuple[str, ...]) -> None:
    if kind == "irregular" and len(words) == 2:
        inflector.irregular = {words[0]: words[1], **inflector.irregular}
    elif kind == "uncountable":
        inflector.uncountable = inflector.uncountable | {word.lower() for word in words}
    elif kind == "acronym" and words:
        inflector.acronyms = (*inflector.acronyms, words[0])


def _completed(schema: Schema, registry: RecordClasses, mapped: list[RubyClass]) -> Schema:
    """Add the tables of models that no schema file and no migration declares, with their keys."""
    relations = {relation.name: relation for relation in schema.relations}
    for cls in mapped:
        table = registry.table(cls)
        if table not in relations:
            origin = (Origin(cls.path, cls.line),)
            key = Column("id", "bigint", nullable=False, identity=True, origins=origin, attrs=((ASSUMED, "column"),))
            relations[table] = Relation(table, (key,), primary_key=("id",), origins=origin)
    return replace(schema, relations=tuple(relations.values()))


def _models(registry: RecordClasses, schema: Schema, mapped: list[RubyClass]) -> Iterator[Model]:
    tables = {cls.name: registry.table(cls) for cls in mapped}
    relations = {relation.name: relation for relation in schema.relations}
    associations = Associations(registry, schema, tables)
    for cls in mapped:
        table = tables[cls.name]
        fields = {column.name: Field(column.name, column.name) for column in relations[table].columns}
        for field in associations.of(cls):
            fields.setdefault(field.name, field)
        yield Model(cls.key, cls.name, "active_record", cls.path, cls.line, table, None, tuple(fields.values()))
    known = set(tables.values())
    yield from (_bare(relation) for name, relation in relations.items() if name not in known)


def _bare(relation: Relation) -> Model:
    """Return the model of a table without a class here: that of a library, or a join table."""
    origin = relation.origins[0] if relation.origins else Origin("")
    fields = tuple(Field(column.name, column.name) for column in relation.columns)
    key = f"{origin.file}:{relation.name}"
    return Model(key, relation.name, "active_record", origin.file, origin.line, relation.name, None, fields)
