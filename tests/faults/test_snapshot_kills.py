"""kill -9 of the worker during snapshots and restores: the next attempt completes them, without losing a row."""

from __future__ import annotations

import time

import pytest

from entrypoints.headwater_process import HeadwaterProcess
from faults.kill_helpers import WITHIN_SECONDS, killed_in_the_middle
from suite.profiles import rounds

KILLS = rounds("KILLS", 2)
ROWS = 1_500_000
DIGEST = "SELECT count(*), sum(hashtextextended(m::text, 0)) FROM many m"


@pytest.fixture(scope="module")
def shop(headwater: HeadwaterProcess) -> str:
    """A database with one large table."""
    project = headwater.get("/projects")["items"][0]["id"]
    created = headwater.post(f"/projects/{project}/databases?wait=60", name="shop")
    headwater.sql(
        created["id"],
        "CREATE TABLE many (id bigint PRIMARY KEY, at timestamptz, body text);"
        f"INSERT INTO many SELECT g, now() + g * interval '1 s', md5(g::text) FROM generate_series(1, {ROWS}) g",
    )
    return str(created["id"])


@pytest.mark.parametrize("round_", range(KILLS))
def test_snapshot_and_restore_survive_kills(headwater: HeadwaterProcess, shop: str, round_: int) -> None:
    headwater.sql(shop, f"UPDATE many SET body = body || 'x' WHERE id % 3 = {round_ % 3}")
    before = headwater.sql(shop, DIGEST)
    snapshot = headwater.post(f"/databases/{shop}/snapshots")
    killed_in_the_middle(headwater, snapshot["job"]["id"], 20_000 * (round_ + 1))
    result = headwater.get(f"/snapshots/{snapshot['id']}")
    assert (result["status"], result["rows"]) == ("complete", ROWS)
    restore = headwater.post(f"/snapshots/{snapshot['id']}/restores", name=f"restored-{round_}")
    killed_in_the_middle(headwater, restore["job"]["id"], 20_000 * (round_ + 1))
    done = headwater.get(f"/restores/{restore['id']}")
    assert [(table["expected"], table["found"], table["same"]) for table in done["tables"]] == [(ROWS, ROWS, True)]
    assert headwater.sql(done["target_id"], DIGEST) == before
    every = headwater.get(f"/databases/{shop}/snapshots")["items"]
    assert {item["status"] for item in every} == {"complete"}
    verification = headwater.post(f"/snapshots/{snapshot['id']}/verifications", kind="deep")
    until = time.monotonic() + WITHIN_SECONDS
    while headwater.get(f"/jobs/{verification['id']}")["state"] in {"pending", "running"}:
        assert time.monotonic() < until
        time.sleep(0.1)
    assert headwater.get(f"/snapshots/{snapshot['id']}")["verification"]["ok"]
    headwater.client.delete(f"/api/v1/databases/{done['target_id']}")


MANY = 300_000
IN_PLACE = {
    "mysql": (
        "CREATE TABLE few (id INT AUTO_INCREMENT PRIMARY KEY); INSERT INTO few VALUES (1), (2), (7); "
        "CREATE TABLE many (id BIGINT PRIMARY KEY, body TEXT); "
        f"INSERT INTO many SELECT seq, md5(seq) FROM seq_1_to_{MANY}; "
        "CREATE TABLE fired (n INT); CREATE TRIGGER fires BEFORE INSERT ON many FOR EACH ROW INSERT INTO fired VALUES (1)",
        "SELECT count(*), sum(crc32(body)), (SELECT count(*) FROM few), (SELECT count(*) FROM fired) FROM many",
        "SELECT count(*) FROM information_schema.triggers WHERE trigger_schema = DATABASE() AND action_statement = 'INSERT INTO fired VALUES (1)'",
    ),
    "sqlite": (
        "CREATE TABLE few (id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO few VALUES (1), (2), (7); "
        "CREATE TABLE many (id INTEGER PRIMARY KEY, body TEXT); WITH RECURSIVE g (g) AS "
        f"(SELECT 1 UNION ALL SELECT g + 1 FROM g WHERE g < {3 * MANY}) INSERT INTO many SELECT g, hex(g * 7919) FROM g; "
        "CREATE TABLE fired (n INT); CREATE TRIGGER fires AFTER INSERT ON many BEGIN INSERT INTO fired VALUES (1); END",
        "SELECT count(*), sum(length(body)), (SELECT count(*) FROM few), (SELECT count(*) FROM fired) FROM many",
        "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'",
    ),
}


def until_complete(headwater: HeadwaterProcess, snapshot: str) -> None:
    """Wait until a snapshot is complete."""
    until = time.monotonic() + WITHIN_SECONDS
    while headwater.get(f"/snapshots/{snapshot}")["status"] != "complete":
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.parametrize("engine", IN_PLACE)
def test_restore_in_place_survives_kills(headwater: HeadwaterProcess, engine: str) -> None:
    make, digest, triggers = IN_PLACE[engine]
    project = headwater.get("/projects")["items"][0]["id"]
    created = headwater.post(f"/projects/{project}/databases?wait=60", name=f"over-{engine}", engine=engine)
    headwater.sql(created["id"], make)
    before = headwater.sql(created["id"], digest)
    snapshot = headwater.post(f"/databases/{created['id']}/snapshots")
    until_complete(headwater, snapshot["id"])
    headwater.sql(created["id"], "DROP TABLE few; UPDATE many SET body = 'spoilt' WHERE id % 2 = 0")
    restore = headwater.post(f"/snapshots/{snapshot['id']}/restores", target_id=created["id"], mode="overwrite")
    while not (undo := headwater.get(f"/restores/{restore['id']}")["undo_id"]):
        time.sleep(0.02)
    until_complete(headwater, undo)
    killed_in_the_middle(headwater, restore["job"]["id"], 20_000)
    assert headwater.sql(created["id"], digest) == before
    assert headwater.sql(created["id"], triggers) == [[1]]
    headwater.client.delete(f"/api/v1/databases/{created['id']}")
