"""Writes a snapshot as a script for psql: tables, their rows by COPY, then the statements after the rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from headwater.catalog.model import Schema
from headwater.engines import Batch, ScriptSupport, SnapshotTable
from headwater.engines.postgresql import large_objects, privileges
from headwater.engines.postgresql.bulk_load import SETTINGS, copy_in_statement, copy_text
from headwater.engines.postgresql.ddl import literal, quote, restore_ddl

_HEAD = b"-- Load it into an empty database: psql -v ON_ERROR_STOP=1 -f FILE DATABASE\n\n"

_SETTINGS = ("SET client_encoding = 'UTF8'", "SET client_min_messages = warning")


def _statements(texts: Iterable[str]) -> bytes:
    return "".join(f"{text.rstrip().rstrip(';')};\n" for text in texts).encode()


def _silently(counts: list[str]) -> list[str]:
    """Return a statement that sets sequences without printing a result for each."""
    if not counts:
        return []
    body = "".join(f"  PERFORM {count.removeprefix('SELECT ')};\n" for count in counts)
    return [f"DO $headwater$ BEGIN\n{body}END $headwater$"]


class PostgresScript(ScriptSupport):
    """Snapshots as SQL scripts."""

    def chunks(
        self, schema: Schema, tables: Iterable[tuple[SnapshotTable, Iterable[Batch]]], extras: Mapping[str, Any]
    ) -> Iterator[bytes]:
        """Yield the script in chunks."""
        first, later = restore_ddl(schema)
        yield _HEAD + _statements((*_SETTINGS, *SETTINGS, *first))
        for table, batches in tables:
            if large_objects.is_large_objects(table):
                yield from large_objects.script(batches, copy_text)
                continue
            yield f"\n{copy_in_statement(table)};\n".encode()
            for batch in batches:
                yield bytes(copy_text(batch))
            yield b"\\.\n"
        counts = [
            f"SELECT setval({literal(quote(schema_, name))}, {value}, {'true' if called else 'false'})"
            for schema_, name, value, called in extras.get("sequences", ())
        ]
        yield b"\n" + _statements((*later, *_silently(counts), *privileges.script(extras)))
