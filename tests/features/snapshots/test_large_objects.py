"""Large objects of PostgreSQL in snapshots: for a user like all, unchanged ones cost nothing, and nothing is lost."""

from __future__ import annotations

from typing import Any

import pytest

from features.snapshots.shelf import Shelf

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


async def log(shelf: Shelf, job: str) -> str:
    lines = await shelf.person.get(f"/jobs/{job}/log")
    return "\n".join(str(one["message"]) for one in lines["items"])


@pytest.fixture
async def objects(shelf: Shelf) -> Shelf:
    """The shelf of all tests, with large objects beside its tables."""
    await shelf.sql(OBJECTS)
    return shelf


async def test_they_come_back_and_cost_what_has_changed(objects: Shelf) -> None:
    shelf, before = objects, await objects.sql(TOLD)
    assert [row[3] for row in before] == [2, 0, 5_280_000]
    first = await shelf.take()
    assert first["status"] == "complete", first["job"]
    kept = next(one for one in first["contents"] if one["name"] == "pg_largeobject")
    assert (kept["schema"], kept["apart"], kept["rows"]) == (None, True, 1 + 1 + 162)
    again = await shelf.take()
    assert again["new_bytes"] < 2000, "what has not changed costs nothing"
    await shelf.sql("SELECT lo_put(503, 2000000, '\\x00ff'); SELECT lo_unlink(502)")
    changed, after = await shelf.take(), await shelf.sql(TOLD)
    assert changed["new_bytes"] < 200_000, "a change costs its own piece"
    for snapshot, wanted, name in ((first, before, "back"), (changed, after, "later")):
        done = await shelf.restore(snapshot, name=name)
        assert done["job"]["state"] == "completed", done["job"]
        assert await shelf.sql(TOLD, done["target_id"]) == wanted
    rows = await shelf.person.get(f"/snapshots/{first['id']}/tables/pg_largeobject/rows")
    assert [row[0] for row in rows["rows"][:3]] == [501, 502, 503]
    asked = await shelf.person.send(
        "POST", f"/snapshots/{first['id']}/query", 200, json={"text": "SELECT count(*) FROM pg_largeobject"}
    )
    assert (asked["error"], asked["results"][0]["rows"]) == (None, [[164]])


async def test_chosen_tables_leave_them_out_and_say_so(objects: Shelf) -> None:
    shelf, snapshot = objects, await objects.take()
    path = f"/snapshots/{snapshot['id']}/restores"
    plan = await shelf.person.send("POST", f"{path}/plan", 200, json={"name": "some", "tables": ["note"]})
    assert {one["table"]: one["action"] for one in plan["steps"]} == {
        "public.note": "create", "pg_largeobject": "leave",
    }  # fmt: skip
    done = await shelf.restore(snapshot, name="some", tables=["note"])
    assert done["job"]["state"] == "completed", done["job"]
    assert await shelf.sql(TOLD, done["target_id"]) == []
    assert "pg_largeobject is left out" in await log(shelf, done["job"]["id"])
    named = await shelf.restore(snapshot, name="named", tables=["pg_largeobject"])
    assert named["job"]["state"] == "completed", named["job"]
    assert await shelf.sql(TOLD, named["target_id"]) == await shelf.sql(TOLD)


async def test_in_place_they_stay_as_they_are(objects: Shelf) -> None:
    shelf, snapshot = objects, await objects.take()
    await shelf.sql("SELECT lo_put(501, 0, '\\x11'); DELETE FROM note")
    now = await shelf.sql(TOLD)
    over: dict[str, Any] = {"target_id": shelf.database, "mode": "overwrite"}
    plan = await shelf.person.send("POST", f"/snapshots/{snapshot['id']}/restores/plan", 200, json=over)
    assert {one["table"]: one["action"] for one in plan["steps"]}["pg_largeobject"] == "leave"
    done = await shelf.restore(snapshot, **over)
    assert done["job"]["state"] == "completed", done["job"]
    assert await shelf.sql(TOLD) == now
    assert await shelf.sql("SELECT count(*) FROM note") == [[700]]
    refused = await shelf.person.send(
        "POST", f"/snapshots/{snapshot['id']}/restores", 409, json=over | {"tables": ["pg_largeobject"]}
    )
    assert "not restored in place" in refused["detail"]


async def test_a_database_that_has_some_gets_none_and_loses_none(objects: Shelf) -> None:
    shelf, snapshot = objects, await objects.take()
    target = await shelf.person.database("postgresql")
    await shelf.sql("SELECT lo_from_bytea(501, 'mine')", target)
    done = await shelf.restore(snapshot, target_id=target)
    assert done["job"]["state"] == "failed"
    assert "pg_largeobject already" in done["job"]["error"]
    assert await shelf.sql("SELECT oid::int8, lo_get(oid)::text FROM pg_largeobject_metadata", target) == [
        [501, "\\x6d696e65"]
    ]
    assert await shelf.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", target) == [[0]]


async def test_what_fails_afterwards_takes_them_away_again(objects: Shelf) -> None:
    shelf = objects
    ((here,),) = await shelf.sql("SELECT current_database()")
    await shelf.sql(
        "CREATE FUNCTION fails(t text) RETURNS int LANGUAGE plpgsql IMMUTABLE AS "
        f"$$ BEGIN IF current_database() <> '{here}' THEN RAISE 'not here'; END IF; RETURN 1; END $$;"
        "CREATE INDEX of_it ON note (fails(body))"
    )
    snapshot = await shelf.take()
    target = await shelf.person.database("postgresql")
    done = await shelf.restore(snapshot, target_id=target)
    assert (done["job"]["state"], "not here" in done["job"]["error"]) == ("failed", True), done["job"]
    assert await shelf.sql(TOLD, target) == [], await log(shelf, done["job"]["id"])
    await shelf.sql("SELECT lo_from_bytea(501, 'mine')", target)
