"""Tables, columns and keys of Sequelize models, and both ends of their associations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from headwater.catalog import fact_queries as q
from headwater.catalog import facts as f
from headwater.catalog.model import Column, ForeignKey, Index, Origin, Relation, Schema
from headwater.catalog.names import camel, snake
from headwater.readers import Field, Model, Reading
from headwater.readers._inflections import rails
from headwater.readers.sequelize.definitions import Association, Definition, ModelAttribute, ModelDefinitions

_TYPES = {
    "ARRAY": "array",
    "BIGINT": "bigint",
    "BLOB": "bytea",
    "BOOLEAN": "boolean",
    "CHAR": "char",
    "CITEXT": "citext",
    "DATE": "timestamp with time zone",
    "DATEONLY": "date",
    "DECIMAL": "numeric",
    "DOUBLE": "double precision",
    "ENUM": "enum",
    "FLOAT": "double precision",
    "GEOMETRY": "geometry",
    "INET": "inet",
    "INTEGER": "integer",
    "JSON": "json",
    "JSONB": "jsonb",
    "MEDIUMINT": "integer",
    "REAL": "real",
    "SMALLINT": "smallint",
    "STRING": "varchar(255)",
    "TEXT": "text",
    "TIME": "time",
    "TINYINT": "smallint",
    "UUID": "uuid",
}


class _Key(msgspec.Struct, frozen=True):
    """A foreign key that an association adds to a table."""

    attribute: str
    column: str
    target: str
    start: int
    path: str
    on_delete: str | None = None
    constrained: bool = True


class SequelizeTables:
    """Maps definitions to tables."""

    def __init__(self, definitions: ModelDefinitions, sources: Mapping[str, bytes]) -> None:
        self._definitions, self._sources = definitions, sources
        self._english = rails()
        self._models = definitions.models
        self._keys: dict[str, list[_Key]] = {key: [] for key in self._models}
        self._links: dict[str, tuple[str, str, str]] = {}
        for association in definitions.associations:
            self._add_key(association)

    def reading(self) -> Reading:
        """Return the Schema and the models."""
        tables = {key: self._relation(model) for key, model in self._models.items()}
        own = {relation.name for relation in tables.values()}
        joins = [table for table in self._join_tables() if table.name not in own]
        return Reading(Schema((*tables.values(), *joins)), tuple(map(self._model, self._models.values())))

    # ------------------------------------------------------------ names

    def _flag(self, model: Definition, option: str, default: bool) -> bool:
        for options in (model.options, self._definitions.defaults):
            value = q.literal_flag(options.get(option))
            if value is not None:
                return value
        return default

    def _table(self, model: Definition) -> str:
        own = q.literal_text(model.options.get("tableName"))
        if own or self._flag(model, "freezeTableName", False):
            return own or model.name
        plural = self._english.plural(model.name)
        return snake(plural) if self._flag(model, "underscored", False) else plural

    def _column_name(self, model: Definition, attribute: ModelAttribute) -> str:
        own = q.literal_text(attribute.options().get("field"))
        return own or (snake(attribute.name) if self._flag(model, "underscored", False) else attribute.name)

    def _primary(self, model: Definition) -> list[tuple[str, str]]:
        """Return the attributes of the primary key with their columns; `id` is added where there is none."""
        keys = [a for a in model.attributes if a.is_true("primaryKey", "PrimaryKey")]
        return [(a.name, self._column_name(model, a)) for a in keys] or [("id", "id")]

    # ----------------------------------------------------- associations

    def _ends(self, association: Association) -> tuple[Definition, Definition] | None:
        source = self._definitions.named(association.source)
        target = self._definitions.named(association.target)
        return (source, target) if source and target else None

    def _foreign_name(self, association: Association, named: Definition, option: str = "foreignKey") -> str:
        """Return the attribute of a foreign key: as declared, or made of a name and the key that it refers to."""
        value = association.options.get(option)
        declared = q.literal_text(value) or q.literal_text(q.options(value).get("name"))
        if declared:
            return declared
        title = self._english.singular(named.name)
        if association.kind == "belongsTo":
            title = q.literal_text(association.options.get("as")) or title
        return (
            camel(f"{title}_{self._primary(named)[0][0]}")
            if "_" in title
            else f"{_low(title)}{_cap(self._primary(named)[0][0])}"
        )

    def _add_key(self, association: Association) -> None:
        ends = self._ends(association)
        if ends is None or association.kind == "belongsToMany":
            return
        source, target = ends
        owner, referred = (source, target) if association.kind == "belongsTo" else (target, source)
        name = self._foreign_name(association, referred)
        declared = next((a for a in owner.attributes if name in (a.name, self._column_name(owner, a))), None)
        value = q.options(association.options.get("foreignKey")).get("field")
        column = q.literal_text(value) or (snake(name) if self._flag(owner, "underscored", False) else name)
        column = self._column_name(owner, declared) if declared else column
        key = _Key(
            declared.name if declared else name,
            column,
            referred.key,
            association.start,
            association.path,
            q.literal_text(association.options.get("onDelete")),
            q.literal_flag(association.options.get("constraints")) is not False,
        )
        known = self._keys[owner.key]
        if all(other.column != key.column or other.target != key.target for other in known):
            known.append(key)

    def _link(self, association: Association) -> tuple[str, str, str] | None:
        """Return the join table of a belongsToMany, with its columns for this and the other side."""
        ends = self._ends(association) if association.kind == "belongsToMany" else None
        if ends is None:
            return None
        source, target = ends
        through = association.options.get("through")
        through = q.options(through).get("model") or through
        text = q.literal_text(through)
        middle = self._definitions.named(text or q.last_name(through)) if through is not None else None
        table = self._table(middle) if middle else text
        if not table:
            return None
        mine, theirs = self._foreign_name(association, source), self._foreign_name(association, target, "otherKey")
        if middle:
            columns = {a.name: self._column_name(middle, a) for a in middle.attributes}
            columns |= {key.attribute: key.column for key in self._keys[middle.key]}
            mine, theirs = (columns.get(name, name) for name in (mine, theirs))
        if self._flag(middle or source, "underscored", False):
            mine, theirs = snake(mine), snake(theirs)
        return table, mine, theirs

    # ----------------------------------------------------------- tables

    def _relation(self, model: Definition) -> Relation:
        columns: dict[str, Column] = {}
        if not any(a.is_true("primaryKey", "PrimaryKey") for a in model.attributes):
            columns["id"] = Column(
                "id", "integer", False, identity=True, origins=(self._origin(model.path, model.start),)
            )
        for attribute in model.attributes:
            if q.called_name(attribute.type()) != "VIRTUAL":
                column = self._column(model, attribute)
                columns[column.name] = column
        for key in self._keys[model.key]:
            columns.setdefault(key.column, Column(key.column, origins=(self._origin(key.path, key.start),)))
        for _, name in self._stamps(model):
            columns.setdefault(name, Column(name, "timestamp with time zone", name.lower().startswith("deleted")))
        foreign = tuple(
            ForeignKey((key.column,), self._table(target), (self._primary(target)[0][1],), on_delete=key.on_delete)
            for key in self._keys[model.key]
            if key.constrained and (target := self._models.get(key.target))
        )
        unique = [a for a in model.attributes if a.is_true("unique", "Unique")]
        return Relation(
            self._table(model),
            tuple(columns.values()),
            schema=q.literal_text(model.options.get("schema")),
            primary_key=tuple(column for _, column in self._primary(model)),
            foreign_keys=foreign,
            indexes=tuple(Index(None, (self._column_name(model, a),), unique=True) for a in unique),
            origins=(self._origin(model.path, model.start),),
        )

    def _column(self, model: Definition, attribute: ModelAttribute) -> Column:
        nullable = q.literal_flag(attribute.options().get("allowNull"))
        mark = q.literal_flag(q.argument(q.decorator(attribute.marks, "AllowNull"), 0))
        is_key = attribute.is_true("primaryKey", "PrimaryKey")
        return Column(
            self._column_name(model, attribute),
            _TYPES.get(_type_name(attribute.type()), ""),
            nullable=nullable is not False and mark is not False and not is_key,
            identity=attribute.is_true("autoIncrement", "AutoIncrement"),
            origins=(self._origin(attribute.path, attribute.start),),
        )

    def _stamps(self, model: Definition) -> Iterator[tuple[str, str]]:
        """Yield the attributes that Sequelize sets itself, with their columns."""
        marked = {mark for a in model.attributes for mark in map(q.called_name, a.marks)}
        wanted = [("createdAt", True), ("updatedAt", True), ("deletedAt", self._flag(model, "paranoid", False))]
        for name, is_on in wanted if self._flag(model, "timestamps", True) else ():
            value = model.options.get(name)
            if not is_on or q.literal_flag(value) is False or _cap(name) in marked:
                continue
            own = q.literal_text(value) or name
            yield own, snake(own) if self._flag(model, "underscored", False) else own

    def _join_tables(self) -> Iterator[Relation]:
        seen: set[str] = set()
        for association in self._definitions.associations:
            link, ends = self._link(association), self._ends(association)
            if link is None or ends is None or link[0] in seen:
                continue
            seen.add(link[0])
            origin = (self._origin(association.path, association.start),)
            stamps = ("createdAt", "updatedAt")
            underscored = self._flag(ends[0], "underscored", False)
            names = (*(snake(name) if underscored else name for name in stamps), link[1], link[2])
            foreign = tuple(
                ForeignKey((name,), self._table(model), (self._primary(model)[0][1],))
                for name, model in zip(link[1:], ends, strict=True)
            )
            yield Relation(
                link[0],
                tuple(Column(name, origins=origin) for name in names),
                primary_key=link[1:],
                foreign_keys=foreign,
                origins=origin,
            )

    # ----------------------------------------------------------- models

    def _model(self, model: Definition) -> Model:
        fields: dict[str, Field] = {}
        for attribute in model.attributes:
            line = self._line(attribute.path, attribute.start)
            fields[attribute.name] = Field(attribute.name, self._column_name(model, attribute), line=line)
        for name, column in (*self._primary(model), *self._stamps(model)):
            fields.setdefault(name, Field(name, column))
        for key in self._keys[model.key]:
            fields.setdefault(key.attribute, Field(key.attribute, key.column, line=self._line(key.path, key.start)))
        for association in self._definitions.associations:
            field = self._association_field(model, association)
            if field:
                fields.setdefault(field.name, field)
        line = self._line(model.path, model.start)
        title = self._definitions.titles.get(model.key, model.variable)
        return Model(model.key, title, "sequelize", model.path, line, self._table(model), None, tuple(fields.values()))

    def _association_field(self, model: Definition, association: Association) -> Field | None:
        ends = self._ends(association)
        if ends is None or ends[0].key != model.key:
            return None
        source, target = ends
        many = association.kind in ("hasMany", "belongsToMany")
        title = self._english.plural(target.name) if many else self._english.singular(target.name)
        name = association.name or q.literal_text(association.options.get("as")) or title
        line = self._line(association.path, association.start)
        mine, theirs = (self._primary(source)[0][1],), (self._primary(target)[0][1],)
        link = self._link(association)
        if link:
            return Field(name, None, target.key, True, mine, theirs, link[0], (link[1],), (link[2],), line=line)
        owner, referred = (source, target) if association.kind == "belongsTo" else (target, source)
        wanted = self._foreign_name(association, referred)
        column = next(
            (k.column for k in self._keys[owner.key] if k.target == referred.key and wanted in (k.attribute, k.column)),
            None,
        )
        if column is None:
            return None
        local, remote = ((column,), theirs) if owner is source else (mine, (column,))
        return Field(name, None, target.key, many, local, remote, line=line)

    def _origin(self, path: str, start: int) -> Origin:
        return Origin(path, self._line(path, start))

    def _line(self, path: str, start: int) -> int:
        return q.line_of(self._sources[path], start) if path in self._sources else 0


def _type_name(expr: f.Expr | None) -> str:
    """Return STRING for `DataTypes.STRING(20)`, also with `.UNSIGNED` and the like after it."""
    while expr is not None:
        name = q.called_name(expr)
        if name in _TYPES:
            return name
        inner = expr.func if isinstance(expr, f.Call) else expr
        expr = inner.value if isinstance(inner, f.Attr) else None
    return ""


def _low(text: str) -> str:
    return text[:1].lower() + text[1:]


def _cap(text: str) -> str:
    return text[:1].upper() + text[1:]
