"""kill -9 during an in-place restore: rows, keys, sequences and triggers are unchanged, and the next one works."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

import pytest

from engines.test_every_engine import REFILLING, subject
from headwater.engines import Address, Batch, TableRestoreRequest, TableRestoreResult, all_engines
from headwater.testing.engines.in_place_restore import DatabaseState, open_scenario, same

SPAWN = multiprocessing.get_context("spawn")


def refill(name: str, address: Address, kept: DatabaseState, ready: Connection) -> None:
    """Restore in place up to the middle of the last table, signal that, and wait to be killed."""

    def half() -> Iterator[Batch]:
        batches = kept.tables["album"][1]
        yield batches[0].slice(0, 400)
        ready.send(True)
        time.sleep(600)

    async def work() -> None:
        engine: Any = all_engines()[name]
        open_ = await engine.in_place_restore.open(address)
        tables = [*kept.of(["note", "artist"]), (kept.tables["album"][0], half())]
        open_.restore_tables(TableRestoreRequest(tables, "overwrite", extras=kept.extras))

    asyncio.run(work())


@pytest.mark.parametrize("name", REFILLING)
async def test_killed_in_place_restore_changes_nothing(name: str) -> None:
    async with open_scenario(subject(name)) as created:
        stored = await created.read_state()
        await created.run("DELETE FROM album WHERE id > 10; DELETE FROM note; UPDATE artist SET bio = 'new'")
        before = await created.read_state()
        mine, other = SPAWN.Pipe()
        process = SPAWN.Process(target=refill, args=(name, created.address, stored, other))
        process.start()
        try:
            assert await asyncio.to_thread(mine.poll, 240), "it never came to the middle"
        finally:
            assert process.pid
            os.kill(process.pid, signal.SIGKILL)
            process.join(120)
        same(await created.read_state(), before)
        await created.fires()
        assert (await created.restore(stored, "overwrite"))[1:] == [
            TableRestoreResult(10, 500, 500),
            TableRestoreResult(0, 4, 4),
        ]
        same((await created.read_state()).without("fired"), stored.without("fired"))
        await created.fires()
