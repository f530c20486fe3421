"""Takes a snapshot: one moment of a database, table by table into the vault, complete with its manifest.

The manifest is the commit: a row says `complete` only after it is there. When a worker is killed between the two, the
next attempt finds the manifest by the snapshot's id and only finishes the row.
"""

from __future__ import annotations

import asyncio
import statistics
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.catalog.codec import to_json
from headwater.catalog.model import Schema
from headwater.core.snapshots import catch_up, incremental, manifest_tables, sample_check, schema_subset
from headwater.core.snapshots.manifest_tables import total
from headwater.engines import Baseline, SnapshotReader, SnapshotTable
from headwater.features.accounts.rights import SYSTEM
from headwater.features.accounts.service import audit
from headwater.features.databases.service import databases, reachability
from headwater.features.databases.service.reachability import ReachableDatabase
from headwater.features.jobs.context import Attempt, Write
from headwater.features.snapshots import repository
from headwater.features.snapshots.models import Snapshot
from headwater.features.snapshots.service import (
    snapshots,
    vault_locations,
)
from headwater.features.snapshots.service.engines import snapshots_of
from headwater.features.snapshots.service.threads import RowProgress, run_cancellable, run_parallel
from headwater.features.snapshots.service.vault_locations import VaultLocation
from headwater.kit.errors import Cancelled, Conflict
from headwater.store.encryption import SecretCipher
from headwater.vault import keys as keyring
from headwater.vault import manifest as manifests
from headwater.vault.chunk_encoder import Parent
from headwater.vault.errors import Damaged, Missing
from headwater.vault.manifest import Manifest, ManifestColumn, ManifestTable
from headwater.vault.snapshot_writer import TableShape, TableWriter, WrittenTable
from headwater.vault.vault import SnapshotWriter, Vault, find_table

# A snapshot that adds so many times as much as those before it usually do is worth a look, beyond a few pages.
GROWTH, HISTORY, FEWEST, FLOOR = 5, 10, 3, 256 * 1024
# So many snapshots in a row may be told from what has changed; then all is read once, whatever the engine says.
MOST_FOLLOWED = 20


@dataclass(slots=True)
class CaptureAttempt:
    """One attempt at a snapshot; `parents` are the complete ones of the same database and vault, newest first."""

    attempt: Attempt
    row: Snapshot
    token: uuid.UUID
    location: VaultLocation
    parents: Sequence[Snapshot]


async def run_job(attempt: Attempt) -> Write:
    """Do the work of a snapshot's job."""
    return await take(attempt, uuid.UUID(attempt.args["snapshot_id"]))


async def take(attempt: Attempt, snapshot_id: uuid.UUID) -> Write:
    """Take the snapshot of a row, and return what writes down that it is complete."""
    taking = await _begin(attempt, snapshot_id)
    vault = await vault_locations.open_vault(attempt.database, taking.location)
    started = time.monotonic()
    manifest = await asyncio.to_thread(_committed, vault, taking.row.id)
    if manifest is None:
        manifest = await _take(taking, vault)
    else:
        attempt.note("An earlier attempt ended after its commit: only the row is finished.")
    seconds = max((manifest.finished - manifest.started).total_seconds(), 0.0)
    attempt.report("checking", 0, 1, unit="steps", message="some pages are read back")
    found = await asyncio.to_thread(_read_back, vault, manifest)
    slots = await asyncio.to_thread(keyring.slots, vault.blobs)
    attempt.note(
        f"{len(manifest.tables)} tables, {total(manifest, 'rows'):,} rows, {total(manifest, 'new'):,} new bytes of "
        f"{total(manifest, 'stored'):,}, in {time.monotonic() - started:.1f} s."
    )

    async def write(db: AsyncSession) -> None:
        await _finish(db, taking, manifest, found, seconds)
        facts = {
            "cipher": "AES-256-GCM",
            "keys": sorted({slot.kind for slot in slots.values()}),
            "vault": vault.id,
            "packs": len(manifest.packs),
            "stored_bytes": total(manifest, "stored"),
            "new_bytes": total(manifest, "new"),
            "pages_read_back": found.pages,
        }
        row = taking.row
        audit.record(
            db,
            SYSTEM,
            "snapshot.complete",
            "snapshot",
            row.id,
            row.database_name,
            organization_id=row.organization_id,
            **facts,
        )

    return write


