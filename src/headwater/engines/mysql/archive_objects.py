"""The objects of a schema archive with their definitions, so that two databases can be compared."""

from __future__ import annotations

import json
from collections.abc import Collection

from headwater.engines.mysql import archive_plan, schema_archive, script_rules
from headwater.engines.mysql.schema_archive import MysqlObject


def objects(archive: bytes, tables: Collection[tuple[str | None, str]] | None = None) -> dict[tuple[str, str], str]:
    """Return the definition of each object by its kind and name; see `SchemaArchiver.objects`."""
    content = schema_archive.loaded(archive)
    chosen = content.objects if tables is None else archive_plan.select(content, [name for _, name in tables]).objects
    return {
        (item.kind, f"{item.name} of {item.table}" if item.table else item.name): _definition(item) for item in chosen
    }


def _definition(item: MysqlObject) -> str:
    """Return the settings on which the meaning of a statement depends, in one line, and the statement."""
    settings = (item.sql_mode, item.character_set, item.collation, item.database_collation, item.time_zone)
    return f"{json.dumps(settings)}\n{item.text}"


def are_equivalent(first: str, second: str) -> bool:
    """Return True if two definitions differ only in their definer: a restore replaces it, and says so, if it must."""
    return _without_definer(first) == _without_definer(second)


def _without_definer(definition: str) -> tuple[str, bytes]:
    settings, _, text = definition.partition("\n")
    changed, _ = script_rules.without_definer(
        text.encode(errors="surrogateescape"), script_rules.plain_head(text[:4000])
    )
    return settings, changed
