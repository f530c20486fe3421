"""Gives schemas of documents their collections, and the names in the code that stand for them their models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from headwater.catalog import fact_queries as q
from headwater.catalog import facts as f
from headwater.catalog.model import Column, Origin, Relation, Schema
from headwater.readers import CodeProject, Field, Model, Reading, SourceFile
from headwater.readers._inflections import rails
from headwater.readers.mongoose.schemas import DocumentSchema, SchemaReader

_MODELS = frozenset({"model", "discriminator"})
_UNCOUNTABLE = frozenset(
    {"advice", "energy", "excretion", "digestion", "cooperation", "health", "justice", "labour", "machinery"}
    | {"equipment", "information", "pollution", "sewage", "paper", "money", "species", "series", "rain", "rice"}
    | {"fish", "sheep", "moose", "deer", "news", "expertise", "status", "media"}
)


@dataclass(frozen=True)
class _DocumentModel:
    """A call of `model`: the names that hold it, its own name, its schema, and its type argument."""

    file: str
    names: tuple[str, ...]
    title: str
    collection: str
    schema: DocumentSchema
    start: int
    typed: str


class DocumentMapping:
    """The schemas and models of a set of files."""

    def __init__(self, project: CodeProject, files: Sequence[SourceFile]) -> None:
        self._project = project
        self._files = {file.path: file for file in files}
        self._reader = SchemaReader(project)
        self._schemas: dict[tuple[str, str], DocumentSchema] = {}
        self._models: list[_DocumentModel] = []
        for path in self._files:
            self._read_schemas(path)
        for path in self._files:
            module = project.module(path)
            body = module.body if module else ()
            named = {call.start: names for names, call in _calls(body)}
            for call in _model_calls(body):
                self._add_model(path, named.get(call.start, ()), call)
        self._add_classes()

    def _read_schemas(self, path: str) -> None:
        module = self._project.module(path)
        for stmt in module.body if module else ():
            if isinstance(stmt, f.Class) and (mark := q.decorator(stmt.decorators, "Schema")) is not None:
                self._schemas[path, stmt.name] = self._reader.of_class(path, stmt, mark)
        for names, call in _calls(module.body if module else ()):
            if q.called_name(call) == "Schema":
                for name in names:
                    self._schemas[path, name] = self._reader.read(path, name, call)

    def _add_model(self, path: str, names: tuple[str, ...], call: f.Call) -> None:
        title, given = q.literal_text(q.argument(call, 0)), q.argument(call, 1)
        schema = self._schema(path, given)
        if not title or schema is None:
            return
        named = q.literal_text(q.argument(call, 2)) or q.literal_text(schema.options.get("collection"))
        generic = call.func.index if isinstance(call.func, f.Subscript) else None
        typed = generic.items[0] if isinstance(generic, f.SequenceExpr) and generic.items else generic
        item = _DocumentModel(path, names, title, named or _collection(title), schema, call.start, q.last_name(typed))
        self._models.append(item)

    def _schema(self, path: str, expr: f.Expr | None) -> DocumentSchema | None:
        if isinstance(expr, f.Call) and q.called_name(expr) == "Schema":
            return self._reader.read(path, "", expr)
        name = q.dotted_name(expr)
        known = self._project.resolve(path, name) if name else None
        if known and isinstance(known[1], f.Assign):
            target = known[1].targets[0]
            return self._schemas.get((known[0], q.last_name(target)))
        return self._schemas.get((path, name))

    def _add_classes(self) -> None:
        """Add models of the classes that dependency injection gives: `Model<User>`."""
        known = {(model.schema.file, model.schema.variable) for model in self._models} | self._reader.parts
        for (path, name), schema in self._schemas.items():
            stmt = self._project.resolve(path, name)
            if (path, name) not in known and stmt and isinstance(stmt[1], f.Class):
                named = q.literal_text(schema.options.get("collection"))
                item = _DocumentModel(path, (name,), name, named or _collection(name), schema, schema.start, "")
                self._models.append(item)

    def reading(self) -> Reading:
        """Return the collections with their columns, and the models."""
        relations: dict[str, Relation] = {}
        for item in self._models:
            known = relations.get(item.collection)
            columns = {column.name: column for column in (known.columns if known else ())}
            columns |= {column.name: column for column in self._columns(item.schema) if column.name not in columns}
            origins = (Origin(item.schema.file, self._line(item.schema.file, item.schema.start)),)
            relations[item.collection] = Relation(
                item.collection, tuple(columns.values()), kind="collection", primary_key=("_id",), origins=origins
            )
        return Reading(Schema(tuple(relations.values())), tuple(self._all_models()))

    def _line(self, path: str, start: int) -> int:
        file = self._files.get(path) or next((file for file in self._project.files() if file.path == path), None)
        return q.line_of(file.source, start) if file else 0

    def _columns(self, schema: DocumentSchema) -> Iterator[Column]:
        origin = (Origin(schema.file, self._line(schema.file, schema.start)),)
        if "_id" not in schema.fields:
            yield Column("_id", "objectId", nullable=False, origins=origin)
        for item in schema.fields.values():
            place = (Origin(item.file, self._line(item.file, item.start)),)
            yield Column(item.path, item.type, nullable=not item.required, origins=place)
        for name in _stamps(schema):
            yield Column(name, "date", origins=origin)

    def _all_models(self) -> Iterator[Model]:
        targets = {item.title: next(self._keys(item), "") for item in reversed(self._models)}
        seen: set[str] = set()
        for item in self._models:
            for key in self._keys(item):
                if key not in seen:
                    seen.add(key)
                    line = self._line(item.file, item.start)
                    fields = tuple(self._fields(item, targets))
                    yield Model(key, item.title, "mongoose", item.file, line, item.collection, fields=fields)

    def _keys(self, item: _DocumentModel) -> Iterator[str]:
        """Yield the keys of the names for a model: its variables, its schema, the type of its documents."""
        yield from (f"{item.file}:{name}" for name in item.names)
        if item.schema.variable:
            yield f"{item.schema.file}:{item.schema.variable}"
        known = self._project.resolve(item.file, item.typed) if item.typed else None
        if known and isinstance(known[1], (f.Class, f.Assign)):
            yield f"{known[0]}:{item.typed}"

    def _fields(self, item: _DocumentModel, targets: dict[str, str]) -> Iterator[Field]:
        for column in self._columns(item.schema):
            declared = item.schema.fields.get(column.name)
            refers = targets.get(declared.ref) if declared else None
            yield Field(column.name, column.name, line=column.origins[0].line, refers=refers)
        yield Field("id", "_id")


def _stamps(schema: DocumentSchema) -> tuple[str, ...]:
    wish = schema.options.get("timestamps")
    if wish is None or q.literal_flag(wish) is False:
        return ()
    names = q.options(wish)
    pairs = ((key, names.get(key)) for key in ("createdAt", "updatedAt"))
    return tuple(q.literal_text(value) or key for key, value in pairs if q.literal_flag(value) is not False)


def _collection(title: str) -> str:
    """Return the collection of a model: its name in lower case, in the plural."""
    name = title.lower()
    return name if name in _UNCOUNTABLE else rails().plural(name)


def _calls(body: Sequence[f.Stmt]) -> Iterator[tuple[tuple[str, ...], f.Call]]:
    """Yield the calls at the top level of a file, with the names that hold their values."""
    aliases: dict[str, list[str]] = {}
    for stmt in body:
        if isinstance(stmt, f.Assign) and isinstance(stmt.value, f.Name):
            aliases.setdefault(stmt.value.id, []).append(q.last_name(stmt.targets[0]))
    for stmt in body:
        value = stmt.value if isinstance(stmt, (f.Assign, f.Do)) else None
        for call in _parts(value):
            names = [q.last_name(target) for target in stmt.targets] if isinstance(stmt, f.Assign) else []
            yield (*names, *(alias for name in names for alias in aliases.get(name, ()))), call


def _model_calls(body: tuple[f.Stmt, ...]) -> list[f.Call]:
    """Return the calls of `model` in a file, also those in functions: `conn => conn.model("User", schema)`."""
    made = (call for call in q.calls(body) if q.called_name(call) in _MODELS and len(call.args) > 1)
    return sorted(made, key=lambda call: call.start)


def _parts(value: f.Expr | None) -> Iterator[f.Call]:
    """Yield a call, also one among alternatives: `models.User || model("User", schema)`."""
    if isinstance(value, f.Cast):
        yield from _parts(value.value)
    elif isinstance(value, f.Binary) and value.op in ("||", "??"):
        yield from _parts(value.left)
        yield from _parts(value.right)
    elif isinstance(value, f.Choice):
        yield from _parts(value.then)
        yield from _parts(value.otherwise)
    elif isinstance(value, f.Call):
        yield value
