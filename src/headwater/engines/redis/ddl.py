"""Redis has no schema: there is nothing to create and nothing to alter."""

from __future__ import annotations

from collections.abc import Sequence

from headwater.catalog.changes import Change
from headwater.catalog.model import Schema
from headwater.engines import AlterStep
from headwater.kit.errors import BadInput


def ddl(schema: Schema) -> tuple[str, ...]:
    """Return nothing: a key exists as soon as somebody writes it."""
    return ()


def alter(changes: Sequence[Change], schema: Schema) -> tuple[AlterStep, ...]:
    """Refuse: Redis has no schema to change."""
    if changes:
        raise BadInput("Redis has no schema: a key is created when it is written.", hint="Use DEL or UNLINK.")
    return ()


def quote(*names: str | None) -> str:
    """Return a key as a word of a command."""
    joined = ":".join(name for name in names if name)
    plain = joined and not any(letter.isspace() or letter in "\"'\\" for letter in joined)
    return joined if plain else '"' + joined.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
