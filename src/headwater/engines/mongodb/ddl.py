"""Schemas and changes as commands: collections, indexes, validators; fields are changed by updates."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from headwater.catalog import changes as c
from headwater.catalog.apply import apply
from headwater.catalog.changes import Change, Hazard
from headwater.catalog.model import Index, Relation, Schema
from headwater.engines import AlterStep
from headwater.kit.errors import BadInput

# Options of a collection that are not elsewhere in the Schema (mongod 4.4 to 8.0).
_CREATE_OPTIONS_NAMES = """
capped size max timeseries expireAfterSeconds clusteredIndex collation validationLevel validationAction
changeStreamPreAndPostImages encryptedFields storageEngine indexOptionDefaults
"""
CREATE_OPTIONS = frozenset(_CREATE_OPTIONS_NAMES.split())


def ddl(schema: Schema) -> tuple[str, ...]:
    """Return the commands that create the collections and their indexes."""
    tables = [relation for relation in schema if relation.kind != "view"]
    views = [relation for relation in schema if relation.kind == "view"]
    return tuple(command for relation in (*tables, *views) for command in _created(relation))


def restore_ddl(schema: Schema) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the commands that create collections and views, and those that create indexes after loading."""
    bare = ddl(schema.map_relations(lambda one: replace(one, indexes=())))
    return bare, tuple(_indexed(relation.name, index) for relation in schema for index in relation.indexes)


def alter(changes: Sequence[Change], schema: Schema) -> tuple[AlterStep, ...]:
    """Return the commands for changes to a database that has this Schema."""
    steps = []
    for change in changes:
        after = apply(schema, change)
        steps.append(AlterStep(change, tuple(_commands(change)), _hazards(change), transactional=False))
        schema = after
    return tuple(steps)


def _commands(change: Change) -> list[str]:
    match change:
        case c.AddTable(relation=relation):
            return _created(relation)
        case c.DropTable():
            return [_text({"drop": change.table})]
        case c.AddIndex(index=index):
            return [_indexed(change.table, index)]
        case c.DropIndex(name=name):
            return [_text({"dropIndexes": change.table, "index": name})]
        case c.DropColumn(column=column):
            return [_every(change.table, {"$unset": {column: ""}}, column)]
        case c.RenameColumn(column=column, new_name=new_name):
            return [_every(change.table, {"$rename": {column: new_name}}, column)]
        case c.AddColumn(column=column) if column.default is None:
            return []  # a field exists as soon as a document has it
    raise BadInput(
        f"MongoDB does not support {type(change).__name__}: documents have no fixed columns.",
        hint="You can create and drop collections and indexes, and rename and drop fields.",
    )


def _hazards(change: Change) -> tuple[Hazard, ...]:
    if isinstance(change, c.DropColumn | c.RenameColumn):
        hazards = tuple(hazard for hazard in change.hazards() if hazard.kind not in {"lock", "rewrite"})
        return (*hazards, Hazard("rewrite", f"Every document of {change.table} that has the field is rewritten."))
    if isinstance(change, c.AddIndex):
        return (Hazard("lock", f"{change.table} is locked briefly at the start and at the end of the index build."),)
    return tuple(hazard for hazard in change.hazards() if hazard.kind != "lock")


def _created(relation: Relation) -> list[str]:
    if relation.kind == "view":
        view: dict[str, Any] = {"create": relation.name, **json.loads(relation.definition or "{}")}
        return [_text(view | _options(relation))]
    command: dict[str, Any] = {"create": relation.name}
    for check in relation.checks:
        if check.name == "validator":
            command["validator"] = json.loads(check.expression)
    return [_text(command | _options(relation)), *(_indexed(relation.name, index) for index in relation.indexes)]


def _options(relation: Relation) -> dict[str, Any]:
    return {name: json.loads(value) for name, value in relation.attrs if name in CREATE_OPTIONS}


def _indexed(collection: str, index: Index) -> str:
    options = dict(index.attrs)
    keys = json.loads(options.pop("keys")) if "keys" in options else dict.fromkeys(index.columns, 1)
    name = index.name or "_".join(f"{key}_{way}" for key, way in keys.items())
    spec: dict[str, Any] = {"key": keys, "name": name}
    if index.unique:
        spec["unique"] = True
    if index.where:
        spec["partialFilterExpression"] = json.loads(index.where)
    spec |= {option: json.loads(value) for option, value in options.items()}
    return _text({"createIndexes": collection, "indexes": [spec]})


def _every(collection: str, update: dict[str, Any], field: str) -> str:
    return _text({"update": collection, "updates": [{"q": {field: {"$exists": True}}, "u": update, "multi": True}]})


def _text(command: dict[str, Any]) -> str:
    return json.dumps(command, ensure_ascii=False)


def quote(*names: str | None) -> str:
    """Return a collection name in shell syntax."""
    joined = ".".join(name for name in names if name)
    return joined if joined.replace("_", "a").isalnum() else json.dumps(joined, ensure_ascii=False)


def unquoted(name: str) -> str:
    """Return the argument that `quote` was called with."""
    return str(json.loads(name)) if name.startswith('"') else name
