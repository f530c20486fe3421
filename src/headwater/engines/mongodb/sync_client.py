"""What a thread needs to wait for the driver, which belongs to the event loop, so that anybody can end its waiting."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
from collections.abc import Awaitable, Coroutine
from typing import Any, TypeVar

from pymongo.errors import PyMongoError

from headwater.kit.errors import HeadwaterError, Unavailable

PATIENCE = 5.0
Found = TypeVar("Found")


class SyncClient:
    """The way from threads to the loop in which this was made; one thread at a time uses it."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._now: concurrent.futures.Future[Any] | None = None
        self._cancelled = False

    def wait(self, work: Coroutine[Any, Any, Found]) -> Found:
        """Return what comes of work in the loop; blocks.

        Raises:
            Unavailable: `cancel` has ended it.
        """
        try:
            self.check()
        except Unavailable:
            work.close()
            raise
        self._now = future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except concurrent.futures.CancelledError:
            raise Unavailable("It was cancelled.") from None

    def check(self) -> None:
        """Raise Unavailable when `cancel` was called: for work that waits for many things in the loop itself."""
        if self._cancelled:
            raise Unavailable("It was cancelled.")

    def last(self, work: Coroutine[Any, Any, Any], patience: float | None = PATIENCE) -> None:
        """Do what clears up, also after `cancel`; nobody wants to know what comes of it, nor waits for long."""
        future = asyncio.run_coroutine_threadsafe(self.quietly(work), self._loop)
        with contextlib.suppress(TimeoutError, concurrent.futures.CancelledError):
            future.result(patience)

    def cancel(self, *, at_once: bool = True) -> None:
        """End what is being waited for, and what would be; or only that, for what cannot be broken off."""
        self._cancelled = True
        if self._now and at_once:
            self._now.cancel()

    @staticmethod
    async def quietly(work: Awaitable[Any]) -> None:
        """Do what clears up; a connection that is gone needs none of it."""
        with contextlib.suppress(PyMongoError, OSError, HeadwaterError):
            await work
