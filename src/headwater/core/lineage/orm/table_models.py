"""Models that say nothing of their columns, or tables without a model: the columns come from the Schema."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from headwater.catalog.model import Origin, Schema
from headwater.readers import Field, Model


def with_columns(model: Model, schema: Schema) -> Model:
    """Return a model with the columns of its table if it declares none: they come from migrations."""
    relation = None if any(field.column for field in model.fields) else schema.relation(model.table)
    columns = relation.columns if relation else ()
    known = {field.name for field in model.fields}
    added = tuple(Field(column.name, column.name) for column in columns if column.name not in known)
    return replace(model, fields=(*added, *model.fields)) if added else model


def table_models(schema: Schema, known: set[str]) -> dict[str, Model]:
    """Return models of the tables that have none, for query builders that name tables in texts."""
    models: dict[str, Model] = {}
    for relation in schema:
        if relation.name not in known:
            origin = relation.origins[0] if relation.origins else Origin("")
            fields = tuple(Field(column.name, column.name) for column in relation.columns)
            key = f"table:{relation.qualified_name}"
            models[key] = Model(
                key, relation.name, "", origin.file, origin.line, relation.name, relation.schema, fields, stores=""
            )
    return models


def linked(models: Mapping[str, Model]) -> dict[str, Model]:
    """Return models whose links all lead to models.

    A link to a class that is no model, as when its file does not parse, is left out, and so is a proxy that leads to
    itself.
    """
    fields = {key: {field.name: _linked(field, models) for field in model.fields} for key, model in models.items()}
    return {key: _with_fields(models[key], fields) for key in models}


def _with_fields(model: Model, fields: Mapping[str, Mapping[str, Field]]) -> Model:
    own = tuple(field for field in fields[model.key].values() if _ends(fields, model.key, field.name, frozenset()))
    return model if own == model.fields else replace(model, fields=own)


def _ends(fields: Mapping[str, Mapping[str, Field]], model: str, name: str, seen: frozenset[tuple[str, str]]) -> bool:
    """Return False if an attribute stands for others without an end."""
    field = fields.get(model, {}).get(name)
    if field is None or field.proxy is None or (model, name) in seen:
        return field is None or field.proxy is None
    relation, attribute = field.proxy
    link, above = fields[model].get(relation), seen | {(model, name)}
    target = link.target if link else None
    return _ends(fields, model, relation, above) and (target is None or _ends(fields, target, attribute, above))


def _linked(field: Field, models: Mapping[str, Model]) -> Field:
    target = field.target if field.target in models else None
    refers = field.refers if field.refers in models else None
    return field if (target, refers) == (field.target, field.refers) else replace(field, target=target, refers=refers)
