"""Combines entities: the Schema with its foreign keys, and a model for each entity."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from headwater.catalog.model import Column, ForeignKey, Origin, Relation, Schema
from headwater.readers import CodeProject, Field, Model, Reading, SourceFile
from headwater.readers import _rust as r
from headwater.readers.sea_orm.entities import SeaEntity, belongs_to, entities


def reading(project: CodeProject, files: Sequence[SourceFile]) -> Reading:
    """Return the tables and models of these files."""
    lines = r.Lines({file.path: file.source for file in files})
    declared: list[SeaEntity] = []
    for file in files:
        module = project.module(file.path)
        declared.extend(entities(file.path, module.body) if module is not None else ())
    relations: dict[tuple[str | None, str], Relation] = {}
    for entity in declared:
        if entity.columns:
            relations.setdefault((entity.schema, entity.table), _relation(entity, lines))
    for entity in declared:
        for module_name, here, there in belongs_to(entity.relation):
            target = next((other for other in declared if _module(other) == module_name), None)
            _link(relations, entity, target, here, there)
    models = tuple(model for entity in declared if entity.columns for model in _models(entity, lines, relations))
    return Reading(Schema(tuple(relations.values())), models)


def _module(entity: SeaEntity) -> str:
    """Return the name of the module that an entity is in."""
    if entity.modules:
        return entity.modules[-1]
    folder, _, file = entity.path.rpartition("/")
    return folder.rpartition("/")[2] if file == "mod.rs" else file.removesuffix(".rs")


def _relation(entity: SeaEntity, lines: r.Lines) -> Relation:
    columns = tuple(
        Column(
            column.name,
            column.type,
            column.nullable and not column.primary_key,
            origins=(Origin(entity.path, lines.line(entity.path, column.at)),),
        )
        for column in {column.name: column for column in entity.columns}.values()
    )
    key = tuple(column.name for column in entity.columns if column.primary_key)
    origin = Origin(entity.path, lines.line(entity.path, entity.model.start))
    return Relation(entity.table, columns, entity.schema, primary_key=key, origins=(origin,))


def _link(
    relations: dict[tuple[str | None, str], Relation],
    entity: SeaEntity,
    target: SeaEntity | None,
    here: str,
    there: str,
) -> None:
    local = next((column.name for column in entity.columns if column.variant == here), None)
    remote = next((column.name for column in target.columns if column.variant == there), None) if target else None
    relation = relations.get((entity.schema, entity.table))
    if local and remote and target and relation is not None:
        key = ForeignKey((local,), target.table, (remote,), ref_schema=target.schema)
        relations[entity.schema, entity.table] = replace(relation, foreign_keys=(*relation.foreign_keys, key))


def _models(entity: SeaEntity, lines: r.Lines, relations: dict[tuple[str | None, str], Relation]) -> Iterator[Model]:
    """Yield what code uses a table by: the row `Model`, `Entity` for queries, `ActiveModel`, and the enum `Column`."""
    known = {column.name for column in relations[entity.schema, entity.table].columns}
    columns = [column for column in entity.columns if column.name in known]
    line = lines.line(entity.path, entity.model.start)
    rows = tuple(Field(c.attribute, c.name, line=lines.line(entity.path, c.at)) for c in columns)
    variants = tuple(Field(c.variant, c.name, line=lines.line(entity.path, c.at)) for c in columns)
    for title in ("Model", "Entity", "ActiveModel", "Column"):
        key = f"{entity.path}:{'.'.join((*entity.modules, title))}"
        fields = variants if title == "Column" else rows
        name = _module(entity) if title == "Model" else f"{_module(entity)}::{title}"
        yield Model(key, name, "sea_orm", entity.path, line, entity.table, entity.schema, fields)
