"""Schemas of documents: their fields by path, as `new Schema({ … })` or as a class with `@Prop`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from headwater.catalog import fact_queries as q
from headwater.catalog import facts as f
from headwater.readers import CodeProject

_TYPES = {
    "String": "string",
    "Number": "number",
    "Boolean": "boolean",
    "Date": "date",
    "Buffer": "binary",
    "ObjectId": "objectId",
    "Mixed": "object",
    "Object": "object",
    "Map": "object",
    "Decimal128": "decimal",
    "BigInt": "long",
    "string": "string",
    "number": "number",
    "boolean": "boolean",
}
_MAX_DEPTH = 6


@dataclass(frozen=True)
class DocumentField:
    """A field of a document: its path, its type, the model that it refers to, and where it is declared."""

    path: str
    type: str
    required: bool
    ref: str
    start: int
    file: str


@dataclass
class DocumentSchema:
    """A schema: the variable or class that holds it, its fields, its options and the places that add to it."""

    file: str
    variable: str
    start: int
    fields: dict[str, DocumentField] = field(default_factory=dict)
    options: Mapping[str, f.Expr] = field(default_factory=dict)

    def add(self, item: DocumentField) -> None:
        """Add a field; one that is there already stays as it is."""
        self.fields.setdefault(item.path, item)


class SchemaReader:
    """Reads the definitions of schemas; names in them are resolved in the code base.

    `parts` are the classes that are parts of the documents of others.
    """

    def __init__(self, project: CodeProject) -> None:
        self._project = project
        self.parts: set[tuple[str, str]] = set()

    def read(self, file: str, variable: str, call: f.Call) -> DocumentSchema:
        """Return the schema that a call constructs."""
        schema = DocumentSchema(file, variable, call.start, options=q.options(q.argument(call, 1)))
        self._fields(schema, file, q.argument(call, 0), "", 0)
        return schema

    def of_class(self, file: str, stmt: f.Class, mark: f.Expr) -> DocumentSchema:
        """Return the schema of a class with `@Prop` fields."""
        schema = DocumentSchema(file, stmt.name, stmt.start, options=q.options(q.argument(mark, 0)))
        for where, owner in self._lineage(file, stmt):
            self._props(schema, where, owner, "", 0)
        return schema

    def _lineage(self, file: str, stmt: f.Class) -> Iterator[tuple[str, f.Class]]:
        for base in stmt.bases:
            known = self._project.resolve(file, q.dotted_name(base))
            if known and isinstance(known[1], f.Class):
                yield from self._lineage(known[0], known[1])
        yield file, stmt

    def _props(self, schema: DocumentSchema, file: str, stmt: f.Class, prefix: str, depth: int) -> None:
        for inner in stmt.body:
            prop = q.decorator(inner.decorators, "Prop") if isinstance(inner, f.Assign) else None
            if prop is None or not isinstance(inner, f.Assign):
                continue
            name, given = prefix + q.last_name(inner.targets[0]), q.argument(prop, 0)
            declared = inner.annotation
            while isinstance(declared, f.Subscript):
                declared = declared.index
            known = self._project.resolve(file, q.last_name(declared)) if q.last_name(declared) else None
            is_part = known and isinstance(known[1], f.Class) and self._is_document(known[1])
            if is_part and known and isinstance(known[1], f.Class) and not _ref_of(given) and depth < _MAX_DEPTH:
                self.parts.add((known[0], known[1].name))
                self._props(schema, known[0], known[1], f"{name}.", depth + 1)
            elif given is not None and not (isinstance(given, f.Mapping) and "type" not in q.options(given)):
                self._field(schema, file, name, given, inner.start, depth)
                schema.add(DocumentField(name, "", False, "", inner.start, file))
            else:
                kind, ref = _TYPES.get(q.last_name(declared), ""), _ref_of(given)
                required = q.literal_flag(q.options(given).get("required")) is True
                schema.add(DocumentField(name, kind, required, ref, inner.start, file))

    @staticmethod
    def _is_document(stmt: f.Class) -> bool:
        return any(isinstance(i, f.Assign) and q.decorator(i.decorators, "Prop") is not None for i in stmt.body)

    def _fields(self, schema: DocumentSchema, file: str, expr: f.Expr | None, prefix: str, depth: int) -> None:
        for where, entries in self._entries(file, expr, depth):
            for entry in entries:
                name = q.literal_text(entry.key)
                if name:
                    self._field(schema, where, prefix + name, entry.value, entry.start, depth)
                elif entry.key is None:
                    self._fields(schema, where, entry.value, prefix, depth + 1)

    def _entries(self, file: str, expr: f.Expr | None, depth: int) -> Iterator[tuple[str, tuple[f.DictEntry, ...]]]:
        """Yield the entries of an object, or of the schema or constant that a name stands for."""
        if isinstance(expr, f.Cast):
            expr = expr.value
        if isinstance(expr, f.Mapping):
            yield file, expr.entries
        elif isinstance(expr, f.Call) and q.called_name(expr) == "Schema":
            yield from self._entries(file, q.argument(expr, 0), depth)
        elif isinstance(expr, f.Attr) and expr.name == "obj":
            yield from self._entries(file, expr.value, depth)
        elif isinstance(expr, (f.Name, f.Attr)) and depth < _MAX_DEPTH:
            known = self._project.resolve(file, q.dotted_name(expr))
            if known and isinstance(known[1], f.Assign):
                yield from self._entries(known[0], known[1].value, depth + 1)

    def _field(self, schema: DocumentSchema, file: str, path: str, value: f.Expr, start: int, depth: int) -> None:
        spec = self._spec(file, value)
        options = q.options(spec)
        is_typed = "type" in options and "type" not in q.options(options["type"])
        kind = options["type"] if is_typed else spec
        kind = self._spec(file, kind)
        inner = next(self._entries(file, kind, depth + 1), None) if depth < _MAX_DEPTH else None
        if inner is not None and inner[1]:
            self._fields(schema, file, kind, f"{path}.", depth + 1)
            return
        name = q.last_name(kind) or (q.literal_text(kind) or "")
        required = q.literal_flag(options.get("required")) is True or isinstance(
            options.get("required"), f.SequenceExpr
        )
        ref = _ref_of(spec) or _ref_of(kind)
        schema.add(DocumentField(path, _TYPES.get(name, ""), required, ref, start, file))

    def _spec(self, file: str, value: f.Expr) -> f.Expr:
        """Return the definition of one item of a list, or of the field itself."""
        if isinstance(value, f.SequenceExpr) and len(value.items) == 1:
            return self._spec(file, value.items[0])
        return value.value if isinstance(value, f.Cast) else value


def _ref_of(expr: f.Expr | None) -> str:
    """Return the name of the model that a field refers to, or ""."""
    if isinstance(expr, f.SequenceExpr) and expr.items:
        return _ref_of(expr.items[0])
    ref = q.options(expr).get("ref")
    if isinstance(ref, f.Attr) and ref.name == "name":
        ref = ref.value
    return q.literal_text(ref) or q.last_name(q.returned_value(ref) or ref)
