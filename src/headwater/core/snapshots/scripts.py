"""Writes some or all tables of a snapshot, stored or live, as an SQL script, and says what the script leaves out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from headwater.core.snapshots import schema_subset
from headwater.engines import STANDALONE_ROWS, ScriptContent, ScriptSupport, SnapshotTable


def pieces(
    support: ScriptSupport, content: ScriptContent, every: Sequence[SnapshotTable], chosen: Sequence[str] | None
) -> Iterator[bytes]:
    """Yield the script.

    Args:
        support: the engine's.
        content: the whole schema, and the rows of the tables in the script.
        every: all tables of the snapshot.
        chosen: the qualified names of the tables in the script; None for all.
    """
    for table in every:
        if table.facts.get(STANDALONE_ROWS) and chosen is not None and table.display_name not in chosen:
            yield f"-- left out, because it belongs to no table: {table.display_name}\n".encode()
    if chosen is not None and content.archive is not None:
        tables = tuple(item for item in content.schema if item.kind in schema_subset.FILLED)
        listed = tuple(item for item in tables if item.qualified_name in chosen)
        content = replace(content, schema=replace(content.schema, relations=listed), whole=len(listed) == len(tables))
    elif chosen is not None:
        bare = schema_subset.without_rows(content.schema, {table.display_name for table in every})
        schema, left_out = schema_subset.cut(content.schema, bare | set(chosen))
        for name in left_out:
            yield f"-- left out, because it needs tables that are not here: {' '.join(name.split())}\n".encode()
        extras = content.extras if schema is content.schema else schema_subset.extras_of(content.extras, schema)
        content = replace(content, schema=schema, extras=extras)
    yield from support.chunks(content)
