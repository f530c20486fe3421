"""Scripts of SQLite: writes a snapshot as one for the program sqlite3, and loads scripts and dumps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from headwater.engines import (
    STANDALONE_ROWS,
    ArchivePlan,
    ArchiveStatement,
    Batch,
    ScriptContent,
    ScriptLoader,
    ScriptSupport,
    Session,
    SnapshotTable,
)
from headwater.engines._script import inserts
from headwater.engines.sqlite import archive_plan, schema_archive
from headwater.engines.sqlite.archive_restore import PRAGMAS
from headwater.engines.sqlite.bulk_load import SETTINGS, counter_statements, value_of
from headwater.engines.sqlite.ddl import quote, restore_ddl
from headwater.engines.sqlite.script_load import SqliteScriptLoader
from headwater.engines.sqlite.session import SqliteSession
from headwater.engines.sqlite.values import literal

_HEAD = b"-- Load it into a new file: sqlite3 NEW.db < FILE\n\nPRAGMA foreign_keys = OFF;\n"


def _statements(texts: Iterable[str]) -> bytes:
    return "".join(map(_ended, texts)).encode()


def _ended(text: str) -> str:
    """Return a statement with its semicolon, which must not become part of a comment in its last line."""
    bare = text.rstrip().rstrip(";")
    return f"{bare}\n;\n" if "--" in bare.rsplit("\n", 1)[-1] else f"{bare};\n"


def _rows(table: SnapshotTable, batches: Iterable[Batch]) -> Iterator[bytes]:
    names = ", ".join(quote(column.name) for column in table.columns)
    head = f"INSERT INTO {quote(table.name)} ({names}) VALUES\n".encode()
    if table.facts.get(STANDALONE_ROWS):  # a new shadow table has rows that say that it is empty
        yield _statements([f"DELETE FROM {quote(table.name)}"])  # noqa: S608 (quoted)
    for batch in batches:
        columns = [[literal(value_of(value)) for value in column.to_pylist()] for column in batch.columns]
        yield from inserts(head, (b"(" + b",".join(row) + b")" for row in zip(*columns, strict=True)))


def _file_settings(content: ScriptContent) -> Iterator[str]:
    """Yield the settings that a file has from its beginning."""
    if content.archive is not None and content.whole:
        pragmas = schema_archive.loaded(content.archive).pragmas
        yield from (f"PRAGMA {name} = '{pragmas[name]}'" for name in PRAGMAS if name in pragmas)


def _plan(content: ScriptContent) -> ArchivePlan:
    """Return the plan of the archive, or else one of the Schema."""
    if content.archive is None:
        first, later = restore_ddl(content.schema)
        return ArchivePlan(_plain(first), _plain(later), (), (), (), content.extras)
    archive = schema_archive.loaded(content.archive)
    tables = [item.name for item in content.schema]
    selection = archive_plan.select(archive, tables, whole=content.whole)
    return archive_plan.plan_of(selection, archive, content.extras, tables)


def _plain(texts: Iterable[str]) -> tuple[ArchiveStatement, ...]:
    return tuple(ArchiveStatement(archive_plan.OTHER, text, "", True) for text in texts)


class SqliteScript(ScriptSupport):
    """Snapshots as SQL scripts."""

    def chunks(self, content: ScriptContent) -> Iterator[bytes]:
        """Yield the script in chunks; with an archive, its schema is the text that the file stored."""
        plan = _plan(content)
        for name in plan.left_out:
            yield f"-- left out, because the tables do not need it: {' '.join(name.split())}\n".encode()
        yield _HEAD + _statements(_file_settings(content)) + b"BEGIN;\n"
        yield _statements(item.text for item in plan.pre_data if item.text)
        for table, batches in content.tables:
            yield from _rows(table, batches)
        last = [
            f"PRAGMA {name} = {int(value)}"
            for name, value in plan.extras.get("settings", {}).items()
            if name in SETTINGS
        ]
        yield _statements(item.text for item in plan.post_data)
        yield _statements((*last, *counter_statements(plan.extras)))
        yield _statements(item.text for item in plan.final) + b"COMMIT;\n"

    def loader(self, session: Session) -> ScriptLoader:
        """Return the loader of one script."""
        assert isinstance(session, SqliteSession)
        return SqliteScriptLoader(session)