async def _begin(attempt: Attempt, snapshot_id: uuid.UUID) -> CaptureAttempt:
    """Make this the attempt that may write to the row."""
    token = uuid.uuid4()
    async with attempt.database.transaction() as db:
        row = await repository.get(db, snapshot_id, lock=True)
        if row is None or row.status != "taking":
            raise Cancelled("This snapshot is not wanted any more.")
        row.attempt = token
        location = await vault_locations.load(db, attempt.settings, row.vault_id)
        parents = await repository.complete_of_database(db, row.database_id, HISTORY) if row.database_id else []
    return CaptureAttempt(
        attempt, row, token, location, [parent for parent in parents if parent.vault_id == row.vault_id]
    )


def _committed(vault: Vault, snapshot_id: uuid.UUID) -> Manifest | None:
    try:
        return vault.manifest(str(snapshot_id))
    except Missing:
        return None


def _read_back(vault: Vault, manifest: Manifest) -> sample_check.SampleCheck:
    """Read some of a snapshot back; one that cannot be read is none."""
    try:
        return sample_check.check_sample(vault, manifest)
    except Damaged:
        vault.delete(manifest.id)
        raise


async def _take(taking: CaptureAttempt, vault: Vault) -> Manifest:
    attempt = taking.attempt
    reached = await _reach(taking)
    async with reachability.open_address(attempt.settings, reached) as address:
        attempt.report("opening", 0, 1, unit="steps", message=reached.name)
        dump = await snapshots_of(reached.engine).open_reader(address)
        try:
            started = datetime.now(UTC)
            for sentence in dump.notes:
                attempt.note(sentence, "warning")
            work = _CaptureRun(taking, vault, dump, _wanted(taking.row, dump), started)
            return await run_cancellable(attempt, dump.cancel, work.run)
        finally:
            await dump.close()


async def _reach(taking: CaptureAttempt) -> ReachableDatabase:
    attempt = taking.attempt
    async with attempt.database.transaction() as db:
        if taking.row.database_id is None:
            raise Cancelled("The database of this snapshot was deleted.")
        database = await databases.find(db, SYSTEM, taking.row.database_id)
        return await reachability.load(db, SecretCipher.of(attempt.settings), database)


def _wanted(row: Snapshot, dump: SnapshotReader) -> tuple[SnapshotTable, ...]:
    tables, exclude = row.request.get("tables"), row.request.get("exclude")
    if tables is None and exclude is None:
        return dump.tables
    names = snapshots.chosen(dump.schema, tables, exclude)
    return tuple(table for table in dump.tables if table.display_name in names)


