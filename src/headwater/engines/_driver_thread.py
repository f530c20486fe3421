"""A thread of its own for a driver that blocks, and the ways to end what it does there."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from headwater.kit.errors import Unavailable

Found = TypeVar("Found")


class DriverThread:
    """One thread that works for one session; `interrupt` makes what runs there return soon."""

    def __init__(self, name: str, interrupt: Callable[[], Awaitable[None]]) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._interrupt = interrupt
        self.cancelled = self.late = self._closed = False

    @property
    def stopped(self) -> bool:
        """Whether somebody cancelled the run, or its time is up."""
        return self.cancelled or self.late

    async def call(self, work: Callable[[], Found]) -> Found:
        """Do something in the thread; when the caller is cancelled, what runs is interrupted and waited for."""
        if self._closed:
            raise Unavailable("The session is closed.", hint="Connect again.")
        future = asyncio.get_running_loop().run_in_executor(self._thread, work)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            await self._interrupt()
            with contextlib.suppress(Exception):
                await future
            raise

    async def cancel(self) -> None:
        """End the run, from another task."""
        self.cancelled = True
        await self._interrupt()

    @contextlib.asynccontextmanager
    async def ended_in_time(self, seconds: float | None) -> AsyncIterator[None]:
        """A run begins; end it after so many seconds, by our own clock."""
        self.cancelled = self.late = False
        if seconds is None:
            yield
            return
        loop = asyncio.get_running_loop()
        pending: set[asyncio.Future[None]] = set()

        def end() -> None:
            self.late = True
            pending.add(asyncio.ensure_future(self._interrupt()))

        timer = loop.call_later(seconds, end)
        try:
            yield
        finally:
            timer.cancel()
            await asyncio.gather(*pending, return_exceptions=True)

    def close(self) -> None:
        """End the thread when it has done what it does."""
        self._closed = True
        self._thread.shutdown(wait=False)
