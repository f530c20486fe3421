"""Writes a snapshot as a script for the mysql program: tables, INSERTs, then the statements after the rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from headwater.catalog.model import Schema
from headwater.engines import Batch, ScriptSupport, SnapshotTable
from headwater.engines._script import inserts
from headwater.engines.mysql.bulk_load import SETTINGS, constants
from headwater.engines.mysql.ddl import quote, restore_ddl

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

    def chunks(
        self, schema: Schema, tables: Iterable[tuple[SnapshotTable, Iterable[Batch]]], extras: Mapping[str, Any]
    ) -> Iterator[bytes]:
        """Yield the script in chunks."""
        first, later = restore_ddl(schema)
        yield _HEAD + b"".join(map(_statement, (*SETTINGS, *first)))
        for table, batches in tables:
            yield from _rows(table, batches)
        counters = [
            f"ALTER TABLE {quote(name)} AUTO_INCREMENT = {int(value)}" for name, value in extras.get("counters", ())
        ]
        generators = [
            f"DO SETVAL({quote(name)}, {int(value)}, 0, {int(cycle)})"
            for name, (value, cycle) in extras.get("generators", {}).items()
        ]
        yield b"\n" + b"".join(map(_statement, (*later, *counters, *generators)))
