"""Large objects of PostgreSQL in snapshots and restores; unchanged ones are not stored again."""

from __future__ import annotations

from typing import Any

import pytest

from features.snapshots.snapshot_fixture import SnapshotFixture
from headwater.catalog.results import QueryError
from headwater.engines.postgresql.bulk_load import PostgresBulkLoader

MANY = "(SELECT string_agg(decode(md5({0}::text || g::text), 'hex'), '' ORDER BY g) FROM generate_series(1, {1}) g)"
OBJECTS = f"""
SELECT lo_from_bytea(501, '\\x00ff'), lo_from_bytea(502, ''), lo_from_bytea(503, {MANY.format(1, 330_000)});
COMMENT ON LARGE OBJECT 503 IS 'five million bytes';
GRANT SELECT ON LARGE OBJECT 501 TO PUBLIC
"""
TOLD = """
SELECT m.oid::int8, m.lomacl::text, obj_description(m.oid, 'pg_largeobject'), length(lo_get(m.oid)), md5(lo_get(m.oid))
FROM pg_largeobject_metadata m ORDER BY 1
"""


async def log(snapshot_fixture: SnapshotFixture, job: str) -> str:
    lines = await snapshot_fixture.person.get(f"/jobs/{job}/log")
    return "\n".join(str(line["message"]) for line in lines["items"])


@pytest.fixture
async def objects(snapshot_fixture: SnapshotFixture) -> SnapshotFixture:
    """The `snapshot_fixture` with large objects in its database."""
    await snapshot_fixture.sql(OBJECTS)
    return snapshot_fixture


async def test_large_objects_are_restored_and_only_changes_are_stored(objects: SnapshotFixture) -> None:
    snapshot_fixture, before = objects, await objects.sql(TOLD)
    assert [row[3] for row in before] == [2, 0, 5_280_000]
    first = await snapshot_fixture.take()
    assert first["status"] == "complete", first["job"]
    stored = next(table for table in first["contents"] if table["name"] == "pg_largeobject")
    assert (stored["schema"], stored["apart"], stored["rows"]) == (None, True, 1 + 1 + 162)
    again = await snapshot_fixture.take()
    assert again["new_bytes"] < 2000, "what has not changed costs nothing"
    await snapshot_fixture.sql("SELECT lo_put(503, 2000000, '\\x00ff'); SELECT lo_unlink(502)")
    changed, after = await snapshot_fixture.take(), await snapshot_fixture.sql(TOLD)
    assert changed["new_bytes"] < 200_000, "a change costs its own piece"
    for snapshot, wanted, name in ((first, before, "back"), (changed, after, "later")):
        done = await snapshot_fixture.restore(snapshot, name=name)
        assert done["job"]["state"] == "completed", done["job"]
        assert await snapshot_fixture.sql(TOLD, done["target_id"]) == wanted
    rows = await snapshot_fixture.person.get(f"/snapshots/{first['id']}/tables/pg_largeobject/rows")
    assert [row[0] for row in rows["rows"][:3]] == [501, 502, 503]
    asked = await snapshot_fixture.person.send(
        "POST", f"/snapshots/{first['id']}/query", 200, json={"text": "SELECT count(*) FROM pg_largeobject"}
    )
    assert (asked["error"], asked["results"][0]["rows"]) == (None, [[164]])


async def test_large_objects_are_left_out_of_chosen_tables(objects: SnapshotFixture) -> None:
    snapshot_fixture, snapshot = objects, await objects.take()
    path = f"/snapshots/{snapshot['id']}/restores"
    plan = await snapshot_fixture.person.send("POST", f"{path}/plan", 200, json={"name": "some", "tables": ["note"]})
    assert {step["table"]: step["action"] for step in plan["steps"]} == {
        "public.note": "create",
        "pg_largeobject": "leave",
    }
    done = await snapshot_fixture.restore(snapshot, name="some", tables=["note"])
    assert done["job"]["state"] == "completed", done["job"]
    assert await snapshot_fixture.sql(TOLD, done["target_id"]) == []
    assert "pg_largeobject is not restored" in await log(snapshot_fixture, done["job"]["id"])
    named = await snapshot_fixture.restore(snapshot, name="named", tables=["pg_largeobject"])
    assert named["job"]["state"] == "completed", named["job"]
    assert await snapshot_fixture.sql(TOLD, named["target_id"]) == await snapshot_fixture.sql(TOLD)


async def test_restore_in_place_keeps_large_objects(objects: SnapshotFixture) -> None:
    snapshot_fixture, snapshot = objects, await objects.take()
    await snapshot_fixture.sql("SELECT lo_put(501, 0, '\\x11'); DELETE FROM note")
    now = await snapshot_fixture.sql(TOLD)
    over: dict[str, Any] = {"target_id": snapshot_fixture.database, "mode": "overwrite"}
    plan = await snapshot_fixture.person.send("POST", f"/snapshots/{snapshot['id']}/restores/plan", 200, json=over)
    assert {step["table"]: step["action"] for step in plan["steps"]}["pg_largeobject"] == "leave"
    done = await snapshot_fixture.restore(snapshot, **over)
    assert done["job"]["state"] == "completed", done["job"]
    assert await snapshot_fixture.sql(TOLD) == now
    assert await snapshot_fixture.sql("SELECT count(*) FROM note") == [[700]]
    refused = await snapshot_fixture.person.send(
        "POST", f"/snapshots/{snapshot['id']}/restores", 409, json=over | {"tables": ["pg_largeobject"]}
    )
    assert "not restored in place" in refused["detail"]


async def test_database_with_large_objects_is_refused(objects: SnapshotFixture) -> None:
    snapshot_fixture, snapshot = objects, await objects.take()
    target = await snapshot_fixture.person.database("postgresql")
    await snapshot_fixture.sql("SELECT lo_from_bytea(501, 'mine')", target)
    done = await snapshot_fixture.restore(snapshot, target_id=target)
    assert done["job"]["state"] == "failed"
    assert "already has rows in pg_largeobject" in done["job"]["error"]
    assert await snapshot_fixture.sql("SELECT oid::int8, lo_get(oid)::text FROM pg_largeobject_metadata", target) == [
        [501, "\\x6d696e65"]
    ]
    assert await snapshot_fixture.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", target) == [[0]]


async def test_failed_restore_deletes_large_objects(objects: SnapshotFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot_fixture = objects
    snapshot = await snapshot_fixture.take()
    target = await snapshot_fixture.person.database("postgresql")

    async def fails(*_: object) -> list[str]:
        raise QueryError("not here")

    with monkeypatch.context() as patch:
        patch.setattr(PostgresBulkLoader, "restore_extras", fails)
        done = await snapshot_fixture.restore(snapshot, target_id=target)
    assert (done["job"]["state"], "not here" in done["job"]["error"]) == ("failed", True), done["job"]
    assert await snapshot_fixture.sql(TOLD, target) == [], await log(snapshot_fixture, done["job"]["id"])
    await snapshot_fixture.sql("SELECT lo_from_bytea(501, 'mine')", target)
