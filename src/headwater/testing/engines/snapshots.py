"""Checks for engines with snapshots: they are lossless and consistent."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from headwater.catalog.model import Relation, Schema
from headwater.core.snapshots.schema_subset import FILLED
from headwater.engines import Address, BulkLoader, SnapshotReader, SnapshotSupport
from headwater.testing.engines.schemas import assert_equal
from headwater.testing.engines.subject import Subject, run_all

Texts = dict[str, list[tuple[bytes | None, ...]]]


def _dumps(subject: Subject) -> SnapshotSupport:
    assert subject.engine.snapshots, f"{subject.engine.display_name} has no snapshots"
    return subject.engine.snapshots


async def texts(dump: SnapshotReader) -> Texts:
    """Return every row of every table in the order in which it was read."""

    def read() -> Texts:
        result: Texts = {}
        for table in dump.tables:
            rows = result[table.display_name] = []
            for batch in dump.read(table):
                columns = [column.to_pylist() for column in batch.columns]
                rows += zip(*columns, strict=True) if columns else [()] * batch.num_rows
        return result

    return await asyncio.to_thread(read)


async def what_is_dumped_fills_another(subject: Subject) -> None:
    """Law: read → load → read is equal, to the byte, for every kind of object and values of every type."""
    engine = _dumps(subject)
    async with subject.fresh() as source, subject.fresh() as target:
        await _made(subject, source, subject.everything)
        await _made(subject, source, subject.values)
        first = await engine.open_reader(source)
        try:
            before = await texts(first)
            fill = await engine.open_loader(target)
            try:
                written = await _load(engine, first, fill)
            finally:
                await fill.close()
            assert written == {name: len(rows) for name, rows in before.items()}
            second = await engine.open_reader(target)
            try:
                assert await texts(second) == before
                assert_equal(unsized(second.schema), unsized(first.schema))
                assert second.extras == first.extras
            finally:
                await second.close()
        finally:
            await first.close()
    assert any(before.values()), "the data of this engine's tests has no rows"


async def _load(engine: SnapshotSupport, reader: SnapshotReader, fill: BulkLoader) -> dict[str, int]:
    """Load a snapshot as a restore does, by its schema archive if it has one; return the rows written to each table."""
    archive = (await asyncio.to_thread(reader.schema_archiver.write)).content if reader.schema_archiver else None
    if archive is None or fill.archive_restore is None:
        await fill.run_statements(engine.pre_data_ddl(reader.schema))
        written = await _load_rows(reader, fill)
        await fill.run_statements(engine.post_data_ddl(reader.schema))
        assert await fill.restore_extras(reader.extras) == []
        return written
    tables = [(relation.schema, relation.name) for relation in reader.schema if relation.kind in FILLED]
    tables += [(table.schema, table.name) for table in reader.tables]
    plan = await asyncio.to_thread(fill.archive_restore.plan, archive, reader.extras, tables)
    await fill.archive_restore.check(plan)
    assert plan.left_out == ()
    for statement in plan.pre_data:
        assert await fill.archive_restore.create(statement) is None
    written = await _load_rows(reader, fill)
    for statement in plan.post_data:
        assert await fill.archive_restore.create(statement) is None
    assert await fill.restore_extras(plan.extras) == []
    for statement in plan.final:
        assert await fill.archive_restore.create(statement) is None
    return written


async def _load_rows(reader: SnapshotReader, fill: BulkLoader) -> dict[str, int]:
    return {
        table.display_name: await asyncio.to_thread(fill.load_rows, table, reader.read(table))
        for table in reader.tables
    }


def unsized(schema: Schema) -> Schema:
    """Return a Schema without estimates; the order of fields in a sample does not count."""

    def plain(relation: Relation) -> Relation:
        columns = (
            sorted(relation.columns, key=lambda column: column.name)
            if relation.inferred_from is not None
            else relation.columns
        )
        return replace(relation, rows=None, size_bytes=None, columns=tuple(columns))

    return schema.map_relations(plain)


async def _made(subject: Subject, address: Any, text: str) -> None:
    session = await subject.engine.connect(address)
    try:
        await run_all(session, text)
    finally:
        await session.close()


async def a_dump_is_of_one_moment(subject: Subject) -> None:
    """Writes after the reader was opened are not in the snapshot, whenever a table is read."""
    engine = _dumps(subject)
    make, change = subject.moments
    async with subject.fresh() as address:
        await _made(subject, address, make)
        before = await _texts(engine, address)
        dump = await engine.open_reader(address)
        try:
            await _made(subject, address, change)
            assert await texts(dump) == before
        finally:
            await dump.close()
        after = await _texts(engine, address)
    ((table, rows),), ((_, left),) = before.items(), after.items()
    assert len(rows) == 300, table
    assert not set(rows) & set(left), "the change must touch every row"


async def _texts(engine: SnapshotSupport, address: Address) -> Texts:
    dump = await engine.open_reader(address)
    try:
        return await texts(dump)
    finally:
        await dump.close()


CHECKS = (what_is_dumped_fills_another, a_dump_is_of_one_moment)
