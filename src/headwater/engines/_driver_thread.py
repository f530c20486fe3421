"""Runs a blocking database driver in a thread of its own, and interrupts it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from headwater.engines._run_limit import RunLimit
from headwater.kit.errors import Unavailable

Found = TypeVar("Found")


class DriverThread(RunLimit):
    """One thread that works for one session; `interrupt` makes a call that runs there return soon."""

    def __init__(self, name: str, interrupt: Callable[[], Awaitable[None]]) -> None:
        super().__init__(interrupt)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._closed = False

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

    def close(self) -> None:
        """Stop the thread after its current call."""
        self._closed = True
        self._thread.shutdown(wait=False)
