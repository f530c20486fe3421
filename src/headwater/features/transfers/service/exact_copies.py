"""Copies between two databases of one engine: schema and rows as snapshots read and restore them, nothing is converted.

So a copy keeps what only this engine has: namespaces, types, functions, views, triggers, partitions, generated columns.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from headwater.catalog.model import Relation, Schema
from headwater.catalog.value_kinds import ValueKind
from headwater.core.snapshots import schema_subset
from headwater.core.snapshots.row_digest import RowDigest
from headwater.core.transfer.losses import Loss
from headwater.core.transfer.plan import ColumnPlan, CopyPlan, TablePlan
from headwater.engines import (
    STANDALONE_ROWS,
    ArchivePlan,
    Batch,
    BulkLoader,
    Engine,
    SchemaArchive,
    SnapshotReader,
    SnapshotTable,
)
from headwater.features.databases.service import reachability
from headwater.features.databases.service.reachability import ReachableDatabase
from headwater.features.snapshots.service.engines import snapshots_of
from headwater.features.snapshots.service.restore import schema_steps, targets
from headwater.features.snapshots.service.restore.schema_steps import SchemaSteps
from headwater.features.snapshots.service.threads import RowProgress, run_cancellable, stoppable
from headwater.features.transfers.service import table_choice
from headwater.features.transfers.service.copy_rows import CopyOutcome, TableComparison
from headwater.features.transfers.service.transfers import TransferAttempt
from headwater.kit.errors import Conflict
from headwater.kit.settings import Settings


@dataclass(frozen=True, slots=True)
class CopySource:
    """What a copy reads: a database in one consistent state, or a snapshot; the attributes are those of a reader.

    `archive` returns the schema in the engine's own format; None if the engine has none.
    """

    schema: Schema
    extras: Mapping[str, Any]
    notes: Sequence[str]
    tables: Sequence[SnapshotTable]
    archive: Callable[[], SchemaArchive] | None
    read: Callable[[SnapshotTable], Iterator[Batch]]
    cancel: Callable[[], None]


@dataclass(frozen=True, slots=True)
class OpenCopy:
    """A copy whose source and target are open: its plan, the tables with rows, and what creates the schema."""

    engine: Engine
    source: CopySource
    loader: BulkLoader
    plan: CopyPlan
    tables: Sequence[SnapshotTable]
    steps: ArchivePlan | DdlSteps
    objects: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class DdlSteps:
    """Statements of the engine's own DDL before and after the rows, except those for what the target has already."""

    pre_data: tuple[str, ...]
    post_data: tuple[str, ...]
    extras: Mapping[str, Any]
    final: tuple[str, ...] = ()
    objects: None = None


def possible(source: Engine, target: Engine) -> bool:
    """Return True if a copy needs no conversion: both databases are of one engine, and it has snapshots."""
    return source is target and source.snapshots is not None


@asynccontextmanager
async def opened(
    settings: Settings, source: ReachableDatabase, target: ReachableDatabase, tables: Sequence[str] | None
) -> AsyncIterator[OpenCopy]:
    """Yield a copy of a whole database, or of some tables, without having changed anything; raises as `opened_from`."""
    async with reachability.open_address(settings, source) as address:
        reader = await snapshots_of(source.engine).open_reader(address)
        try:
            async with opened_from(settings, _of_reader(reader), target, tables) as copy:
                yield copy
        finally:
            await reader.close()


def _of_reader(reader: SnapshotReader) -> CopySource:
    archive = reader.schema_archiver.write if reader.schema_archiver else None
    return CopySource(reader.schema, reader.extras, reader.notes, reader.tables, archive, reader.read, reader.cancel)


@asynccontextmanager
async def opened_from(
    settings: Settings, source: CopySource, target: ReachableDatabase, tables: Sequence[str] | None
) -> AsyncIterator[OpenCopy]:
    """Yield a copy of a source that is open already, without having changed anything.

    Raises:
        NotFound: a table does not exist.
        Conflict: the target has one of the objects already.
        BadInput: the target's server lacks an extension that the tables need.
    """
    async with reachability.open_address(settings, target) as address:
        loader = await snapshots_of(target.engine).open_loader(address)
        try:
            async with reachability.open_session(settings, target) as session:
                existing = await target.engine.inspect(session)
            yield await _prepared(target.engine, (source, loader), (existing, target.name), tables)
        finally:
            await loader.close()


