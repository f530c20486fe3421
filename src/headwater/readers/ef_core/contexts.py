"""Finds the contexts of a code base, runs their configuration, and unites what they declare."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from posixpath import commonpath, dirname

from headwater.catalog import facts as f
from headwater.catalog.model import Relation, Schema
from headwater.catalog.usages import NotUnderstood
from headwater.readers import CodeProject, Model, Reading, SourceFile
from headwater.readers._annotations import items, last
from headwater.readers.ef_core import identity
from headwater.readers.ef_core.builders import FluentBuilder
from headwater.readers.ef_core.clrtypes import ClrType, ClrTypes
from headwater.readers.ef_core.configuration import ContextConfig
from headwater.readers.ef_core.conventions import Conventions
from headwater.readers.ef_core.fluent import Fluent
from headwater.readers.ef_core.mapping import ContextMapping
from headwater.readers.ef_core.names import naming_of
from headwater.readers.ef_core.relationships import ContextRelationships

_TESTS = re.compile(r"(^|/)([^/]*[._-])?tests?([._-][^/]*)?/", re.IGNORECASE)
_LOOP = "A loop over all entities renames tables or columns; their names are read as if it did not."


class Contexts:
    """All contexts of a code base."""

    def __init__(self, project: CodeProject, files: Sequence[SourceFile]) -> None:
        self._types = ClrTypes(project)
        self._sources = {file.path: file.source for file in project.files() if file.language == "csharp"}
        self._naming = naming_of(files)
        self._contexts = self._find()
        self._configurations = [
            clr
            for clr in self._types.all
            if any(last(base) == "IEntityTypeConfiguration" for base in self._types.external_bases(clr))
        ]

    def reading(self) -> Reading:
        """Return the tables and models of all contexts; of models and tables that are in several, the first."""
        relations: dict[tuple[str | None, str], Relation] = {}
        models: dict[str, Model] = {}
        missed: list[NotUnderstood] = []
        for context in self._contexts:
            config = self._configure(context)
            mapping = ContextMapping(Conventions(self._types, config), self._naming, self._sources)
            mapping.build(lambda built, ordered: ContextRelationships(built).build(ordered))
            for relation in mapping.schema():
                key = (relation.schema, relation.name.casefold())
                relations[key] = relation if key not in relations else _united(relations[key], relation)
            for model in mapping.models():
                models.setdefault(model.key, model)
            if config.has_unread_loop is not None:
                path, at = config.has_unread_loop
                missed.append(NotUnderstood(path, mapping.line(path, at), "foreach", _LOOP))
        tables = {name for _, name in relations}
        known = tuple(model for model in models.values() if model.table.casefold() in tables)
        return Reading(Schema(tuple(relations.values())), known, tuple(missed))

    def _find(self) -> list[ClrType]:
        """Return the contexts that no other context extends; those of tests only if there are no others."""
        contexts = [clr for clr in self._types.all if self._is_context(clr)]
        above = {member.key for clr in contexts for member in list(self._types.chain(clr))[1:]}
        leaves = [clr for clr in contexts if clr.key not in above]
        main = [clr for clr in leaves if not _TESTS.search(clr.path)]
        return main or leaves

    def _is_context(self, clr: ClrType) -> bool:
        if clr.kind != "class":
            return False
        return any(
            last(base).endswith(("DbContext", "IdentityUserContext")) for base in self._types.external_bases(clr)
        )

    def _configure(self, context: ClrType) -> ContextConfig:
        config = ContextConfig()
        chain = list(self._types.chain(context))
        for member in reversed(chain):
            for name, typed, path in _sets(member):
                clr = self._types.find(*(member.bindings.get(last(typed)) or (path, typed)), owner=member.name)
                if clr is not None:
                    config.entity(clr).set_name = name
        self._add_identity(context, config)
        fluent = Fluent(self._types, config)
        fluent.configurations = [c for c in self._configurations if self._belongs(c, context)]
        for member in reversed(chain):
            for path, stmt in member.parts:
                for method in stmt.body:
                    if isinstance(method, f.Function) and method.name == "OnModelCreating":
                        fluent.run(path, member.name, method, FluentBuilder("model"))
        return config

    def _belongs(self, configuration: ClrType, context: ClrType) -> bool:
        """Return True if no other context is nearer to a configuration of an entity."""

        def near(other: ClrType) -> int:
            return len(commonpath(("/" + dirname(configuration.path), "/" + dirname(other.path))))

        return near(context) == max(map(near, self._contexts))

    def _add_identity(self, context: ClrType, config: ContextConfig) -> None:
        """Add the entities of ASP.NET Core Identity that a context inherits."""
        for member in self._types.chain(context):
            for base, known in self._types.bases(member):
                kinds = identity.CONTEXTS.get(last(base)) if known is None else None
                for kind in kinds or ():
                    at = identity.ARGUMENTS[last(base)][kind]
                    given = items(base.index) if isinstance(base, f.Subscript) else ()
                    own = self._types.find(member.path, given[at], member.name) if at < len(given) else None
                    entity = config.entity(own or _external(member, kind))
                    entity.table, entity.keys = identity.TABLES[kind]


def _external(context: ClrType, kind: str) -> ClrType:
    """Return a class of the framework as a type without properties of its own."""
    stmt = f.Class(0, 0, kind, (f.Name(0, 0, kind),), (), (), ())
    return ClrType(context.path, kind, ((context.path, stmt),))


def _sets(member: ClrType) -> Iterator[tuple[str, f.Expr, str]]:
    """Yield the name and entity type of each `DbSet<T>` of a context."""
    for path, stmt in member.parts:
        for inner in stmt.body:
            typed = inner.annotation if isinstance(inner, f.Assign) else getattr(inner, "returns", None)
            if isinstance(typed, f.Subscript) and last(typed) in ("DbSet", "IDbSet"):
                name = last(inner.targets[0]) if isinstance(inner, f.Assign) else getattr(inner, "name", "")
                yield name, items(typed.index)[0], path


def _united(first: Relation, second: Relation) -> Relation:
    """Return a table with the columns of both definitions."""
    more = tuple(column for column in second.columns if first.column(column.name) is None)
    return Relation(
        first.name,
        (*first.columns, *more),
        first.schema,
        first.kind,
        first.primary_key or second.primary_key,
        first.foreign_keys or second.foreign_keys,
        first.indexes or second.indexes,
        origins=first.origins,
    )
