"""A Schema as a Mermaid entity relationship diagram (https://mermaid.js.org/syntax/entityRelationshipDiagram.html)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from headwater.catalog.model import Column, Relation, Schema


def to_mermaid(schema: Schema) -> str:
    """Return the Schema as an `erDiagram`."""
    lines = ["erDiagram"]
    for relation in schema:
        lines += [f"    {_name(relation.name)} {{", *_columns(relation), "    }"]
    lines += [line for relation in schema for line in _references(relation, schema)]
    return "\n".join(lines) + "\n"


def _name(name: str) -> str:
    return name if re.match(r"[A-Za-z_][\w-]*$", name) else '"' + name.replace('"', "'") + '"'


def _word(text: str) -> str:
    """Return a type or column with only the characters that Mermaid allows."""
    return re.sub(r"[^\w\-()\[\]]+", "_", text).strip("_") or "text"


def _columns(relation: Relation) -> Iterator[str]:
    foreign = {name for key in relation.foreign_keys for name in key.columns}
    for column in relation.columns:
        keys = ["PK"] * (column.name in relation.primary_key) + ["FK"] * (column.name in foreign)
        yield f"        {_type(column)} {_attribute(column.name)}" + (f" {', '.join(keys)}" if keys else "")


def _type(column: Column) -> str:
    return re.sub(r"^(?=[^A-Za-z])", "t", _word(re.sub(r"\(.*\)", "", column.type)))


def _attribute(name: str) -> str:
    return re.sub(r"^(?=[^A-Za-z_])", "c", re.sub(r"[^\w-]+", "_", name))


def _references(relation: Relation, schema: Schema) -> Iterator[str]:
    for key in relation.foreign_keys:
        target = schema.relation(key.ref_table, key.ref_schema)
        if target:
            optional = any(column.nullable for column in relation.columns if column.name in key.columns)
            cardinality = "|o" if optional else "||"
            yield f'    {_name(target.name)} {cardinality}--o{{ {_name(relation.name)} : "{", ".join(key.columns)}"'
