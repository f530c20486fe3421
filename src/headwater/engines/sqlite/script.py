"""Scripts of SQLite: writes a snapshot as one for the program sqlite3, and loads scripts and dumps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from headwater.engines import Batch, ScriptContent, ScriptLoader, ScriptSupport, Session, SnapshotTable
from headwater.engines._script import inserts
from headwater.engines.sqlite.bulk_load import SETTINGS, value_of
from headwater.engines.sqlite.ddl import quote, restore_ddl
from headwater.engines.sqlite.script_load import SqliteScriptLoader
from headwater.engines.sqlite.session import SqliteSession
from headwater.engines.sqlite.values import literal

_HEAD = b"-- Load it into a new file: sqlite3 NEW.db < FILE\n\nPRAGMA foreign_keys = OFF;\nBEGIN;\n"


def _statements(texts: Iterable[str]) -> bytes:
    return "".join(f"{text.rstrip().rstrip(';')};\n" for text in texts).encode()


def _rows(table: SnapshotTable, batches: Iterable[Batch]) -> Iterator[bytes]:
    names = ", ".join(quote(column.name) for column in table.columns)
    head = f"INSERT INTO {quote(table.name)} ({names}) VALUES\n".encode()
    for batch in batches:
        columns = [[literal(value_of(value)) for value in column.to_pylist()] for column in batch.columns]
        yield from inserts(head, (b"(" + b",".join(row) + b")" for row in zip(*columns, strict=True)))


class SqliteScript(ScriptSupport):
    """Snapshots as SQL scripts."""

    def chunks(self, content: ScriptContent) -> Iterator[bytes]:
        """Yield the script in chunks."""
        extras = content.extras
        first, later = restore_ddl(content.schema)
        yield _HEAD + _statements(first)
        for table, batches in content.tables:
            yield from _rows(table, batches)
        last = [
            f"PRAGMA {name} = {int(value)}" for name, value in extras.get("settings", {}).items() if name in SETTINGS
        ]
        counters = [f"({literal(name).decode()}, {int(value)})" for name, value in extras.get("counters", ())]
        if counters:
            values = ", ".join(counters)
            last += ["DELETE FROM sqlite_sequence", f"INSERT INTO sqlite_sequence (name, seq) VALUES {values}"]  # noqa: S608
        yield _statements((*later, *last)) + b"COMMIT;\n"

    def loader(self, session: Session) -> ScriptLoader:
        """Return the loader of one script."""
        assert isinstance(session, SqliteSession)
        return SqliteScriptLoader(session)