@dataclass(slots=True)
class _CaptureRun:
    """The part of taking that runs in a thread."""

    taking: CaptureAttempt
    vault: Vault
    dump: SnapshotReader
    tables: Sequence[SnapshotTable]
    started: datetime
    follows: bool = False

    def run(self) -> Manifest:
        """Write all tables and commit; when the parent is deleted meanwhile, begin again with an older one."""
        while True:
            parent = self._parent()
            try:
                return self._written_on(parent)
            except Conflict:
                if parent is None or _committed(self.vault, uuid.UUID(parent.id)):
                    raise
                self.taking.parents = [one for one in self.taking.parents if str(one.id) != parent.id]

    def _written_on(self, parent: Manifest | None) -> Manifest:
        row = self.taking.row
        progress = RowProgress(
            self.taking.attempt, "rows", sum(table.rows or 0 for table in self.tables), len(self.tables)
        )
        with self.vault.write_snapshot(str(row.id), codec=self.taking.location.codec, parent=parent) as writing:
            made = self._catch_up(writing, self._all_written(writing, parent, progress))
            self.taking.attempt.report("storing", progress.rows, progress.rows, unit="rows", message="the last packs")
            schema = self._schema()  # of chosen tables, what is theirs, and so are the extras
            whole = schema is self.dump.schema
            extras = self.dump.extras if whole else schema_subset.extras_of(self.dump.extras, schema)
            manifest = Manifest(
                id=str(row.id),
                database=row.database_name,
                label=row.label,
                started=self.started,
                finished=datetime.now(UTC),
                parent=parent.id if parent else None,
                engine=row.engine,
                product=self.dump.product,
                moment=msgspec.to_builtins(self.dump.moment),
                schema=to_json(schema),
                extras=msgspec.to_builtins(extras),
                tables=tuple(made),
                codec=writing.ink.codec.name,
                level=writing.ink.codec.level,
            )
            return self._commit(writing, manifest)

    def _catch_up(self, writing: SnapshotWriter, written_tables: list[ManifestTable]) -> list[ManifestTable]:
        """Return tables as they are at the moment of the dump, if that is another one than that of reading them."""
        late = self.dump.catch_up
        if late is None or late.is_consistent():
            return written_tables
        attempt, said = self.taking.attempt, self.dump.notes
        attempt.report("catching up", 0, 1, unit="steps", message="what was changed meanwhile")
        tables, rows = catch_up.catch_up(
            late, self.vault, writing, written_tables, lambda table, known: _writer(writing, table, known)
        )
        attempt.note(f"It was read while others wrote; {rows:,} rows that they changed were read again, at one moment.")
        for sentence in self.dump.notes:
            if sentence not in said:
                attempt.note(sentence, "warning")
        return tables

    def _all_written(
        self, writing: SnapshotWriter, parent: Manifest | None, progress: RowProgress
    ) -> list[ManifestTable]:
        """Write all tables, several at once, those with the most rows first."""
        work = {
            table.display_name: partial(self._written, writing, table, parent, progress)
            for table in sorted(self.tables, key=lambda one: one.rows or 0, reverse=True)
        }
        written = run_parallel(self.dump.max_readers, self.dump.cancel, work)
        return [written[table.display_name] for table in self.tables]

    def _schema(self) -> Schema:
        """Return the Schema of what is in the snapshot."""
        bare = schema_subset.without_rows(self.dump.schema, {table.display_name for table in self.dump.tables})
        return schema_subset.cut(self.dump.schema, bare | {one.display_name for one in self.tables})[0]

    def _commit(self, writing: SnapshotWriter, manifest: Manifest) -> Manifest:
        """Commit, unless another attempt at the same snapshot was first: then that one counts."""
        try:
            self.vault.commit(writing, manifest)
        except Damaged:
            first = _committed(self.vault, self.taking.row.id)
            if first is None:
                raise
            return first
        return manifest

    def _parent(self) -> Manifest | None:
        """Return the snapshot of the same database to build on: the newest that has the most of these tables."""
        wanted = {(table.schema, table.name) for table in self.tables}

        def missing(row: Snapshot) -> int:
            return len(wanted - {(one["schema"], one["name"]) for one in row.contents.get("tables", ())})

        for row in sorted(self.taking.parents, key=missing):
            try:
                manifest = self.vault.manifest(str(row.id))
                self.follows = row.contents.get("followed", 0) < MOST_FOLLOWED
                return manifest
            except Damaged as error:
                self.taking.attempt.note(f"Snapshot {row.id} cannot be built on: {error.message}", "warning")
        return None

    def _written(
        self, writing: SnapshotWriter, table: SnapshotTable, parent: Manifest | None, progress: RowProgress
    ) -> ManifestTable:
        columns = tuple(ManifestColumn(column.name, column.type, column.hint) for column in table.columns)
        facts = msgspec.to_builtins(table.facts)
        before = find_table(parent.tables, table.schema, table.name) if parent else None
        if before and (before.columns, before.key) != (columns, table.key):
            before = None
        progress.begin(table.display_name)
        changed = self._since(table, parent, before)
        if before and changed and changed.nothing:
            progress.passed(before.rows)
            return manifests.reuse_table(before, facts)
        known = self.vault.table(before).parent() if before else None
        written = self._followed(writing, table, changed, before, known) if before and known and changed else None
        if written is None:
            rows = progress.counted(self.dump.read(table), table.display_name)
            written = _writer(writing, table, known).write(rows)
        else:
            progress.passed(written.counted.rows)
            if before and before.rows:  # of rows that were not read, as many bytes as they had on average
                written.counted.raw = before.raw * written.counted.rows // before.rows
        return manifests.table(table.schema, table.name, columns, table.key, written, facts)

    def _since(
        self, table: SnapshotTable, parent: Manifest | None, before: ManifestTable | None
    ) -> incremental.ChangesSinceParent | None:
        """Return what has become of the rows that the parent has of a table, if that can be told."""
        if parent is None or before is None or not self.follows or self.dump.change_tracking is None:
            return None
        then = Baseline(parent.product, parent.moment, manifest_tables.dump_table(before))
        return incremental.changes_since(self.dump.change_tracking, table, then, before.rows)

    def _followed(
        self,
        writing: SnapshotWriter,
        table: SnapshotTable,
        since: incremental.ChangesSinceParent,
        before: ManifestTable,
        parent: Parent,
    ) -> WrittenTable | None:
        """Write a table by what has changed in it, or nothing when reading all of it is the better way."""
        assert self.dump.change_tracking
        reader, writer = self.vault.table(before), _writer(writing, table, parent)
        try:
            return incremental.write_changes(self.dump.change_tracking, table, since, parent, reader, writer)
        except incremental.ReadAll:
            return None


