"""What the interpretation of one file may know about all others: symbols, models, foreign keys, summaries.

An Index can be pickled and stays small: it contains no function bodies, only what they return and do (`Summary`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from headwater import readers
from headwater.catalog import facts as f
from headwater.catalog.model import Column, Relation, Schema
from headwater.catalog.names import words
from headwater.core.lineage.orm.values import ClassValue, Value, Variable
from headwater.core.lineage.symbols import External, Found, Symbol, Symbols, members
from headwater.readers import Field, Model, Reading, Vocabulary

Bindings = dict[str, Value]
_GENERIC = frozenset({"Generic", "Protocol"})


class Effect(msgspec.Struct, frozen=True, gc=False):
    """The effect of a function on its parameters: keys of `mapping` are columns of `target`, in this role."""

    target: str
    mapping: str
    role: str


class Summary(msgspec.Struct, frozen=True):
    """What a signature does not say: the return value, the effects on mappings, the callers' arguments.

    `shapes` are what its callers use its return value as.
    """

    returns: Value = None
    effects: tuple[Effect, ...] = ()
    parameters: dict[str, Value] = {}
    shapes: tuple[Value, ...] = ()


class Signature(msgspec.Struct, frozen=True):
    """The declared types of a function: parameters that mention type variables, and the return type."""

    patterns: tuple[tuple[str, Value], ...]
    returns: Value
    shaped: tuple[tuple[str, Value], ...] = ()


class ClassInfo(msgspec.Struct, frozen=True):
    """A class with its bases resolved; `outside` names bases outside the code base."""

    path: str
    name: str
    stmt: f.Class
    params: tuple[str, ...]
    bases: tuple[tuple[str, str, tuple[f.Expr, ...]], ...]
    outside: tuple[str, ...]
    members: dict[str, f.Stmt]


class CodeIndex:
    """Immutable except for its cache, which is not sent to other processes."""

    def __init__(
        self,
        symbols: Symbols,
        models: Mapping[str, Model],
        relations: Mapping[str, Relation],
        vocabularies: Mapping[str, Vocabulary],
        summaries: Mapping[tuple[str, str], Summary],
    ) -> None:
        self.symbols, self.models, self.relations = symbols, models, relations
        self.vocabularies, self.summaries = vocabularies, summaries
        self.language = merged(vocabularies.values())
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
        self.by_words = _by_words(models)
        self._lines: dict[tuple[str, str], tuple[ClassInfo, ...]] = {}
        self.mixins = self._mixins()

    def __reduce__(self) -> tuple[object, ...]:
        # Vocabularies are looked up by name in other processes: they are code, and sets have no stable order.
        return _restore, (self.symbols, self.models, self.relations, tuple(self.vocabularies), self.summaries)

    def with_summaries(self, summaries: Mapping[tuple[str, str], Summary]) -> CodeIndex:
        """Return the same index with the summaries of these functions."""
        return CodeIndex(self.symbols, self.models, self.relations, self.vocabularies, summaries)

    def slim(self) -> CodeIndex:
        """Return the same index without function bodies, for other processes."""
        relations = {
            name: Relation(
                name,
                tuple(Column(column.name) for column in relation.columns),
                primary_key=relation.primary_key,
                foreign_keys=relation.foreign_keys,
            )
            for name, relation in self.relations.items()
        }
        symbols = self.symbols.slim(self.language.languages)
        return CodeIndex(symbols, self.models, relations, self.vocabularies, self.summaries)

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
                if isinstance(stmt, f.Function) and any(dotted(d).endswith(f".{loader}") for d in stmt.decorators):
                    return path, name
        return None

    def is_shaped(self, model: str) -> bool:
        """Return True if a model is queried with option objects, through a client."""
        vocabulary = self.vocabularies.get(self.models[model].reader)
        return vocabulary is not None and bool(vocabulary.client)

    def is_library(self, name: str) -> bool:
        """Return True if a name from outside the code base belongs to the ORM, also in generated code."""
        packages = self.language.packages
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

    def owner_of(self, model: str, column: str) -> tuple[str, str] | None:
        """Return the (table, column) of a relationship's column name on a model."""
        known = self.models.get(model)
        if known is None:
            return None
        relation = self.relations.get(known.table)
        if relation is None or relation.column(column):
            return known.table, column
        return next((p for p in known.inherited.values() if p[1] == column), (known.table, column))

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
            classes: dict[tuple[str, str], ClassInfo] = {}
            queue = [key]
            while queue:
                current = queue.pop(0)
                info = self.class_info(*current)
                if info and (info.path, info.name) not in classes:
                    classes[info.path, info.name] = info
                    queue.extend((base[0], base[1]) for base in info.bases)
            self._lines[key] = tuple(classes.values())
        return self._lines[key]

    def member(self, path: str, name: str, member: str) -> tuple[ClassInfo, f.Stmt] | None:
        """Return where a class or an ancestor defines a member."""
        for info in self.lineage(path, name):
            stmt = info.members.get(member)
            if stmt is not None:
                return info, stmt
        return None

    def is_session(self, path: str, name: str) -> bool:
        """Return True if a class inherits from a session of the ORM."""
        kinds = self.language.types
        return any(
            kinds.get(outside.rsplit(".", 1)[-1]) == "session"
            for info in self.lineage(path, name)
            for outside in info.outside
        )

    def _read_class(self, symbol: Found, stmt: f.Class) -> ClassInfo:
        params: list[str] = []
        mentioned: list[str] = []
        bases: list[tuple[str, str, tuple[f.Expr, ...]]] = []
        outside: list[str] = []
        for base in stmt.bases:
            head, args = (base.value, arguments(base)) if isinstance(base, f.Subscript) else (base, ())
            name = dotted(head)
            names = [arg.id for arg in args if isinstance(arg, f.Name)]
            if name.rsplit(".", 1)[-1] in _GENERIC:
                params.extend(names)
                continue
            mentioned.extend(name for name in names if self._is_variable(symbol.path, name))
            target = self.symbols.lookup(symbol.path, name) if name else None
            if isinstance(target, Found) and isinstance(target.stmt, f.Class):
                bases.append((target.path, target.name, args))
            else:
                outside.append(target.name if isinstance(target, External) else name)
        ordered = tuple(dict.fromkeys(params or mentioned))
        return ClassInfo(symbol.path, symbol.name, stmt, ordered, tuple(bases), tuple(outside), dict(members(stmt)))

    def _is_variable(self, path: str, name: str) -> bool:
        symbol: Symbol | None = self.symbols.lookup(path, name)
        if symbol is None:
            return len(name) <= 2 or name.isupper() or name.endswith(("T", "_co", "Type"))
        return isinstance(symbol, Found) and is_type_variable(symbol.stmt)


