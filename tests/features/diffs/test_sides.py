"""Sides of a comparison: a database that does not answer is interrupted, and so is the work of a request that is cancelled."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest

from headwater.catalog.model import Schema
from headwater.engines import SnapshotColumn, SnapshotTable, engine
from headwater.features.diffs.service import sides
from headwater.features.diffs.service.sides import OpenSide
from headwater.features.diffs.service.streamed_tables import StreamedTable
from headwater.kit.errors import Unavailable
from headwater.vault.pages import VALUES

TABLE = SnapshotTable(None, "t", (SnapshotColumn("id", "INTEGER"),), (0,))


class StuckDatabase:
    """A database whose answer comes only when the read is cancelled."""

    def __init__(self) -> None:
        self.began, self.cancelled = threading.Event(), threading.Event()
        self.ended = False

    def read(self, table: SnapshotTable) -> Iterator[Any]:
        self.began.set()
        self.cancelled.wait()
        self.ended = True
        raise Unavailable("The connection was lost.")
        yield

    def side(self) -> OpenSide:
        return OpenSide("stuck", engine("sqlite"), Schema(), (TABLE,), self.read, self.cancelled.set)


def side_of(*rows: bytes) -> OpenSide:
    def read(table: SnapshotTable) -> Iterator[Any]:
        yield pa.RecordBatch.from_arrays([pa.array(rows, VALUES)], ["0"])

    return OpenSide("quick", engine("sqlite"), Schema(), (TABLE,), read, lambda: None)


async def test_a_database_that_does_not_answer_is_interrupted() -> None:
    stuck = StuckDatabase()
    both = (stuck.side(), side_of(b"1"))
    table = StreamedTable(before=both[0], after=both[1], old=TABLE, new=TABLE)
    with pytest.raises(Unavailable, match="could not be read within"):
        await sides.run(both, -sides.GRACE_SECONDS, lambda: table.summary(float("inf")))
    assert stuck.ended


async def test_a_cancelled_request_ends_its_work() -> None:
    stuck = StuckDatabase()
    both = (stuck.side(), side_of(b"1"))
    table = StreamedTable(before=both[0], after=both[1], old=TABLE, new=TABLE)
    task = asyncio.create_task(sides.run(both, 60, lambda: table.summary(float("inf"))))
    await asyncio.to_thread(stuck.began.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert stuck.ended


def test_numbers_are_lower_bounds_when_time_is_up() -> None:
    table = StreamedTable(before=side_of(b"1"), after=side_of(b"2"), old=TABLE, new=TABLE)
    summary = table.summary(0.0)
    assert (summary.status, summary.exact, summary.added, summary.removed) == ("changed", False, 0, 0)
    table = StreamedTable(before=side_of(b"1"), after=side_of(b"2"), old=TABLE, new=TABLE)
    summary = table.summary(float("inf"))
    assert (summary.status, summary.exact, summary.added, summary.removed) == ("changed", True, 1, 1)
