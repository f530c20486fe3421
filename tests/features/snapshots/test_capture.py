"""Snapshots over HTTP: taking, listing and showing them."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import pytest

from features.snapshots.snapshot_fixture import SnapshotFixture
from headwater.engines.postgresql.snapshot_reader import PostgresSnapshotReader
from headwater.features.snapshots import repository
from headwater.features.snapshots.service import snapshots


async def test_snapshot_is_taken_and_shown(snapshot_fixture: SnapshotFixture) -> None:
    done = await snapshot_fixture.take(label="before the sale")
    assert (done["status"], done["error"]) == ("complete", None), done["job"]
    assert (done["label"], done["tables"], done["rows"]) == ("before the sale", 3, 14_200)
    assert 0 < done["stored_bytes"] == done["new_bytes"] < done["raw_bytes"]
    album = next(table for table in done["contents"] if table["name"] == "album")
    assert (album["schema"], album["rows"], album["key"]) == ("public", 12_000, ["id"])
    assert {"name": "price", "type": "public.price"} in album["columns"]
    assert "twice" not in {column["name"] for column in album["columns"]}
    assert done["moment"]["lsn"]
    assert done["verification"]["ok"]
    assert done["verification"]["pages"]
    assert done["by"] == "sonja"
    schema = await snapshot_fixture.person.get(f"/snapshots/{done['id']}/schema")
    assert [relation["name"] for relation in schema["relations"] if relation["kind"] == "view"] == ["glad"]
    listed = (await snapshot_fixture.person.get(f"/databases/{snapshot_fixture.database}/snapshots"))["items"]
    assert [item["id"] for item in listed] == [done["id"]]
    vault = await snapshot_fixture.vault()
    assert vault.snapshots() == [done["id"]]


async def test_second_snapshot_stores_only_changes(snapshot_fixture: SnapshotFixture) -> None:
    first = await snapshot_fixture.take()
    same = await snapshot_fixture.take()
    assert (same["parent_id"], same["new_bytes"]) == (first["id"], 0)
    await snapshot_fixture.sql("UPDATE album SET title = 'changed' WHERE id = 7000")
    third = await snapshot_fixture.take()
    assert 0 < third["new_bytes"] < first["new_bytes"] / 10
    assert third["stored_bytes"] == pytest.approx(first["stored_bytes"], rel=0.05)
    storage = await snapshot_fixture.person.get(f"/databases/{snapshot_fixture.database}/snapshots/storage")
    assert [point["id"] for point in storage["points"]] == [first["id"], same["id"], third["id"]]
    assert [(point["whole"], point["grew"]) for point in storage["points"]] == [
        (True, False),
        (False, False),
        (False, False),
    ]


async def test_two_tables_are_read_at_once(snapshot_fixture: SnapshotFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    together, read = threading.Barrier(2, timeout=120), PostgresSnapshotReader.read

    def awaited(dump: PostgresSnapshotReader, table: Any) -> Any:
        if table.name != "note":  # the third of them, for which nobody is left to wait
            together.wait()
        return read(dump, table)

    monkeypatch.setattr(PostgresSnapshotReader, "read", awaited)
    done = await snapshot_fixture.take()
    assert (done["status"], done["rows"]) == ("complete", 14_200), done["job"]
    assert [table["name"] for table in done["contents"]] == ["album", "artist", "note"]


async def test_snapshot_completed_during_a_read_has_not_failed(snapshot_fixture: SnapshotFixture) -> None:
    created = await snapshot_fixture.person.send(
        "POST", f"/databases/{snapshot_fixture.database}/snapshots", 202, json={}
    )
    async with snapshot_fixture.app.server.database.transaction() as db:
        row = await repository.get(db, uuid.UUID(created["id"]))
        assert row
        assert row.status == "taking"
        await snapshot_fixture.app.work(created["job"]["id"])
        (seen,) = await snapshots.views_of(db, [row])
    assert (seen.status, seen.error) == ("complete", None)


async def test_partial_snapshot_is_not_the_parent_of_a_full_one(snapshot_fixture: SnapshotFixture) -> None:
    whole = await snapshot_fixture.take()
    await snapshot_fixture.take(tables=["note"])
    again = await snapshot_fixture.take()
    assert (again["parent_id"], again["new_bytes"]) == (whole["id"], 0)


async def test_chosen_tables_and_unknown_names(snapshot_fixture: SnapshotFixture) -> None:
    some = await snapshot_fixture.take(tables=["public.artist", "note"])
    assert [table["name"] for table in some["contents"]] == ["artist", "note"]
    others = await snapshot_fixture.take(exclude=["album"])
    assert [table["name"] for table in others["contents"]] == ["artist", "note"]
    path = f"/databases/{snapshot_fixture.database}/snapshots"
    wrong = await snapshot_fixture.person.send("POST", path, 404, json={"tables": ["albun"]})
    assert "album" in wrong["hint"]
    none = await snapshot_fixture.person.send("POST", path, 400, json={"tables": ["note"], "exclude": ["note"]})
    assert "contain no table" in none["detail"]


async def test_engine_without_snapshots_is_refused(snapshot_fixture: SnapshotFixture) -> None:
    redis = await snapshot_fixture.person.database("redis")
    refused = await snapshot_fixture.person.send("POST", f"/databases/{redis}/snapshots", 400, json={})
    assert refused["detail"] == "Snapshots of Redis databases are not supported yet."
