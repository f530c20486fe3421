"""The end of a run: a request for it is repeated, and never meant for a later run."""

from __future__ import annotations

import asyncio

from headwater.engines._run_limit import RunLimit


async def test_cancel_that_returns_late_does_not_reach_the_next_run() -> None:
    is_answered = asyncio.Event()

    async def interrupt() -> None:
        await is_answered.wait()

    limit = RunLimit(interrupt)
    async with limit.ended_in_time(None):
        cancelling = asyncio.create_task(limit.cancel())
        await asyncio.sleep(0)
    async with limit.ended_in_time(None):
        is_answered.set()
        await cancelling
        assert not limit.stopped
        assert limit._timer is None or limit._timer.cancelled()
