"""Lets a thread wait for the driver, which belongs to the event loop, so that any thread can cancel the wait."""

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
    """Runs coroutines from threads in the event loop in which it was created; one thread at a time uses it."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._now: concurrent.futures.Future[Any] | None = None
        self._cancelled = False

    def wait(self, work: Coroutine[Any, Any, Found]) -> Found:
        """Return the result of a coroutine that runs in the loop; blocks.

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
        """Raise Unavailable if `cancel` was called, for code in the loop that awaits many results."""
        if self._cancelled:
            raise Unavailable("It was cancelled.")

    def last(self, work: Coroutine[Any, Any, Any], patience: float | None = PATIENCE) -> None:
        """Run clean-up work, also after `cancel`; its result is ignored and it is not awaited for long."""
        future = asyncio.run_coroutine_threadsafe(self.quietly(work), self._loop)
        with contextlib.suppress(TimeoutError, concurrent.futures.CancelledError):
            future.result(patience)

    def cancel(self, *, at_once: bool = True) -> None:
        """Cancel the current wait and all later ones; or only later ones, for work that must not be interrupted."""
        self._cancelled = True
        if self._now and at_once:
            self._now.cancel()

    @staticmethod
    async def quietly(work: Awaitable[Any]) -> None:
        """Run clean-up work; a lost connection is ignored."""
        with contextlib.suppress(PyMongoError, OSError, HeadwaterError):
            await work
