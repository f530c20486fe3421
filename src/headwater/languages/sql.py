"""SQL files as facts: each statement is one `Do` of a Text, so that SQL in files and in strings is handled alike."""

from __future__ import annotations

from headwater.catalog import statements
from headwater.catalog.facts import Chunk, Do, Module, Text

NAME = "sql"
SUFFIXES = (".sql", ".ddl", ".psql")


def facts(path: str, source: bytes) -> Module:
    """Lower SQL source to one Do per statement."""
    text = source.decode("utf-8", "replace")
    offset, position = 0, 0
    body = []
    for statement in statements.split(text):
        offset += len(text[position : statement.start].encode())
        position = statement.start
        end = offset + len(statement.text.encode())
        body.append(Do(offset, end, Text(offset, end, (Chunk(offset, end, statement.text),)), "sql"))
    return Module(path, NAME, tuple(body), source.count(b"\n") + 1)
