"""The objects of a schema archive with their definitions, so that two databases can be compared."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import postgast
from google.protobuf.message import DecodeError
from postgast import PgQueryError

from headwater.engines.postgresql import archive_plan, schema_archive
from headwater.engines.postgresql.ddl import quote
from headwater.engines.postgresql.schema_archive import ArchivedObject

Name = tuple[str | None, str]
# Positions in the text, which say nothing about its meaning.
_POSITIONS = frozenset({"location", "stmt_location", "stmt_len", "rexpr_list_start", "rexpr_list_end"})


def objects(archive: bytes, tables: Collection[Name] | None = None) -> dict[tuple[str, str], str]:
    """Return the definition of each object by its kind and name; see `SchemaArchiver.objects`."""
    return {
        (entry.kind.lower(), f"{entry.schema}.{entry.tag}" if entry.schema else entry.tag): _definition(entry)
        for entry in archive_plan.chosen(schema_archive.entries(archive), tables)
        if archive_plan.is_object(entry)
    }


def _definition(entry: ArchivedObject) -> str:
    """Return the statement of an entry, with the access method that the archive has beside it."""
    method = f"SET default_table_access_method = {quote(entry.access_method)};\n" if entry.access_method else ""
    return f"{method}{entry.create}"


def are_equivalent(first: str, second: str) -> bool:
    """Return True if two definitions mean the same.

    Versions of PostgreSQL print the same tree differently: since 16, views qualify columns only where it is necessary.
    """
    try:
        return _plain(first) == _plain(second)
    except (PgQueryError, DecodeError):
        return False


def _plain(text: str) -> list[Any]:
    return [_without_positions(statement) for statement in postgast.parse(text).stmts]


def _without_positions(node: Any) -> Any:
    """Return a parse tree as plain values, without positions and without the qualifiers of columns."""
    name = node.DESCRIPTOR.name
    fields = [(field.name, value) for field, value in node.ListFields() if field.name not in _POSITIONS]
    return (name, *(_value(field, value, last_only=name == "ColumnRef") for field, value in fields))


def _value(field: str, value: Any, *, last_only: bool) -> Any:
    if hasattr(value, "DESCRIPTOR"):
        return field, _without_positions(value)
    if isinstance(value, str | bytes | int | float):
        return field, value
    members = list(value)[-1:] if last_only else value
    return field, *(_without_positions(member) if hasattr(member, "DESCRIPTOR") else member for member in members)
