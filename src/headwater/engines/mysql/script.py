"""Scripts of MySQL: writes a snapshot as one for the program mysql, and loads scripts and dumps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from headwater.engines import Batch, ScriptContent, ScriptLoader, ScriptSupport, Session, SnapshotTable
from headwater.engines._script import inserts
from headwater.engines.mysql.bulk_load import SETTINGS, constants
from headwater.engines.mysql.ddl import quote, restore_ddl
from headwater.engines.mysql.script_load import MysqlScriptLoader
from headwater.engines.mysql.session import MysqlSession

_HEAD = b"-- Load it into an empty database: mysql DATABASE < FILE\n\n"


def _statement(text: str) -> bytes:
    """Return a statement for the program: one that contains a semicolon needs another delimiter."""
    bare = text.strip().rstrip(";")
    return (f"DELIMITER ;;\n{bare}\n;;\nDELIMITER ;\n" if ";" in bare else f"{bare};\n").encode()


def _rows(table: SnapshotTable, batches: Iterable[Batch]) -> Iterator[bytes]:
    names = ", ".join(quote(column.name) for column in table.columns)
    head = f"\nINSERT INTO {quote(table.name)} ({names}) VALUES\n".encode()
    for batch in batches:
        # The program changes both characters unless they are escaped.
        rows = (row.replace(b"\0", b"\\0").replace(b"\r", b"\\r") for row in constants(table.columns, batch))
        yield from inserts(head, rows)


class MysqlScript(ScriptSupport):
    """Snapshots as SQL scripts."""

    def chunks(self, content: ScriptContent) -> Iterator[bytes]:
        """Yield the script in chunks."""
        extras = content.extras
        first, later = restore_ddl(content.schema)
        yield _HEAD + b"".join(map(_statement, (*SETTINGS, *first)))
        for table, batches in content.tables:
            yield from _rows(table, batches)
        counters = [
            f"ALTER TABLE {quote(name)} AUTO_INCREMENT = {int(value)}" for name, value in extras.get("counters", ())
        ]
        generators = [
            f"DO SETVAL({quote(name)}, {int(value)}, 0, {int(cycle)})"
            for name, (value, cycle) in extras.get("generators", {}).items()
        ]
        yield b"\n" + b"".join(map(_statement, (*later, *counters, *generators)))

    def loader(self, session: Session) -> ScriptLoader:
        """Return the loader of one script."""
        assert isinstance(session, MysqlSession)
        return MysqlScriptLoader(session)
