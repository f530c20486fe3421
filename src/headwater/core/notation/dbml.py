"""A Schema as DBML (https://dbml.dbdiagram.io/docs): tables, enums, indexes and references."""

from __future__ import annotations

import re
from collections.abc import Iterator

from headwater.catalog.model import Column, ForeignKey, Relation, Schema

_PLAIN = re.compile(r"[A-Za-z_]\w*$")


def to_dbml(schema: Schema) -> str:
    """Return the Schema as DBML."""
    blocks = [_enum_block(enum.name, enum.values) for enum in schema.enums]
    blocks += [_table(relation) for relation in schema]
    references = [line for relation in schema for line in _references(relation, schema)]
    return "\n\n".join(blocks) + "\n\n" + "\n".join(references) + "\n"


def _quote(name: str) -> str:
    return name if _PLAIN.match(name) else '"' + name.replace('"', "'") + '"'


def _enum_block(name: str, values: tuple[str, ...]) -> str:
    return f"Enum {_quote(name)} {{\n" + "\n".join(f"  {_quote(value)}" for value in values) + "\n}"


def _full(relation: Relation) -> str:
    return f"{_quote(relation.schema)}.{_quote(relation.name)}" if relation.schema else _quote(relation.name)


def _table(relation: Relation) -> str:
    lines = [_column(column, relation) for column in relation.columns]
    indexes = [_index(names, settings) for names, settings in _index_rows(relation)]
    if indexes:
        lines += ["", "  indexes {", *(f"    {line}" for line in indexes), "  }"]
    return f"Table {_full(relation)} {{\n" + "\n".join(lines) + "\n}"


def _column(column: Column, relation: Relation) -> str:
    settings = ["pk"] if relation.primary_key == (column.name,) else []
    if not column.nullable and not settings:
        settings.append("not null")
    if column.default is not None:
        settings.append(f"default: `{column.default}`")
    kind = column.type if re.match(r"[\w()]+(\[\])?$", column.type) else '"' + column.type.replace('"', "'") + '"'
    return f"  {_quote(column.name)} {kind if column.type else 'text'}" + (
        f" [{', '.join(settings)}]" if settings else ""
    )


def _index_rows(relation: Relation) -> Iterator[tuple[tuple[str, ...], str]]:
    if len(relation.primary_key) > 1:
        yield relation.primary_key, " [pk]"
    for index in relation.indexes:
        yield index.columns, " [unique]" if index.unique else ""


def _index(names: tuple[str, ...], settings: str) -> str:
    listed = ", ".join(f"`{name[1:-1]}`" if name.startswith("(") else _quote(name) for name in names)
    return f"({listed}){settings}"


def _references(relation: Relation, schema: Schema) -> Iterator[str]:
    for key in relation.foreign_keys:
        target = schema.relation(key.ref_table, key.ref_schema)
        remote = key.ref_columns or (target.primary_key if target else ())
        if target and len(remote) == len(key.columns):
            yield f"Ref: {_end(relation, key, key.columns)} > {_end(target, key, remote)}"


def _end(relation: Relation, key: ForeignKey, names: tuple[str, ...]) -> str:
    listed = ", ".join(map(_quote, names))
    return f"{_full(relation)}.{listed if len(names) == 1 else f'({listed})'}"
