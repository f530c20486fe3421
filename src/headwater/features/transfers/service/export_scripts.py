"""Exports as SQL: one script of the engine's own schema and the rows, by the mechanism of snapshot exports."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

from headwater.catalog.model import Relation
from headwater.core.snapshots import scripts
from headwater.engines import Batch, ScriptContent, ScriptSupport, SnapshotReader, SnapshotTable
from headwater.features.databases.service import reachability
from headwater.features.databases.service.reachability import ReachableDatabase
from headwater.features.snapshots.service.threads import RowProgress, run_cancellable
from headwater.features.transfers.service import table_choice
from headwater.features.transfers.service.transfers import TransferAttempt
from headwater.kit.errors import BadInput

SCHEMA_FILE = "schema.sql"


async def write(working: TransferAttempt, source: ReachableDatabase, archive: zipfile.ZipFile) -> list[dict[str, Any]]:
    """Write a script of the chosen tables as the only file of a ZIP; return the name and number of rows of each table.

    Everything is read at one consistent moment.
    """
    name = f"{source.name.replace('/', '_')}.sql"
    return (await _written(working, source, archive, name, rows=True))[1]


async def write_schema(working: TransferAttempt, source: ReachableDatabase, archive: zipfile.ZipFile) -> list[Relation]:
    """Write the script that creates the chosen tables, without rows; return the tables."""
    return (await _written(working, source, archive, SCHEMA_FILE, rows=False))[0]


async def _written(
    working: TransferAttempt, source: ReachableDatabase, archive: zipfile.ZipFile, name: str, *, rows: bool
) -> tuple[list[Relation], list[dict[str, Any]]]:
    engine = source.engine
    if engine.script is None or engine.snapshots is None:
        raise BadInput(f"{engine.display_name} databases cannot be exported as SQL.")
    async with reachability.open_address(working.settings, source) as address:
        reader = await engine.snapshots.open_reader(address)
        try:
            tables = table_choice.chosen(reader.schema, working.transfer.request["tables"])
            exported = table_choice.with_partitions(reader.schema, tables) if rows else tables
            work = _ScriptExport(working, reader, engine.script, exported)
            await run_cancellable(working.attempt, reader.cancel, lambda: work.write(archive, name, rows=rows))
            for note in reader.notes:
                working.attempt.note(note, "warning")
            return tables, work.counts()
        finally:
            await reader.close()


class _ScriptExport:
    """The export of some tables, or of all."""

    def __init__(
        self, working: TransferAttempt, reader: SnapshotReader, support: ScriptSupport, tables: Sequence[Relation]
    ) -> None:
        self._reader, self._support = reader, support
        self._names = None if working.transfer.request["tables"] is None else [item.qualified_name for item in tables]
        self._tables = [table for table in reader.tables if self._names is None or table.display_name in self._names]
        estimate = sum(table.rows or 0 for table in self._tables)
        self._progress = RowProgress(working.attempt, "rows", estimate, len(self._tables))
        self._rows = {item.qualified_name: 0 for item in tables}
        self._note = working.attempt.note

    def counts(self) -> list[dict[str, Any]]:
        """Return the number of rows of each table."""
        return [{"table": name, "rows": rows} for name, rows in self._rows.items()]

    def write(self, archive: zipfile.ZipFile, name: str, *, rows: bool) -> None:
        """Write the script as a file of a ZIP. Blocks."""
        written = self._reader.schema_archiver.write() if self._reader.schema_archiver else None
        for note in written.notes if written else ():
            self._note(note, "warning")
        extras = dict(self._reader.extras) if rows else {**self._reader.extras, "sequences": (), "counters": ()}
        content = ScriptContent(
            self._reader.schema,
            ((table, self._batches(table)) for table in self._tables) if rows else (),
            extras,
            written.content if written else None,
        )
        entry = zipfile.ZipInfo(name, time.localtime()[:6])
        entry.compress_type = zipfile.ZIP_DEFLATED
        with archive.open(entry, "w", force_zip64=True) as out:
            for piece in scripts.pieces(self._support, content, self._reader.tables, self._names):
                out.write(piece)

    def _batches(self, table: SnapshotTable) -> Iterator[Batch]:
        for batch in self._progress.counted(self._reader.read(table), table.display_name):
            self._rows[table.display_name] = self._rows.get(table.display_name, 0) + batch.num_rows
            yield batch
