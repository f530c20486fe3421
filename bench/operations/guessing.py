"""Two hundred sign-ins at once with wrong passwords, from one address and from many, beside somebody who works."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable

import httpx

from bench.rows import Row
from entrypoints.headwater_process import HeadwaterProcess, start_signed_up

COMMAND = "make bench PART=operations ARGS=guessing"
ATTEMPTS = 200
LIMIT_MS = 300.0


def guessing() -> list[Row]:
    """Measure a running Headwater whose loopback addresses count as proxies, so that each attempt can name a client."""
    with start_signed_up(HEADWATER_TRUSTED_PROXIES="127.0.0.0/8") as headwater:
        rows = asyncio.run(_beside(headwater, "one address", lambda number: "192.0.2.1", lambda number: f"u{number}"))
        rows += asyncio.run(
            _beside(headwater, "200 addresses", lambda number: f"198.51.100.{number}", lambda number: f"v{number}")
        )
        one = asyncio.run(_statuses(headwater, lambda number: f"203.0.113.{number}", lambda _: "fault"))
    tried = one[401]
    return rows + [
        Row(
            "one account, 200 guesses from 200 addresses",
            f"{tried} tried, {one[429]} refused",
            "10",
            "limit",
            tried / 10,
            "limited after the tenth",
            tried <= 10 and sum(one.values()) == ATTEMPTS,
            COMMAND,
        )
    ]


async def _beside(
    headwater: HeadwaterProcess, name: str, address: Callable[[int], str], account: Callable[[int], str]
) -> list[Row]:
    guesses = asyncio.create_task(_statuses(headwater, address, account))
    times = []
    async with _client(headwater) as client:
        while not guesses.done() or len(times) < 20:
            began = time.perf_counter()
            (await client.get("/api/v1/auth/me", headers=headwater.client.headers)).raise_for_status()
            times.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(0.01)
    p95 = sorted(times)[int(len(times) * 0.95) - 1]
    statuses = await guesses
    said = ", ".join(f"{count} × {status}" for status, count in sorted(statuses.items()))
    holds = p95 <= LIMIT_MS and set(statuses) <= {401, 429}
    return [
        Row(
            f"`/auth/me` beside 200 wrong passwords at once, {name}",
            f"p95 {p95:.0f} ms ({said})",
            f"{LIMIT_MS:.0f} ms",
            "limit",
            p95 / LIMIT_MS,
            "p95 ≤ 300 ms",
            holds,
            COMMAND,
        )
    ]


async def _statuses(
    headwater: HeadwaterProcess, address: Callable[[int], str], account: Callable[[int], str]
) -> Counter[int]:
    async with _client(headwater) as client:

        async def guess(number: int) -> int:
            body = {"email": f"{account(number)}@example.org", "password": "not it at all"}
            headers = {"x-forwarded-for": address(number)}
            return (await client.post("/api/v1/auth/login", json=body, headers=headers)).status_code

        return Counter(await asyncio.gather(*(guess(number) for number in range(ATTEMPTS))))


def _client(headwater: HeadwaterProcess) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=ATTEMPTS)
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{headwater.port}", timeout=60, limits=limits)