async def _prepared(
    engine: Engine, sides: tuple[CopySource, BulkLoader], there: tuple[Schema, str], tables: Sequence[str] | None
) -> OpenCopy:
    (source, loader), (existing, name) = sides, there
    relations = _relations(source.schema, tables)
    names = {relation.qualified_name for relation in relations}
    schema, cut = schema_subset.cut(source.schema, names) if tables is not None else (source.schema, ())
    filled = [
        table for table in source.tables if table.display_name in names or (tables is None and _stands_alone(table))
    ]
    steps, notes = await _steps(engine, sides, schema, existing)
    objects = targets.things(engine, schema, existing, name, archived=steps.objects)
    objects += await asyncio.to_thread(_alone, engine, loader, filled, name)
    losses = [Loss("left_out", "", "", note.rstrip(".")) for note in (*source.notes, *notes)]
    losses += [Loss("left_out", "", item, "it needs tables that are not copied") for item in _parts(cut)]
    losses += [Loss("left_out", "", item, reason) for item, reason in await _unavailable(loader, steps)]
    statements = tuple(_texts((*steps.pre_data, *steps.post_data, *steps.final)))
    planned = tuple(map(_table_plan, relations))
    plan = CopyPlan(engine.dialect, engine.dialect, schema, planned, tuple(losses), statements)
    return OpenCopy(engine, source, loader, plan, filled, steps, objects)


async def _steps(
    engine: Engine, sides: tuple[CopySource, BulkLoader], schema: Schema, existing: Schema
) -> tuple[ArchivePlan | DdlSteps, Sequence[str]]:
    """Return what creates a Schema, from the engine's own archive if it has one, and sentences on what that lacks."""
    source, loader = sides
    notes: Sequence[str] = ()
    if loader.archive_restore and source.archive:
        written = await asyncio.to_thread(source.archive)
        notes = written.notes
        if written.content is not None:
            tables = [(item.schema, item.name) for item in schema if item.kind in schema_subset.FILLED]
            plan = await asyncio.to_thread(loader.archive_restore.plan, written.content, source.extras, tables)
            await loader.archive_restore.check(plan)
            return plan, notes
    support = snapshots_of(engine)
    pre_data, post_data = support.pre_data_ddl(schema), support.post_data_ddl(schema)
    known = {*support.pre_data_ddl(existing), *support.post_data_ddl(existing)}
    whole = schema is source.schema and not existing.relations
    extras = source.extras if whole else schema_subset.extras_of(source.extras, schema)
    return (
        DdlSteps(
            tuple(statement for statement in pre_data if statement not in known),
            tuple(statement for statement in post_data if statement not in known),
            extras,
        ),
        notes,
    )


def _relations(schema: Schema, tables: Sequence[str] | None) -> list[Relation]:
    return table_choice.with_partitions(schema, table_choice.chosen(schema, tables))


def _stands_alone(table: SnapshotTable) -> bool:
    return bool(table.facts.get(STANDALONE_ROWS))


def _alone(engine: Engine, loader: BulkLoader, tables: Sequence[SnapshotTable], name: str) -> list[list[str]]:
    """Return (kind, quoted name) of rows that belong to no table, of which the target must have none yet; blocks."""
    alone = [table for table in tables if _stands_alone(table)]
    for table in alone:
        if loader.count_rows(table):
            raise Conflict(f"{name} already has rows in {table.display_name}.", hint="Choose an empty database.")
    return [[STANDALONE_ROWS, engine.quote(table.schema, table.name)] for table in alone]


def _parts(cut: Sequence[str]) -> list[str]:
    """Return what is lost of the chosen tables themselves, of all that is left out with other tables."""
    return [item for item in cut if item.startswith(("key ", "trigger "))]


async def _unavailable(loader: BulkLoader, steps: ArchivePlan | DdlSteps) -> Sequence[tuple[str, str]]:
    """Return the objects that the target's server cannot have, each with the reason."""
    if loader.archive_restore is None or isinstance(steps, DdlSteps):
        return ()
    return await loader.archive_restore.unavailable(steps)


