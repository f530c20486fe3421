"""Reads a database into the vault and commits the manifest; runs in a thread."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import msgspec

from headwater.catalog.codec import to_json
from headwater.catalog.model import Schema
from headwater.core.snapshots import catch_up, schema_archives, schema_subset
from headwater.engines import SnapshotReader, SnapshotTable
from headwater.features.snapshots.service.capture.attempt import CaptureAttempt
from headwater.features.snapshots.service.capture.parent import choose_parent
from headwater.features.snapshots.service.capture.table_capture import TableCapture, table_writer
from headwater.features.snapshots.service.threads import RowProgress, run_parallel
from headwater.kit.errors import Conflict
from headwater.vault.errors import Damaged, Missing
from headwater.vault.manifest import VERSION, VERSION_WITHOUT_ARCHIVE, Manifest, ManifestTable
from headwater.vault.vault import SnapshotWriter, Vault


@dataclass(slots=True)
class CaptureRun:
    """The part of a capture that runs in a thread."""

    taking: CaptureAttempt
    vault: Vault
    dump: SnapshotReader
    tables: Sequence[SnapshotTable]
    started: datetime

    def run(self) -> Manifest:
        """Write all tables and commit; if the parent is deleted while this runs, start again with an older one."""
        while True:
            parent, follows = choose_parent(
                self.vault, self.taking.parents, self.tables, self.taking.row.database_id, self._warn
            )
            try:
                return self._written_on(parent, follows=follows)
            except Conflict:
                if parent is None or committed(self.vault, uuid.UUID(parent.id)):
                    raise
                self.taking.parents = [row for row in self.taking.parents if str(row.id) != parent.id]

    def _written_on(self, parent: Manifest | None, *, follows: bool) -> Manifest:
        row = self.taking.row
        progress = RowProgress(
            self.taking.attempt, "rows", sum(table.rows or 0 for table in self.tables), len(self.tables)
        )
        with self.vault.write_snapshot(str(row.id), codec=self.taking.location.codec, parent=parent) as writing:
            archived = self._archived(writing, parent)
            written = self._all_written(TableCapture(self.vault, self.dump, writing, parent, follows, progress))
            tables, (archive, archive_losses) = self._catch_up(writing, written), archived()
            self.taking.attempt.report(
                "storing", progress.rows, progress.rows, unit="rows", message="writing the last packs"
            )
            schema = self._schema()  # if only some tables are captured, their part of the Schema and of the extras
            whole = schema is self.dump.schema
            extras = self.dump.extras if whole else schema_subset.extras_of(self.dump.extras, schema)
            manifest = Manifest(
                version=VERSION if archive else VERSION_WITHOUT_ARCHIVE,
                id=str(row.id),
                database=row.database_name,
                organization=self.taking.organization,
                request=row.request,
                label=row.label,
                started=self.started,
                finished=datetime.now(UTC),
                parent=parent.id if parent else None,
                engine=row.engine,
                product=self.dump.product,
                moment=msgspec.to_builtins(self.dump.moment),
                schema=to_json(schema),
                extras=msgspec.to_builtins(extras),
                tables=tuple(tables),
                archive=archive,
                losses=tuple(dict.fromkeys((*self.dump.notes, *archive_losses))),
                codec=writing.ink.codec.name,
                level=writing.ink.codec.level,
            )
            return self._commit(writing, manifest)

    def _archived(
        self, writing: SnapshotWriter, parent: Manifest | None
    ) -> Callable[[], tuple[ManifestTable | None, Sequence[str]]]:
        """Write the schema in the engine's own format, beside the tables.

        Returns:
            A function that waits for it, and returns it and sentences about what it lacks.
        """
        archiver = self.dump.schema_archiver
        if archiver is None:
            return lambda: (None, ())
        thread = ThreadPoolExecutor(1, thread_name_prefix="schema-archive")
        archive = thread.submit(archiver.write)
        thread.shutdown(wait=False)

        def archived() -> tuple[ManifestTable | None, Sequence[str]]:
            written = archive.result()
            for sentence in written.notes:
                self._warn(sentence)
            if not written.content:
                return None, written.notes
            return schema_archives.write(self.vault, writing, parent, written.content), written.notes

        return archived

    def _catch_up(self, writing: SnapshotWriter, written_tables: list[ManifestTable]) -> list[ManifestTable]:
        """Return the tables as of the snapshot's moment; re-read rows that changed while they were being read."""
        late = self.dump.catch_up
        if late is None or late.is_consistent():
            return written_tables
        attempt, notes = self.taking.attempt, self.dump.notes
        attempt.report("catching up", 0, 1, unit="steps", message="reading rows that changed in the meantime")
        tables, rows = catch_up.catch_up(
            late, self.vault, writing, written_tables, lambda table, known: table_writer(writing, table, known)
        )
        attempt.note(
            f"{rows:,} rows changed while the database was read. They were read again, so the snapshot is consistent."
        )
        for sentence in self.dump.notes:
            if sentence not in notes:
                attempt.note(sentence, "warning")
        return tables

    def _all_written(self, capture: TableCapture) -> list[ManifestTable]:
        """Write all tables in parallel, the ones with the most rows first."""
        work = {
            table.display_name: partial(capture.write, table)
            for table in sorted(self.tables, key=lambda item: item.rows or 0, reverse=True)
        }
        written = run_parallel(self.dump.max_readers, self.dump.cancel, work)
        return [written[table.display_name] for table in self.tables]

    def _schema(self) -> Schema:
        """Return the Schema of the tables in the snapshot."""
        bare = schema_subset.without_rows(self.dump.schema, {table.display_name for table in self.dump.tables})
        return schema_subset.cut(self.dump.schema, bare | {table.display_name for table in self.tables})[0]

    def _commit(self, writing: SnapshotWriter, manifest: Manifest) -> Manifest:
        """Commit and return the manifest; if another attempt committed this snapshot first, return its manifest."""
        try:
            self.vault.commit(writing, manifest)
        except Damaged:
            first = committed(self.vault, self.taking.row.id)
            if first is None:
                raise
            return first
        return manifest

    def _warn(self, message: str) -> None:
        self.taking.attempt.note(message, "warning")


def committed(vault: Vault, snapshot_id: uuid.UUID) -> Manifest | None:
    """Return the manifest of a snapshot, or None if it was not committed."""
    try:
        return vault.manifest(str(snapshot_id))
    except Missing:
        return None
