"""kill -9 of the worker while a snapshot is taken or restored: the next attempt completes it, and every row is there."""

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
ROWS = 1_500_000
WITHIN_SECONDS = 120.0
DIGEST = "SELECT count(*), sum(hashtextextended(m::text, 0)) FROM many m"
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def headwater() -> Iterator[Running]:
    home = Path(tempfile.mkdtemp(prefix="hw-snapkill-"))
    home.chmod(0o755)  # the servers of databases have users of their own
    with running(home, HEADWATER_LOG_LEVEL="warning", HEADWATER_MYSQL_PROXY_PORT=str(free_port())) as found:
        found.sign_up()
        yield found
    shutil.rmtree(home, ignore_errors=True)


def post(headwater: Running, path: str, **body: Any) -> Any:
    answer = headwater.client.post(f"/api/v1{path}", json=body, timeout=90)
    assert answer.is_success, answer.text
    return answer.json()


def sql(headwater: Running, id_: str, text: str) -> Any:
    answer = post(headwater, f"/databases/{id_}/query", text=text)
    assert answer["error"] is None, answer["error"]
    return answer["results"][-1]["rows"]


@pytest.fixture(scope="module")
def shop(headwater: Running) -> str:
    """A database with one large table."""
    project = headwater.get("/projects")["items"][0]["id"]
    made = post(headwater, f"/projects/{project}/databases?wait=60", name="shop")
    sql(headwater, made["id"], "CREATE TABLE many (id bigint PRIMARY KEY, at timestamptz, body text);"
        f"INSERT INTO many SELECT g, now() + g * interval '1 s', md5(g::text) FROM generate_series(1, {ROWS}) g")  # fmt: skip
    return str(made["id"])


def killed_in_the_middle(headwater: Running, job: str, rows: int) -> None:
    """Kill the worker when so many rows are through, and wait until the next attempt is, too."""
    while (found := headwater.get(f"/jobs/{job}"))["progress"]["done"] < rows or found["progress"]["unit"] != "rows":
        assert found["state"] in {"pending", "running"}, f"over before it could be killed: {found}"
        time.sleep(0.02)
    killed = time.monotonic()
    for pid in headwater.pids("headwater worker"):
        os.kill(pid, signal.SIGKILL)
    while (found := headwater.get(f"/jobs/{job}"))["state"] in {"pending", "running"}:
        assert time.monotonic() - killed < WITHIN_SECONDS, found
        time.sleep(0.2)
    assert (found["state"], found["attempts"] >= 2) == ("completed", True), found


@pytest.mark.parametrize("round_", range(KILLS))
def test_a_snapshot_and_its_restore_survive(headwater: Running, shop: str, round_: int) -> None:
    sql(headwater, shop, f"UPDATE many SET body = body || 'x' WHERE id % 3 = {round_ % 3}")
    before = sql(headwater, shop, DIGEST)
    snapshot = post(headwater, f"/databases/{shop}/snapshots")
    killed_in_the_middle(headwater, snapshot["job"]["id"], 20_000 * (round_ + 1))
    found = headwater.get(f"/snapshots/{snapshot['id']}")
    assert (found["status"], found["rows"]) == ("complete", ROWS)
    restore = post(headwater, f"/snapshots/{snapshot['id']}/restores", name=f"back-{round_}")
    killed_in_the_middle(headwater, restore["job"]["id"], 20_000 * (round_ + 1))
    done = headwater.get(f"/restores/{restore['id']}")
    assert [(one["expected"], one["found"], one["same"]) for one in done["tables"]] == [(ROWS, ROWS, True)]
    assert sql(headwater, done["target_id"], DIGEST) == before
    every = headwater.get(f"/databases/{shop}/snapshots")["items"]
    assert {one["status"] for one in every} == {"complete"}
    verification = post(headwater, f"/snapshots/{snapshot['id']}/verifications", kind="deep")
    until = time.monotonic() + WITHIN_SECONDS
    while headwater.get(f"/jobs/{verification['id']}")["state"] in {"pending", "running"}:
        assert time.monotonic() < until
        time.sleep(0.1)
    assert headwater.get(f"/snapshots/{snapshot['id']}")["verification"]["ok"]
    headwater.client.delete(f"/api/v1/databases/{done['target_id']}")
