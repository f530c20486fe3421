"""Writes one table of a snapshot into the vault: reused from the parent, from changes only, or read completely."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from headwater.core.snapshots import incremental, manifest_tables
from headwater.engines import Baseline, SnapshotReader, SnapshotTable
from headwater.features.snapshots.service.threads import RowProgress
from headwater.vault import manifest as manifests
from headwater.vault.chunk_encoder import Parent
from headwater.vault.manifest import Manifest, ManifestColumn, ManifestTable
from headwater.vault.snapshot_writer import TableShape, TableWriter, WrittenTable
from headwater.vault.vault import SnapshotWriter, Vault, find_table


@dataclass(frozen=True, slots=True)
class TableCapture:
    """What the threads that write tables share; `follows` allows to read only what changed since `parent`."""

    vault: Vault
    dump: SnapshotReader
    writing: SnapshotWriter
    parent: Manifest | None
    follows: bool
    progress: RowProgress

    def write(self, table: SnapshotTable) -> ManifestTable:
        """Write a table: reuse the parent's if nothing changed, else read only changes if possible, else all rows."""
        parent, progress = self.parent, self.progress
        columns = tuple(
            ManifestColumn(column.name, column.type, column.hint, column.hidden) for column in table.columns
        )
        facts = msgspec.to_builtins(table.facts)
        before = find_table(parent.tables, table.schema, table.name) if parent else None
        if before and (before.columns, before.key) != (columns, table.key):
            before = None
        progress.begin(table.display_name)
        changed = self._since(table, before)
        if before and changed and changed.nothing:
            progress.passed(before.rows)
            return manifests.reuse_table(before, facts)
        known = self.vault.table(before).parent() if before else None
        written = self._followed(table, changed, before, known) if before and known and changed else None
        if written is None:
            rows = progress.counted(self.dump.read(table), table.display_name)
            written = table_writer(self.writing, table, known).write(rows)
        else:
            progress.passed(written.counted.rows)
            if before and before.rows:  # most rows were not read: estimate their size from the parent's average
                written.counted.raw = before.raw * written.counted.rows // before.rows
        return manifests.table(table.schema, table.name, columns, table.key, written, facts)

    def _since(self, table: SnapshotTable, before: ManifestTable | None) -> incremental.ChangesSinceParent | None:
        """Return what changed in a table since the parent snapshot, or None if the engine cannot tell."""
        parent = self.parent
        if parent is None or before is None or not self.follows or self.dump.change_tracking is None:
            return None
        then = Baseline(parent.product, parent.moment, manifest_tables.dump_table(before))
        return incremental.changes_since(self.dump.change_tracking, table, then, before.rows)

    def _followed(
        self,
        table: SnapshotTable,
        since: incremental.ChangesSinceParent,
        before: ManifestTable,
        parent: Parent,
    ) -> WrittenTable | None:
        """Write a table from its changes, or return None if all rows must be read."""
        assert self.dump.change_tracking
        reader, writer = self.vault.table(before), table_writer(self.writing, table, parent)
        try:
            return incremental.write_changes(self.dump.change_tracking, table, since, parent, reader, writer)
        except incremental.ReadAll:
            return None


def table_writer(writing: SnapshotWriter, table: SnapshotTable, known: Parent | None) -> TableWriter:
    """Return the writer of a table's rows, which reuses chunks of the parent's table."""
    return TableWriter(writing.ink, TableShape(tuple(column.hint for column in table.columns), table.key), known)
