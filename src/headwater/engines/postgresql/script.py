"""Scripts of PostgreSQL: writes a snapshot as one for psql, and loads scripts, dumps and archives of pg_dump."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Any

from headwater.engines import ScriptContent, ScriptLoader, ScriptSupport, Session
from headwater.engines.postgresql import archive_plan, dump_archives, large_objects, privileges, schema_archive
from headwater.engines.postgresql.bulk_load import SETTINGS, copy_in_statement, copy_text
from headwater.engines.postgresql.ddl import literal, quote, restore_ddl
from headwater.engines.postgresql.script_load import PostgresScriptLoader
from headwater.engines.postgresql.session import PostgresSession

_HEAD = b"-- Load it into an empty database: psql -v ON_ERROR_STOP=1 -f FILE DATABASE\n\n"

_SETTINGS = ("SET client_encoding = 'UTF8'", "SET client_min_messages = warning")
# The archive sets the search path with a query, whose result psql would print.
_SEARCH_PATH = "SELECT pg_catalog.set_config('search_path', '', false);"


def _statements(texts: Iterable[str]) -> bytes:
    return "".join(f"{text.strip().rstrip(';')};\n" for text in texts).encode()


def _silently(counts: list[str]) -> list[str]:
    """Return a statement that sets sequences without printing a result for each."""
    if not counts:
        return []
    body = "".join(f"  PERFORM {count.removeprefix('SELECT ')};\n" for count in counts)
    return [f"DO $headwater$ BEGIN\n{body}END $headwater$"]


def _counts(extras: Mapping[str, Any]) -> list[str]:
    return [
        f"SELECT setval({literal(quote(schema_, name))}, {value}, {'true' if called else 'false'})"
        for schema_, name, value, called in extras.get("sequences", ())
    ]


class PostgresScript(ScriptSupport):
    """Snapshots as SQL scripts, and SQL scripts into databases."""

    def chunks(self, content: ScriptContent) -> Iterator[bytes]:
        """Yield the script in chunks; with an archive, its schema is the one that pg_dump wrote."""
        if content.archive is None:
            first, later = restore_ddl(content.schema)
            yield _HEAD + _statements((*_SETTINGS, *SETTINGS, *first))
            yield from _rows(content)
            yield b"\n" + _statements((*later, *_silently(_counts(content.extras)), *privileges.script(content.extras)))
            return
        entries = schema_archive.entries(content.archive)
        tables = [(entry.schema, entry.tag) for entry in entries if entry.kind in archive_plan.TABLE_KINDS]
        if not content.whole:
            tables = [(relation.schema or "", relation.name) for relation in content.schema]
        plan = archive_plan.plan(entries, content.extras, tables, ())
        for name in plan.left_out:
            yield f"-- left out, because the tables do not need it: {' '.join(name.split())}\n".encode()
        first_texts = (item.text.strip() for item in plan.pre_data)
        yield _HEAD + _statements(
            (*_SETTINGS, *SETTINGS, *("SET search_path = ''" if text == _SEARCH_PATH else text for text in first_texts))
        )
        yield from _rows(content)
        yield b"\n" + _statements(item.text for item in plan.post_data)
        yield _statements((*_silently(_counts(plan.extras)), *privileges.script(plan.extras)))
        yield _statements(item.text for item in plan.final)

    def loader(self, session: Session) -> ScriptLoader:
        """Return the loader of one script."""
        assert isinstance(session, PostgresSession)
        return PostgresScriptLoader(session)

    def archive_name(self, head: bytes) -> str:
        """Return the format of an archive of pg_dump that begins like this, or ""."""
        return dump_archives.archive_name(head)

    def open_archive(self, path: Path) -> AbstractContextManager[IO[bytes]]:
        """Open an archive of pg_dump as a script."""
        return dump_archives.open_archive(path)


def _rows(content: ScriptContent) -> Iterator[bytes]:
    for table, batches in content.tables:
        if large_objects.is_large_objects(table):
            yield from large_objects.script(batches, copy_text)
            continue
        yield f"\n{copy_in_statement(table)};\n".encode()
        for batch in batches:
            yield bytes(copy_text(batch))
        yield b"\\.\n"