def _writer(writing: SnapshotWriter, table: SnapshotTable, known: Parent | None) -> TableWriter:
    return TableWriter(writing.ink, TableShape(tuple(column.hint for column in table.columns), table.key), known)


async def _finish(
    db: AsyncSession, taking: CaptureAttempt, manifest: Manifest, sample: sample_check.SampleCheck, seconds: float
) -> None:
    """Write to the row what the manifest says."""
    new = total(manifest, "new")
    values: dict[str, Any] = {
        "status": "complete",
        "product": manifest.product,
        "moment": dict(manifest.moment),
        "parent_id": uuid.UUID(manifest.parent) if manifest.parent else None,
        "tables": len(manifest.tables),
        "rows": total(manifest, "rows"),
        "raw_bytes": total(manifest, "raw"),
        "stored_bytes": total(manifest, "stored"),
        "new_bytes": new,
        "seconds": seconds,
        "taken_at": manifest.started,
        "finished_at": manifest.finished,
        "contents": {
            "tables": [manifest_tables.to_dict(table) for table in manifest.tables],
            "followed": _followed(taking, manifest),
        },
        "grew": growth_of(
            new, [parent.new_bytes for parent in taking.parents], taking.row.request.get("growth") or GROWTH
        ),
        "verified_at": datetime.now(UTC),
        "verification": sample.plain,
    }
    if not await repository.note(db, taking.row.id, taking.token, **values):
        raise Cancelled("Another attempt has taken over.")


def _followed(taking: CaptureAttempt, manifest: Manifest) -> int:
    """Return how many snapshots, up to this one, came after the last one that read everything."""
    before = next((parent for parent in taking.parents if str(parent.id) == manifest.parent), None)
    so_far = before.contents.get("followed", 0) if before else MOST_FOLLOWED
    return so_far + 1 if so_far < MOST_FOLLOWED else 0


def growth_of(new: int, before: Sequence[int], times: float = GROWTH) -> bool:
    """Say whether a snapshot added far more than those before it usually did."""
    return len(before) >= FEWEST and new > times * max(statistics.median(before), FLOOR)
