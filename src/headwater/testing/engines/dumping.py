"""What an engine of whose databases snapshots are taken holds to: nothing is lost, and it is one moment."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from headwater.catalog.model import Schema
from headwater.engines import Dump, Dumps
from headwater.testing.engines.schemas import assert_equal
from headwater.testing.engines.subject import Subject, everything

Texts = dict[str, list[tuple[bytes | None, ...]]]


def _dumps(subject: Subject) -> Dumps:
    assert isinstance(subject.engine, Dumps), f"{subject.engine.NAME} has no snapshots"
    return subject.engine


async def texts(dump: Dump) -> Texts:
    """Return every row of every table as it was read, in the order in which it came."""

    def read() -> Texts:
        found: Texts = {}
        for table in dump.tables:
            rows = found[table.shown] = []
            for batch in dump.read(table):
                columns = [column.to_pylist() for column in batch.columns]
                rows += zip(*columns, strict=True) if columns else [()] * batch.num_rows
        return found

    return await asyncio.to_thread(read)


async def what_is_dumped_fills_another(subject: Subject) -> None:
    """Law: dump → fill → dump is equal, to the byte, for every kind of object and values of every type."""
    engine = _dumps(subject)
    async with subject.fresh() as source, subject.fresh() as target:
        await _made(subject, source, subject.everything)
        await _made(subject, source, subject.values)
        first = await engine.open_dump(source)
        try:
            before = await texts(first)
            fill = await engine.open_fill(target)
            try:
                bare, later = engine.phases(first.schema)
                await fill.run(bare)
                for table in first.tables:
                    rows = await asyncio.to_thread(fill.load, table, first.read(table))
                    assert rows == len(before[table.shown]), table.shown
                await fill.run(later)
                await fill.finish(first.extras)
            finally:
                await fill.close()
            second = await engine.open_dump(target)
            try:
                assert await texts(second) == before
                assert_equal(_unsized(second.schema), _unsized(first.schema))
                assert second.extras == first.extras
            finally:
                await second.close()
        finally:
            await first.close()
    assert any(before.values()), "the data of this engine's tests has no rows"


def _unsized(schema: Schema) -> Schema:
    """Return a Schema without what is estimated."""
    return schema.map_relations(lambda one: replace(one, rows=None, size_bytes=None))


async def _made(subject: Subject, address: Any, text: str) -> None:
    session = await subject.engine.connect(address)
    try:
        await everything(session, text)
    finally:
        await session.close()


async def a_dump_is_of_one_moment(subject: Subject) -> None:
    """What is written after it was opened is not in it, whenever a table is read."""
    engine, make = _dumps(subject), "CREATE TABLE kept (id INTEGER NOT NULL PRIMARY KEY, n INTEGER)"
    async with subject.fresh() as address:
        await _made(subject, address, f"{make}; {_inserted(range(300))}")
        dump = await engine.open_dump(address)
        try:
            await _made(subject, address, "DELETE FROM kept WHERE id < 100; UPDATE kept SET n = -1")
            await _made(subject, address, _inserted([999]))
            assert await texts(dump) == {dump.tables[0].shown: [(b"%d" % n, b"%d" % n) for n in range(300)]}
        finally:
            await dump.close()


def _inserted(numbers: Any) -> str:
    return f"INSERT INTO kept (id, n) VALUES {', '.join(f'({n}, {n})' for n in numbers)}"  # noqa: S608


CHECKS = (what_is_dumped_fills_another, a_dump_is_of_one_moment)
