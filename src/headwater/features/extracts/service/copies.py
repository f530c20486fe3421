"""Copies snapshots into databases of any engine, with the copy code of `transfers` and the vault as source.

Nothing is converted between databases of one engine. Else the plan lists what would be lost. A copy that fails leaves
nothing in the target.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import asdict, dataclass, replace
from typing import Any, cast

from headwater.catalog.model import Relation
from headwater.core.snapshots import manifest_tables, schema_archives, schema_subset
from headwater.core.transfer.choices import CopyChoices
from headwater.core.transfer.losses import Loss
from headwater.core.transfer.plan import CopyPlan
from headwater.engines import Batch, Columns, Engine, SchemaArchive, Session, SnapshotTable
from headwater.features.accounts.rights import SYSTEM, Actor
from headwater.features.accounts.service import projects
from headwater.features.databases.service import databases, schema_cache
from headwater.features.databases.service.reachability import ReachableDatabase
from headwater.features.extracts.service import snapshot_access
from headwater.features.extracts.service.snapshot_access import OpenSnapshot
from headwater.features.jobs.context import Attempt, Write
from headwater.features.jobs.service import queue
from headwater.features.jobs.service.queue import ForDatabase
from headwater.features.query.service import access as doors
from headwater.features.snapshots.service import snapshots
from headwater.features.transfers.models import Transfer
from headwater.features.transfers.service import copies, copy_job, exact_copies, transfers
from headwater.features.transfers.service.copies import Lossy
from headwater.features.transfers.service.copy_rows import CopyEndpoint
from headwater.features.transfers.service.exact_copies import CopySource, OpenCopy
from headwater.features.transfers.service.transfers import TransferAttempt, TransferView
from headwater.kit.errors import BadInput
from headwater.store.context import Context

ROWS = 2000
# Attributes of tables that share rows with other tables; a snapshot does not record which rows belong to which.
_SPREAD = ("partition_by", "inherits", "partition_of")


@dataclass(frozen=True, slots=True)
class SnapshotCopyRequest:
    """A copy to make; `tables` are names with or without schema, None for all."""

    snapshot_id: uuid.UUID
    target_id: uuid.UUID
    tables: Sequence[str] | None = None
    accepted: bool = False
    confirmed: bool = False
    choices: CopyChoices = CopyChoices()


class VaultReads:
    """A snapshot as the source of a copy; see `headwater.engines.TransferSource`."""

    def __init__(self, opened: OpenSnapshot) -> None:
        self._opened = opened
        quote = opened.engine.quote
        self._tables = {quote(table.schema, table.name): table for table in opened.manifest.tables}

    async def begin_read(self) -> None:
        """Do nothing: a snapshot is consistent already."""

    def select_expression(self, column: str, type_: str) -> str:
        """Return the column unchanged: there is no SQL to select it with."""
        return column

    async def scan(self, table: str, columns: Columns) -> AsyncGenerator[Sequence[Sequence[Any]], None]:
        """Yield the rows of a table in batches."""
        manifest_table, quote = self._tables[table], self._opened.engine.quote
        names = [quote(column.name) for column in manifest_table.columns]
        indexes = [names.index(name) for name, _ in columns]
        decoders = self._opened.decoders(manifest_table)
        readers = [decoders[position].transfer_cells or decoders[position].cells for position in indexes]

        def read(batch: Any) -> list[tuple[Any, ...]]:
            return list(zip(*(reader(batch.column(at)) for at, reader in enumerate(readers)), strict=True))

        threads = ThreadPoolExecutor(1, thread_name_prefix="vault-decode")
        batches: Any = self._opened.rows(manifest_table, threads, indexes)
        try:
            while (batch := await asyncio.to_thread(next, batches, None)) is not None:
                for start in range(0, batch.num_rows, ROWS):
                    yield await asyncio.to_thread(read, batch.slice(start, ROWS))
        finally:
            await asyncio.to_thread(_closed, batches, threads)


def _closed(batches: Any, threads: ThreadPoolExecutor) -> None:
    batches.close()
    threads.shutdown(wait=True, cancel_futures=True)


async def plan(context: Context, actor: Actor, request: SnapshotCopyRequest) -> tuple[CopyPlan, Engine]:
    """Return what a copy would do, and the engine of the target."""
    opened = await snapshot_access.open_snapshot(context, actor, request.snapshot_id)
    target = await doors.authorize_query(context, actor, request.target_id, write=True, confirmed=True)
    return await _plan(context, opened, target.reached, request), target.reached.engine


async def start(context: Context, actor: Actor, request: SnapshotCopyRequest) -> TransferView:
    """Enqueue a copy.

    Raises:
        Lossy: something would be lost, and the losses were not accepted.
        ConfirmationNeeded: the target is protected.
    """
    opened = await snapshot_access.open_snapshot(context, actor, request.snapshot_id)
    target = (
        await doors.authorize_query(context, actor, request.target_id, write=True, confirmed=request.confirmed)
    ).reached
    planned = await _plan(context, opened, target, request)
    if planned.losses and not request.accepted:
        raise Lossy(
            f"The copy would lose or change {len(planned.losses)} things.",
            hint="Check the plan, then accept the losses.",
        )
    async with context.store.transaction() as db:
        snapshot = await snapshots.find(db, actor, request.snapshot_id)
        database = await databases.find(db, actor, request.target_id, "database:write")
        assert database.project_id
        transfer = Transfer(
            organization_id=database.organization_id,
            kind="copy",
            database_id=snapshot.database_id or database.id,
            target_id=database.id,
            created_by=actor.user_id,
            preview={},
            created={},
            result={},
            request={
                "snapshot_id": str(snapshot.id),
                "losses": [asdict(loss) for loss in planned.losses],
                "choices": asdict(request.choices),
                "tables": list(request.tables) if request.tables is not None else None,
            },
        )
        db.add(transfer)
        await db.flush()
        project = await projects.get(db, actor, database.project_id, "database:read")
        job = await queue.enqueue(
            db,
            actor,
            ForDatabase(project, database.id),
            kind="snapshot.copy",
            title=f"Copy a snapshot of {opened.name} to {database.name}",
            args={"transfer_id": str(transfer.id)},
        )
        transfer.job_id = job.id
        snapshots.note(db, actor, "snapshot.copy", snapshot, target=str(database.id))
        await db.flush()
        await db.refresh(transfer)
        return TransferView(transfer, job)


async def _plan(
    context: Context, opened: OpenSnapshot, target: ReachableDatabase, request: SnapshotCopyRequest
) -> CopyPlan:
    copies.pair(opened.engine, target.engine)
    if exact_copies.possible(opened.engine, target.engine):
        async with exact_copies.opened_from(context.settings, _source(opened), target, request.tables) as copy:
            return copy.plan
    schema = await schema_cache.read(context, target)
    return copy_job.check(_mapped(opened, target.engine, request.tables, request.choices), schema, target.name)


def _source(opened: OpenSnapshot) -> CopySource:
    """Return a snapshot as the source of a copy that converts nothing."""
    manifest = opened.manifest
    tables = {manifest_tables.display_name(table): table for table in manifest.tables}

    def read(table: SnapshotTable) -> Iterator[Batch]:
        with ThreadPoolExecutor(1, thread_name_prefix="vault-decode") as threads:
            yield from opened.stored_rows(tables[table.display_name], threads)

    return CopySource(
        opened.schema,
        manifest.extras,
        manifest.losses,
        [manifest_tables.dump_table(table) for table in manifest.tables],
        lambda: SchemaArchive(schema_archives.read(opened.vault, manifest)),
        read,
        lambda: None,
    )


def _mapped(opened: OpenSnapshot, target: Engine, tables: Sequence[str] | None, choices: CopyChoices) -> CopyPlan:
    """Return the plan of a copy; data that the snapshot does not contain is listed as losses."""
    chosen = {manifest_tables.display_name(table): table.rows for table in opened.choose(tables)}
    schema, left_out = schema_subset.cut(opened.schema, chosen)
    for relation in schema:
        if relation.kind == "table" and any(name in dict(relation.attrs) for name in _SPREAD):
            raise BadInput(
                f"{relation.qualified_name} shares its rows with other tables, so it cannot be copied from a snapshot.",
                hint="Restore the snapshot into a new database, and copy that database.",
            )
    bare = schema.map_relations(
        lambda relation: replace(_without_generated(relation), rows=chosen.get(relation.qualified_name))
    )
    planned = copies.mapped(bare, opened.engine, target, None, choices)
    lost = [Loss("left_out", "", name, "it needs tables that are not copied") for name in left_out]
    lost += [
        Loss("left_out", "", manifest_tables.display_name(table), "its rows belong to no table of the schema")
        for table in opened.choose(tables)
        if manifest_tables.apart(table)
    ]
    lost += [
        Loss("left_out", relation.qualified_name, column.name, "snapshots do not contain generated columns")
        for relation in schema
        if relation.kind == "table"
        for column in relation.columns
        if column.generated
    ]
    return replace(planned, losses=(*planned.losses, *lost))


def _without_generated(table: Relation) -> Relation:
    """Return a table without generated columns, and without keys, indexes and checks that use them."""
    gone = {column.name for column in table.columns if column.generated}
    if not gone or table.kind != "table":
        return table
    return replace(
        table,
        columns=tuple(column for column in table.columns if column.name not in gone),
        primary_key=() if gone & set(table.primary_key) else table.primary_key,
        indexes=tuple(index for index in table.indexes if not gone & set(index.columns)),
        foreign_keys=tuple(foreign_key for foreign_key in table.foreign_keys if not gone & set(foreign_key.columns)),
        checks=tuple(check for check in table.checks if not any(name in check.expression for name in gone)),
    )


@dataclass(frozen=True, slots=True)
class _SnapshotOrigin:
    """A snapshot as what a copy reads."""

    working: TransferAttempt
    opened: OpenSnapshot

    @property
    def engine(self) -> Engine:
        return self.opened.engine

    def exact(self, target: ReachableDatabase) -> AbstractAsyncContextManager[OpenCopy]:
        tables = self.working.transfer.request["tables"]
        return exact_copies.opened_from(self.working.settings, _source(self.opened), target, tables)

    async def endpoint(self, stack: AsyncExitStack) -> CopyEndpoint:
        source = VaultReads(self.opened)  # a copy only reads from its source, so this can stand in for a session
        return CopyEndpoint(self.engine, cast(Session, source), source)

    async def plan(self, source: CopyEndpoint, target: Engine) -> CopyPlan:
        request = self.working.transfer.request
        return _mapped(self.opened, target, request["tables"], CopyChoices(**request.get("choices", {})))


async def run_job(attempt: Attempt) -> Write:
    """Run a job that copies a snapshot; see `copy_job.run`."""
    working = await transfers.take(attempt)
    row = working.transfer
    assert row.target_id
    target = await working.reach(row.target_id, write=True)
    opened = await snapshot_access.open_snapshot(attempt.context, SYSTEM, uuid.UUID(row.request["snapshot_id"]))
    return await copy_job.run(working, _SnapshotOrigin(working, opened), target)
