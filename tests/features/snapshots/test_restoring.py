"""Snapshots given back: into new databases and empty ones, the same to the last byte; what ends in the middle clears up."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from features.snapshots.shelf import Shelf
from headwater.catalog.model import Schema


async def content(shelf: Shelf, database: str) -> dict[str, Any]:
    """Return everything that can be seen of a database: its Schema, and the text of every row of every table."""
    schema = await shelf.person.get(f"/databases/{database}/schema", fresh="true")
    tables = await shelf.sql(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname !~ '^pg_|information_schema'",
        database,
    )
    found: dict[str, Any] = {"schema": msgspec.convert(schema, Schema)}
    for (name,) in tables:
        found[name] = await shelf.sql(f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {name} t", database)
    counts = "SELECT sequencename, last_value FROM pg_sequences ORDER BY 1"
    return found | {"sequences": await shelf.sql(counts, database)}


async def test_into_a_new_database_everything_is_as_it_was(shelf: Shelf) -> None:
    snapshot = await shelf.take()
    before = await content(shelf, shelf.database)
    await shelf.sql("DELETE FROM album; DROP VIEW glad; ALTER TABLE note ADD COLUMN later int")
    done = await shelf.restore(snapshot, name="back")
    assert done["job"]["state"] == "completed", done["job"]
    assert {one["table"]: (one["expected"], one["found"], one["same"]) for one in done["tables"]} == {
        "public.album": (12_000, 12_000, True), "public.artist": (1500, 1500, True), "public.note": (700, 700, True),
    }  # fmt: skip
    assert await content(shelf, done["target_id"]) == before
    await shelf.sql(
        "INSERT INTO artist (name) VALUES ('next'); INSERT INTO album (artist_id) VALUES (1)", done["target_id"]
    )


async def test_rows_that_are_back_are_not_written_a_second_time(shelf: Shelf) -> None:
    snapshot = await shelf.take(tables=["album"])
    done = await shelf.restore(snapshot, name="frozen")
    assert done["job"]["state"] == "completed", done["job"]
    plan = "SET enable_seqscan = off; EXPLAIN (ANALYZE, COSTS OFF) SELECT count(id) FROM album WHERE id > 0"
    said = [line.strip() for (line,) in await shelf.sql(plan, done["target_id"])]
    assert "Heap Fetches: 0" in said, said  # without a vacuum: they came frozen


async def test_into_an_empty_database_and_not_twice(shelf: Shelf) -> None:
    snapshot = await shelf.take()
    target = await shelf.person.database("postgresql")
    done = await shelf.restore(snapshot, target_id=target)
    assert done["job"]["state"] == "completed", done["job"]
    assert await content(shelf, target) == await content(shelf, shelf.database)
    path = f"/snapshots/{snapshot['id']}/restores"
    refused = await shelf.person.send("POST", path, 409, json={"target_id": target})
    assert "is there already" in refused["detail"]
    plan = await shelf.person.send("POST", f"{path}/plan", 200, json={"target_id": target})
    assert {one["action"] for one in plan["steps"]} == {"refuse"}


@pytest.mark.parametrize("tables", [["album"], ["public.artist", "note"]])
async def test_some_tables_without_those_they_refer_to(shelf: Shelf, tables: list[str]) -> None:
    snapshot = await shelf.take()
    done = await shelf.restore(snapshot, name="some", tables=tables)
    assert done["job"]["state"] == "completed", done["job"]
    found = await shelf.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1", done["target_id"])
    assert [row[0] for row in found] == sorted(one.rpartition(".")[2] for one in tables)
    wrong = await shelf.person.send(
        "POST", f"/snapshots/{snapshot['id']}/restores", 404, json={"name": "x", "tables": ["artists"]}
    )
    assert "artist" in wrong["hint"]


async def test_a_snapshot_of_chosen_tables_comes_back_whole(shelf: Shelf) -> None:
    await shelf.sql("GRANT SELECT ON artist TO PUBLIC; COMMENT ON CONSTRAINT artist_pkey ON artist IS 'key'")
    snapshot = await shelf.take(tables=["note"])
    done = await shelf.restore(snapshot, name="part")
    assert done["job"]["state"] == "completed", done["job"]["error"]
    found = await shelf.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", done["target_id"])
    assert found == [["note"]]
