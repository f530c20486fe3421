"""Commands for MongoDB without their values: the names of fields and operators are kept."""

from __future__ import annotations

import json
from typing import Any

from headwater.catalog.masked_values import LONGEST_READ, LONGEST_TEXT, REST, VALUE, MaskedStatement
from headwater.catalog.results import QueryError
from headwater.engines.mongodb.policy import READS
from headwater.engines.mongodb.statements import statements
from headwater.kit.errors import HeadwaterError

_OUTLETS = frozenset({"$out", "$merge"})
MOST_ITEMS = 20


def mask_mongodb(text: str) -> MaskedStatement:
    """Return a command as a document without its values; what is not a command is not shown at all."""
    try:
        command = statements(text[:LONGEST_READ])[0].command
    except (QueryError, HeadwaterError, ValueError, RecursionError):
        return MaskedStatement(REST, "", changes=True)
    name = next(iter(command))
    holder = command[name] if isinstance(command[name], str) else VALUE
    masked = {name: holder} | {key: _masked(of) for key, of in command.items() if key != name}
    pipeline = command.get("pipeline")
    writes = isinstance(pipeline, list) and any(
        isinstance(stage, dict) and _OUTLETS & stage.keys() for stage in pipeline
    )
    return MaskedStatement(
        json.dumps(masked, ensure_ascii=False)[:LONGEST_TEXT], name, changes=name not in READS or writes
    )


def _masked(value: Any, depth: int = 0) -> Any:
    if depth > 20:
        return REST
    if isinstance(value, dict):
        return {str(key): _masked(of, depth + 1) for key, of in value.items()}
    if isinstance(value, list | tuple):
        items = [_masked(item, depth + 1) for item in value[:MOST_ITEMS]]
        different = [item for number, item in enumerate(items) if item not in items[:number]]
        return different + ([REST] if len(different) < len(value) else [])
    return VALUE
