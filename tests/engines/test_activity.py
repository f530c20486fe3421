"""Sessions of a server: blocking sessions are shown and can be ended."""

from __future__ import annotations

import asyncio

import pytest

from engines.test_every_engine import subject
from headwater.kit.errors import BadInput, Unavailable
from headwater.testing.engines.subject import run_all


@pytest.mark.parametrize("name", ["mysql", "postgresql"])
async def test_blocking_sessions_are_listed_and_ended(name: str) -> None:
    engine = subject(name).engine
    assert engine.activity
    async with subject(name).fresh() as address:
        first, second, watcher = [await engine.connect(address) for _ in range(3)]
        table = "CREATE TABLE t (a INT PRIMARY KEY); INSERT INTO t VALUES (1)"
        await run_all(first, f"{table}; BEGIN; UPDATE t SET a = 2")
        waiting = asyncio.create_task(run_all(second, "UPDATE t SET a = 3"))
        async with asyncio.timeout(120):
            while not (
                blocked := [session for session in await engine.activity.sessions(watcher) if session.blocked_by]
            ):
                await asyncio.sleep(0.3)  # who asks MariaDB more often than every 0.1 s is told the same again
        (blocker,) = [
            session for session in await engine.activity.sessions(watcher) if session.id in blocked[0].blocked_by
        ]
        assert blocked[0].query == "UPDATE t SET a = 3" and blocker.state == "idle in transaction"
        assert await engine.activity.end_session(watcher, blocker.id, terminate=True)
        await waiting
        async with asyncio.timeout(120):
            while not first.broken():
                await asyncio.sleep(0.05)
        with pytest.raises(Unavailable):
            await run_all(first, "SELECT 1")
        assert not await engine.activity.end_session(watcher, "999999", terminate=False)
        for wrong in ("1 OR 1", "1 OR true"):
            with pytest.raises(BadInput):
                await engine.activity.end_session(watcher, wrong, terminate=True)
        for session in (first, second, watcher):
            await session.close()
