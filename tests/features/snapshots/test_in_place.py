"""Restores in place: overwrite, append and append_missing; atomic, with a snapshot of the target to undo them."""

from __future__ import annotations

from typing import Any

import pytest

from features.snapshots.snapshot_fixture import SnapshotFixture
from features.snapshots.test_restore import content

COUNTS = "SELECT (SELECT count(*) FROM artist), (SELECT count(*) FROM album), (SELECT count(*) FROM note)"


async def test_overwrite_restores_tables_and_can_be_undone(snapshot_fixture: SnapshotFixture) -> None:
    snapshot = await snapshot_fixture.take()
    before = await content(snapshot_fixture, snapshot_fixture.database)
    await snapshot_fixture.sql(
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END';"
        "DELETE FROM album WHERE id % 2 = 0; UPDATE artist SET bio = 'gone'; DROP TABLE note;"
        "CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON artist FOR EACH ROW EXECUTE FUNCTION no()"
    )
    spoilt = await content(snapshot_fixture, snapshot_fixture.database)
    done = await snapshot_fixture.restore(snapshot, target_id=snapshot_fixture.database, mode="overwrite")
    assert done["job"]["state"] == "completed", done["job"]
    assert {table["table"]: (table["written"], table["found"], table["same"]) for table in done["tables"]} == {
        "public.album": (12_000, 12_000, True),
        "public.artist": (1500, 1500, True),
        "public.note": (700, 700, True),
    }
    assert [table["contents"] for table in done["tables"]] == ["equal"] * 3
    assert done["schema_comparison"]["reason"] == ""
    after = await content(snapshot_fixture, snapshot_fixture.database)
    rows = {name: result for name, result in before.items() if name != "schema"}
    assert {name: after[name] for name in rows} == rows
    assert [relation.name for relation in after["schema"].relations] == [
        relation.name for relation in before["schema"].relations
    ]
    keys = {relation.name: relation.foreign_keys for relation in before["schema"].relations}
    assert {relation.name: relation.foreign_keys for relation in after["schema"].relations} == keys
    with pytest.raises(AssertionError, match="no"):
        await snapshot_fixture.sql("DELETE FROM artist")  # the trigger is as it was
    undone = await snapshot_fixture.restore({"id": done["undo_id"]}, name="undone")
    assert undone["job"]["state"] == "completed", undone["job"]
    assert await content(snapshot_fixture, undone["target_id"]) == spoilt


@pytest.mark.parametrize(("mode", "notes", "albums"), [("append", 1400, None), ("append_missing", 1400, 12_003)])
async def test_append_adds_rows_to_existing_tables(
    snapshot_fixture: SnapshotFixture, mode: str, notes: int, albums: int | None
) -> None:
    snapshot = await snapshot_fixture.take()
    await snapshot_fixture.sql("DELETE FROM album WHERE id > 11000; INSERT INTO album (artist_id) VALUES (1), (2), (3)")
    plain = await snapshot_fixture.restore(snapshot, target_id=snapshot_fixture.database, mode=mode, tables=["note"])
    assert [(table["found"], table["same"]) for table in plain["tables"]] == [(notes, True)]
    assert plain["summary"].endswith(f"rows: 1 table, {notes:,} rows, contents equal")
    done = await snapshot_fixture.restore(snapshot, target_id=snapshot_fixture.database, mode=mode, tables=["album"])
    if albums is None:  # their keys are there already: nothing has changed
        assert done["job"]["state"] == "failed"
        assert "duplicate key" in done["job"]["error"]
        assert await snapshot_fixture.sql(COUNTS) == [[1500, 11_003, notes]]
    else:
        assert (done["tables"][0]["same"], done["tables"][0]["contents"]) == (True, "equal"), done["job"]
        assert await snapshot_fixture.sql(COUNTS) == [[1500, albums, notes]]
    await snapshot_fixture.sql("INSERT INTO album (artist_id) VALUES (1)")  # the counter went on


async def test_key_violation_rolls_the_restore_back(snapshot_fixture: SnapshotFixture) -> None:
    snapshot = await snapshot_fixture.take()
    before = await content(snapshot_fixture, snapshot_fixture.database)
    await snapshot_fixture.sql(
        "INSERT INTO artist (id, name) VALUES (9000, 'late'); INSERT INTO album (artist_id) VALUES (9000)"
    )
    done = await snapshot_fixture.restore(
        snapshot, target_id=snapshot_fixture.database, mode="overwrite", tables=["artist"]
    )
    assert done["job"]["state"] == "failed"
    assert "foreign key" in done["job"]["error"]
    assert await snapshot_fixture.sql(COUNTS) == [[1501, 12_001, 700]]
    assert (await content(snapshot_fixture, snapshot_fixture.database))["schema"] == before["schema"]


async def test_plan_lists_changes_and_protected_database_needs_confirmation(
    snapshot_fixture: SnapshotFixture,
) -> None:
    snapshot = await snapshot_fixture.take()
    await snapshot_fixture.sql("DROP TABLE note")
    body: dict[str, Any] = {"target_id": snapshot_fixture.database, "mode": "overwrite"}
    path = f"/snapshots/{snapshot['id']}/restores"
    plan = await snapshot_fixture.person.send("POST", f"{path}/plan", 200, json=body)
    assert {step["table"]: step["action"] for step in plan["steps"]} == {
        "public.album": "replace",
        "public.artist": "replace",
        "public.note": "create",
    }
    assert plan["undo"]
    await snapshot_fixture.person.send(
        "PATCH", f"/databases/{snapshot_fixture.database}", 200, json={"protected": True}
    )
    refused = await snapshot_fixture.person.send("POST", path, 409, json=body)
    assert refused["code"] == "confirmation_needed"
    await snapshot_fixture.person.send("POST", path, 202, json=body | {"confirmed": True})


async def test_missing_column_is_named(snapshot_fixture: SnapshotFixture) -> None:
    snapshot = await snapshot_fixture.take()
    await snapshot_fixture.sql("ALTER TABLE note DROP COLUMN body")
    done = await snapshot_fixture.restore(snapshot, target_id=snapshot_fixture.database, mode="append", tables=["note"])
    assert (done["job"]["state"], "no longer has the column body" in done["job"]["error"]) == ("failed", True)
