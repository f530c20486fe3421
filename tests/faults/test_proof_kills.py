"""kill -9 of the worker during a proof: the next attempt completes it, and no scratch database is left."""

from __future__ import annotations

import time
from typing import Any

import psycopg
import pytest

from entrypoints.headwater_process import HeadwaterProcess
from faults.kill_helpers import WITHIN_SECONDS, killed_in_the_middle
from headwater.store.cluster import Cluster
from suite.profiles import rounds

KILLS = rounds("KILLS", 1)
TABLES = 400
SCRATCH = "SELECT id::text FROM databases WHERE scratch"


def store(headwater: HeadwaterProcess, query: str, *values: Any) -> list[Any]:
    """Return the rows of a query on Headwater's own store."""
    with psycopg.connect(Cluster(headwater.home / "store").url()) as connection:
        return connection.execute(query.encode(), values).fetchall()


def folders(headwater: HeadwaterProcess) -> set[str]:
    """Return the names of the folders of managed databases."""
    return {path.name for path in (headwater.home / "databases").iterdir()}


@pytest.mark.parametrize("round_", range(KILLS))
def test_proof_survives_a_kill(headwater: HeadwaterProcess, round_: int) -> None:
    project = headwater.get("/projects")["items"][0]["id"]
    created = headwater.post(f"/projects/{project}/databases?wait=60", name=f"many-tables-{round_}")
    headwater.sql(
        created["id"],
        f"DO $$ BEGIN FOR n IN 1..{TABLES} LOOP EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, n int)', n); "
        "END LOOP; END $$; SELECT 1",
    )
    listed, before = headwater.get(f"/projects/{project}/databases"), folders(headwater)
    snapshot = headwater.post(f"/databases/{created['id']}/snapshots")
    until = time.monotonic() + WITHIN_SECONDS
    while not (jobs := store(headwater, "SELECT job_id FROM restores WHERE snapshot_id = %s", snapshot["id"])):
        assert time.monotonic() < until
        time.sleep(0.02)
    killed_in_the_middle(headwater, str(jobs[0][0]), 40 * (round_ + 1), "steps")
    proof = headwater.get(f"/snapshots/{snapshot['id']}")["proof"]
    assert (proof["state"], proof["refused"], proof["different"]) == ("proven", [], []), proof
    now_listed = headwater.get(f"/projects/{project}/databases")
    assert [item["name"] for item in now_listed["items"]] == [item["name"] for item in listed["items"]]
    while store(headwater, SCRATCH) or folders(headwater) != before:
        assert time.monotonic() < until, (store(headwater, SCRATCH), folders(headwater) - before)
        time.sleep(0.1)
    headwater.client.delete(f"/api/v1/databases/{created['id']}")
