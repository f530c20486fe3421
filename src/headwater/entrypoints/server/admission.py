"""Answers overload before requests queue for ever: some run, some wait briefly, the others are refused.

The time of a request that is taken is thus bounded by its wait and by the time of a fixed number of others. A request
that takes longer than most, such as a query of a minute or a stream of events, waits for something else than this
process: its slot is given to another.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from prometheus_client import Counter
from starlette.types import ASGIApp, Receive, Scope, Send

from headwater.entrypoints.server.problems import respond
from headwater.kit.errors import Unavailable

REFUSED = Counter("headwater_http_requests_refused_total", "Requests refused because the server was overloaded.")
# Machines that look after the server are always answered.
ALWAYS = frozenset({"/healthz", "/readyz", "/metrics"})


class Overloaded(Unavailable):
    """The server has more requests than it can answer."""

    code = "overloaded"

    def __init__(self) -> None:
        super().__init__(hint="Try again in a moment.")


@dataclass(frozen=True, slots=True)
class AdmissionLimits:
    """The bounds of requests in progress.

    Attributes:
        running: requests that run at a time.
        waiting: requests that wait for one of them to end.
        wait_seconds: how long each waits before it is refused.
        long_seconds: a request that has run so long no longer counts as running.
    """

    running: int = 64
    waiting: int = 256
    wait_seconds: float = 0.5
    long_seconds: float = 1.0


class Admission:
    """ASGI middleware that bounds the requests in progress in this process.

    A request that another server process relays has a slot there.
    """

    def __init__(self, app: ASGIApp, limits: AdmissionLimits = AdmissionLimits()) -> None:
        self.app = app
        self._limits = limits
        self._slots = asyncio.Semaphore(limits.running)
        self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run a request when there is a slot for it, or refuse it."""
        if scope["type"] != "http" or scope["path"] in ALWAYS or scope.get("state", {}).get("is_relayed"):
            await self.app(scope, receive, send)
            return
        try:
            await self._enter()
        except Overloaded as error:
            REFUSED.inc()
            await respond(error)(scope, receive, send)
            return
        async with self._slot():
            await self.app(scope, receive, send)

    async def _enter(self) -> None:
        if not self._slots.locked():
            await self._slots.acquire()
            return
        if self._waiting >= self._limits.waiting:
            raise Overloaded
        self._waiting += 1
        try:
            async with asyncio.timeout(self._limits.wait_seconds):
                await self._slots.acquire()
        except TimeoutError:
            raise Overloaded from None
        finally:
            self._waiting -= 1

    @contextlib.asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        """Hold the slot that was entered until the end, or until the request counts as long."""
        timer = asyncio.get_running_loop().call_later(self._limits.long_seconds, self._slots.release)
        try:
            yield
        finally:
            if timer.when() > asyncio.get_running_loop().time():
                timer.cancel()
                self._slots.release()
