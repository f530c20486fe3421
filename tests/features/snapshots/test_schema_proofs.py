"""Proofs that the schema of a snapshot can be restored, in a scratch database after it was taken."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from sqlalchemy import select

from clusters import Cluster
from features.snapshots.snapshot_fixture import SnapshotFixture
from features.snapshots.test_schema_archives import SERVED_ELSEWHERE, of_system
from features.transfers.row_copies import SHOP as SHOPS
from headwater.features.databases.models import Database
from headwater.features.databases.supervisor.reconciler import Supervisor
from headwater.features.snapshots.models import Restore
from headwater.features.snapshots.service.proof import unfinished
from headwater.features.snapshots.service.restore import comparison, targets
from people import AppFixture

# The databases of the tests have names like this, those of restores have others.
BOUND_TO_ITS_NAME = """
CREATE FUNCTION guarded(int) RETURNS int IMMUTABLE LANGUAGE plpgsql
    AS $$ BEGIN IF current_database() NOT LIKE 't%' THEN RAISE 'another database'; END IF; RETURN $1; END $$;
CREATE TABLE person (id int PRIMARY KEY);
CREATE MATERIALIZED VIEW names AS SELECT guarded(1), id FROM person;
CREATE TABLE other (id int PRIMARY KEY);
INSERT INTO other VALUES (1);
"""


async def jobs_of(snapshot_fixture: SnapshotFixture, snapshot: Any) -> list[str]:
    """Return the jobs that prove a snapshot."""
    async with snapshot_fixture.app.server.database.transaction() as db:
        rows = await db.execute(select(Restore.job_id).where(Restore.snapshot_id == uuid.UUID(snapshot["id"])))
        return [str(job_id) for job_id in rows.scalars()]


async def proven(snapshot_fixture: SnapshotFixture, snapshot: Any) -> Any:
    """Run the job that proves a snapshot, and return the proof."""
    assert snapshot["proof"]["state"] == "pending", snapshot["proof"]
    (job_id,) = await jobs_of(snapshot_fixture, snapshot)
    await snapshot_fixture.app.work(job_id)
    return (await snapshot_fixture.person.get(f"/snapshots/{snapshot['id']}"))["proof"]


async def names(snapshot_fixture: SnapshotFixture) -> list[str]:
    """Return the databases of the project."""
    listed = await snapshot_fixture.person.get(f"/projects/{snapshot_fixture.person.project['id']}/databases")
    return [database["name"] for database in listed["items"]]


async def scratch_databases(snapshot_fixture: SnapshotFixture) -> list[str]:
    """Return the scratch databases that are not deleted."""
    async with snapshot_fixture.app.server.database.transaction() as db:
        rows = await db.execute(select(Database.name).where(Database.scratch, Database.deleted_at.is_(None)))
        return list(rows.scalars())


async def test_schema_is_proven_once_until_it_changes(snapshot_fixture: SnapshotFixture) -> None:
    before = await names(snapshot_fixture)
    first = await snapshot_fixture.take()
    assert first["proof"]["summary"] == "schema not proven yet"
    proof = await proven(snapshot_fixture, first)
    assert (proof["state"], proof["refused"], proof["different"], proof["untried"]) == ("proven", [], [], [])
    assert proof["summary"] == f"schema proven: {proof['equal']} objects restored and equal"
    assert proof["server"].startswith("PostgreSQL")
    assert await names(snapshot_fixture) == before
    assert (await snapshot_fixture.person.get(f"/snapshots/{first['id']}/restores"))["items"] == []
    await snapshot_fixture.sql("INSERT INTO note (body) VALUES ('new')")
    second = await snapshot_fixture.take()
    assert (second["proof"], await jobs_of(snapshot_fixture, second)) == (proof, [])
    await snapshot_fixture.sql("ALTER TABLE note ADD COLUMN later int")
    assert (await snapshot_fixture.take())["proof"]["state"] == "pending"


async def test_objects_that_cannot_be_restored_are_named(snapshot_fixture: SnapshotFixture, cluster: Cluster) -> None:
    snapshot_fixture.database = await snapshot_fixture.person.connected(cluster.clone(BOUND_TO_ITS_NAME))
    snapshot = await snapshot_fixture.take()
    proof = await proven(snapshot_fixture, snapshot)
    assert proof["state"] == "refuted", proof
    assert proof["summary"] == "cannot be restored: 1 object"
    assert [sentence.split(":")[0] for sentence in proof["refused"]] == ["materialized view public.names"]
    assert proof["different"] == []
    path = f"/snapshots/{snapshot['id']}/verifications"
    job = await snapshot_fixture.person.send("POST", path, 202, json={"kind": "quick"})
    await snapshot_fixture.app.work(job["id"])
    log = await snapshot_fixture.person.get(f"/jobs/{job['id']}/log")
    assert ("error", "Cannot be restored: 1 object.") in [(line["level"], line["message"]) for line in log["items"]]


async def test_broken_unrelated_object_does_not_stop_the_restore_of_a_table(
    snapshot_fixture: SnapshotFixture, cluster: Cluster
) -> None:
    snapshot_fixture.database = await snapshot_fixture.person.connected(cluster.clone(BOUND_TO_ITS_NAME))
    snapshot = await snapshot_fixture.take()
    target = await snapshot_fixture.person.connected(cluster.clone())
    done = await snapshot_fixture.restore(snapshot, target_id=target, tables=["other"])
    assert done["job"]["state"] == "completed", done["job"]["error"]
    assert done["summary"] == "schema: 2 objects equal; rows: 1 table, 1 row, contents equal"


async def test_extensions_that_the_scratch_server_lacks_are_not_proven(snapshot_fixture: SnapshotFixture) -> None:
    needed = " DEFAULT gen_salt('bf')"
    async with of_system(snapshot_fixture, SERVED_ELSEWHERE.format(needed) + "CREATE TABLE other (id int)"):
        proof = await proven(snapshot_fixture, await snapshot_fixture.take())
    assert (proof["state"], proof["refused"], proof["different"]) == ("unproven", [], [])
    subjects = {sentence.split(":")[0] for sentence in proof["untried"]}
    assert {"extension pgcrypto", "extension uuid-ossp", "table public.keys"} <= subjects
    assert "table public.other" not in subjects
    assert proof["equal"] > 0


@pytest.mark.parametrize("engine", ["mysql", "sqlite"])
async def test_schema_of_other_engines_is_proven(app: AppFixture, supervisor: Supervisor, engine: str) -> None:
    person = await app.person("nina")
    snapshot_fixture = SnapshotFixture(app, person, await person.database(engine))
    await snapshot_fixture.sql(SHOPS[engine])
    proof = await proven(snapshot_fixture, await snapshot_fixture.take())
    assert (proof["state"], proof["refused"], proof["different"]) == ("proven", [], []), proof


async def test_killed_proof_is_completed_by_the_next_attempt(
    snapshot_fixture: SnapshotFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await names(snapshot_fixture)
    snapshot = await snapshot_fixture.take()

    async def gone(*_: Any, **__: Any) -> None:
        raise OSError("the machine is gone")

    async def nothing(*_: Any) -> None:
        return None

    with monkeypatch.context() as patch:
        patch.setattr(comparison, "compare", gone)
        patch.setattr(targets, "clear_after", nothing)
        (job_id,) = await jobs_of(snapshot_fixture, snapshot)
        await snapshot_fixture.app.work(job_id)
    (left,) = await scratch_databases(snapshot_fixture)
    assert await names(snapshot_fixture) == before
    path = f"/projects/{snapshot_fixture.person.project['id']}/databases"
    deleted = await snapshot_fixture.person.get(f"{path}?deleted=true")
    assert (await proven(snapshot_fixture, snapshot))["state"] == "proven"
    assert left not in await scratch_databases(snapshot_fixture)
    assert await names(snapshot_fixture) == before
    assert await snapshot_fixture.person.get(f"{path}?deleted=true") == deleted


async def test_cancelled_proof_is_ended_by_maintenance(snapshot_fixture: SnapshotFixture) -> None:
    snapshot = await snapshot_fixture.take()
    (job_id,) = await jobs_of(snapshot_fixture, snapshot)
    await snapshot_fixture.person.send("POST", f"/jobs/{job_id}/cancel", 202)
    await unfinished.end(snapshot_fixture.app.server.context)
    proof = (await snapshot_fixture.person.get(f"/snapshots/{snapshot['id']}"))["proof"]
    assert (proof["state"], proof["summary"]) == ("unproven", "schema not proven: its job was cancelled")
    second = await snapshot_fixture.take()
    assert second["proof"]["state"] == "pending"


async def test_snapshot_is_deleted_while_its_proof_is_pending(snapshot_fixture: SnapshotFixture) -> None:
    snapshot = await snapshot_fixture.take()
    (job_id,) = await jobs_of(snapshot_fixture, snapshot)
    await snapshot_fixture.person.send("DELETE", f"/snapshots/{snapshot['id']}", 204)
    await snapshot_fixture.app.work(job_id)
    assert (await snapshot_fixture.person.get(f"/jobs/{job_id}"))["state"] == "cancelled"
