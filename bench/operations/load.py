"""A steady load of mixed requests, then three times as many: what is taken, what is refused, and how long it takes.

The client sends at fixed times whether or not earlier requests were answered, as many users do, and shares the machine.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bench.rows import Row
from entrypoints.headwater_process import HeadwaterProcess, start_signed_up

COMMAND = "make bench PART=operations ARGS=load"
RATE, SECONDS, OVERLOAD = 500, 60, 3
TAKEN = range(200, 300)
REFUSED = {429, 503}


@dataclass
class Outcome:
    """The status of each request, 0 if the connection broke, and the seconds that each took that was taken."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    def note(self, status: int, seconds: float) -> None:
        """Count a request."""
        self.statuses[status] += 1
        if status in TAKEN:
            self.seconds.append(seconds)

    @property
    def p99_ms(self) -> float:
        """The time within which 99 of 100 taken requests were answered, in milliseconds."""
        return sorted(self.seconds)[int(len(self.seconds) * 0.99) - 1] * 1000 if self.seconds else float("inf")

    def summary(self) -> str:
        """Return the figures in words."""
        statuses = ", ".join(f"{count:,} × {status or 'broken'}" for status, count in sorted(self.statuses.items()))
        return f"p99 {self.p99_ms:.0f} ms ({statuses})"


def load() -> list[Row]:
    """Measure both, with one server process and with two."""
    return [row for servers in (1, 2) for row in _with_servers(servers)]


def _with_servers(servers: int) -> list[Row]:
    with start_signed_up(HEADWATER_SERVERS=str(servers)) as headwater:
        requests = _requests(headwater)
        steady = asyncio.run(_run(headwater.port, requests, RATE, SECONDS))
        overload = asyncio.run(_run(headwater.port, requests, RATE * OVERLOAD, SECONDS))
    others = set(overload.statuses) - {200} - REFUSED
    # One process is what these rows have always been about.
    suffix = "" if servers == 1 else f", {servers} server processes"
    return [
        Row(
            f"{RATE} mixed requests a second for {SECONDS} s, the client on the same two cores{suffix}",
            steady.summary(),
            "100 ms",
            "limit",
            steady.p99_ms / 100,
            "p99 ≤ 100 ms, no errors",
            steady.p99_ms <= 100 and set(steady.statuses) == {200},
            COMMAND,
        ),
        Row(
            f"{RATE * OVERLOAD} mixed requests a second for {SECONDS} s, the client on the same two cores{suffix}",
            overload.summary(),
            "1,000 ms",
            "limit",
            overload.p99_ms / 1000,
            "p99 of what is taken ≤ 1 s, the rest 429 or 503",
            overload.p99_ms <= 1000 and not others,
            COMMAND,
        ),
    ]


def _requests(headwater: HeadwaterProcess) -> list[bytes]:
    project = headwater.get("/projects")["items"][0]["id"]
    paths = ("auth/me", "projects", f"projects/{project}", f"projects/{project}/databases", "organizations")
    head = f"host: 127.0.0.1\r\nauthorization: {headwater.client.headers['authorization']}\r\n\r\n"
    return [f"GET /api/v1/{path} HTTP/1.1\r\n{head}".encode() for path in paths]


async def _run(port: int, requests: Sequence[bytes], rate: int, seconds: int) -> Outcome:
    outcome, texts = Outcome(), itertools.cycle(requests)
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    async with asyncio.TaskGroup() as group:
        for moment in _moments(rate, seconds):
            await asyncio.sleep(max(0.0, moment - time.monotonic()))
            group.create_task(_ask(port, next(texts), moment, idle, outcome))
    for _, writer in idle:
        writer.close()
    return outcome


def _moments(rate: int, seconds: int) -> Iterator[float]:
    began = time.monotonic()
    return (began + number / rate for number in range(rate * seconds))


async def _ask(
    port: int,
    request: bytes,
    moment: float,
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]],
    outcome: Outcome,
) -> None:
    """Send a request on an idle connection or a new one; its time counts from the moment at which it was due."""
    try:
        reader, writer = idle.pop() if idle else await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        await reader.readexactly(int(head.partition(b"content-length:")[2].split()[0]))
    except (OSError, asyncio.IncompleteReadError):
        outcome.note(0, 0.0)
        return
    outcome.note(int(head.split(b" ", 2)[1]), time.monotonic() - moment)
    idle.append((reader, writer))
