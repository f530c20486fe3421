"""Thousands of connections that do nothing, or too little, beside somebody who works.

All are opened from one address while `/healthz` and `SELECT 1` are asked in turn; then we wait until the server has
closed them all, which it must do by itself: the clients hold them open.
"""

from __future__ import annotations

import asyncio
import os
import re
import resource
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from bench.rows import Row
from entrypoints.headwater_process import HeadwaterProcess, start_signed_up

COMMAND = "make bench PART=operations ARGS=connections"
FILES = 20_000
GONE_SECONDS = 60.0
# Connections of the measurement itself.
OURS = 3
REQUESTS = 200
COUNTS = {"idle": 2_000, "half body": 500, "half headers": 500, "slow reader": 200, "event stream": 1_000}
WHAT = "2,000 idle, 500 half bodies, 500 half headers, 200 slow readers, 1,000 event streams at once"


@dataclass
class Crowd:
    """The open connections, by kind."""

    port: int
    requests: dict[str, bytes]
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def come(self) -> None:
        """Open all connections."""
        for kind, count in COUNTS.items():
            for _ in range(count):
                _, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1_024)
                writer.transport.pause_reading()  # type: ignore[attr-defined]
                writer.write(self.requests[kind])
                self.writers.append(writer)


def connections() -> list[Row]:
    """Measure a running Headwater."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    with start_signed_up() as headwater:
        worker = headwater.pids(" worker")[0]
        try:
            return asyncio.run(_measured(headwater, worker))
        finally:
            os.kill(worker, signal.SIGCONT)


async def _measured(headwater: HeadwaterProcess, worker: int) -> list[Row]:
    project = headwater.get("/projects")["items"][0]["id"]
    database = headwater.post(f"/projects/{project}/databases?wait=60", name="crowd")["id"]
    headwater.sql(database, "SELECT 1")
    server = headwater.pids(" serve")[0]
    before = memory_mb(server)
    os.kill(worker, signal.SIGSTOP)  # the job that the event streams follow stays pending
    crowd = Crowd(headwater.port, _requests(headwater, database))
    await crowd.come()
    health, queries = await _asked(headwater, database)
    memory = memory_mb(server) - before
    closed, seconds = await _gone(headwater)
    for writer in crowd.writers:
        writer.transport.abort()
    total = sum(COUNTS.values())
    return [
        Row(
            f"/healthz beside {WHAT}",
            f"p99 {health:.0f} ms",
            "100 ms",
            "limit",
            health / 100,
            "p99 ≤ 100 ms",
            health <= 100,
            COMMAND,
        ),
        Row(
            "`SELECT 1` beside them",
            f"p99 {queries:.0f} ms",
            "1,000 ms",
            "limit",
            queries / 1000,
            "answered",
            queries <= 1000,
            COMMAND,
        ),
        Row(
            "memory of the server for them",
            f"+{memory:.0f} MB",
            "100 MB",
            "limit",
            memory / 100,
            "≤ +100 MB",
            memory <= 100,
            COMMAND,
        ),
        Row(
            "closed by the server while the clients hold on",
            f"{closed} of {total}, the last after {seconds:.0f} s",
            "60 s",
            "limit",
            seconds / 60,
            "all within 60 s",
            closed == total,
            COMMAND,
        ),
    ]


def _requests(headwater: HeadwaterProcess, database: str) -> dict[str, bytes]:
    """Return what the connections of each kind send."""
    token = headwater.client.headers["authorization"]
    job = headwater.post(f"/databases/{database}/snapshots")["job"]["id"]
    common = f"host: 127.0.0.1:{headwater.port}\r\nauthorization: {token}\r\n"
    return {
        "idle": f"GET /healthz HTTP/1.1\r\n{common}\r\n".encode(),
        "half body": f"POST /api/v1/auth/login HTTP/1.1\r\n{common}content-type: application/json\r\n"
        "content-length: 1000\r\n\r\n{".encode(),
        "half headers": b"GET /healthz HTTP/1.1\r\nhos",
        "slow reader": f"GET /api/openapi.json HTTP/1.1\r\n{common}\r\n".encode(),
        "event stream": f"GET /api/v1/jobs/{job}/events HTTP/1.1\r\n{common}\r\n".encode(),
    }


async def _asked(headwater: HeadwaterProcess, database: str) -> tuple[float, float]:
    """Return the p99 of /healthz and of a query, in milliseconds, each over connections of its own."""
    times: dict[str, list[float]] = {"health": [], "query": []}
    token = {"authorization": headwater.client.headers["authorization"]}
    for _ in range(REQUESTS):
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{headwater.port}", headers=token, timeout=30
        ) as client:
            began = time.perf_counter()
            (await client.get("/healthz")).raise_for_status()
            times["health"].append(time.perf_counter() - began)
            began = time.perf_counter()
            query = {"text": "SELECT 1"}
            (await client.post(f"/api/v1/databases/{database}/query", json=query)).raise_for_status()
            times["query"].append(time.perf_counter() - began)
    return _p99(times["health"]), _p99(times["query"])


def _p99(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.99) - 1] * 1000


async def _gone(headwater: HeadwaterProcess) -> tuple[int, float]:
    """Return how many connections the server has closed within a time, and when it had closed them all."""
    began, total = time.monotonic(), sum(COUNTS.values())
    left = total
    while time.monotonic() - began < GONE_SECONDS:
        left = max(0, _open_connections(headwater) - OURS)
        if left == 0:
            break
        await asyncio.sleep(0.5)
    return total - left, time.monotonic() - began


def _open_connections(headwater: HeadwaterProcess) -> int:
    metrics = headwater.client.get("/metrics").text
    found = re.search(r"^headwater_http_connections ([\d.]+)", metrics, re.MULTILINE)
    return int(float(found[1])) if found else 0


def memory_mb(process: int) -> float:
    """Return the resident memory of a process."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(re.search(r"^VmRSS:\s+(\d+)", status, re.MULTILINE)[1]) / 1024  # type: ignore[index]
