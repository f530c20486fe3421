"""Builds the models of classes that mappers fill, and the tables of entities that MyBatis-Plus makes SQL for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from headwater.catalog import facts as f
from headwater.catalog.fact_queries import line_of
from headwater.catalog.model import Column, Origin, Schema
from headwater.readers import CodeProject, Field, Model, Reading, SourceFile
from headwater.readers._annotations import ConstantScope, annotation, flag, last, text, value
from headwater.readers._drafts import TableDraft, TableDrafts
from headwater.readers._row_tables import RowColumns, columns_of, declared_tables, first_table
from headwater.readers.mybatis import documents
from headwater.readers.mybatis.classes import ClassField, ClassIndex, JavaClass
from headwater.readers.mybatis.documents import Received

_ENTITY = ("TableName", "Table")
_STORES = frozenset(
    {"BaseMapper", "IService", "ServiceImpl", "Mapper", "MPJBaseMapper", "CrudRepository", "MyBaseMapper"}
)
_PREFIX = re.compile(rb"\btable-?prefix\s*[:=]\s*[\"']?(\w+)", re.IGNORECASE)
_AS_IS = re.compile(rb"\b(?:map-?underscore-?to-?camel-?case|column-?underline)\s*[:=]\s*false", re.IGNORECASE)
_HUMP = re.compile(r"(?<=[A-Za-z0-9])(?=[A-Z])")


def underscored(name: str) -> str:
    """Return the column of an attribute: an underscore before every upper-case letter but the first."""
    return _HUMP.sub("_", name).lower()


class MybatisMapping:
    """What mappers say of the classes of a code base."""

    def __init__(self, project: CodeProject, files: Sequence[SourceFile]) -> None:
        self._project = project
        self._files = files
        self._mappers = frozenset(file.path for file in files)
        self._classes = ClassIndex(project)
        self._sources = {file.path: file.source for file in project.files()}
        self._declared = declared_tables(project.files())
        settings = [file.source for file in project.files() if file.language == "settings"]
        prefixes = [match[1].decode() for source in settings if (match := _PREFIX.search(source))]
        self._prefix = prefixes[0] if prefixes else ""
        self._as_is = any(_AS_IS.search(source) for source in settings)
        self._tables = TableDrafts()

    def reading(self) -> Reading:
        """Return the models of all classes, and the tables of entities."""
        received = self._received()
        models = [self._entity_model(cls, received.get(cls.key)) for cls in self._entities()]
        known = {model.key for model in models}
        models += [m for key, each in received.items() if key not in known and (m := self._row_model(each))]
        return Reading(Schema(tuple(self._tables.relations())), tuple(models))

    def _received(self) -> dict[str, Received]:
        """Return what all mappers say of each class."""
        merged: dict[str, Received] = {}
        for file in self._files:
            if file.language == "xml":
                parts = documents.of_document(file, self._classes)
            else:
                parts = documents.of_interface(file, self._project, self._classes)
            for part in parts:
                known = merged.setdefault(part.cls.key, Received(part.cls))
                known.pairs = {**part.pairs, **known.pairs}
                known.texts = [*known.texts, *part.texts]
                known.stored = known.stored or part.stored
        return merged

    def _entities(self) -> Iterator[JavaClass]:
        """Yield the classes that are marked as entities, and those that a mapper or service is a store of."""
        entities: dict[str, JavaClass] = {}
        for cls in self._classes.all():
            if annotation(cls.stmt.decorators, "TableName") is not None:
                entities.setdefault(cls.key, cls)
            for base in cls.stmt.bases:
                stored = self._stored(cls, base)
                if stored is not None and annotation(stored.stmt.decorators, "Entity") is None:
                    entities.setdefault(stored.key, stored)
        return iter(entities.values())

    def _stored(self, cls: JavaClass, base: f.Expr) -> JavaClass | None:
        """Return the class of rows of `BaseMapper<User>` or `ServiceImpl<UserMapper, User>`."""
        if not isinstance(base, f.Subscript) or last(base) not in _STORES or cls.path not in self._mappers:
            return None
        args = base.index.items if isinstance(base.index, f.SequenceExpr) else (base.index,)
        known = [found for arg in args if (found := self._classes.find(cls.path, arg))]
        rows = [found for found in known if found.stmt.kind != "interface"]
        return rows[-1] if rows else None

    def _entity_model(self, cls: JavaClass, received: Received | None) -> Model:
        fields: dict[str, Field] = {}
        draft = self._tables.draft((None, self._table_name(cls)), self._origin(cls))
        for attribute in self._classes.attributes(cls):
            column = self._column(attribute)
            if column is not None:
                origin = Origin(attribute.owner.path, self._line(attribute.owner.path, attribute.at))
                is_key = annotation(attribute.decorators, "TableId", "Id") is not None
                draft.add(Column(column, "", not is_key, origins=(origin,)), primary=is_key)
                fields[attribute.name] = Field(attribute.name, draft.name_of(column), line=origin.line)
        for name, column in (received.pairs if received else {}).items():
            if draft.name_of(column) is not None:
                fields.setdefault(name, Field(name, draft.name_of(column)))
        return self._model(cls, draft.key[1], tuple(fields.values()), "write")

    def _table_name(self, cls: JavaClass) -> str:
        mark = annotation(cls.stmt.decorators, *_ENTITY)
        given = text(self._project, ConstantScope(cls.path, cls.name), value(mark, "value", "name"))
        name = (given or self._prefix + underscored(cls.stmt.name)).rpartition(".")[2].strip('`"[]')
        declared = self._declared.get(name.lower())
        return declared.name if declared else name

    def _column(self, attribute: ClassField) -> str | None:
        """Return the column of an attribute of an entity, or None if it has none."""
        mark = annotation(attribute.decorators, "TableField", "TableId", "Column")
        if annotation(attribute.decorators, "Transient") is not None or flag(value(mark, "exist")) is False:
            return None
        scope = ConstantScope(attribute.owner.path, attribute.owner.name)
        given = text(self._project, scope, value(mark, "value", "name"))
        return given.strip('`"[]') if given else self._by_name(attribute.name)

    def _by_name(self, name: str) -> str:
        return name if self._as_is else underscored(name)

    def _row_model(self, received: Received) -> Model | None:
        """Return the model of a class that receives rows, or None if its table or columns are not known."""
        cls = received.cls
        if annotation(cls.stmt.decorators, "Entity") is not None:
            return None
        names = (attribute.name for attribute in self._classes.attributes(cls))
        labels = {name: received.pairs.get(name, name) for name in names}
        row = columns_of(cls.stmt.name, received.texts, labels, self._declared)
        table = row.table if row else first_table(received.texts)
        if row is None and table is not None and received.pairs and table.lower() not in self._declared:
            self._declare(cls, table, received.pairs)
            row = RowColumns(table, {name: (table, column) for name, column in received.pairs.items()})
        if row is None:
            return None
        stores = "write" if received.stored else ""
        return self._model(cls, row.table, row.fields(), stores, row.inherited())

    def _declare(self, cls: JavaClass, table: str, pairs: Mapping[str, str]) -> None:
        """Add the table of a result map that no SQL file creates."""
        draft: TableDraft = self._tables.draft((None, table), self._origin(cls))
        for column in pairs.values():
            draft.add(Column(column, "", True, origins=(draft.origin,)))

    def _model(
        self,
        cls: JavaClass,
        table: str,
        fields: tuple[Field, ...],
        stores: str,
        others: Mapping[str, tuple[str, str]] = MappingProxyType({}),
    ) -> Model:
        line = self._line(cls.path, cls.stmt.start)
        return Model(cls.key, cls.stmt.name, "mybatis", cls.path, line, table, None, fields, dict(others), stores)  # type: ignore[arg-type]

    def _origin(self, cls: JavaClass) -> Origin:
        return Origin(cls.path, self._line(cls.path, cls.stmt.start))

    def _line(self, path: str, at: int) -> int:
        return line_of(self._sources[path], at)
