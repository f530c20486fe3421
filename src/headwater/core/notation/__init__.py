"""Writes a Schema in notations for people and other tools: JSON, SQL, DBML, Mermaid."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from headwater.catalog.model import Schema
from headwater.catalog.usages import NotUnderstood
from headwater.core.notation.dbml import to_dbml
from headwater.core.notation.document import to_json
from headwater.core.notation.mermaid import to_mermaid
from headwater.core.notation.sql import to_sql
from headwater.kit.errors import NotFound, did_you_mean

FORMATS: Mapping[str, Callable[[Schema], str]] = MappingProxyType(
    {"json": to_json, "sql": to_sql, "dbml": to_dbml, "mermaid": to_mermaid}
)


def write(schema: Schema, notation: str, not_understood: Sequence[NotUnderstood] = ()) -> str:
    """Return the Schema in a notation; JSON also lists what was not understood when it was read.

    Raises:
        NotFound: no such notation; the hint lists them.
    """
    if notation not in FORMATS:
        raise NotFound(f"There is no format called {notation!r}.", hint=did_you_mean(notation, FORMATS))
    return to_json(schema, not_understood) if FORMATS[notation] is to_json else FORMATS[notation](schema)
