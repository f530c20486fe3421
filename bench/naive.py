"""The naive way, as a baseline: match column names by word and guess the kind from words nearby.

Written for this comparison after what name-matching lineage tools do today: every spelling of a column's name is looked
for as a word, a table's name must stand within five lines, and the kind comes from a few keywords on the line.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from headwater.catalog.model import Schema
from headwater.catalog.names import camel, pascal, snake
from headwater.core.lineage.intake import intake

WINDOW = 5
KINDS = (
    ("delete", re.compile(r"\bdelete\b|\.remove\(", re.IGNORECASE)),
    ("write", re.compile(r"\binsert\b|\bcreate\b|\.add\(", re.IGNORECASE)),
    ("update", re.compile(r"\bupdate\b|\bset\b|[^=!<>]=[^=]", re.IGNORECASE)),
    ("join", re.compile(r"\bjoin\b|\binclude\b", re.IGNORECASE)),
    ("filter", re.compile(r"\bwhere\b|\bfilter|\border|==", re.IGNORECASE)),
    ("projection", re.compile(r"\bselect\b", re.IGNORECASE)),
)


def scan(folder: Path, schema: Schema) -> dict[str, Any]:
    """Return a scan in the scorer's shape."""
    usages = [
        usage for source in intake(folder).sources for usage in _of_file(source.path, source.source.decode(), schema)
    ]
    return {"usages": usages}


def _of_file(path: str, text: str, schema: Schema) -> list[dict[str, Any]]:
    lines = text.splitlines()
    words = [set(re.findall(r"\w+", line)) for line in lines]
    everything = set().union(*words) if words else set()
    result = []
    for relation in schema:
        tables = _spellings(relation.name)
        if not tables & everything:
            continue
        near = [bool(tables & set().union(*words[max(0, at - WINDOW) : at + WINDOW + 1])) for at in range(len(lines))]
        for column in relation.columns:
            names = _spellings(column.name)
            result += [
                _usage(path, at, lines[at], relation.name, column.name)
                for at in range(len(lines))
                if near[at] and names & words[at]
            ]
    return result


def _spellings(name: str) -> set[str]:
    singular = name.removesuffix("s")
    return {form(item) for item in (name, singular) for form in (str, snake, camel, pascal)}


def _usage(path: str, at: int, line: str, table: str, column: str) -> dict[str, Any]:
    kind = next((kind for kind, pattern in KINDS if pattern.search(line)), "read")
    return {
        "table_name": table,
        "column_name": column,
        "file_path": path,
        "line_number": at + 1,
        "usage_type": kind,
        "sub_type": None,
        "tier": "A",
    }
