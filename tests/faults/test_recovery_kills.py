"""kill -9 of worker, supervisor and server while logs are written, shipped and replayed: no moment is lost."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import Any

import httpx

from entrypoints.headwater_process import HeadwaterProcess
from suite.profiles import rounds

KILLS = rounds("KILLS", 2)
WITHIN_SECONDS = 240.0
# Who is killed, by a part of the command line: the one who ships, the one who keeps, a server itself.
VICTIMS = ("headwater worker", "headwater proxy", "postgres -D")
ROWS = "SELECT count(*), coalesce(sum(n), 0) FROM step"
CLOCK = "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"


def call(headwater: HeadwaterProcess, method: str, path: str, **body: Any) -> Any:
    """Repeat a call until it succeeds: a killed process is being restarted."""
    until = time.monotonic() + WITHIN_SECONDS
    while True:
        with contextlib.suppress(httpx.HTTPError):
            answer = headwater.client.request(method, f"/api/v1{path}", json=body or None, timeout=90)
            if answer.is_success:
                return answer.json()
        assert time.monotonic() < until, (path, answer.text)
        time.sleep(0.2)


def sql(headwater: HeadwaterProcess, id_: str, text: str) -> Any:
    until = time.monotonic() + WITHIN_SECONDS
    while (answer := call(headwater, "POST", f"/databases/{id_}/query", text=text))["error"] is not None:
        assert time.monotonic() < until, answer["error"]
        time.sleep(0.2)
    return answer["results"][-1]["rows"]


def ended(headwater: HeadwaterProcess, job: str) -> Any:
    until = time.monotonic() + WITHIN_SECONDS
    while (result := headwater.get(f"/jobs/{job}"))["state"] in {"pending", "running"}:
        assert time.monotonic() < until, result
        time.sleep(0.1)
    return result


def kill(headwater: HeadwaterProcess, part: str) -> None:
    for pid in headwater.pids(part):
        if "store" not in Path(f"/proc/{pid}/cmdline").read_bytes().decode():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def test_every_moment_can_be_restored_after_kills(headwater: HeadwaterProcess) -> None:
    project = headwater.get("/projects")["items"][0]["id"]
    line = call(headwater, "POST", f"/projects/{project}/databases?wait=60", name="line")["id"]
    sql(headwater, line, "CREATE TABLE step (n int PRIMARY KEY, body text)")
    status = call(headwater, "PUT", f"/databases/{line}/recovery", enabled=True)
    assert ended(headwater, status["bases"][0]["job"]["id"])["state"] == "completed"
    moments = []
    for round_ in range(KILLS):
        for victim in VICTIMS:
            start = 20_000 * len(moments)
            sql(
                headwater,
                line,
                "INSERT INTO step SELECT g, repeat(md5(g::text), 8) "
                f"FROM generate_series({start + 1}, {start + 20_000}) g",
            )
            rows = sql(headwater, line, ROWS)
            moments.append((sql(headwater, line, CLOCK)[0][0], rows))
            time.sleep(0.4 * round_)
            kill(headwater, victim)
            headwater.wait_ready()
            assert sql(headwater, line, ROWS) == rows
    for number, (time_, rows) in enumerate(moments[-2:]):
        created = call(headwater, "POST", f"/databases/{line}/recoveries", name=f"back-{number}", time=time_)
        while not (result := headwater.get(f"/jobs/{created['job']['id']}"))["progress"]["phase"]:
            assert result["state"] in {"pending", "running"}, result
            time.sleep(0.01)
        time.sleep(0.5 * number)
        kill(headwater, "headwater worker")
        job = ended(headwater, created["job"]["id"])
        assert job["state"] == "completed", job
        done = headwater.get(f"/recoveries/{created['id']}")
        assert sql(headwater, done["target_id"], ROWS) == rows
        assert not list((headwater.home / "databases").glob("*.back"))
    assert sql(headwater, line, ROWS) == moments[-1][1]
    status = headwater.get(f"/databases/{line}/recovery")
    assert (len(status["windows"]), status["problem"]) == (1, None), status
