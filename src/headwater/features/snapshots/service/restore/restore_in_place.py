"""Restores into existing tables, atomically. A snapshot of the target is taken first, so that it can be undone."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any, cast

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.catalog.codec import from_json
from headwater.catalog.model import Schema
from headwater.core.snapshots import manifest_tables, schema_archives, schema_subset
from headwater.core.snapshots.schema_comparison import SchemaComparison
from headwater.engines import Batch, Engine, TableRestoreRequest, TableRestoreResult
from headwater.features.accounts.rights import SYSTEM
from headwater.features.databases.service import reachability
from headwater.features.databases.service.reachability import ReachableDatabase
from headwater.features.jobs.context import Attempt
from headwater.features.snapshots import repository
from headwater.features.snapshots.models import Snapshot
from headwater.features.snapshots.service.capture import capture_job
from headwater.features.snapshots.service.engines import in_place_restore_of, snapshots_of
from headwater.features.snapshots.service.restore import comparison, targets
from headwater.features.snapshots.service.restore.comparison import ReadBack, RestoreResult
from headwater.features.snapshots.service.restore.targets import RestoreAttempt
from headwater.features.snapshots.service.storage import vault_locations
from headwater.features.snapshots.service.threads import RowProgress, run_cancellable
from headwater.kit.errors import Conflict, HeadwaterError
from headwater.vault.manifest import Manifest, ManifestTable
from headwater.vault.vault import Vault


async def restore(work: RestoreAttempt, vault: Vault, manifest: Manifest, target: ReachableDatabase) -> RestoreResult:
    """Restore in place and return what was compared."""
    attempt = work.attempt
    undo = await _undo(work, target)
    tables = [
        table
        for table in manifest_tables.select(manifest, work.row.request.get("tables"))
        if not manifest_tables.apart(table)
    ]
    for sentence in manifest_tables.omissions(manifest, tables):
        attempt.note(sentence, "warning")
    missing, there = _missing(manifest, undo, tables)
    if not _undoes_ddl(target.engine):
        await work.note(created={"things": targets.missing_things(target.engine, missing, there)})
    what = _prepared(target.engine, manifest, (missing, there), tables, work.row.mode)
    read_back = ReadBack(what.mode)
    archive = await asyncio.to_thread(schema_archives.read, vault, manifest) if what.missing else None
    results = await _restored(attempt, vault, target, tables, replace(what, read_back=read_back, archive=archive))
    schema = await _compared_schema(attempt, vault, manifest, target, tables)
    mode = work.row.mode
    return RestoreResult(
        [_report(table, result, mode, read_back) for table, result in zip(tables, results, strict=True)], schema
    )


async def _restored(
    attempt: Attempt,
    vault: Vault,
    target: ReachableDatabase,
    tables: Sequence[ManifestTable],
    what: TableRestoreRequest,
) -> list[TableRestoreResult]:
    """Run a request with the rows of some tables."""
    note = partial(attempt.note, level="warning")
    async with reachability.open_address(attempt.settings, target) as address:
        refill = await in_place_restore_of(target.engine).open(address)
        decoders = ThreadPoolExecutor(2, thread_name_prefix="vault-decode")
        progress = RowProgress(attempt, "rows", sum(table.rows for table in tables), len(tables))

        def rows(table: ManifestTable) -> Iterable[Batch]:
            name, read_back = manifest_tables.display_name(table), what.read_back
            batches = progress.counted(vault.table(table).rows(decoders) if table.rows else iter(()), name)
            return (
                read_back.passing(manifest_tables.dump_table(table), batches)
                if isinstance(read_back, ReadBack)
                else batches
            )

        def put() -> list[TableRestoreResult]:
            given = [(manifest_tables.dump_table(table), rows(table)) for table in tables]
            return refill.restore_tables(replace(what, tables=given, note=note))

        try:
            return await run_cancellable(attempt, refill.cancel, put)
        finally:
            await refill.close()
            decoders.shutdown(wait=False, cancel_futures=True)


async def _compared_schema(
    attempt: Attempt, vault: Vault, manifest: Manifest, target: ReachableDatabase, tables: Sequence[ManifestTable]
) -> SchemaComparison:
    """Compare the schemas of the restored tables. The rows are restored by now, so no error may end the job."""
    try:
        return (await comparison.compare(attempt, vault, manifest, target, tables, rows_of=())).schema
    except HeadwaterError as error:
        return SchemaComparison(reason=error.message or "the job was cancelled")


async def _undo(work: RestoreAttempt, target: ReachableDatabase) -> Manifest:
    """Take a snapshot of the target, unless an earlier attempt has; return its manifest."""
    store = work.attempt.database
    async with store.transaction() as db:
        row = await repository.get(db, work.row.undo_id) if work.row.undo_id else None
        if row is None:
            row = Snapshot(
                organization_id=work.row.organization_id,
                project_id=work.snapshot.project_id,
                database_id=target.id,
                database_name=target.name,
                vault_id=await _vault_of_undo(db, work),
                status="taking",
                label=f"Before restoring {_label_of(work.snapshot)}"[:200],
                engine=target.engine_name,
                created_by=work.row.created_by,
                job_id=work.attempt.job_id,
                contents={},
                moment={},
                verification={},
                drill={},
                request={"undo": True},
            )
            db.add(row)
            await db.flush()
            await work.claim.update(db, undo_id=row.id)
    if row.status != "complete":
        write = await capture_job.take(work.attempt, row.id)
        async with store.transaction() as db:
            await write(db)
    work.attempt.note(f"{target.name} was saved as snapshot {row.id}. Restore that to undo this restore.")
    async with store.transaction() as db:
        location = await vault_locations.load(db, work.attempt.settings, row.vault_id)
    return await asyncio.to_thread(lambda: location.open().manifest(str(row.id)))


async def _vault_of_undo(db: AsyncSession, work: RestoreAttempt) -> uuid.UUID:
    """Return the vault of the snapshot, or the one for new snapshots if that one is read-only."""
    if not work.location.read_only:
        return work.snapshot.vault_id
    return (await vault_locations.current(db, SYSTEM, work.row.organization_id)).id


def _label_of(snapshot: Snapshot) -> str:
    """Return the label of a snapshot, or its time if it has none."""
    return snapshot.label or (snapshot.taken_at or snapshot.created_at).strftime("%Y-%m-%d %H:%M:%S UTC")


def _missing(manifest: Manifest, undo: Manifest, tables: Sequence[ManifestTable]) -> tuple[Schema, Schema]:
    """Return the Schema of the tables that the target lacks, and the Schema of the target.

    Raises:
        Conflict: an existing table lacks a column.
    """
    schema = from_json(undo.schema)
    present = {relation.qualified_name for relation in schema}
    missing = {manifest_tables.display_name(table) for table in tables} - present
    _check_columns(schema, [table for table in tables if manifest_tables.display_name(table) not in missing])
    return schema_subset.cut(from_json(manifest.schema), missing, present)[0] if missing else Schema(), schema


def _undoes_ddl(engine: Engine) -> bool:
    """Return True if a rollback undoes CREATE statements.

    Otherwise created objects must be recorded in advance, so that they can be dropped after a kill.
    """
    grammar = engine.dialect.grammar
    return grammar is not None and grammar.transactional_ddl


def _prepared(
    engine: Engine, manifest: Manifest, schemas: tuple[Schema, Schema], tables: Sequence[ManifestTable], mode: str
) -> TableRestoreRequest:
    """Return the restore request without rows; statements for objects that the target already has are left out."""
    (missing, there), able = schemas, snapshots_of(engine)
    known = {*able.pre_data_ddl(there), *able.post_data_ddl(there)}
    pre_data = tuple(statement for statement in able.pre_data_ddl(missing) if statement not in known)
    post_data = tuple(statement for statement in able.post_data_ddl(missing) if statement not in known)
    part, _ = schema_subset.cut(from_json(manifest.schema), {manifest_tables.display_name(table) for table in tables})
    extras = schema_subset.extras_of(manifest.extras, part)
    names = [(table.schema, table.name) for table in missing if table.kind in schema_subset.FILLED]
    return TableRestoreRequest((), cast(Any, mode), pre_data, post_data, extras, missing=names)


def _check_columns(existing: Schema, tables: Sequence[ManifestTable]) -> None:
    for table in tables:
        name = manifest_tables.display_name(table)
        relation = next(relation for relation in existing if relation.qualified_name == name)
        if relation.kind == "collection":
            continue  # documents have no declared columns
        existing_names = {column.name for column in relation.columns}
        absent = [item.name for item in table.columns if not item.hidden and item.name not in existing_names]
        if absent:
            raise Conflict(
                f"{name} no longer has the column {', '.join(absent)}.",
                hint="Restore into a new database, and copy the rows that you need from there.",
            )


def _report(table: ManifestTable, result: TableRestoreResult, mode: str, read_back: ReadBack) -> dict[str, Any]:
    added = result.rows_after == result.rows_before + result.rows_written
    same = {
        "overwrite": result.rows_after == result.rows_written == table.rows,
        "append": added and result.rows_written == table.rows,
        "append_missing": added and result.rows_written <= table.rows,
    }[mode]
    return {
        "table": manifest_tables.display_name(table),
        "expected": table.rows,
        "written": result.rows_written,
        "found": result.rows_after,
        "same": same,
        "contents": read_back.contents(manifest_tables.display_name(table)),
    }
