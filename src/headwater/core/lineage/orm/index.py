"""What the interpretation of one file may know about all others: symbols, models, foreign keys, summaries.

An Index can be pickled and stays small: it contains no function bodies, only what they return and do (`Summary`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property

from headwater.catalog import facts as f
from headwater.catalog.fact_queries import dotted_name
from headwater.catalog.model import Relation, Schema
from headwater.core.lineage.file_names import members
from headwater.core.lineage.orm.model_names import by_words, named_in
from headwater.core.lineage.orm.signatures import Bindings, ClassInfo, Signature, Summary
from headwater.core.lineage.orm.syntax import arguments, is_type_variable
from headwater.core.lineage.orm.values import ClassValue, InstanceValue, Object, Value, Variable
from headwater.core.lineage.orm.vocabularies import merged, vocabularies_of, words_of_language
from headwater.core.lineage.symbols import External, Found, Symbol, Symbols
from headwater.readers import Field, Model, Vocabulary

_TEMPLATE = re.compile(r"T[A-Z]\w*")  # `TEntity`, as in doc comments of PHP
_GENERIC = frozenset({"Generic", "Protocol"})


class CodeIndex:
    """Immutable except for its cache, which is not sent to other processes."""

    def __init__(
        self,
        symbols: Symbols,
        models: Mapping[str, Model],
        relations: Mapping[str, Relation],
        vocabularies: Mapping[str, Vocabulary],
        summaries: Mapping[tuple[str, str], Summary],
        routed: frozenset[str] = frozenset(),
    ) -> None:
        self.symbols, self.models, self.relations = symbols, models, relations
        self.vocabularies, self.summaries = vocabularies, summaries
        self.spoken = frozenset().union(*(vocabulary.languages for vocabulary in vocabularies.values()))
        self.routed, self.languages = routed, self.spoken | routed
        self._words: dict[str, Vocabulary] = {}
        self._embedded: dict[str, frozenset[str]] = {}
        self._words_of: dict[str, Vocabulary] = {}
        self.fields: dict[str, dict[str, Field]] = {
            key: {field.name: field for field in model.fields} for key, model in models.items()
        }
        # Clients name a model's delegate like the model, with a lower-case first letter.
        self.delegates: dict[str, str] = {
            model.name[:1].lower() + model.name[1:]: key for key, model in models.items() if self.is_shaped(key)
        }
        self.values: dict[tuple[str, str], Value] = {}
        self.attributes: dict[tuple[str, str, str], Value] = {}
        self.signatures: dict[tuple[str, str], Signature] = {}
        self._classes: dict[tuple[str, str], ClassInfo | None] = {}
        self.by_words = by_words(models)
        self._lines: dict[tuple[str, str], tuple[ClassInfo, ...]] = {}
        self.mixins = self._mixins()

    def __reduce__(self) -> tuple[object, ...]:
        # Vocabularies are looked up by name in other processes: they are code, and sets have no stable order.
        names, routed = tuple(self.vocabularies), tuple(sorted(self.routed))
        return _restore, (self.symbols, self.models, self.relations, names, self.summaries, routed)

    def _mixins(self) -> frozenset[tuple[str, str]]:
        """Return the classes that models inherit from without being models."""
        mixins: set[tuple[str, str]] = set()
        for key in self.models:
            path, _, name = key.rpartition(":")
            mixins |= {(info.path, info.name) for info in self.lineage(path, name)}
        return frozenset(mixin for mixin in mixins if f"{mixin[0]}:{mixin[1]}" not in self.models)

    def current_user(self, loader: str) -> tuple[str, str] | None:
        """Return the function that loads the signed-in user, by its decorator, as (path, name)."""
        for path, file in self.symbols.files.items():
            for name, stmt in file.names.items():
                if isinstance(stmt, f.Function) and any(dotted_name(d).endswith(f".{loader}") for d in stmt.decorators):
                    return path, name
        return None

    def is_shaped(self, model: str) -> bool:
        """Return True if a model is queried with option objects, through a client."""
        vocabulary = self.vocabularies.get(self.models[model].reader)
        return vocabulary is not None and bool(vocabulary.client)

    def language(self, path: str) -> str:
        """Return the language of a file, or "" if it is not known."""
        file = self.symbols.files.get(path)
        return file.language if file else ""

    def words(self, path: str) -> Vocabulary:
        """Return the vocabulary of the ORMs in use that can be used in the language of a file."""
        language = self.language(path)
        if language not in self._words:
            self._words[language] = words_of_language(self.vocabularies, language)
        return self._words[language]

    def words_of(self, model: str) -> Vocabulary:
        """Return the vocabulary for queries and rows of a model: its own ORM's, then those of others in its place."""
        known = self.models[model]
        if model not in self._words_of:
            own = self.vocabularies.get(known.reader)
            languages = own.languages if own else frozenset()
            others = (v for v in self.vocabularies.values() if v is not own and v.languages & languages)
            known_words = (own, *others) if own else self.vocabularies.values()
            self._words_of[model] = merged(known_words)
        return self._words_of[model]

    @cached_property
    def schema(self) -> Schema:
        """All tables, for resolving SQL."""
        return Schema(tuple(self.relations.values()))

    @cached_property
    def _by_table(self) -> dict[str, tuple[str, ...]]:
        tables: dict[str, tuple[str, ...]] = {}
        for key, model in self.models.items():
            tables[model.table.casefold()] = (*tables.get(model.table.casefold(), ()), key)
        return tables

    @cached_property
    def registered(self) -> dict[str, str]:
        """The models that are attributes of an object which holds all of them, by name."""
        held = {key: model for key, model in self.models.items() if self.words_of(key).registry}
        return {name: key for key in by_words(held).values() if (name := held[key].name)}

    def of_table(self, name: str) -> tuple[str, ...]:
        """Return the models of a table."""
        return self._by_table.get(name.casefold(), ())

    def repository_model(self, path: str, name: str) -> tuple[ClassInfo, f.Expr] | None:
        """Return the type that a repository class of the code base stores, and the class that says so."""
        kinds = self.words(path).types
        for info in self.lineage(path, name):
            for outside, types in zip(info.outside, info.outside_args, strict=False):
                if types and kinds.get(outside.rsplit(".", 1)[-1]) == "repository":
                    return info, types[0]
        return None

    def is_repository(self, path: str, name: str) -> bool:
        """Return True if a class of the code base is a repository, a manager, or a queryset."""
        kinds = self.words(path).types
        outside = (base for info in self.lineage(path, name) for base in info.outside)
        return any(kinds.get(base.rsplit(".", 1)[-1]) == "repository" for base in outside)

    def stored_in(self, path: str, name: str) -> tuple[str, ...]:
        """Return the models that have an instance of a repository class as an attribute."""
        return self.repositories.get((path, name), ())

    @cached_property
    def repositories(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """The repository classes that models name or hold, with these models."""
        repositories: dict[tuple[str, str], tuple[str, ...]] = {}
        for key in self.models:
            path, _, name = key.rpartition(":")
            info = self.class_info(path, name) if path in self.symbols.files else None
            made = (base for stmt in info.members.values() for base in _constructed(stmt)) if info else ()
            for base in (*made, *(named_in(info.stmt.decorators) if info else ())):
                known = self.class_info(path, base)
                if known and self.is_repository(known.path, known.name):
                    place = (known.path, known.name)
                    repositories[place] = (*repositories.get(place, ()), key)
        return repositories

    def named_column(self, model: str, name: str) -> tuple[str, str] | None:
        """Return the physical (table, column) of an attribute's or a column's name."""
        column = self.column_of(model, name)
        if column is None:
            relation = self.relations.get(self.models[model].table)
            physical = relation.column(name) if relation else None
            column = (relation.name, physical.name) if relation and physical else None
        return column

    def is_library(self, path: str, name: str) -> bool:
        """Return True if a name from outside the code base belongs to an ORM of a file, also in generated code."""
        packages = self.words(path).packages
        return name.startswith(packages) or any(part in packages for part in self._parts(name))

    @staticmethod
    def _parts(name: str) -> list[str]:
        return ["@" + part for part in name.split("/")[1:-1]] if "/" in name else []

    def column_of(self, model: str, attribute: str) -> tuple[str, str] | None:
        """Return the physical (table, column) of a model's attribute, or None if it is not a column."""
        known = self.models.get(model)
        if known is None:
            return None
        field = self.fields[model].get(attribute)
        if field is not None:
            return (known.table, field.column) if field.column else None
        return known.inherited.get(attribute)

    def embedded(self, model: str) -> frozenset[str]:
        """Return the paths of objects that a row of a model contains, as its dotted attributes name them."""
        if model not in self._embedded:
            dotted_names = (name for name in self.fields.get(model, ()) if "." in name)
            self._embedded[model] = frozenset(n[:at] for n in dotted_names for at, c in enumerate(n) if c == ".")
        return self._embedded[model]

    def owner_of(self, model: str, column: str) -> tuple[str, str] | None:
        """Return the (table, column) of a relationship's column name on a model."""
        known = self.models.get(model)
        if known is None:
            return None
        relation = self.relations.get(known.table)
        if relation is None or relation.column(column):
            return known.table, column
        return next((p for p in known.inherited.values() if p[1] == column), (known.table, column))

    def refers(self, model: str, field: Field) -> bool:
        """Return True if the foreign key of a relationship is in one of the model's own tables."""
        target = self.models.get(field.target or model)
        relations = (self.relations.get(table) for table in self.tables(model))
        keys = (key for relation in relations if relation for key in relation.foreign_keys)
        return target is not None and any(
            key.ref_table == target.table and set(field.local) <= set(key.columns) for key in keys
        )

    def tables(self, model: str) -> tuple[str, ...]:
        """Return a model's table and those of the classes that it inherits columns from, its own first."""
        known = self.models.get(model)
        if known is None:
            return ()
        return tuple(dict.fromkeys((known.table, *(table for table, _ in known.inherited.values()))))

    def class_info(self, path: str, name: str) -> ClassInfo | None:
        """Return a class of the code base with its bases resolved."""
        key = (path, name)
        if key not in self._classes:
            self._classes[key] = None
            symbol = self.symbols.lookup(path, name)
            if isinstance(symbol, Found) and isinstance(symbol.stmt, f.Class):
                self._classes[key] = self._read_class(symbol, symbol.stmt)
        return self._classes[key]

    def lineage(self, path: str, name: str) -> tuple[ClassInfo, ...]:
        """Return a class and its ancestors in the order in which members are looked for."""
        key = (path, name)
        if key not in self._lines:
            classes: dict[tuple[str, str], tuple[ClassInfo, ...]] = {}
            queue = [key]
            while queue:
                current = queue.pop(0)
                info = self.class_info(*current)
                if info and (info.path, info.name) not in classes:
                    parts = classes[info.path, info.name] = (info, *self._extensions(info))
                    queue.extend((base[0], base[1]) for part in parts for base in part.bases)
            self._lines[key] = tuple(part for parts in classes.values() for part in parts)
        return self._lines[key]

    def _extensions(self, info: ClassInfo) -> Iterator[ClassInfo]:
        for part in self.symbols.extensions(info.path, info.name):
            if isinstance(part.stmt, f.Class):
                yield self._read_class(part, part.stmt)

    def member(self, path: str, name: str, member: str) -> tuple[ClassInfo, f.Stmt] | None:
        """Return where a class or an ancestor defines a member."""
        for info in self.lineage(path, name):
            stmt = info.members.get(member)
            if stmt is not None:
                return info, stmt
        return None

    def is_query(self, path: str, name: str) -> bool:
        """Return True if a class is a query of the ORM itself, which it embeds or inherits from."""
        kinds = self.words(path).types
        return any(
            kinds.get(outside.rsplit(".", 1)[-1]) == "query"
            for info in self.lineage(path, name)
            for outside in info.outside
            if self.is_library(path, outside)
        )

    def is_session(self, path: str, name: str) -> bool:
        """Return True if a class inherits from a session of the ORM."""
        kinds = self.words(path).types
        return any(
            kinds.get(outside.rsplit(".", 1)[-1]) == "session"
            for info in self.lineage(path, name)
            for outside in info.outside
        )

    def _read_class(self, symbol: Found, stmt: f.Class) -> ClassInfo:
        params: list[str] = []
        mentioned: list[str] = []
        bases: list[tuple[str, str, tuple[f.Expr, ...]]] = []
        outside: list[tuple[str, tuple[f.Expr, ...]]] = []
        for base in stmt.bases:
            head, args = (base.value, arguments(base)) if isinstance(base, f.Subscript) else (base, ())
            name = dotted_name(head)
            names = [arg.id for arg in args if isinstance(arg, f.Name)]
            if name.rsplit(".", 1)[-1] in _GENERIC:
                params.extend(names)
                continue
            mentioned.extend(name for name in names if self._is_variable(symbol.path, name))
            target = self.symbols.lookup(symbol.path, name) if name else None
            if isinstance(target, Found) and isinstance(target.stmt, f.Class):
                bases.append((target.path, target.name, args))
            else:
                outside.append((target.name if isinstance(target, External) else name, args))
        ordered = tuple(dict.fromkeys(params or mentioned))
        inner: dict[str, f.Stmt] = {**members(stmt)}
        beyond, given = tuple(base for base, _ in outside), tuple(types for _, types in outside)
        return ClassInfo(symbol.path, symbol.name, stmt, ordered, tuple(bases), beyond, inner, given)

    def _is_variable(self, path: str, name: str) -> bool:
        symbol: Symbol | None = self.symbols.lookup(path, name)
        if symbol is None:
            is_named_so = name.isupper() or name.endswith(("T", "_co", "Type")) or _TEMPLATE.fullmatch(name)
            return len(name) <= 2 or bool(is_named_so)
        return isinstance(symbol, Found) and is_type_variable(symbol.stmt)


def _restore(
    symbols: Symbols,
    models: Mapping[str, Model],
    relations: Mapping[str, Relation],
    vocabularies: tuple[str, ...],
    summaries: Mapping[tuple[str, str], Summary],
    routed: tuple[str, ...],
) -> CodeIndex:
    return CodeIndex(symbols, models, relations, vocabularies_of(vocabularies), summaries, frozenset(routed))


def _constructed(stmt: f.Stmt) -> Iterator[str]:
    """Yield the classes that an attribute is constructed of: `objects = Active.from_queryset(Rows)()`."""
    expr = stmt.value if isinstance(stmt, f.Assign) else None
    while isinstance(expr, f.Call):
        yield from (name for arg in expr.args if (name := dotted_name(arg)))
        if name := dotted_name(expr.func):
            yield name
            yield name.rpartition(".")[0]
        expr = expr.func.value if isinstance(expr.func, f.Attr) else expr.func


def parameters_of(info: ClassInfo, args: tuple[Value, ...]) -> Bindings:
    """Bind a class's type parameters to arguments; the others stay unbound."""
    filled = (*args, *(Variable(name) for name in info.params[len(args) :]))
    return dict(zip(info.params, filled, strict=False))


def own_of(index: CodeIndex, path: str, name: str) -> Value:
    """Return the value of `self` in the methods of a class, or of a part of a class, that is defined in a file."""
    symbol = index.symbols.lookup(path, name)
    if isinstance(symbol, Found) and isinstance(symbol.stmt, f.Class):
        path, name = symbol.path, symbol.name
    key = f"{path}:{name}"
    if key in index.models and class_of(index, key):
        return InstanceValue(key, f"It is a method of {name.rsplit('.', 1)[-1]}.")
    return Object(path, name)


def class_of(index: CodeIndex, model: str) -> ClassValue | None:
    """Return the class of a model, or None if it is a Table object or declared outside the code."""
    path, _, name = model.rpartition(":")
    return ClassValue(path, name) if index.class_info(path, name) else None
