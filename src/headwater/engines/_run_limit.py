"""Ends what a session runs: when another task asks for it, or when its time is over."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

AGAIN_SECONDS = 1.0


class RunLimit:
    """The end of a session's run, and its reason.

    A server ignores an interruption that arrives before the statement has begun, so it is repeated until the run has
    ended.

    Args:
        interrupt: makes the statement that runs return soon; does nothing if none runs.
    """

    def __init__(self, interrupt: Callable[[], Awaitable[None]]) -> None:
        self._interrupt = interrupt
        self._timer: asyncio.TimerHandle | None = None
        self._pending: set[asyncio.Future[None]] = set()
        self._runs = self.cancelled = self.late = False

    @property
    def stopped(self) -> bool:
        """True if the run was cancelled or its time is over."""
        return self.cancelled or self.late

    async def cancel(self) -> None:
        """Stop the run, from another task."""
        self.cancelled = True
        self._call_later(AGAIN_SECONDS, self._interrupt_again)  # before waiting: another run may have begun after it
        await self._interrupt()

    @contextlib.asynccontextmanager
    async def ended_in_time(self, seconds: float | None) -> AsyncIterator[None]:
        """Limit a run to this many seconds, measured by our own clock: a session could change a limit of its server."""
        self._runs, self.cancelled, self.late = True, False, False
        if seconds is not None:
            self._call_later(seconds, self._end)
        try:
            yield
        finally:
            self._runs = False
            if self._timer:
                self._timer.cancel()
            await asyncio.gather(*self._pending, return_exceptions=True)
            self._pending.clear()

    def _end(self) -> None:
        self.late = True
        self._interrupt_again()

    def _interrupt_again(self) -> None:
        self._pending.add(asyncio.ensure_future(self._interrupt()))
        self._call_later(AGAIN_SECONDS, self._interrupt_again)

    def _call_later(self, seconds: float, work: Callable[[], None]) -> None:
        if self._timer:
            self._timer.cancel()
        if self._runs:
            self._timer = asyncio.get_running_loop().call_later(seconds, work)
