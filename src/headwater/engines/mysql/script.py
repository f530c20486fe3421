"""Scripts of MySQL: writes a snapshot as one for the program mysql, and loads scripts and dumps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from headwater.engines import Batch, ScriptContent, ScriptLoader, ScriptSupport, Session, SnapshotTable
from headwater.engines._script import inserts
from headwater.engines.mysql import archive_plan, history, schema_archive
from headwater.engines.mysql.archive_restore import TABLES_MODE, settings
from headwater.engines.mysql.bulk_load import SETTINGS, constants
from headwater.engines.mysql.ddl import quote, restore_ddl
from headwater.engines.mysql.schema_archive import MysqlObject
from headwater.engines.mysql.script_load import MysqlScriptLoader
from headwater.engines.mysql.session import MysqlSession

_HEAD = b"-- Load it into an empty database: mysql DATABASE < FILE\n\n"


_DELIMITERS = (b";;", b"$$", b"//", b"-- end of the statement --")


def _statement(text: str) -> bytes:
    return _delimited(text.strip().rstrip(";").encode())


def _delimited(bare: bytes) -> bytes:
    """Return a statement for the program: one that contains a semicolon needs another delimiter."""
    if b";" not in bare:
        return bare + b";\n"
    mark = next((mark for mark in _DELIMITERS if mark not in bare), _DELIMITERS[-1])
    return b"DELIMITER %b\n%b\n%b\nDELIMITER ;\n" % (mark, bare, mark)


def _rows(table: SnapshotTable, batches: Iterable[Batch]) -> Iterator[bytes]:
    names = ", ".join(quote(column.name) for column in table.columns)
    head = f"\nINSERT INTO {quote(table.name)} ({names}) VALUES\n".encode()
    for batch in batches:
        # The program changes both characters unless they are escaped.
        rows = (row.replace(b"\0", b"\\0").replace(b"\r", b"\\r") for row in constants(table.columns, batch))
        yield from inserts(head, rows)


class _Schema:
    """The statements of a script that create the schema: those of the archive, or else of the Schema."""

    def __init__(self, content: ScriptContent) -> None:
        self.left_out: tuple[str, ...] = ()
        self.extras = content.extras
        if content.archive is None:
            first, later = restore_ddl(content.schema)
            self.before, self.after = b"".join(map(_statement, first)), b"".join(map(_statement, later))
            return
        archive = schema_archive.loaded(content.archive)
        tables = [item.name for item in archive.objects if item.kind == "table"]
        selection = archive_plan.select(archive, tables if content.whole else [item.name for item in content.schema])
        self.left_out, self.extras = selection.left_out, archive_plan.extras_of(selection.objects, content.extras)
        first_objects = [item for item in selection.objects if item.kind in archive_plan.WITH_ROWS]
        later_objects = [item for item in selection.objects if item.kind not in archive_plan.WITH_ROWS]
        mode = _statement(f"SET SESSION sql_mode = '{TABLES_MODE}'")
        self.before = mode + b"".join(_delimited(item.data) for item in first_objects) + _statement(SETTINGS[0])
        self.after = b"".join(_created(later_objects, archive.collation))


def _created(objects: Iterable[MysqlObject], collation: str) -> Iterator[bytes]:
    """Yield the statements of objects, each under its settings; those of the script are set again afterwards."""
    current = collation
    for item in objects:
        if item.database_collation not in {"", current}:
            current = item.database_collation
            yield _statement(f"ALTER DATABASE COLLATE {current}")
        yield b"".join(map(_statement, settings(item))) + _delimited(item.data)
    if current != collation:
        yield _statement(f"ALTER DATABASE COLLATE {collation}")
    yield b"".join(map(_statement, SETTINGS[:3]))


class MysqlScript(ScriptSupport):
    """Snapshots as SQL scripts."""

    def chunks(self, content: ScriptContent) -> Iterator[bytes]:
        """Yield the script in chunks; with an archive, its schema is the server's own text."""
        schema = _Schema(content)
        for name in schema.left_out:
            yield f"-- left out, because the tables do not need it: {' '.join(name.split())}\n".encode()
        yield _HEAD + b"".join(map(_statement, SETTINGS)) + schema.before
        for table, batches in content.tables:
            if history.is_history(table):
                yield f"-- left out, because older servers cannot take it: {table.name}\n".encode()
            else:
                yield from _rows(*history.fitted(table, batches))
        counters = [
            f"ALTER TABLE {quote(name)} AUTO_INCREMENT = {int(value)}"
            for name, value in schema.extras.get("counters", ())
        ]
        generators = [
            f"DO SETVAL({quote(name)}, {int(value)}, 0, {int(cycle)})"
            for name, (value, cycle) in schema.extras.get("generators", {}).items()
        ]
        yield b"\n" + b"".join(map(_statement, (*counters, *generators))) + schema.after

    def loader(self, session: Session) -> ScriptLoader:
        """Return the loader of one script."""
        assert isinstance(session, MysqlSession)
        return MysqlScriptLoader(session)
