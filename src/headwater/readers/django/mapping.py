"""Tables, columns and models of Django's model classes, and both ends of their relations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from headwater.catalog import fact_queries as q
from headwater.catalog.model import Column, ForeignKey, Index, Origin, Relation, Schema
from headwater.readers import Field, Model, Reading
from headwater.readers.django import contrib
from headwater.readers.django.classes import DjangoField, DjangoModel, ModelReader

_TYPES = {
    "AutoField": "integer",
    "BigAutoField": "bigint",
    "SmallAutoField": "smallint",
    "BigIntegerField": "bigint",
    "BinaryField": "bytea",
    "BooleanField": "boolean",
    "NullBooleanField": "boolean",
    "CharField": "varchar",
    "CommaSeparatedIntegerField": "varchar",
    "DateField": "date",
    "DateTimeField": "timestamp with time zone",
    "DecimalField": "numeric",
    "DurationField": "interval",
    "EmailField": "varchar",
    "FileField": "varchar",
    "FilePathField": "varchar",
    "FloatField": "double precision",
    "GenericIPAddressField": "inet",
    "IPAddressField": "inet",
    "ImageField": "varchar",
    "IntegerField": "integer",
    "JSONField": "jsonb",
    "PositiveBigIntegerField": "bigint",
    "PositiveIntegerField": "integer",
    "PositiveSmallIntegerField": "smallint",
    "SlugField": "varchar",
    "SmallIntegerField": "smallint",
    "TextField": "text",
    "TimeField": "time",
    "URLField": "varchar",
    "UUIDField": "uuid",
}


class ModelTables:
    """Maps models to tables."""

    def __init__(self, reader: ModelReader, sources: Mapping[str, bytes]) -> None:
        self._reader, self._sources = reader, sources
        self._concrete = {key: model for key, model in reader.models.items() if not model.is_abstract}
        self._fields = {key: reader.fields(model) for key, model in self._concrete.items()}
        self._contrib: set[str] = set()

    def reading(self) -> Reading:
        """Return the Schema and the models."""
        relations = [self._relation(model) for model in self._concrete.values() if not model.is_proxy]
        tables = {relation.name for relation in relations}
        relations += [table for table in self._join_tables() if table.name not in tables]
        models = [self._model(model) for model in self._concrete.values()]
        models += self._join_models(tables)
        known = sorted(name for name in self._contrib if contrib.model_of(name).table not in tables)
        models += map(self._contrib_model, known)
        relations += [contrib.relation_of(name) for name in known]
        return Reading(Schema(tuple(relations)), tuple(models))

    def _contrib_model(self, name: str) -> Model:
        model = contrib.model_of(name)
        fields = (*model.fields, *self._reverse_fields(model.key))
        return Model(model.key, model.name, model.reader, model.path, model.line, model.table, None, fields)

    # ----------------------------------------------------------- tables

    def _table(self, key: str) -> str:
        if key not in self._concrete:
            return contrib.model_of(key.rpartition(":")[2]).table
        model = self._concrete[key]
        parent = self._parent(model)
        if model.is_proxy and parent:
            return self._table(parent.key)
        return model.text("db_table") or f"{self._reader.app_label(model)}_{model.name.lower()}"

    def _parent(self, model: DjangoModel) -> DjangoModel | None:
        """Return the model with a table of its own that a model extends (multi-table inheritance, proxies)."""
        for base in self._reader.bases(model):
            if base.key in self._concrete:
                return base
            inner = self._parent(base)
            if inner:
                return inner
        return None

    def _key_columns(self, key: str) -> tuple[str, ...]:
        """Return the column of the primary key."""
        if key not in self._concrete:
            return (contrib.relation_of(key.rpartition(":")[2]).primary_key[0],)
        model = self._concrete[key]
        parent = self._parent(model)
        if model.is_proxy and parent:
            return self._key_columns(parent.key)
        own = next((field for field in self._fields[key] if field.is_key), None)
        if own:
            return (own.column,)
        return (f"{parent.name.lower()}_ptr_id",) if parent else ("id",)

    def _relation(self, model: DjangoModel) -> Relation:
        fields = self._fields[model.key]
        key = self._key_columns(model.key)
        origin = (self._origin(model.path, model.stmt.start),)
        columns = [self._column(model, field) for field in fields if field.has_column]
        foreign = [reference for field in fields if (reference := self._reference(model, field))]
        parent = self._parent(model)
        if not any(field.is_key for field in fields):
            columns.insert(0, Column(key[0], "bigint", False, identity=parent is None, origins=origin))
            if parent:
                foreign.insert(0, ForeignKey(key, self._table(parent.key), self._key_columns(parent.key)))
        unique = [field for field in fields if field.has_column and q.literal_flag(field.option("unique"))]
        return Relation(
            self._table(model.key),
            tuple({column.name: column for column in columns}.values()),
            primary_key=key,
            foreign_keys=tuple(foreign),
            indexes=tuple(Index(None, (field.column,), unique=True) for field in unique),
            origins=origin,
        )

    def _column(self, model: DjangoModel, field: DjangoField) -> Column:
        nullable = q.literal_flag(field.option("null")) is True or (field.call is None and field.name == "last_login")
        origin = (self._origin(field.path, field.start),)
        return Column(field.column, self._type(model, field), nullable, identity="Auto" in field.kind, origins=origin)

    def _type(self, model: DjangoModel, field: DjangoField) -> str:
        if field.is_relation:
            target = self._target(model, field)
            key = next((f for f in self._fields.get(target or "", ()) if f.is_key), None)
            return _TYPES.get(key.kind, "") if key else "bigint"
        size = getattr(field.option("max_length"), "text", "")
        kind = _TYPES.get(field.kind, "")
        return f"{kind}({size})" if kind == "varchar" and size.isdigit() else kind

    def _reference(self, model: DjangoModel, field: DjangoField) -> ForeignKey | None:
        target = self._target(model, field) if field.is_relation and not field.many else None
        return ForeignKey((field.column,), self._table(target), self._key_columns(target)) if target else None

    def _target(self, model: DjangoModel, field: DjangoField) -> str | None:
        """Return the key of the model that a relation leads to; models of django.contrib are added where used."""
        target = self._reader.target(model, field)
        if target in self._concrete:
            return target
        name = (target or "").rpartition(":")[2]
        if contrib.is_known(name):
            self._contrib.add(name)
            return contrib.key_of(name)
        return None

    def _links(self) -> Iterator[tuple[DjangoModel, DjangoField, str, tuple[str, str, str]]]:
        """Yield the many-to-many fields whose join tables Django makes, with their targets and links."""
        for key, model in self._concrete.items():
            for field in self._fields[key] if not model.is_proxy else ():
                link = self._link(model, field)
                target = self._target(model, field) if link else None
                if link is not None and target is not None and field.option("through") is None:
                    yield model, field, target, link

    def _join_tables(self) -> Iterator[Relation]:
        for model, field, target, (table, mine, theirs) in self._links():
            origin = (self._origin(field.path, field.start),)
            columns = [Column("id", "bigint", False, identity=True)]
            columns += [Column(name, "bigint", False) for name in (mine, theirs)]
            keys = ((mine, model.key), (theirs, target))
            foreign = tuple(ForeignKey((n,), self._table(k), self._key_columns(k)) for n, k in keys)
            yield Relation(table, tuple(columns), primary_key=("id",), foreign_keys=foreign, origins=origin)

    def _join_models(self, known: set[str]) -> Iterator[Model]:
        """Yield the models of the join tables: `Document.tags.through`."""
        for model, field, target, (table, mine, theirs) in self._links():
            if table in known:
                continue
            ends = ((mine, model.key), (theirs, target))
            fields = [Field("id", "id"), Field("pk", "id"), *(Field(name, name) for name, _ in ends)]
            fields += [Field(n.removesuffix("_id"), None, key, False, (n,), self._key_columns(key)) for n, key in ends]
            line = self._line(field.path, field.start)
            name = f"{model.name}_{field.name}"
            yield Model(f"{field.path}:{name}", name, "django", field.path, line, table, None, tuple(fields))

    def _link(self, model: DjangoModel, field: DjangoField) -> tuple[str, str, str] | None:
        """Return the join table of a many-to-many field, with its columns for this and the other side."""
        target = self._target(model, field) if field.many else None
        if target is None:
            return None
        through = field.option("through")
        middle = self._named(model, field, through) if through is not None else None
        if through is not None:
            return self._over(middle, model.key, target) if middle else None
        name = q.literal_text(field.option("db_table")) or f"{self._table(model.key)}_{field.name}"
        mine, theirs = model.name.lower(), target.rpartition(":")[2].lower()
        if target == model.key:
            return name, f"from_{mine}_id", f"to_{theirs}_id"
        return name, f"{mine}_id", f"{theirs}_id"

    def _named(self, model: DjangoModel, field: DjangoField, expr: object) -> str | None:
        text = q.literal_text(expr)  # type: ignore[arg-type]
        if text:
            return self._reader.named(model, text)
        name = q.last_name(expr)  # type: ignore[arg-type]
        return next((key for key, known in self._concrete.items() if known.name == name), None)

    def _over(self, middle: str, source: str, target: str) -> tuple[str, str, str] | None:
        model = self._concrete.get(middle)
        if model is None:
            return None
        ends = {self._target(model, f): f.column for f in self._fields[middle] if f.is_relation and not f.many}
        mine, theirs = ends.get(source), ends.get(target)
        return (self._table(middle), mine, theirs) if mine and theirs else None

    # ----------------------------------------------------------- models

    def _model(self, model: DjangoModel) -> Model:
        own = self._all_fields(model)
        line = self._line(model.path, model.stmt.start)
        inherited = self._inherited(model)
        return Model(
            model.key, model.name, "django", model.path, line, self._table(model.key), None, tuple(own), inherited
        )

    def _all_fields(self, model: DjangoModel) -> list[Field]:
        key = self._key_columns(model.key)
        fields: dict[str, Field] = {}
        if not any(field.is_key for field in self._fields[model.key]) and not model.is_proxy:
            fields["id"] = Field("id", key[0])
        fields["pk"] = Field("pk", key[0])
        for field in self._fields[model.key]:
            for item in self._own_fields(model, field):
                fields.setdefault(item.name, item)
        for item in self._reverse_fields(model.key):
            fields.setdefault(item.name, item)
        parent = self._parent(model)
        for item in self._all_fields(parent) if parent else ():
            if item.target or model.is_proxy:
                fields.setdefault(item.name, item)
        return list(fields.values())

    def _inherited(self, model: DjangoModel) -> dict[str, tuple[str, str]]:
        parent = self._parent(model)
        if parent is None or model.is_proxy:
            return {}
        own = {f.name: (self._table(parent.key), f.column) for f in self._all_fields(parent) if f.column}
        return {**self._inherited(parent), **own}

    def _own_fields(self, model: DjangoModel, field: DjangoField) -> Iterator[Field]:
        line = self._line(field.path, field.start)
        target = self._target(model, field) if field.is_relation else None
        if not field.is_relation:
            if field.has_column:
                yield Field(field.name, field.column, line=line)
            return
        if not field.many:
            yield Field(f"{field.name}_id", field.column, line=line)
        if target is None:
            yield Field(field.name, field.column if not field.many else None, line=line)
            return
        link = self._link(model, field)
        if link:
            local, remote = self._key_columns(model.key), self._key_columns(target)
            yield Field(field.name, None, target, True, local, remote, link[0], (link[1],), (link[2],), line=line)
        elif not field.many:
            yield Field(field.name, None, target, False, (field.column,), self._key_columns(target), line=line)

    def _reverse_fields(self, key: str) -> list[Field]:
        """Return the names under which the models that refer to this one are reached from it."""
        fields: list[Field] = []
        for other, model in self._concrete.items():
            for field in self._fields[other] if not model.is_proxy else ():
                if field.is_relation and self._target(model, field) == key:
                    fields += self._reverse(model, field, key)
        return fields

    def _reverse(self, model: DjangoModel, field: DjangoField, key: str) -> Iterator[Field]:
        low = model.name.lower()
        named = q.literal_text(field.option("related_name"))
        if named:
            named = named.replace("%(class)s", low).replace("%(app_label)s", self._reader.app_label(model))
        if named and named.endswith("+"):
            return
        is_one = field.kind == "OneToOneField"
        query = q.literal_text(field.option("related_query_name")) or named or low
        accessor = named or (low if is_one else f"{low}_set")
        link = self._link(model, field)
        for name in dict.fromkeys((accessor, query)):
            line = self._line(field.path, field.start)
            if link:
                local, remote = self._key_columns(key), self._key_columns(model.key)
                yield Field(name, None, model.key, True, local, remote, link[0], (link[2],), (link[1],), line=line)
            elif not field.many:
                yield Field(name, None, model.key, not is_one, self._key_columns(key), (field.column,), line=line)

    def _origin(self, path: str, start: int) -> Origin:
        return Origin(path, self._line(path, start))

    def _line(self, path: str, start: int) -> int:
        return q.line_of(self._sources[path], start) if path in self._sources else 0
