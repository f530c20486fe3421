"""kill -9 of the worker while a snapshot is taken or restored: the next attempt completes it, and every row is there."""

from __future__ import annotations

import os
import signal
import time

import pytest

from entrypoints.running import Running

KILLS = int(os.environ.get("HEADWATER_KILLS", "2"))
ROWS = 1_500_000
WITHIN_SECONDS = 120.0
DIGEST = "SELECT count(*), sum(hashtextextended(m::text, 0)) FROM many m"
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def shop(headwater: Running) -> str:
    """A database with one large table."""
    project = headwater.get("/projects")["items"][0]["id"]
    made = headwater.post(f"/projects/{project}/databases?wait=60", name="shop")
    headwater.sql(made["id"], "CREATE TABLE many (id bigint PRIMARY KEY, at timestamptz, body text);"
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
    headwater.sql(shop, f"UPDATE many SET body = body || 'x' WHERE id % 3 = {round_ % 3}")
    before = headwater.sql(shop, DIGEST)
    snapshot = headwater.post(f"/databases/{shop}/snapshots")
    killed_in_the_middle(headwater, snapshot["job"]["id"], 20_000 * (round_ + 1))
    found = headwater.get(f"/snapshots/{snapshot['id']}")
    assert (found["status"], found["rows"]) == ("complete", ROWS)
    restore = headwater.post(f"/snapshots/{snapshot['id']}/restores", name=f"back-{round_}")
    killed_in_the_middle(headwater, restore["job"]["id"], 20_000 * (round_ + 1))
    done = headwater.get(f"/restores/{restore['id']}")
    assert [(one["expected"], one["found"], one["same"]) for one in done["tables"]] == [(ROWS, ROWS, True)]
    assert headwater.sql(done["target_id"], DIGEST) == before
    every = headwater.get(f"/databases/{shop}/snapshots")["items"]
    assert {one["status"] for one in every} == {"complete"}
    verification = headwater.post(f"/snapshots/{snapshot['id']}/verifications", kind="deep")
    until = time.monotonic() + WITHIN_SECONDS
    while headwater.get(f"/jobs/{verification['id']}")["state"] in {"pending", "running"}:
        assert time.monotonic() < until
        time.sleep(0.1)
    assert headwater.get(f"/snapshots/{snapshot['id']}")["verification"]["ok"]
    headwater.client.delete(f"/api/v1/databases/{done['target_id']}")
