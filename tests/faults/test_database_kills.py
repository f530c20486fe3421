"""kill -9 of the supervisor, of a database's server and of the server process, while databases are created and used.

Afterwards every database that was reported as created exists with its rows, and no orphan process is left.
The test profile sets how often each is killed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from entrypoints.headwater_process import HeadwaterProcess, start_headwater, wait_until_none_is_left
from suite import storage
from suite.profiles import rounds

KILLS = rounds("KILLS", 3)
WITHIN_SECONDS = 240.0


@pytest.fixture(scope="module")
def headwater() -> Iterator[HeadwaterProcess]:
    home = Path(tempfile.mkdtemp(prefix="hw-dbkill-", dir=storage.disk()))
    with start_headwater(home, HEADWATER_LOG_LEVEL="error") as running:
        running.sign_up()
        yield running
    wait_until_none_is_left(home)
    shutil.rmtree(home, ignore_errors=True)


def project(headwater: HeadwaterProcess) -> str:
    return str(headwater.get("/projects")["items"][0]["id"])


def settled(headwater: HeadwaterProcess, id_: str) -> dict[str, Any]:
    began = time.monotonic()
    while time.monotonic() - began < WITHIN_SECONDS:
        with contextlib.suppress(httpx.HTTPError, KeyError, AssertionError):
            running = headwater.get(f"/databases/{id_}")
            if running["state"] in {"running", "asleep"}:
                return dict(running)
        time.sleep(0.2)
    raise AssertionError(headwater.get(f"/databases/{id_}"))


def answers(headwater: HeadwaterProcess, id_: str, query: str) -> Any:
    began = time.monotonic()
    last: Any = None
    while time.monotonic() - began < WITHIN_SECONDS:
        with contextlib.suppress(httpx.HTTPError):
            answer = headwater.client.post(f"/api/v1/databases/{id_}/query", json={"text": query})
            last = answer.text
            if answer.status_code == 200 and answer.json()["error"] is None:
                return answer.json()["results"][-1]["rows"]
        time.sleep(0.2)
    raise AssertionError(last)


@pytest.mark.parametrize("moment", [step / 10 for step in range(KILLS)])
def test_supervisor_killed_while_a_database_is_created(headwater: HeadwaterProcess, moment: float) -> None:
    [supervisor] = headwater.pids("headwater proxy")
    responses: list[Any] = []
    name = f"born{int(moment * 10)}"

    def create() -> None:
        with contextlib.suppress(httpx.HTTPError):
            body = {"name": name}
            responses.append(headwater.client.post(f"/api/v1/projects/{project(headwater)}/databases", json=body))

    thread = threading.Thread(target=create)
    thread.start()
    time.sleep(moment)
    os.kill(supervisor, signal.SIGKILL)
    thread.join(120)
    rows = headwater.get(f"/projects/{project(headwater)}/databases")["items"]
    [row] = [item for item in rows if item["name"] == name]
    settled(headwater, row["id"])
    assert answers(headwater, row["id"], "SELECT 1") == [[1]]
    folders = [path.name for path in (headwater.home / "databases").iterdir() if path.name.endswith((".new", ".gone"))]
    assert folders == []


@pytest.mark.parametrize("kill", range(KILLS))
@pytest.mark.parametrize("victim", ["supervisor", "postgres", "server"])
def test_committed_rows_survive_a_kill(headwater: HeadwaterProcess, victim: str, kill: int) -> None:
    rows = headwater.get(f"/projects/{project(headwater)}/databases")["items"]
    running = [item for item in rows if item["name"] == "kept"]
    if not running:
        body = {"name": "kept"}
        running = [headwater.client.post(f"/api/v1/projects/{project(headwater)}/databases", json=body).json()]
        answers(headwater, running[0]["id"], "CREATE TABLE IF NOT EXISTS t (a serial)")
    id_ = running[0]["id"]
    [[before]] = answers(headwater, id_, "INSERT INTO t DEFAULT VALUES; SELECT count(*) FROM t")
    pids = {
        "supervisor": headwater.pids("headwater proxy"),
        "postgres": [pid for pid in headwater.pids(f"databases/{id_}/pg") if "postgres -D" in _command(pid)],
        "server": headwater.pids("headwater serve"),
    }[victim]
    assert pids, victim
    os.kill(pids[0], signal.SIGKILL)
    [[after]] = answers(headwater, id_, "SELECT count(*) FROM t")
    assert after == before


def _command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()


def test_clients_of_a_killed_database_get_an_error_and_can_reconnect(headwater: HeadwaterProcess) -> None:
    body = {"name": "client"}
    responses = headwater.client.post(f"/api/v1/projects/{project(headwater)}/databases", json=body).json()
    url = headwater.client.post(f"/api/v1/databases/{responses['id']}/credentials").json()["url"]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS a")
        [server] = [pid for pid in headwater.pids(f"databases/{responses['id']}/pg") if "postgres -D" in _command(pid)]
        os.kill(server, signal.SIGKILL)
        with pytest.raises(psycopg.OperationalError):
            for _ in range(100):
                connection.execute("SELECT pg_sleep(0.1)")
    with psycopg.connect(url, connect_timeout=120) as connection:
        assert connection.execute("SELECT a FROM t").fetchone() == (1,)
