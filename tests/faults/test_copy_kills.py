"""kill -9 of the worker in the middle of a copy: it begins again, and the target has every table once, with all rows."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from entrypoints.running import Running, free_port, running

KILLS = int(os.environ.get("HEADWATER_KILLS", "2"))
ROWS = 300_000
WITHIN_SECONDS = 120.0
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def headwater() -> Iterator[Running]:
    home = Path(tempfile.mkdtemp(prefix="hw-copykill-"))
    home.chmod(0o755)  # the servers of databases have users of their own
    with running(home, HEADWATER_LOG_LEVEL="warning", HEADWATER_MYSQL_PROXY_PORT=str(free_port())) as found:
        found.sign_up()
        yield found
    shutil.rmtree(home, ignore_errors=True)


def post(headwater: Running, path: str, **body: Any) -> Any:
    answer = headwater.client.post(f"/api/v1{path}", json=body, timeout=90)
    assert answer.is_success, answer.text
    return answer.json()


def database(headwater: Running, name: str, engine: str) -> str:
    project = headwater.get("/projects")["items"][0]["id"]
    made = post(headwater, f"/projects/{project}/databases?wait=60", name=name, engine=engine)
    assert made["state"] == "running", made
    return str(made["id"])


def sql(headwater: Running, id_: str, text: str) -> Any:
    answer = post(headwater, f"/databases/{id_}/query", text=text)
    assert answer["error"] is None, answer["error"]
    return answer["results"][-1]["rows"]


@pytest.mark.parametrize("engine", ["sqlite", "mysql"])
@pytest.mark.parametrize("round_", range(KILLS))
def test_a_copy_survives(headwater: Running, engine: str, round_: int) -> None:
    source, target = (
        database(headwater, f"s-{engine}-{round_}", "postgresql"),
        database(headwater, f"t-{engine}-{round_}", engine),
    )
    sql(headwater, source, "CREATE TABLE first (id int PRIMARY KEY); INSERT INTO first SELECT generate_series(1, 1000)")
    sql(headwater, source, "CREATE TABLE many (id bigint PRIMARY KEY, first int REFERENCES first, body varchar(60));"
        f"INSERT INTO many SELECT g, g % 1000 + 1, md5(g::text) FROM generate_series(1, {ROWS}) g")  # fmt: skip
    sql(headwater, target, "CREATE TABLE mine (a int)")
    made = post(headwater, f"/databases/{source}/copies", target_id=target, accepted=True)
    job = made["job"]["id"]
    while (found := headwater.get(f"/jobs/{job}"))["progress"]["done"] < 20_000 * (round_ + 1):
        assert found["state"] in {"pending", "running"}, f"over before it could be killed: {found}"
        time.sleep(0.05)
    killed = time.monotonic()
    for pid in headwater.pids("headwater worker"):
        os.kill(pid, signal.SIGKILL)
    while (found := headwater.get(f"/jobs/{job}"))["state"] in {"pending", "running"}:
        assert time.monotonic() - killed < WITHIN_SECONDS, found
        time.sleep(0.2)
    assert (found["state"], found["attempts"] >= 2) == ("completed", True), found
    tables = headwater.get(f"/transfers/{made['id']}")["tables"]
    assert [(one["target"], one["target_rows"], one["same"]) for one in tables] == [
        ("first", 1000, True), ("many", ROWS, True),
    ]  # fmt: skip
    assert sql(headwater, target, "SELECT count(*) FROM many") == [[ROWS]]
    assert sql(headwater, target, "SELECT count(*) FROM mine") == [[0]]
