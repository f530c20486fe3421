"""The cost of a request in processor time of the server, beside a bare FastAPI route with one indexed query."""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.operations.newcomer import ROOT
from bench.rows import Row
from entrypoints.headwater_process import HeadwaterProcess, start_signed_up
from headwater.kit.settings import Settings
from headwater.store.address import store_url
from suite.ports import free_port
from suite.processes import die_with_parent

COMMAND = "make bench PART=operations ARGS=requests"
ROUNDS, SECONDS, CLIENTS = 3, 4, 8
TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Target:
    """One route to measure: its name, its process, and the request."""

    name: str
    pid: int
    url: str
    headers: Mapping[str, str]
    body: str = ""

    def milliseconds(self) -> float:
        """Return the processor time of one request, in milliseconds of user and system time."""
        before = _processor_ms(self.pid)
        count = _requests_answered(self)
        return (_processor_ms(self.pid) - before) / count


def requests() -> list[Row]:
    """Measure each route and the bare one in turns; the median of the rounds counts."""
    if not shutil.which("wrk"):
        raise SystemExit("This measurement needs wrk.")
    with start_signed_up() as headwater:
        port = free_port()
        peer = _bare_route(headwater, port)
        try:
            targets = [*_routes(headwater), _bare(headwater, peer.pid, port)]
            measured = [[target.milliseconds() for target in targets] for _ in range(ROUNDS)]
        finally:
            peer.kill()
            peer.wait()
    *ours, bare = (statistics.median(column) for column in zip(*measured, strict=True))
    return [_row(target.name, milliseconds, bare) for target, milliseconds in zip(targets, ours, strict=False)]


def _row(name: str, milliseconds: float, bare: float) -> Row:
    ratio = bare / milliseconds
    return Row(
        f"processor time of a request, {name}",
        f"{milliseconds:.2f} ms",
        f"{bare:.2f} ms",
        "a bare FastAPI route with one indexed query",
        ratio,
        "≥ 0.5× as many for the same time",
        ratio >= 0.5,
        COMMAND,
    )


def _routes(headwater: HeadwaterProcess) -> list[Target]:
    pid = headwater.pids("headwater serve")[0]
    headers = {"authorization": headwater.client.headers["authorization"]}
    project = headwater.get("/projects")["items"][0]["id"]
    database = headwater.post(f"/projects/{project}/databases?wait=60", name="one")["id"]
    codebase = headwater.get(f"/projects/{project}/codebases")["items"][0]["id"]
    base = f"http://127.0.0.1:{headwater.port}"
    return [
        Target("`/auth/me`", pid, f"{base}/api/v1/auth/me", headers),
        Target("`/projects`", pid, f"{base}/api/v1/projects", headers),
        Target("a page of lineage", pid, f"{base}/api/v1/codebases/{codebase}/lineage", headers),
        Target("`SELECT 1`", pid, f"{base}/api/v1/databases/{database}/query", headers, '{"text": "SELECT 1"}'),
    ]


def _bare_route(headwater: HeadwaterProcess, port: int) -> subprocess.Popen[bytes]:
    url = store_url(Settings(home=headwater.home))
    command = [sys.executable, "-m", "bench.operations.bare_route", str(port), url]
    process = subprocess.Popen(command, cwd=ROOT, preexec_fn=die_with_parent)
    while True:
        try:
            httpx.get(f"http://127.0.0.1:{port}/")
            return process
        except httpx.TransportError:
            time.sleep(0.05)


def _bare(headwater: HeadwaterProcess, pid: int, port: int) -> Target:
    user = headwater.get("/auth/me")["user"]["id"]
    return Target("bare", pid, f"http://127.0.0.1:{port}/users/{user}", {})


def _requests_answered(target: Target) -> int:
    """Return how many requests wrk had answered; all must succeed."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        if target.body:
            script.write(f"wrk.method = 'POST'\nwrk.body = '{target.body}'\n")
            script.write("wrk.headers['content-type'] = 'application/json'\n")
        script.writelines(f"wrk.headers['{name}'] = '{value}'\n" for name, value in target.headers.items())
        script.flush()
        command = ["wrk", "-t1", f"-c{CLIENTS}", f"-d{SECONDS}s", "-s", script.name, target.url]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if failed := re.search(r"Non-2xx or 3xx responses: (\d+)", output):
        raise SystemExit(f"{target.name}: {failed[1]} requests failed.")
    answered = re.search(r"(\d+) requests in", output)
    assert answered
    return int(answered[1])


def _processor_ms(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_MS
