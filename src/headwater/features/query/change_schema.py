"""The shape of schema changes in JSON, for the API description: one object per kind, told apart by `kind`."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from pydantic import GetJsonSchemaHandler, RootModel
from pydantic_core import CoreSchema

from headwater.features.query.service.structure import KINDS

_REFERENCE = "#/$defs/{name}"


@cache
def change_schema() -> dict[str, Any]:
    """Return the JSON Schema of a change, without references: FastAPI keeps names of components to itself."""
    _, components = msgspec.json.schema_components(KINDS.values(), ref_template=_REFERENCE)
    kinds = [_tagged(name, _inlined(components[name], components)) for name in sorted(KINDS)]
    return {"oneOf": kinds, "title": "SchemaChange"}


def _tagged(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    properties = {"kind": {"const": name, "type": "string"}} | schema["properties"]
    return schema | {
        "properties": properties,
        "required": ["kind", *schema.get("required", [])],
        "additionalProperties": False,
    }


def _inlined(schema: Any, components: dict[str, Any]) -> Any:
    """Return a schema with each reference replaced by what it refers to; no type of the catalog contains itself."""
    if isinstance(schema, list):
        return [_inlined(item, components) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(components[schema["$ref"].rsplit("/", 1)[1]], components)
    return {key: _inlined(value, components) for key, value in schema.items()}


class SchemaChange(RootModel[dict[str, Any]]):
    """One schema change; `kind` is the name of its type. `parse_changes` reads it."""

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return change_schema() | {"description": cls.__doc__}
