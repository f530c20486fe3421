"""Checks for engines with snapshots: they are lossless and consistent."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from headwater.catalog.model import Relation, Schema
from headwater.engines import Address, SnapshotReader, SnapshotSupport
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
                await fill.run_statements(engine.pre_data_ddl(first.schema))
                for table in first.tables:
                    rows = await asyncio.to_thread(fill.load_rows, table, first.read(table))
                    assert rows == len(before[table.display_name]), table.display_name
                await fill.run_statements(engine.post_data_ddl(first.schema))
                await fill.restore_extras(first.extras)
            finally:
                await fill.close()
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
