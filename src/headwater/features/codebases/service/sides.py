"""The Schema of a code base as one side of a comparison."""

from __future__ import annotations

from headwater.catalog.model import Schema
from headwater.core.diff import Side
from headwater.engines import engine


def side_of(schema: Schema, *, has_models: bool) -> Side:
    """Return the side of a Schema that was read from code; with `has_models`, models declare it in whole or part."""
    dialect = engine(schema.dialect).dialect if schema.dialect else None
    return Side(schema, dialect, "models" if has_models else "text")
