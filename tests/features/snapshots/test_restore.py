"""Restores into new and empty databases: the result is identical, byte for byte."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from features.snapshots.snapshot_fixture import SnapshotFixture
from headwater.catalog.model import Schema


async def content(snapshot_fixture: SnapshotFixture, database: str) -> dict[str, Any]:
    """Return the Schema of a database, and the text of every row of every table."""
    schema = await snapshot_fixture.person.get(f"/databases/{database}/schema", fresh="true")
    tables = await snapshot_fixture.sql(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname !~ '^pg_|information_schema'",
        database,
    )
    result: dict[str, Any] = {"schema": msgspec.convert(schema, Schema)}
    for (name,) in tables:
        result[name] = await snapshot_fixture.sql(
            f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {name} t", database
        )
    counts = "SELECT sequencename, last_value FROM pg_sequences ORDER BY 1"
    return result | {"sequences": await snapshot_fixture.sql(counts, database)}


async def test_restore_into_a_new_database_is_identical(snapshot_fixture: SnapshotFixture) -> None:
    snapshot = await snapshot_fixture.take()
    before = await content(snapshot_fixture, snapshot_fixture.database)
    await snapshot_fixture.sql("DELETE FROM album; DROP VIEW glad; ALTER TABLE note ADD COLUMN later int")
    done = await snapshot_fixture.restore(snapshot, name="back")
    assert done["job"]["state"] == "completed", done["job"]
    assert {table["table"]: (table["expected"], table["found"], table["same"]) for table in done["tables"]} == {
        "public.album": (12_000, 12_000, True),
        "public.artist": (1500, 1500, True),
        "public.note": (700, 700, True),
    }
    assert [table["contents"] for table in done["tables"]] == ["equal"] * 3
    objects = done["schema_comparison"]["equal"]
    assert (objects > 10, done["differs"]) == (True, False)
    summary = f"schema: {objects} objects equal; rows: 3 tables, 14,200 rows, contents equal"
    assert done["summary"] == summary
    log = await snapshot_fixture.person.get(f"/jobs/{done['job']['id']}/log")
    assert f"Compared with the snapshot: {summary}." in [line["message"] for line in log["items"]]
    assert await content(snapshot_fixture, done["target_id"]) == before
    await snapshot_fixture.sql(
        "INSERT INTO artist (name) VALUES ('next'); INSERT INTO album (artist_id) VALUES (1)", done["target_id"]
    )


async def test_restored_rows_are_not_stored_again(snapshot_fixture: SnapshotFixture) -> None:
    snapshot = await snapshot_fixture.take(tables=["album"])
    done = await snapshot_fixture.restore(snapshot, name="frozen")
    assert done["job"]["state"] == "completed", done["job"]
    plan = "SET enable_seqscan = off; EXPLAIN (ANALYZE, COSTS OFF) SELECT count(id) FROM album WHERE id > 0"
    said = [line.strip() for (line,) in await snapshot_fixture.sql(plan, done["target_id"])]
    assert "Heap Fetches: 0" in said, said  # without a vacuum: they came frozen


async def test_restore_into_an_empty_database_works_only_once(snapshot_fixture: SnapshotFixture) -> None:
    snapshot = await snapshot_fixture.take()
    target = await snapshot_fixture.person.database("postgresql")
    done = await snapshot_fixture.restore(snapshot, target_id=target)
    assert done["job"]["state"] == "completed", done["job"]
    assert await content(snapshot_fixture, target) == await content(snapshot_fixture, snapshot_fixture.database)
    path = f"/snapshots/{snapshot['id']}/restores"
    refused = await snapshot_fixture.person.send("POST", path, 409, json={"target_id": target})
    assert "already exists" in refused["detail"]
    plan = await snapshot_fixture.person.send("POST", f"{path}/plan", 200, json={"target_id": target})
    assert {step["action"] for step in plan["steps"]} == {"refuse"}


@pytest.mark.parametrize("tables", [["album"], ["public.artist", "note"]])
async def test_chosen_tables_are_restored_without_referenced_ones(
    snapshot_fixture: SnapshotFixture, tables: list[str]
) -> None:
    snapshot = await snapshot_fixture.take()
    done = await snapshot_fixture.restore(snapshot, name="some", tables=tables)
    assert done["job"]["state"] == "completed", done["job"]
    result = await snapshot_fixture.sql(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1", done["target_id"]
    )
    assert [row[0] for row in result] == sorted(table.rpartition(".")[2] for table in tables)
    assert not done["differs"], done["summary"]
    wrong = await snapshot_fixture.person.send(
        "POST", f"/snapshots/{snapshot['id']}/restores", 404, json={"name": "x", "tables": ["artists"]}
    )
    assert "artist" in wrong["hint"]


async def test_snapshot_of_chosen_tables_is_restored_completely(snapshot_fixture: SnapshotFixture) -> None:
    await snapshot_fixture.sql("GRANT SELECT ON artist TO PUBLIC; COMMENT ON CONSTRAINT artist_pkey ON artist IS 'key'")
    snapshot = await snapshot_fixture.take(tables=["note"])
    done = await snapshot_fixture.restore(snapshot, name="part")
    assert done["job"]["state"] == "completed", done["job"]["error"]
    result = await snapshot_fixture.sql(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public'", done["target_id"]
    )
    assert result == [["note"]]
