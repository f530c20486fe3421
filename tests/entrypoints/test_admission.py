"""Overload: a bounded number of requests runs, some wait briefly, the others are refused at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from headwater.entrypoints.server.admission import Admission, AdmissionLimits

NEVER = 3600.0


class Server:
    """An application whose requests run until they are released, behind an admission."""

    def __init__(self, **limits: Any) -> None:
        self.released, self.running = asyncio.Event(), 0
        self.changed = asyncio.Condition()
        self._admission = Admission(self._app, AdmissionLimits(**limits))

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self.changed:
            self.running += 1
            self.changed.notify_all()
        if not scope["path"].startswith("/healthz"):
            await self.released.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    def ask(self, path: str = "/api") -> asyncio.Task[tuple[int, dict[str, str], Any]]:
        """Start a request; its result is the status, the headers and the JSON of the response."""
        return asyncio.get_running_loop().create_task(self._ask(path))

    async def _ask(self, path: str) -> tuple[int, dict[str, str], Any]:
        messages: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            messages.append(message)

        await self._admission({"type": "http", "path": path, "method": "GET", "headers": []}, receive, send)
        headers = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
        return messages[0]["status"], headers, json.loads(messages[1]["body"])

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition holds, which is looked at when a request begins."""
        async with self.changed:
            await self.changed.wait_for(condition)


@asynccontextmanager
async def full(**limits: Any) -> AsyncIterator[tuple[Server, asyncio.Task[Any]]]:
    """Yield a server with one slot, and the request that has it."""
    server = Server(**({"running": 1, "waiting": 1, "wait_seconds": NEVER, "long_seconds": NEVER} | limits))
    first = server.ask()
    await server.until(lambda: server.running == 1)
    yield server, first


async def test_waiting_request_runs_when_another_has_ended() -> None:
    async with full() as (server, first):
        second = server.ask()
        server.released.set()
        assert [(await first)[0], (await second)[0]] == [200, 200]


async def test_request_beyond_those_that_may_wait_is_refused_at_once() -> None:
    async with full() as (server, first):
        second = server.ask()
        await asyncio.sleep(0)  # it waits
        status, headers, problem = await server.ask()
        assert (status, problem["code"], problem["hint"]) == (503, "overloaded", "Try again in a moment.")
        assert headers["retry-after"] == "2"
        server.released.set()
        assert [(await first)[0], (await second)[0]] == [200, 200]


async def test_request_that_waited_too_long_is_refused_and_takes_no_slot() -> None:
    async with full(wait_seconds=0.01) as (server, first):
        assert (await server.ask())[0] == 503
        server.released.set()
        assert (await first)[0] == 200
        assert [(await server.ask())[0] for _ in range(3)] == [200, 200, 200]


async def test_long_request_gives_its_slot_to_another() -> None:
    async with full(long_seconds=0.01) as (server, first):
        second = server.ask()
        await server.until(lambda: server.running == 2)
        assert not first.done()
        server.released.set()
        assert [(await first)[0], (await second)[0]] == [200, 200]
        assert [(await server.ask())[0] for _ in range(3)] == [200, 200, 200]


@pytest.mark.parametrize("path", ["/healthz"])
async def test_probes_are_answered_by_a_full_server(path: str) -> None:
    async with full(waiting=0) as (server, first):
        assert (await server.ask(path))[0] == 200
        assert (await server.ask())[0] == 503
        server.released.set()
        assert (await first)[0] == 200


async def test_request_that_is_cancelled_frees_its_slot() -> None:
    async with full() as (server, first):
        first.cancel()
        server.released.set()
        assert (await server.ask())[0] == 200