def _table_plan(relation: Relation) -> TablePlan:
    columns = tuple(
        ColumnPlan(column.name, column.type, column.type, ValueKind("any", written=column.type))
        for column in relation.columns
    )
    return TablePlan(relation.schema, relation.name, relation.schema, relation.name, columns, (), relation.rows)


async def run(working: TransferAttempt, copy: OpenCopy, target: ReachableDatabase) -> CopyOutcome:
    """Create the schema, load the rows, add keys and the rest, and compare both sides as they are stored."""
    attempt, steps = working.attempt, _runner(working, copy)
    working.created = [(kind, name) for kind, name in copy.objects]
    await working.note(created={"things": working.created})
    await steps.run("tables", steps.pre_data)
    progress = RowProgress(attempt, "rows", sum(table.rows or 0 for table in copy.tables), len(copy.tables))
    read = await run_cancellable(attempt, partial(_cancel, copy), partial(_load, copy, progress))
    await steps.run("keys and indexes", steps.post_data)
    for sentence in await stoppable(attempt, _restored_extras(copy)):
        attempt.note(sentence, "warning")
    await steps.run("views and triggers", steps.final)
    async with reachability.open_address(working.settings, target) as address:
        reader = await snapshots_of(copy.engine).open_reader(address)
        try:
            stored = await run_cancellable(attempt, reader.cancel, partial(_read, working, reader, copy.tables))
        finally:
            await reader.close()
    return CopyOutcome([_compared(table, read, stored) for table in copy.tables], _refused(copy, steps))


async def _restored_extras(copy: OpenCopy) -> list[str]:
    return await copy.loader.restore_extras(copy.steps.extras)


def _runner(working: TransferAttempt, copy: OpenCopy) -> SchemaSteps:
    steps, loader = copy.steps, copy.loader
    if isinstance(steps, DdlSteps):
        ran = schema_steps.of_ddl(working.attempt, loader, steps.pre_data, steps.post_data, steps.extras)
        return replace(ran, verb="copied")
    assert loader.archive_restore
    create, extras = loader.archive_restore.create, steps.extras
    return SchemaSteps(
        working.attempt, create, steps.pre_data, steps.post_data, steps.final, extras, None, verb="copied"
    )


def _refused(copy: OpenCopy, steps: SchemaSteps) -> list[str]:
    """Return what was refused, except what the plan has listed as lost, and what needs that."""
    lost = {loss.object for loss in copy.plan.losses if loss.severity == "left_out"}
    sentences = []
    for subject, refusal in steps.refused.items():
        if subject in lost or refusal.needs in lost:
            lost.add(subject)
        else:
            sentences.append(refusal.sentence)
    return sentences


def _cancel(copy: OpenCopy) -> None:
    copy.source.cancel()
    copy.loader.cancel()


def _load(copy: OpenCopy, progress: RowProgress) -> dict[str, RowDigest]:
    """Load all tables; return the digest of what was read of each. Blocks."""
    digests = {}
    for table in copy.tables:
        digest = digests[table.display_name] = RowDigest()
        batches = progress.counted(copy.source.read(table), table.display_name)
        copy.loader.load_rows(table, digest.passing(batches))
    return digests


def _read(working: TransferAttempt, reader: SnapshotReader, tables: Sequence[SnapshotTable]) -> dict[str, RowDigest]:
    """Return the digests of what is stored in the target. Blocks."""
    there = {table.display_name: table for table in reader.tables}
    digests = {}
    for number, table in enumerate(tables):
        working.report("comparing", number, len(tables), table.display_name)
        digest = digests[table.display_name] = RowDigest()
        if stored := there.get(table.display_name):
            digest.add(reader.read(replace(stored, columns=table.columns)))
    return digests


def _compared(table: SnapshotTable, read: Mapping[str, RowDigest], stored: Mapping[str, RowDigest]) -> TableComparison:
    name = table.display_name
    before, after = read[name], stored[name]
    return TableComparison(name, name, before.rows, after.rows, before.checksum, after.checksum)


def _texts(statements: Sequence[Any]) -> Iterator[str]:
    """Yield the texts of statements that may be those of an archive."""
    for statement in statements:
        yield getattr(statement, "text", statement)
