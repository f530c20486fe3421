"""Runs a blocking database driver in a thread of its own, and interrupts it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from headwater.kit.errors import Unavailable

Found = TypeVar("Found")


class DriverThread:
    """One thread that works for one session; `interrupt` makes a call that runs there return soon."""

    def __init__(self, name: str, interrupt: Callable[[], Awaitable[None]]) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._interrupt = interrupt
        self.cancelled = self.late = self._closed = False

    @property
    def stopped(self) -> bool:
        """True if the run was cancelled or its time is over."""
        return self.cancelled or self.late

    async def call(self, work: Callable[[], Found]) -> Found:
        """Call a function in the thread; if the caller is cancelled, interrupt the function and wait for it."""
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
        """Stop the run, from another task."""
        self.cancelled = True
        await self._interrupt()

    @contextlib.asynccontextmanager
    async def ended_in_time(self, seconds: float | None) -> AsyncIterator[None]:
        """Limit a run to this many seconds, measured by our own clock."""
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
        """Stop the thread after its current call."""
        self._closed = True
        self._thread.shutdown(wait=False)
