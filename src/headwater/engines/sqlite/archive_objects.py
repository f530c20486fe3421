"""The objects of a schema archive with their definitions, so that two files can be compared."""

from __future__ import annotations

from collections.abc import Collection

from headwater.engines.sqlite import archive_plan, schema_archive


def objects(archive: bytes, tables: Collection[tuple[str | None, str]] | None = None) -> dict[tuple[str, str], str]:
    """Return the definition of each object by its type and name; see `SchemaArchiver.objects`."""
    content = schema_archive.loaded(archive)
    chosen = content.objects if tables is None else archive_plan.select(content, [name for _, name in tables]).objects
    return {(item.type, item.display_name.removeprefix(f"{item.type} ")): item.sql for item in chosen}