def from_readings(symbols: Symbols, readings: Mapping[str, Reading], schema: Schema) -> CodeIndex:
    """Return the index of a code base, by reader name, before any function is summarised.

    Args:
        symbols: the symbol table.
        readings: the result of each reader, by module name.
        schema: the merged Schema of all readings.
    """
    models = {model.key: model for reading in readings.values() for model in reading.models}
    used = {model.reader.casefold() for model in models.values()} | {name for name, r in readings.items() if r.models}
    return CodeIndex(symbols, models, {relation.name: relation for relation in schema}, _vocabularies(used), {})


def _vocabularies(used: Iterable[str]) -> dict[str, Vocabulary]:
    wanted = set(used)
    return {
        name: vocabulary
        for name, reader in readers.all_readers().items()
        if name in wanted and isinstance(vocabulary := getattr(reader, "VOCABULARY", None), Vocabulary)
    }


def _restore(
    symbols: Symbols,
    models: Mapping[str, Model],
    relations: Mapping[str, Relation],
    vocabularies: tuple[str, ...],
    summaries: Mapping[tuple[str, str], Summary],
) -> CodeIndex:
    return CodeIndex(symbols, models, relations, _vocabularies(vocabularies), summaries)


def merged(vocabularies: Iterable[Vocabulary]) -> Vocabulary:
    """Return one vocabulary that combines several; the first definition of a word is used."""
    parts = list(vocabularies)
    if len(parts) < 2:
        return parts[0] if parts else Vocabulary()
    fields: dict[str, object] = {}
    for name in Vocabulary.__struct_fields__:
        values = [getattr(part, name) for part in parts]
        if isinstance(values[0], dict):
            fields[name] = {key: value for each in reversed(values) for key, value in each.items()}
        elif isinstance(values[0], frozenset):
            fields[name] = frozenset().union(*values)
        elif isinstance(values[0], tuple):
            fields[name] = tuple(dict.fromkeys(item for value in values for item in value))
        else:
            fields[name] = next((value for value in values if value != type(value)()), values[0])
    return Vocabulary(**fields)  # type: ignore[arg-type]


def singular(name: str) -> tuple[str, ...]:
    """Return the words of a name, the last one without its plural s."""
    *rest, last = words(name) or ("",)
    return (*rest, last[:-1] if len(last) > 3 and last.endswith("s") and not last.endswith("ss") else last)


def _by_words(models: Mapping[str, Model]) -> dict[tuple[str, ...], str]:
    """Return the models whose name is unique."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for key, model in models.items():
        groups.setdefault(singular(model.name), []).append(key)
    return {name: keys[0] for name, keys in groups.items() if len(keys) == 1}


def dotted(expr: f.Expr | None) -> str:
    """Return `a.b.c` as text, or "" for other expressions."""
    if isinstance(expr, f.Name):
        return expr.id
    if isinstance(expr, f.Attr):
        before = dotted(expr.value)
        return f"{before}.{expr.name}" if before else ""
    return ""


def arguments(index: f.Subscript) -> tuple[f.Expr, ...]:
    """Return the arguments of a generic type."""
    return index.index.items if isinstance(index.index, f.SequenceExpr) else (index.index,)


def is_type_variable(stmt: f.Stmt) -> bool:
    """Return True if a statement declares a type variable."""
    value = stmt.value if isinstance(stmt, f.Assign) else None
    return isinstance(value, f.Call) and dotted(value.func).rsplit(".", 1)[-1] in ("TypeVar", "ParamSpec")


def parameters_of(info: ClassInfo, args: tuple[Value, ...]) -> Bindings:
    """Bind a class's type parameters to arguments; the others stay unbound."""
    filled = (*args, *(Variable(name) for name in info.params[len(args) :]))
    return dict(zip(info.params, filled, strict=False))


def class_of(index: CodeIndex, model: str) -> ClassValue | None:
    """Return the class of a model, or None if it is a Table object or declared outside the code."""
    path, _, name = model.rpartition(":")
    return ClassValue(path, name) if index.class_info(path, name) else None
